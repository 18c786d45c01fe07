/* Sleeping lasts as long as asked and costs nearly no CPU time.
 * Argument: milliseconds (default 300). */
#include "guest.h"

static i64 cpu_time(void)
{
    struct instant used;
    CHECK_EQUAL(read_clock(CLOCK_PROCESS_CPUTIME_ID, &used), 0);
    return to_nanoseconds(used);
}

int main(int argc, char **argv)
{
    i64 duration = (argc > 1 ? parse_number(argv[1]) : 300) * 1000000;
    /* Once before it counts: what an engine does for code that it has not seen is not idleness. */
    CHECK_EQUAL(sleep_for(1000000), 0);
    i64 start = monotonic_now(), used = cpu_time();
    CHECK_EQUAL(sleep_for(duration), 0);
    i64 slept = monotonic_now() - start;
    used = cpu_time() - used;
    if (slept < duration || slept > duration + SECOND)
        FAIL("slept %lld ns", (long long)slept);
    if (used > 10000000)
        FAIL("used %lld ns of CPU", (long long)used);

    time_word old_bad[2] = {0, -1};
#ifdef __NR_nanosleep
    CHECK_EQUAL(CALL(nanosleep, old_bad, 0), -EINVAL);
#endif
    CHECK_EQUAL(CALL(clock_nanosleep, 99, 0, old_bad, 0), -EINVAL);
    /* An absolute deadline in the past returns at once. */
    time_word past[2] = {1, 0};
    CHECK_EQUAL(CALL(clock_nanosleep, CLOCK_MONOTONIC, 1 /* TIMER_ABSTIME */, past, 0), 0);
    return passed();
}
