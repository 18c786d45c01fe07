#include "note.h"

/* The signal trampoline: unwinders know its two words. CFA and return address are those of the
 * interrupted code in the frame; the description says no more than the kernel's: a signal frame
 * whose CFA is sp. */
	.text
	.option norvc
	.balign 4
	.globl __vdso_rt_sigreturn
	.type __vdso_rt_sigreturn, @function
__vdso_rt_sigreturn:
	.cfi_startproc
	.cfi_signal_frame
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
