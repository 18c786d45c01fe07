/* The same instructions do at both widths. */
#include "../riscv64/entry.S"
