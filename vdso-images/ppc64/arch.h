/* ppc64: its functions are plain code addresses, not descriptors. */
#include "ppc_arch.h"
#define VDSO_DISCARD *(.sfpr) *(.glink) *(.branch_lt)
