#include "note.h"

.macro function symbol
	.globl \symbol
	.type \symbol, %function
\symbol:
.endm

.macro end_function symbol
	.size \symbol, . - \symbol
.endm

	.text

/* The system call gate of AT_SYSINFO: registers as for int 0x80, all but eax preserved. It needs
 * nothing but int 0x80 of an emulator. The landing pad is where calls by sysenter come back to, with
 * ebp, edx and ecx on the stack as here; who restarts a system call steps back over the two bytes
 * before it, which make it again. */
	.balign 16
function __kernel_vsyscall
	.cfi_startproc
.irp register, ecx, edx, ebp
	push %\register
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset \register, 0
.endr
	int $0x80
int80_landing_pad:
.irp register, ebp, edx, ecx
	pop %\register
	.cfi_adjust_cfa_offset -4
	.cfi_restore \register
.endr
	ret
	.cfi_endproc
end_function __kernel_vsyscall
	private_name vsyscall, __kernel_vsyscall
	private_name int80_landing_pad, int80_landing_pad

/* The signal trampolines. A handler returns to the label with esp behind the return address
 * of the frame; `context` is where struct sigcontext starts from there. Unwinders look for
 * the byte before a return address, so the description starts one byte earlier; they look for
 * these very instructions too, so they must not change.
 *
 * The frame that a trampoline returns to has all its registers in struct sigcontext, esp
 * (offset 28) included: the CFA is the esp found there.
 */
#define DW_CFA_def_cfa_expression 0x0f
#define DW_CFA_expression 0x10
#define DW_OP_breg4 0x74
#define DW_OP_deref 0x06

/* Two bytes of SLEB128 reach the 216 bytes needed. */
.macro sigcontext_cfa offset
	.cfi_escape DW_CFA_def_cfa_expression, 4, DW_OP_breg4, 0x80 | ((\offset) & 0x7f), (\offset) >> 7, DW_OP_deref
.endm
.macro sigcontext_register number, offset
	.cfi_escape DW_CFA_expression, \number, 3, DW_OP_breg4, 0x80 | ((\offset) & 0x7f), (\offset) >> 7
.endm
.macro sigcontext_rules context
	sigcontext_cfa \context + 28
	sigcontext_register 0, \context + 44	/* eax */
	sigcontext_register 1, \context + 40	/* ecx */
	sigcontext_register 2, \context + 36	/* edx */
	sigcontext_register 3, \context + 32	/* ebx */
	sigcontext_register 5, \context + 24	/* ebp */
	sigcontext_register 6, \context + 20	/* esi */
	sigcontext_register 7, \context + 16	/* edi */
	sigcontext_register 8, \context + 56	/* eip */
.endm

	.balign 16
	nop			/* a byte of no function before the described ones */
	.cfi_startproc simple
	.cfi_signal_frame
	sigcontext_rules 4
	nop
function __kernel_sigreturn
	pop %eax
	sigcontext_rules 0
	mov $119, %eax
	int $0x80
end_function __kernel_sigreturn
	ud2
	.cfi_endproc
	private_name sigreturn, __kernel_sigreturn

	.balign 16
	nop
	.cfi_startproc simple
	.cfi_signal_frame
	sigcontext_rules 160
	nop
function __kernel_rt_sigreturn
	mov $173, %eax
	int $0x80
end_function __kernel_rt_sigreturn
	ud2
	.cfi_endproc
	private_name rt_sigreturn, __kernel_rt_sigreturn

/* u32 f(u32 *lock, u32 thread, u32 *pending): see x86-64/entry.S. */
	.balign 16
function __vdso_futex_robust_list32_try_unlock
	.cfi_startproc
	mov 4(%esp), %edx
	mov 8(%esp), %eax
	xor %ecx, %ecx
	lock cmpxchg %ecx, (%edx)
futex_robust_unlock32_first:
	jnz 1f
	mov 12(%esp), %edx
	mov %ecx, (%edx)
futex_robust_unlock32_end:
1:	ret
	.cfi_endproc
end_function __vdso_futex_robust_list32_try_unlock
	private_name futex_robust_unlock32_first, futex_robust_unlock32_first
	private_name futex_robust_unlock32_end, futex_robust_unlock32_end

	.section .note.GNU-stack, "", %progbits
