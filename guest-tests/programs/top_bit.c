/* 31-bit addresses in 32-bit words: the machine and the kernel ignore the top bit, frames and
 * return addresses have it, and what registers hold above 32 bits survives a signal. */
#include "guest.h"

#include <linux/fadvise.h>
#include <linux/uio.h>

enum { TOP = (int)0x80000000 };
#define WITH_TOP(pointer) ((__typeof__((pointer) + 0))((word)(pointer) | (word)TOP))

static volatile word bytes[4] = {1, 2, 3, 4};

static void check_memory(void)
{
    CHECK_EQUAL(WITH_TOP(bytes)[2], 3);
    WITH_TOP(bytes)[2] = 5;
    CHECK_EQUAL(bytes[2], 5);
    __asm__ volatile("mvc 0(8,%0), 8(%0)" : : "a"(WITH_TOP(bytes)) : "memory"); /* a helper of engines */
    CHECK_EQUAL(bytes[0], 5);
    CHECK_EQUAL(bytes[1], 4);
}

static __attribute__((noinline)) word return_address(void)
{
    word address;
    __asm__ volatile("lr %0, %%r14" : "=d"(address));
    return address;
}

static void check_calls(void)
{
    CHECK((return_address() & (word)TOP) != 0);
    CHECK((WITH_TOP(return_address)() & (word)TOP) != 0);
    word here, there;
    __asm__ volatile("larl %0, 1f; basr %1, 0; 1:" : "=d"(here), "=d"(there));
    CHECK_EQUAL(here, there & ~(word)TOP); /* and the top bit is no part of a relative address */
}

static void check_system_calls(void)
{
    char name[390];
    CHECK_EQUAL(CALL(uname, WITH_TOP(name)), 0);
    int ends[2];
    CHECK_EQUAL(make_pipe(ends), 0);
    struct iovec part = {WITH_TOP(name), 5};
    CHECK_EQUAL(CALL(writev, ends[1], WITH_TOP(&part), 1), 5);
    CHECK_EQUAL(CALL(read, ends[0], WITH_TOP(name), 5), 5);
    /* Values that are no pointers keep the bit. */
    CHECK_EQUAL(CALL(munmap, WITH_TOP((word)0x10000), PAGE), -EINVAL);
    /* Arguments in memory. */
    struct { int fd; i64 offset, length; int advice; } advice = {ends[0], 0, 0, POSIX_FADV_NORMAL};
    CHECK_EQUAL(CALL(fadvise64_64, WITH_TOP(&advice)), -ESPIPE);
    word old[6] = {0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, (word)-1, 0};
    CHECK_EQUAL(*(volatile word *)CHECK_WORKS(CALL(mmap, old)), 0);
}

static volatile word seen_program_counter, seen_half;

static void on_signal(int signal, siginfo_t *info, void *raw)
{
    (void)signal, (void)info;
    word *context = raw;
    seen_program_counter = context[7];      /* the second word of the PSW, behind the 24 bytes of the head */
    seen_half = context[(656 - 232) / 4 + 9]; /* r9's upper half */
    __asm__ volatile("lghi %%r9, -1" : : : "r9");
}

static void check_signal(void)
{
    CHECK_EQUAL(set_handler(SIGUSR1, WITH_TOP(on_signal), 0, 0), 0);
    u64 value = 0x0123456789abcdef;
    u64 after = 0;
    int process = own_pid();
    register word number __asm__("r1") = __NR_kill;
    register word pid __asm__("r2") = (word)process;
    register word signal __asm__("r3") = SIGUSR1;
    __asm__ volatile("lg %%r9, %4\n svc 0\n stg %%r9, %3"
                     : "+d"(number), "+d"(pid), "+d"(signal), "=m"(after)
                     : "m"(value)
                     : "r9", "memory");
    CHECK_EQUAL(pid, 0);
    CHECK_EQUAL(after, value);
    CHECK_EQUAL(seen_half, 0x01234567);
    CHECK((seen_program_counter & (word)TOP) != 0);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    check_memory();
    check_calls();
    check_system_calls();
    check_signal();
    return passed();
}
