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

	.text
	trampoline __kernel_sigreturn, 119, sigreturn
	trampoline __kernel_rt_sigreturn, 173, rt_sigreturn
	trampoline __kernel_restart_syscall, 7, restart_syscall

/* getrandom's C code saves registers, for which its caller may have left no room: a frame of 160
 * bytes for it, with the return address above. The stack pointer is a saved register to unwinders,
 * its value before the call 160 below the frame's address. */
	.section .text.getrandom_entry, "ax", %progbits
	.balign 16
	.globl __kernel_getrandom
	.type __kernel_getrandom, %function
__kernel_getrandom:
	.cfi_startproc
	aghi %r15, -168
	.cfi_adjust_cfa_offset 168
	.cfi_val_offset 15, -160
	stg %r14, 160(%r15)
	.cfi_offset 14, -168
	brasl %r14, getrandom_body
	lg %r14, 160(%r15)
	.cfi_restore 14
	aghi %r15, 168
	.cfi_adjust_cfa_offset -168
	.cfi_restore 15
	br %r14
	.cfi_endproc
	.size __kernel_getrandom, . - __kernel_getrandom

	.section .note.GNU-stack, "", %progbits
