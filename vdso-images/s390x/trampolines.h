#include "note.h"

/* The code of a trampoline: an svc with the number in it, padded to a word. Unwinders match the
 * instruction, so it must not change. */
.macro trampoline_code symbol, number, name
	.globl \symbol
	.type \symbol, %function
\symbol:
	svc \number
	.short 0
	.size \symbol, . - \symbol
	private_name \name, \symbol
.endm

/* Where a system call goes on after a signal without handler: its caller is that of the code that
 * made it. */
.macro restart_trampoline symbol, number, name
	.balign 16
	.cfi_startproc
	trampoline_code \symbol, \number, \name
	.cfi_endproc
.endm

/* Where handlers return to: all registers of the interrupted code are in the frame, the PSW CONTEXT
 * bytes above r15 and the general registers behind it. Unwinders look up the address before a
 * return address, so the description starts at a nop. */
#ifdef __s390x__
#define WORD 8
#define BIAS 160	/* an unwinder's CFA is the stack pointer plus that */
#else
#define WORD 4
#define BIAS 96
#endif
#define DW_CFA_def_cfa_expression 0x0f
#define DW_CFA_expression 0x10
#define DW_OP_breg15 0x7f
#define DW_OP_deref 0x06
#define DW_OP_plus_uconst 0x23
#define PC_COLUMN 32	/* as the compiler's library has it, so that r14 is found too */

.macro saved_at register, offset
	.cfi_escape DW_CFA_expression, \register, 3, DW_OP_breg15, 0x80 | ((\offset) & 0x7f), (\offset) >> 7
.endm

.macro signal_trampoline symbol, number, name, context
	.balign 16
	.cfi_startproc simple
	.cfi_signal_frame
	.cfi_return_column PC_COLUMN
	.cfi_escape DW_CFA_def_cfa_expression, 7, DW_OP_breg15, 0x80 | ((\context + 17 * WORD) & 0x7f), \
		(\context + 17 * WORD) >> 7, DW_OP_deref, DW_OP_plus_uconst, 0x80 | (BIAS & 0x7f), BIAS >> 7
	saved_at PC_COLUMN, \context + WORD
	.irp register, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	saved_at \register, \context + (2 + \register) * WORD
	.endr
	nopr
	trampoline_code \symbol, \number, \name
	.cfi_endproc
.endm
