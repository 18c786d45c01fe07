/* The vDSO written to, moved as checkpoint tools and Wine do it, and taken away. */
#include "vdso.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

static struct range {
    word start, size;
    int is_code;
} ranges[8];
static unsigned range_count;
static struct vdso vdso;
static volatile int handled;
static volatile word returns_to; /* where the handler was called from, as it sees it */

static char text[65536];

static word read_hexadecimal(const char **at)
{
    word value = 0;
    for (;; ++*at) {
        int digit = **at >= '0' && **at <= '9' ? **at - '0' : **at >= 'a' && **at <= 'f' ? **at - 'a' + 10 : -1;
        if (digit < 0)
            return value;
        value = value * 16 + (word)digit;
    }
}

static int starts_with(const char *line, const char *name) { return memcmp(line, name, text_length(name)) == 0; }

/* [vdso], and [vvar] and whatever data pages a kernel has beside it. */
static void find_ranges(void)
{
    int fd = (int)CHECK_WORKS(open_file("/proc/self/maps", O_RDONLY, 0));
    long size = 0, part;
    while ((part = CHECK_WORKS(CALL(read, fd, text + size, sizeof text - 1 - (word)size))) > 0)
        size += part;
    text[size] = 0;
    CHECK_EQUAL(CALL(close, fd), 0);
    range_count = 0;
    for (const char *line = text; *line;) {
        const char *at = line;
        while (*line && *line != '\n')
            line++;
        word start = read_hexadecimal(&at);
        at++;
        word end = read_hexadecimal(&at);
        while (at < line && *at != '[')
            at++;
        if (starts_with(at, "[vdso") || starts_with(at, "[vvar")) {
            CHECK(range_count < ARRAY_SIZE(ranges));
            ranges[range_count++] = (struct range){start, end - start, at[2] == 'd'};
        }
        if (*line)
            line++;
    }
}

static long remap(const struct range *range, word size, word flags, word target)
{
    return CALL(mremap, range->start, range->size, size, flags, target);
}

static void refuse_changes(const struct range *range)
{
    volatile u8 *byte = (volatile u8 *)range->start;
    CHECK_EQUAL(CAUSES_FAULT(*byte = 1), SIGSEGV);
    CHECK_EQUAL(caught_fault.code, SEGV_ACCERR);
    CHECK_EQUAL(remap(range, range->size + PAGE, MREMAP_MAYMOVE, 0), -EFAULT);
    CHECK_EQUAL(remap(range, range->size, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0), -EINVAL);
    if (range->size > PAGE) {
        CHECK_EQUAL(CALL(munmap, range->start, PAGE), -EINVAL);
        CHECK_EQUAL(CALL(mprotect, range->start, PAGE, PROT_NONE), -EINVAL);
    }
    if (!range->is_code) {
        CHECK_EQUAL(CALL(mprotect, range->start, range->size, PROT_READ | PROT_WRITE), -EACCES);
        CHECK_EQUAL(CALL(mprotect, range->start, range->size, PROT_READ | PROT_EXEC), -EACCES);
        return;
    }
    /* Code may be patched, as debuggers do. */
    CHECK_EQUAL(CALL(mprotect, range->start, range->size, PROT_READ | PROT_WRITE | PROT_EXEC), 0);
    u8 first = *byte;
    CHECK_EQUAL(CAUSES_FAULT(*byte = first), 0);
    CHECK_EQUAL(CALL(mprotect, range->start, range->size, PROT_READ | PROT_EXEC), 0);
    CHECK_EQUAL(CAUSES_FAULT(*byte = first), SIGSEGV);
}

#ifdef ABI_VSYSCALL_FUNCTION
/* No function reads the page; the system call works at its present place. */
static void check_page(void)
{
    word function = vdso_function(&vdso, "vsyscall");
    CHECK(function != 0);
    CHECK_EQUAL(vsyscall_function(function, __NR_getpid, 0), own_pid());
}
#else
/* The function at its present place, with whatever time it has. */
static struct instant read_by_vdso(int clock)
{
    word wide = vdso_function(&vdso, "clock_gettime64");
    word function = wide ? wide : vdso_function(&vdso, "clock_gettime");
    CHECK(function != 0);
    union {
        struct __kernel_timespec wide;
        struct {
            int32_t seconds, nanoseconds;
        } narrow;
    } time;
    memset(&time, -1, sizeof time);
    CHECK_EQUAL(((int (*)(int, void *))function)(clock, &time), 0);
    if (time.wide.tv_nsec == -1)
        return (struct instant){time.narrow.seconds, time.narrow.nanoseconds};
    return (struct instant){time.wide.tv_sec, time.wide.tv_nsec};
}

/* vDSO and system calls take turns, over several renewals of the page. */
static void check_page(void)
{
    static const int clocks[] = {CLOCK_MONOTONIC, CLOCK_REALTIME};
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
            struct instant before, between, after;
            CHECK_EQUAL(read_clock(clocks[i], &before), 0);
            between = read_by_vdso(clocks[i]);
            CHECK_EQUAL(read_clock(clocks[i], &after), 0);
            CHECK(to_nanoseconds(before) <= to_nanoseconds(between));
            CHECK(to_nanoseconds(between) <= to_nanoseconds(after));
        }
        CHECK_EQUAL(sleep_for(15000000), 0);
    }
}
#endif

/* By how much: afterwards minus before. */
static word move_everything(void)
{
    word low = ranges[0].start, high = 0;
    for (unsigned i = 0; i < range_count; i++) {
        low = ranges[i].start < low ? ranges[i].start : low;
        high = ranges[i].start + ranges[i].size > high ? ranges[i].start + ranges[i].size : high;
    }
    word target = (word)CHECK_WORKS(map_memory(0, high - low, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    word delta = target - low;
    for (unsigned i = 0; i < range_count; i++) {
        word wanted = ranges[i].start + delta;
        CHECK_EQUAL(remap(&ranges[i], ranges[i].size, MREMAP_MAYMOVE | MREMAP_FIXED, wanted), (long)wanted);
        CHECK_EQUAL(CAUSES_FAULT(*(volatile u8 *)ranges[i].start), SIGSEGV);
    }
    vdso.base += delta;
    vdso.strings += delta;
    vdso.symbols = (const u8 *)vdso.symbols + delta;
    vdso.hash = (const u32 *)((word)vdso.hash + delta);
    if (vdso.gnu_hash)
        vdso.gnu_hash = (const u32 *)((word)vdso.gnu_hash + delta);
    vdso.versions = (const uint16_t *)((word)vdso.versions + delta);
    vdso.version_definitions += delta;
    unsigned count = range_count;
    find_ranges();
    CHECK_EQUAL(range_count, count);
    CHECK(ranges[0].start >= target && ranges[0].start < target + (high - low));
    return delta;
}

static int is_in_image(word address)
{
    for (unsigned i = 0; i < range_count; i++)
        if (ranges[i].is_code && address - ranges[i].start < ranges[i].size)
            return 1;
    return 0;
}

static void handler(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    returns_to = (word)__builtin_extract_return_addr(__builtin_return_address(0)) & ~(word)1;
    handled++;
}

/* The way back from a handler, which is in the image where neither the program brings it along nor
 * the ABI has a page for it. */
static word way_back(void)
{
    int before = handled;
    CHECK_EQUAL(send_signal(own_pid(), SIGUSR1), 0);
    CHECK_EQUAL(handled, before + 1);
#if ABI_SA_RESTORER || defined(ABI_SIGNAL_PAGE)
    CHECK(!is_in_image(returns_to));
#else
    CHECK(is_in_image(returns_to));
#endif
    return returns_to;
}

/* Everything, and it went along. */
static void check_move(void)
{
    word before = way_back(), inside = (word)is_in_image(before), delta = move_everything();
    CHECK_EQUAL(way_back(), before + inside * delta);
    check_page();
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    open_vdso(&vdso);
    catch_faults();
    find_ranges();
    CHECK(range_count >= 2);
    for (unsigned i = 0; i < range_count; i++)
        refuse_changes(&ranges[i]);
    check_page();
    CHECK_EQUAL(set_handler(SIGUSR1, handler, 0, 0), 0);
    check_move();
    check_move();

    /* Data first: whoever wrote there must not any more. */
    for (int code = 0; code < 2; code++) {
        for (unsigned i = 0; i < range_count; i++)
            if (ranges[i].is_code == code)
                CHECK_EQUAL(CALL(munmap, ranges[i].start, ranges[i].size), 0);
        CHECK_EQUAL(sleep_for(30000000), 0);
    }
    struct instant instant;
    /* Asked of the kernel: some ABIs enter handlers through the vDSO, and now cannot. */
    int pipe[2];
    CHECK_EQUAL(make_pipe(pipe), 0);
    CHECK_EQUAL(CALL(write, pipe[1], vdso.base, 1), -EFAULT);
    CHECK_EQUAL(read_clock(CLOCK_MONOTONIC, &instant), 0);
    i64 before = monotonic_now();
    CHECK(before >= to_nanoseconds(instant));
    CHECK_EQUAL(sleep_for(20000000), 0);
    CHECK(monotonic_now() - before >= 20000000);
    find_ranges();
    CHECK_EQUAL(range_count, 0);
    /* Something else may live there now. */
    word old_page = (word)vdso.base - PAGE;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    u8 *other = (u8 *)CHECK_WORKS(map_memory(old_page, PAGE, PROT_READ | PROT_WRITE, flags, -1, 0));
    CHECK_EQUAL(sleep_for(30000000), 0);
    for (word i = 0; i < PAGE; i++)
        CHECK_EQUAL(other[i], 0);
    return passed();
}
