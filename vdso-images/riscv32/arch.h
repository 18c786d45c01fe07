/* riscv32. Its time has always had 64 bits, so the plain names are second ones of the time64 functions. */
#include "../riscv64/arch.h"
#define VDSO_SECOND_NAME(function) SECOND_NAME_##function
#define SECOND_NAME_clock_gettime64 __vdso_clock_gettime
#define SECOND_NAME_clock_getres_time64 __vdso_clock_getres
#define SECOND_NAME_getcpu postern_getcpu /* none is exported */
#define ARCH_QUICK_CLOCK
