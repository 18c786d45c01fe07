#include "note.h"

/* The signal trampoline. It has no unwind description on purpose: unwinders know these two
 * instructions and the frame above them, and a description here breaks the unwinding of thread
 * cancellation. They look at the instruction before a return address, hence the nop, which
 * belongs to nothing.
 */
	.text
	.balign 16
	nop
	.globl __kernel_rt_sigreturn
	.type __kernel_rt_sigreturn, %notype
__kernel_rt_sigreturn:
	mov x8, #139
	svc #0
	.size __kernel_rt_sigreturn, . - __kernel_rt_sigreturn
	private_name rt_sigreturn, __kernel_rt_sigreturn

	.section .note.GNU-stack, "", %progbits
