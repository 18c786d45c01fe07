/* Floating point: what is exact by IEEE 754 must be the same everywhere, printed and read again. */
#include <fenv.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void show(volatile double value)
{
    char text[40];
    snprintf(text, sizeof text, "%.17g", value);
    double again = strtod(text, NULL);
    uint64_t bits;
    memcpy(&bits, &(double){value}, 8);
    printf("%016llx %s %e %.3f %g %a %s\n", (unsigned long long)bits, text, value, fabs(value) < 1e15 ? value : 0.0, value,
           value, memcmp(&again, &(double){value}, 8) ? "differs" : "same");
}

static void arithmetic(void)
{
    volatile double third = 1.0 / 3, tenth = 0.1, large = 1e308, small = 5e-324;
    show(third);
    show(tenth + 0.2);
    show(large * 10);
    show(-large * 10);
    show(small / 2);
    show(small * 3);
    show(-0.0 * 5);
    show(sqrt(2.0 * (tenth + 1)));
    show(fma(third, 3.0, -1.0));
    show(fmod(1e20, 3.7));
    show(ldexp(third, -1060));
    volatile float single = 16777217.0f, part = 0.1f;
    show(single);
    show(part * part);
    printf("%d %d %d\n", (int)-2.9, (int)(large / 1e300), (int)(float)0.99999999);
    printf("%lld %llu\n", (long long)-9.2e18, (unsigned long long)1.8e19);
    printf("%.1f %.1f\n", (double)9007199254740993ll, (double)18446744073709551615ull);
}

static void rounding(void)
{
    static const int modes[] = {FE_TONEAREST, FE_TOWARDZERO,
#ifdef FE_UPWARD /* SH-4 has the other two only */
                                FE_UPWARD, FE_DOWNWARD,
#endif
    };
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        fesetround(modes[i]);
        volatile double one = 1, three = 3, half = 2.5, other = -2.5;
        printf("%.17g %.17g %.0f %.0f\n", one / three, -one / three, rint(half), rint(other));
    }
    fesetround(FE_TONEAREST);
}

int main(void)
{
    arithmetic();
    rounding();
    double sum = 0;
    for (int i = 1; i <= 100000; i++)
        sum += 1.0 / i * (i % 2 ? 1 : -1);
    show(sum);
    return 0;
}
