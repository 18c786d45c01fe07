/* The clocks as a program of a C library sees them, by its functions and by the bare system call, before and
 * after a sleep of as many seconds as it is told. Prints REALTIME before and after, by how much MONOTONIC
 * went on, and how far BOOTTIME is ahead of it. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* The call whose struct the compiler's timespec is. */
#ifdef SYS_clock_gettime64
#define BARE_CALL (sizeof(time_t) > sizeof(long) ? SYS_clock_gettime64 : SYS_clock_gettime)
#else
#define BARE_CALL SYS_clock_gettime
#endif

static long long nanoseconds(struct timespec time) { return time.tv_sec * 1000000000ll + time.tv_nsec; }

static long long read_clock(clockid_t clock)
{
    struct timespec time;
    if (clock_gettime(clock, &time) != 0)
        exit(2);
    return nanoseconds(time);
}

/* REALTIME, by each way in turn; none may be before the one that was asked earlier. */
static long long realtime(void)
{
    struct timespec bare;
    struct timeval micro;
    if (syscall(BARE_CALL, CLOCK_REALTIME, &bare) != 0)
        exit(2);
    long long by_library = read_clock(CLOCK_REALTIME);
    if (gettimeofday(&micro, NULL) != 0)
        exit(2);
    if (by_library < nanoseconds(bare) || micro.tv_sec * 1000000ll + micro.tv_usec < by_library / 1000)
        exit(3);
    return by_library;
}

int main(int argc, char **argv)
{
    long long start = realtime(), monotonic = read_clock(CLOCK_MONOTONIC);
    struct timespec wait = {argc > 1 ? atol(argv[1]) : 0, 0};
    if (nanosleep(&wait, NULL) != 0)
        return 2;
    long long passed = read_clock(CLOCK_MONOTONIC) - monotonic, end = realtime();
    long long now = read_clock(CLOCK_MONOTONIC);   /* first: hours may pass between the two */
    long long ahead = read_clock(CLOCK_BOOTTIME) - now;
    printf("%lld.%09lld %lld.%09lld %lld %lld\n", start / 1000000000, start % 1000000000, end / 1000000000, end % 1000000000,
           passed / 1000000000, (ahead + 500000000) / 1000000000);
    return 0;
}
