#define VDSO_FILL 0x0d000000 /* break: the linker writes the value's bytes in this order on every machine */
#include "../mips/arch.h"
