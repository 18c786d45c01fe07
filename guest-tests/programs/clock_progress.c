/* Clocks advance: high-resolution ones between two reads a little apart, coarse ones within
 * some ticks while the program computes, and CPU time only while it does. */
#include "vdso.h"

static struct vdso vdso;

static i64 by_vdso(int clock)
{
    struct instant now;
    CHECK_EQUAL(vdso_read_clock(&vdso, clock, &now), 0);
    return to_nanoseconds(now);
}

static i64 by_call(int clock)
{
    struct instant now;
    CHECK_EQUAL(read_clock(clock, &now), 0);
    return to_nanoseconds(now);
}

/* The coarse clock follows while only the vDSO is asked: no system call renews the page. */
static void check_coarse(int coarse, int fine)
{
    i64 end = by_vdso(fine) + 100000000, worst = 0, now;
    while ((now = by_vdso(fine)) < end) {
        i64 behind = now - by_vdso(coarse);
        if (behind > worst)
            worst = behind;
    }
    if (worst > 50000000) /* a busy machine may delay one tick; ten and more are a fault */
        FAIL("coarse clock %d was %lld ns behind", coarse, (long long)worst);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    open_vdso(&vdso);
    i64 start = by_vdso(CLOCK_MONOTONIC), cpu_start = by_call(CLOCK_PROCESS_CPUTIME_ID);
    CHECK_EQUAL(sleep_for(50000000), 0);
    i64 slept = by_vdso(CLOCK_MONOTONIC) - start;
    CHECK(slept >= 50000000);
    CHECK(by_call(CLOCK_PROCESS_CPUTIME_ID) - cpu_start < 50000000);
    CHECK(by_vdso(CLOCK_MONOTONIC_COARSE) >= start + 40000000);
    check_coarse(CLOCK_MONOTONIC_COARSE, CLOCK_MONOTONIC);
    check_coarse(CLOCK_REALTIME_COARSE, CLOCK_REALTIME);
    CHECK(by_call(CLOCK_PROCESS_CPUTIME_ID) > cpu_start);
    CHECK(by_call(CLOCK_THREAD_CPUTIME_ID) > 0);
    return passed();
}
