#include "note.h"

/* Numbers of registers in frame descriptions; the program counter has a column of its own. */
#define PC_COLUMN 16
#define PR_COLUMN 17
#define GBR_COLUMN 18
#define MACH_COLUMN 20
#define MACL_COLUMN 21
#define FIRST_FLOAT_COLUMN 25

#define DW_CFA_def_cfa_expression 0x0f
#define DW_CFA_expression 0x10
#define DW_OP_breg15 0x7f
#define DW_OP_deref 0x06

/* A system call with registers as for trapa, which C libraries use themselves. Linux's has no return. */
	.text
	.balign 4
	.globl __kernel_vsyscall
	.type __kernel_vsyscall, %function
__kernel_vsyscall:
	.cfi_startproc
	trapa #0x10
	nop
	rts
	nop
	.cfi_endproc
	.size __kernel_vsyscall, . - __kernel_vsyscall
	private_name vsyscall, __kernel_vsyscall

/* The signal trampolines. Unwinders and debuggers know these halfwords by sight. The descriptions say where
 * the registers of the interrupted code are: struct sigcontext begins `context` bytes above r15. Unwinders look
 * up the address before a return address, so they start at a nop. Offsets as SLEB128 of two bytes. */
.macro saved_at register, offset
	.cfi_escape DW_CFA_expression, \register, 3, DW_OP_breg15, 0x80 | ((\offset) & 0x7f), (\offset) >> 7
.endm

.macro trampoline name, number, context
	.balign 32
	.fill 15, 2, 0x0009		/* nop */
	.cfi_startproc simple
	.cfi_signal_frame
	.cfi_return_column PC_COLUMN
	.cfi_escape DW_CFA_def_cfa_expression, 4, DW_OP_breg15, 0x80 | ((\context + 64) & 0x7f), (\context + 64) >> 7, DW_OP_deref
	.irp register, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
	saved_at \register, \context + 4 + 4 * \register
	.endr
	saved_at PC_COLUMN, \context + 68
	saved_at PR_COLUMN, \context + 72
	saved_at GBR_COLUMN, \context + 80
	saved_at MACH_COLUMN, \context + 84
	saved_at MACL_COLUMN, \context + 88
	.irp register, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	saved_at FIRST_FLOAT_COLUMN + \register, \context + 92 + 4 * \register
	.endr
	nop
	.globl __kernel_\name
	.type __kernel_\name, %function
__kernel_\name:
	mov.w 1f, r3
	trapa #0x10
	or r0, r0
	or r0, r0
	or r0, r0
	or r0, r0
	or r0, r0
1:	.short \number
	.cfi_endproc
	.size __kernel_\name, . - __kernel_\name
	private_name \name, __kernel_\name
.endm

	trampoline sigreturn, 119, 0
	trampoline rt_sigreturn, 173, 148

	.section .note.GNU-stack, "", %progbits
