#define VDSO_FILL 0x0000000d /* break */
#include "../mips/arch.h"
