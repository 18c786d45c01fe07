/* The guest side of conformance/clock: reads every clock by vDSO and by system call and
 * reports each reading in the arguments of a marker call (getppid ignores its arguments), at
 * whose entry a watching host reads its own clock:
 *   getppid(0x10c4, clock, seconds, nanoseconds, source, phase)
 * phase 0: a reading taken before the call; 1: the reading taken right after it.
 * Alone it only checks that nothing fails. Argument: how long, in milliseconds (default 100). */
#include "vdso.h"

static const int clocks[] = {0, 1, 4, 5, 6, 7, 11};
static struct vdso vdso;

enum { BY_VDSO, BY_CALL };

static struct instant take(int clock, int source)
{
    struct instant now = {0, 0};
    long result = source == BY_VDSO ? vdso_read_clock(&vdso, clock, &now) : read_clock(clock, &now);
    CHECK_EQUAL(result, 0);
    return now;
}

static void mark(int clock, struct instant now, int source, int phase)
{
    CALL(getppid, 0x10c4, clock, now.seconds, now.nanoseconds, source, phase);
}

int main(int argc, char **argv)
{
    i64 milliseconds = argc > 1 ? parse_number(argv[1]) : 100;
    open_vdso(&vdso);
    i64 end = monotonic_now() + milliseconds * 1000000;
    do {
        for (size_t i = 0; i < ARRAY_SIZE(clocks); i++)
            for (int source = BY_VDSO; source <= BY_CALL; source++) {
                struct instant before = take(clocks[i], source);
                mark(clocks[i], before, source, 0);
                struct instant after = take(clocks[i], source);
                mark(clocks[i], after, source, 1);
            }
    } while (monotonic_now() < end);
    return passed();
}
