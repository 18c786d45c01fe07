#include "note.h"

/* The trampolines: an svc with the number in it, padded to a word. Unwinders match the
 * instruction, so it must not change. */
.macro trampoline symbol, number, name
	.balign 16
	.globl \symbol
	.type \symbol, %function
\symbol:
	.cfi_startproc
	svc \number
	.short 0
	.cfi_endproc
	.size \symbol, . - \symbol
	private_name \name, \symbol
.endm
