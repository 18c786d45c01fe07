/* The assembler part of both 64-bit PowerPC images. */
#define WORD 8
#include "ppc_entry.h"

	.text
	wrapper clock_gettime, 1
	wrapper gettimeofday, 1
	wrapper clock_getres, 1
	wrapper time, 0
	wrapper getcpu, 0
	wrapper get_tbfreq, 0
	wrapper get_syscall_map, 0

/* Instruction caches follow stores here, so one icbi does for all that was written. */
function __kernel_sync_dicache
	.cfi_startproc
	crclr SUMMARY_OVERFLOW
	cmpld 1, 3, 4
	bgelr 1
	sync
	icbi 0, 1
	isync
	li 3, 0
	blr
	.cfi_endproc
end_function __kernel_sync_dicache
	sync_dicache_p5
	datapage_offset

/* Signal delivery starts at the bctrl, with the handler in ctr; it returns to the label, with r1
 * where it was: a called function's frame below the kernel's. Unwinders match these instructions
 * and, old ones, what stands behind them. */
	.balign 16
	.cfi_startproc simple
	.cfi_signal_frame
	.cfi_return_column 67
	saved_registers 128 + 168 + 56
start_sigtramp_rt64:
	bctrl
	.globl __kernel_sigtramp_rt64
	.type __kernel_sigtramp_rt64, %function
__kernel_sigtramp_rt64:
	addi 1, 1, 128
	saved_registers 168 + 56
	li 0, 172
	sc
	.cfi_endproc
end_function __kernel_sigtramp_rt64
	.long 0, 0, 0
	.quad 0, -21 * 8
	private_name signal_entry, start_sigtramp_rt64
	private_name rt_sigreturn, __kernel_sigtramp_rt64

	.section .note.GNU-stack, "", %progbits
