#include "note.h"

/* The signal trampoline: unwinders know its two words. For the others the description says where
 * the registers of the interrupted code are: CONTEXT bytes above sp, pc first. Unwinders look up the
 * address before a return address, so it starts at a nop. */
#if __riscv_xlen == 64
#define WORD 8
#define CONTEXT 304
#else
#define WORD 4
#define CONTEXT 288
#endif
#define DW_CFA_def_cfa_expression 0x0f
#define DW_CFA_expression 0x10
#define DW_OP_breg2 0x72
#define DW_OP_deref 0x06
#define PC_COLUMN 64	/* as the compiler's library has it, so that ra is found too */

/* Offsets as SLEB128 of two bytes. */
.macro saved_at register, offset
	.cfi_escape DW_CFA_expression, \register, 3, DW_OP_breg2, 0x80 | ((\offset) & 0x7f), (\offset) >> 7
.endm

	.text
	.option norvc
	.balign 4
	.cfi_startproc simple
	.cfi_signal_frame
	.cfi_return_column PC_COLUMN
	.cfi_escape DW_CFA_def_cfa_expression, 4, DW_OP_breg2, 0x80 | ((CONTEXT + 2 * WORD) & 0x7f), \
		(CONTEXT + 2 * WORD) >> 7, DW_OP_deref
	saved_at PC_COLUMN, CONTEXT
	.irp register, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	saved_at \register, CONTEXT + \register * WORD
	.endr
	nop
	.globl __vdso_rt_sigreturn
	.type __vdso_rt_sigreturn, @function
__vdso_rt_sigreturn:
	li a7, 139
	ecall
	.cfi_endproc
	.size __vdso_rt_sigreturn, . - __vdso_rt_sigreturn
	private_name rt_sigreturn, __vdso_rt_sigreturn

/* int flush_icache(void *start, void *end, unsigned long flags): the system call, as on kernels
 * for several harts. */
	.globl __vdso_flush_icache
	.type __vdso_flush_icache, @function
__vdso_flush_icache:
	.cfi_startproc
	li a7, 259
	ecall
	ret
	.cfi_endproc
	.size __vdso_flush_icache, . - __vdso_flush_icache

	.section .note.GNU-stack, "", @progbits
