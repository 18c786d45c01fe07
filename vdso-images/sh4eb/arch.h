/* The linker writes the value's bytes in this order on every machine. */
#define VDSO_FILL 0x00090009 /* nop nop */
#include "../sh4/arch.h"
