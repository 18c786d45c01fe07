/* Resolutions: 1 ns for the precise clocks, a tick for the coarse ones; vDSO as the call. */
#include "vdso.h"

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    static const int precise[] = {0, 1, 2, 3, 4, 7, 11}, coarse[] = {5, 6};
    struct instant resolution;
    for (size_t i = 0; i < ARRAY_SIZE(precise); i++) {
        CHECK_EQUAL(clock_resolution(precise[i], &resolution), 0);
        CHECK_EQUAL(to_nanoseconds(resolution), 1);
    }
    for (size_t i = 0; i < ARRAY_SIZE(coarse); i++) {
        CHECK_EQUAL(clock_resolution(coarse[i], &resolution), 0);
        CHECK(to_nanoseconds(resolution) >= 1000000 && to_nanoseconds(resolution) <= 10000000);
    }
    CHECK_EQUAL(clock_resolution(99, &resolution), -EINVAL);
    CHECK_EQUAL(CALL(clock_getres, 1, 0), 0);
    CHECK_EQUAL(CALL(clock_getres, 99, 0), -EINVAL);
    return passed();
}
