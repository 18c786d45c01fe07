/* For the demonstration table: the date read through the vDSO and what one read costs.
 * One line: date, time, nanoseconds per call. */
#include "vdso.h"

static int is_leap(i64 year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

static void print_date(i64 seconds)
{
    static const u8 lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    i64 days = seconds / 86400, rest = seconds % 86400, year = 1970;
    while (days >= 365 + is_leap(year))
        days -= 365 + is_leap(year++);
    int month = 0;
    while (days >= lengths[month] + (month == 1 && is_leap(year)))
        days -= lengths[month] + (month == 1 && is_leap(year)), month++;
    print("%lld-%02d-%02lld %02lld:%02lld:%02lld", (long long)year, month + 1, (long long)days + 1,
          (long long)(rest / 3600), (long long)(rest / 60 % 60), (long long)(rest % 60));
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    struct vdso vdso;
    struct instant start, end, now;
    open_vdso(&vdso);
    enum { calls = 200000 };
    CHECK_EQUAL(vdso_read_clock(&vdso, CLOCK_MONOTONIC, &start), 0);
    struct __kernel_timespec time;
    word wide = vdso_function(&vdso, "clock_gettime64");
    word function = wide ? wide : vdso_function(&vdso, "clock_gettime");
    for (int i = 0; i < calls; i++)
        if (function)
            ((int (*)(int, void *))function)(CLOCK_MONOTONIC, &time);
        else /* no kernel has clocks in this ABI's vDSO */
            vdso_read_clock(&vdso, CLOCK_MONOTONIC, &now);
    CHECK_EQUAL(vdso_read_clock(&vdso, CLOCK_MONOTONIC, &end), 0);
    CHECK_EQUAL(vdso_read_clock(&vdso, CLOCK_REALTIME, &now), 0);
    print_date(now.seconds);
    print(" %lld\n", (long long)((to_nanoseconds(end) - to_nanoseconds(start)) / calls));
    return 0;
}
