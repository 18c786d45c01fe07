#define WORD 4
#include "ppc_entry.h"

	.text
	.hidden slow_clock_gettime
	wrapper clock_gettime, 1, slow_clock_gettime
	.hidden slow_clock_gettime64
	wrapper clock_gettime64, 1, slow_clock_gettime64
	wrapper gettimeofday, 1
	wrapper clock_getres, 1
	wrapper clock_getres_time64, 1
	wrapper time, 0
	wrapper getcpu, 0
	wrapper get_tbfreq, 0
	wrapper get_syscall_map, 0

/* From memory into the instruction cache, by blocks of 32 bytes. */
#define BLOCK 32
function __kernel_sync_dicache
	.cfi_startproc
	crclr SUMMARY_OVERFLOW
	clrrwi 5, 3, 5
	subf 4, 5, 4
	addi 4, 4, BLOCK - 1
	srwi. 4, 4, 5
	crclr SUMMARY_OVERFLOW
	beqlr
	mtctr 4
	mr 6, 5
1:	dcbst 0, 6
	addi 6, 6, BLOCK
	bdnz 1b
	sync
	mtctr 4
2:	icbi 0, 5
	addi 5, 5, BLOCK
	bdnz 2b
	isync
	li 3, 0
	blr
	.cfi_endproc
end_function __kernel_sync_dicache
	sync_dicache_p5
	datapage_offset

/* Handlers return to the label; unwinders look for the instruction before it, too. r1 is a called
 * function's frame below the kernel's. */
.macro trampoline symbol, number, pointer, name
	.balign 16
	.cfi_startproc simple
	.cfi_signal_frame
	.cfi_return_column 67
	saved_registers \pointer
	nop
	.globl \symbol
	.type \symbol, %function
\symbol:
	li 0, \number
	sc
	.cfi_endproc
	.size \symbol, . - \symbol
	private_name \name, \symbol
.endm
	trampoline __kernel_sigtramp32, 119, 64 + 28, sigreturn
	trampoline __kernel_sigtramp_rt32, 172, 64 + 16 + 128 + 48, rt_sigreturn

	.section .note.GNU-stack, "", %progbits
