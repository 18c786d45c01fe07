#include "note.h"

/* The signal trampolines. Linux enters the second one, which says so by %r25, after a signal that interrupted
 * a system call; to the emulator both are the same. Debuggers know these words, and look in the one two before them for where struct sigcontext
 * is, in bytes from the stack pointer. The block begins at a multiple of 64.
 *
 * The description of the interrupted code's registers: as its CFA it has the address of struct sigcontext,
 * as Linux's has. Floating-point registers are two columns each, %fr4 to %fr31. */
#define CONTEXT -608		/* of the frame of a 32-bit kernel */
#define PC_COLUMN 89
#define SAR_COLUMN 88
#define FIRST_FLOAT_COLUMN 32

#define DW_CFA_def_cfa_expression 0x0f
#define DW_OP_breg30 0x8e

	.level 1.1
	.text

	.balign 64
	.word CONTEXT
	.cfi_startproc simple
	.cfi_signal_frame
	.cfi_return_column PC_COLUMN
	.cfi_escape DW_CFA_def_cfa_expression, 3, DW_OP_breg30, 0x80 | (CONTEXT & 0x7f), (CONTEXT >> 7) & 0x7f
.irp number, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	.cfi_offset \number, 4 + 4 * \number
.endr
.irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, \
		28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55
	.cfi_offset FIRST_FLOAT_COLUMN + \number, 168 + 4 * \number
.endr
	.cfi_offset SAR_COLUMN, 408
	.cfi_offset PC_COLUMN, 400
	nop			/* unwinders look up the address before a return address */
	.globl __kernel_sigtramp_rt
	.hidden __kernel_sigtramp_rt
	.type __kernel_sigtramp_rt, @function
__kernel_sigtramp_rt:
	ldi 0, %r25
	ldi 173, %r20
	ble 0x100(%sr2, %r0)
	nop
	ldi 1, %r25
	ldi 173, %r20
	ble 0x100(%sr2, %r0)
	nop
	.cfi_endproc
	.size __kernel_sigtramp_rt, . - __kernel_sigtramp_rt
	private_name rt_sigreturn, __kernel_sigtramp_rt

/* Where a stopped system call goes on; its %r31 is in the word at the stack pointer. */
	.balign 64
	.globl __kernel_restart_syscall
	.hidden __kernel_restart_syscall
	.type __kernel_restart_syscall, @function
__kernel_restart_syscall:
	.cfi_startproc
	.cfi_return_column 31
	.cfi_offset 31, 0
	ldw 0(%r30), %r31
	be 0x100(%sr2, %r0)
	ldi 0, %r20
	.cfi_endproc
	.size __kernel_restart_syscall, . - __kernel_restart_syscall
	private_name restart_syscall, __kernel_restart_syscall

	.section .note.GNU-stack, "", @progbits
