/* The time system calls agree with each other. */
#include "guest.h"

struct narrow_time {
    time_word seconds, fraction;
};

static i64 now(int clock)
{
    struct instant value;
    CHECK_EQUAL(read_clock(clock, &value), 0);
    return to_nanoseconds(value);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    struct narrow_time time;
    i64 before = now(CLOCK_REALTIME);
    CHECK_EQUAL(CALL(clock_gettime, CLOCK_REALTIME, &time), 0);
    i64 value = time.seconds * SECOND + time.fraction;
    CHECK(value >= before && value <= now(CLOCK_REALTIME));
    CHECK(value > 1700000000 * SECOND); /* after 2023: not some zero */
#ifdef __NR_gettimeofday
    before = now(CLOCK_REALTIME) / 1000;
    CHECK_EQUAL(CALL(gettimeofday, &time, 0), 0);
    value = time.seconds * 1000000ll + time.fraction;
    CHECK(value >= before && value <= now(CLOCK_REALTIME) / 1000);
#endif
#if defined __NR_time
    __kernel_long_t seconds, coarse = (__kernel_long_t)(now(CLOCK_REALTIME_COARSE) / SECOND);
    CHECK(CALL(time, &seconds) == seconds);
    CHECK(seconds >= coarse && seconds <= now(CLOCK_REALTIME) / SECOND);
#endif
    /* TAI and REALTIME differ by whole seconds; BOOTTIME is not before MONOTONIC. */
    CHECK(now(CLOCK_BOOTTIME) >= now(CLOCK_MONOTONIC) - SECOND);
    CHECK(now(CLOCK_TAI) >= now(CLOCK_REALTIME) - SECOND);
    CHECK(now(CLOCK_MONOTONIC_RAW) > 0);
    CHECK_EQUAL(CALL(clock_gettime, 99, &time), -EINVAL);
    __kernel_long_t ticks[4];
    CHECK(CALL(times, ticks) != 0);
    CHECK(ticks[0] >= 0 && ticks[1] >= 0);
    return passed();
}
