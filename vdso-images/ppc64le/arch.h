/* ppc64le. */
#include "ppc_arch.h"
#define VDSO_DISCARD *(.sfpr) *(.glink) *(.branch_lt)
