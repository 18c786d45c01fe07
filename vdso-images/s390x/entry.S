#include "trampolines.h"

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
