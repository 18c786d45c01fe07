/* ppc32. The linker makes these sections whatever it is given, and does not survive their going. */
#include "ppc_arch.h"
#define VDSO_EXTRA_SECTIONS                                                                      \
    .glink : { *(.glink) *(.branch_lt) *(.plt .iplt) *(.sdata .sdata2 .sbss .sbss2 .dynsbss) } :text \
    ASSERT(SIZEOF(.glink) == 0, "an image cannot have stubs or small data")
