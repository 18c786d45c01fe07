/* IBM Z's `bsm` and `bassm`, branches that set the addressing mode, in the mode that is on. */
#include "guest.h"

/* Addresses in the ABI's mode, as `bsm` wants and leaves them. */
#ifdef __s390x__
#define MODE 1ul
#else
#define MODE 0x80000000ul
#endif
static void check_mode_branches(void)
{
    word link, next, mode, reached = 0, target;
    __asm__ volatile("larl %3, 1f\n ogr %3, %4\n larl %1, 0f\n bassm %0, %3\n 0: j 2f\n 1: lhi %2, 1\n bsm 0, %0\n 2:" : "=&a"(link), "=&d"(next), "+&d"(reached), "=&a"(target) : "d"(MODE) : "cc");
    CHECK_EQUAL(reached, 1);
    CHECK_EQUAL(link, next | MODE);
    __asm__ volatile("lhi %0, 2\n bsm %0, 0" : "=a"(mode));
    CHECK_EQUAL((u32)mode, (u32)(2 | MODE));
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    catch_faults();
    check_mode_branches();
    return passed();
}
