/* Unlocking a robust futex: u32 f(u32 *lock, u32 thread, pointer *pending). If the lock holds
 * the thread's id, it becomes 0 and so does *pending; the old lock word comes back. Between
 * the two stores the kernel takes the pending operation for done when the thread is killed;
 * the private names tell an emulator this range.
 */
#include "note.h"

.macro try_unlock symbol, name, pending
	.section .text.\symbol, "ax", %progbits
	.balign 16
	.globl \symbol
	.type \symbol, %function
\symbol:
	.cfi_startproc
	mov %esi, %eax
	xor %ecx, %ecx
	lock cmpxchg %ecx, (%rdi)
\name\()_first:
	jnz 1f
	mov \pending, (%rdx)
\name\()_end:
1:	ret
	.cfi_endproc
	.size \symbol, . - \symbol
	private_name \name\()_first, \name\()_first
	private_name \name\()_end, \name\()_end
.endm

	try_unlock __vdso_futex_robust_list64_try_unlock, futex_robust_unlock64, %rcx
	try_unlock __vdso_futex_robust_list32_try_unlock, futex_robust_unlock32, %ecx

	.section .note.GNU-stack, "", %progbits
