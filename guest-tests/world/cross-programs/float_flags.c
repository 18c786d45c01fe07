/* The flags that floating-point operations raise. */
#include <fenv.h>
#include <math.h>
#include <stdio.h>

static void show(const char *what, double result)
{
    printf("%s %g: %s%s%s%s%s\n", what, result, fetestexcept(FE_DIVBYZERO) ? " division by zero" : "",
           fetestexcept(FE_OVERFLOW) ? " overflow" : "", fetestexcept(FE_UNDERFLOW) ? " underflow" : "",
           fetestexcept(FE_INVALID) ? " invalid" : "", fetestexcept(FE_INEXACT) ? " inexact" : "");
    feclearexcept(FE_ALL_EXCEPT);
}

int main(void)
{
    volatile double zero = 0, one = 1, three = 3, large = 1e308, small = 3e-308;
    feclearexcept(FE_ALL_EXCEPT);
    show("exact", three - one);
    show("third", one / three);
    show("division", one / zero);
    show("product", large * large);
    show("tiny", small / 3e10);
    volatile double none = zero / zero;
    show("none", isnan(none) ? 0 : 1);
    return 0;
}
