/* The vsyscall page of x86-64, in the mode that /proc/self/maps tells: what its functions answer,
 * which registers they keep, and that everything else there is SIGSEGV. */
#include "guest.h"

enum { GETTIMEOFDAY = 0x000, TIME = 0x400, GETCPU = 0x800 };
static u8 *const page = (u8 *)0xffffffffff600000;

static char maps[1 << 16];
/* "r-xp", "--xp", or 0: not there. */
static const char *permissions(void)
{
    int fd = (int)CHECK_WORKS(open_file("/proc/self/maps", O_RDONLY, 0));
    size_t size = 0;
    for (long got; (got = CHECK_WORKS(CALL(read, fd, maps + size, sizeof maps - 1 - size))) > 0;)
        size += (size_t)got;
    for (char *line = maps; *line;) {
        char *end = line;
        while (*end && *end != '\n')
            end++;
        int last = !*end;
        *end = 0;
        if (memcmp(line, "ffffffffff600000-ffffffffff601000 ", 34) == 0) {
            CHECK(text_equal(end - 10, "[vsyscall]"));
            line[38] = 0;
            return line + 34;
        }
        line = last ? end : end + 1;
    }
    return 0;
}

/* Calls offset `offset`; rcx, rdx, r8 ... r11 must come back. */
static long call(word offset, const void *first, const void *second)
{
    long result;
    word kept[6];
    register word r8 __asm__("r8") = 0x18, r9 __asm__("r9") = 0x19, r10 __asm__("r10") = 0x1a,
                     r11 __asm__("r11") = 0x1b;
    word rcx = 0xc, rdx = 0xd;
    __asm__ volatile("call *%%rax"
                     : "=a"(result), "+c"(rcx), "+d"(rdx), "+r"(r8), "+r"(r9), "+r"(r10), "+r"(r11)
                     : "0"(page + offset), "D"(first), "S"(second)
                     : "memory");
    kept[0] = rcx, kept[1] = rdx, kept[2] = r8, kept[3] = r9, kept[4] = r10, kept[5] = r11;
    CHECK(kept[0] == 0xc && kept[1] == 0xd && kept[2] == 0x18 && kept[3] == 0x19 && kept[4] == 0x1a && kept[5] == 0x1b);
    return result;
}

static void check_functions(void)
{
    struct {
        long seconds, microseconds;
    } time = {0, -1};
    int zone[2] = {-1, -1}, zone_by_call[2];
    long stored = 0;
    unsigned cpu = ~0u, node = ~0u;
    i64 before, after;
    struct instant now;
    CHECK_EQUAL(read_clock(CLOCK_REALTIME, &now), 0);
    before = to_nanoseconds(now) / 1000;
    CHECK_EQUAL(call(GETTIMEOFDAY, &time, zone), 0);
    CHECK_EQUAL(read_clock(CLOCK_REALTIME, &now), 0);
    after = to_nanoseconds(now) / 1000;
    CHECK(time.seconds * 1000000 + time.microseconds >= before && time.seconds * 1000000 + time.microseconds <= after);
    CHECK_EQUAL(CALL(gettimeofday, 0, zone_by_call), 0);
    CHECK(zone[0] == zone_by_call[0] && zone[1] == zone_by_call[1]);
    CHECK_EQUAL(call(GETTIMEOFDAY, 0, 0), 0);
    long seconds = call(TIME, &stored, 0);
    CHECK_EQUAL(seconds, stored);
    CHECK(seconds >= before / 1000000 - 1 && seconds <= after / 1000000);
    CHECK(call(TIME, 0, 0) >= seconds);
    CHECK_EQUAL(call(GETCPU, &cpu, &node), 0);
    CHECK(cpu < 4096 && node < 1024);
    CHECK_EQUAL(call(GETCPU, 0, 0), 0);
}

/* si_addr and si_code of the SIGSEGV that a call causes. */
static void check_refused(word offset, const void *first, int code, word address)
{
    CHECK_EQUAL(CAUSES_FAULT(call(offset, first, 0)), SIGSEGV);
    CHECK_EQUAL(caught_fault.code, code);
    CHECK_EQUAL(caught_fault.address, address);
}

static void check_bad_calls(void)
{
    /* Anything but the three places. */
    const word offsets[] = {1, 9, 0x3ff, 0x401, 0x7ff, 0xc00, 0xfff};
    for (size_t i = 0; i < ARRAY_SIZE(offsets); i++)
        check_refused(offsets[i], 0, SI_KERNEL, 0);
    /* A bad pointer: of a user, of the kernel. */
    check_refused(GETTIMEOFDAY, (void *)16, SI_KERNEL, 0);
    check_refused(TIME, (void *)16, SI_KERNEL, 0);
    check_refused(GETCPU, (void *)16, SI_KERNEL, 0);
    check_refused(TIME, (void *)0xffffffff80000000, SEGV_MAPERR, 0xffffffff80000000);
}

static void check_reading(int readable)
{
    static const u8 first[] = {0x48, 0xc7, 0xc0, 96, 0, 0, 0, 0x0f, 0x05, 0xc3, 0xcc};
    volatile u8 byte;
    if (readable) {
        CHECK(memcmp(page, first, sizeof first) == 0);
        CHECK(page[TIME + 3] == 201 && page[4095] == 0xcc);
    } else {
        CHECK_EQUAL(CAUSES_FAULT(byte = page[TIME + 3]), SIGSEGV);
        CHECK_EQUAL(caught_fault.code, SEGV_MAPERR);
        CHECK_EQUAL(caught_fault.address, (word)page + TIME + 3);
    }
    CHECK_EQUAL(CAUSES_FAULT(*(volatile u8 *)(page + 5) = 1), SIGSEGV);
    CHECK_EQUAL(caught_fault.code, SEGV_MAPERR);
    CHECK_EQUAL(caught_fault.address, (word)page + 5);
    /* Not for a system call, and not for the guest to change. */
    CHECK_EQUAL(CALL(write, 1, page, 1), -EFAULT);
    CHECK_EQUAL(CALL(munmap, page, PAGE), -EINVAL);
    CHECK_EQUAL(CALL(mprotect, page, PAGE, PROT_READ), -ENOMEM);
    (void)byte;
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    const char *mode = permissions();
    catch_faults();
    if (mode) {
        CHECK(text_equal(mode, "--xp") || text_equal(mode, "r-xp"));
        check_functions();
        check_bad_calls();
    } else {
        CHECK_EQUAL(CAUSES_FAULT(call(TIME, 0, 0)), SIGSEGV);
        CHECK_EQUAL(caught_fault.code, SEGV_MAPERR);
        CHECK_EQUAL(caught_fault.address, (word)page + TIME);
    }
    check_reading(mode && *mode == 'r');
    return passed();
}
