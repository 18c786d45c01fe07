/* Alternating vDSO and system-call reads of every clock never go back.
 * Argument: how long, in milliseconds (default 300). */
#include "vdso.h"

static const struct {
    int clock;
    const char *name;
} clocks[] = {
    {0, "REALTIME"}, {1, "MONOTONIC"}, {4, "MONOTONIC_RAW"}, {5, "REALTIME_COARSE"},
    {6, "MONOTONIC_COARSE"}, {7, "BOOTTIME"}, {11, "TAI"},
};

static void take(size_t index, const char *source, long result, const struct instant *now)
{
    static i64 last[ARRAY_SIZE(clocks)];
    if (result != 0)
        FAIL("%s by %s: %ld", clocks[index].name, source, result);
    CHECK(now->nanoseconds >= 0 && now->nanoseconds < SECOND);
    i64 value = to_nanoseconds(*now);
    if (value < last[index])
        FAIL("%s by %s went back by %lld ns", clocks[index].name, source, (long long)(last[index] - value));
    last[index] = value;
}

int main(int argc, char **argv)
{
    i64 milliseconds = argc > 1 ? parse_number(argv[1]) : 300;
    struct vdso vdso;
    open_vdso(&vdso);
    i64 start = monotonic_now(), end = start + milliseconds * 1000000;
    u64 rounds = 0;
    for (; rounds < 2 || monotonic_now() < end; rounds++)
        for (int repeat = 0; repeat < 20; repeat++)
            for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
                struct instant now;
                take(i, "vDSO", vdso_read_clock(&vdso, clocks[i].clock, &now), &now);
                take(i, "system call", read_clock(clocks[i].clock, &now), &now);
            }
    CHECK(rounds > 2);
    return passed();
}
