/* clock_gettime in both widths, the short way: REALTIME, MONOTONIC and the coarse clocks of a page
 * whose quick_cycles says so. For all else, and whenever something does not fit, the arguments
 * are still where they were and the common function (common/read_clock.h) starts anew.
 *
 * What costs time in an engine that translates is each access to memory, each branch taken or
 * not, and each barrier: conditions are gathered before a branch, no register is saved, and
 * there is no barrier, since hosts of the x86-64 kind keep the order of loads. A host without
 * that order would need `lwsync` after the first and before the second read of the sequence.
 */
#define WORD 4
#include "ppc_entry.h"
#include "time_page.h"

#define CLOCK_REALTIME_COARSE 5
#define BILLION 1000000000

/* r11: the time page. A 64-bit field's upper half comes first. */
.macro quick_clock name, wide
function __kernel_\name
	.cfi_startproc
	mflr 12
	.cfi_register 65, 12
	bcl 20, 31, 1f
1:	mflr 11
	mtlr 12
	.cfi_restore 65
	addis 11, 11, (postern_time_page - 1b)@ha
	addi 11, 11, (postern_time_page - 1b)@l
	addi 5, 3, -CLOCK_REALTIME_COARSE
	cmplwi 5, 1
	ble 2f

	/* A clock on the line. REALTIME and MONOTONIC are 0 and 1, and so are their bases. */
	lwz 10, POSTERN_AT_SEQUENCE(11)
8:	nop				/* the counter point: page.counter is set, or is 0 */
	private_name counter_point.quick_\name, 8b
	lwz 5, POSTERN_AT_COUNTER(11)
	lwz 6, POSTERN_AT_COUNTER + 4(11)
	lwz 7, POSTERN_AT_ANCHOR(11)
	lwz 8, POSTERN_AT_ANCHOR + 4(11)
	subfc 6, 8, 6
	subfe 5, 7, 5
	/* One branch: other clocks, too many cycles (64 bits of them). */
	srwi 7, 3, 1
	or 5, 5, 7
	lwz 8, POSTERN_AT_QUICK_CYCLES + 4(11)
	li 0, 0
	subfc 7, 8, 6
	addze 0, 0
	or. 5, 5, 0
	bne slow_\name
	lwz 7, POSTERN_AT_MULT(11)
	mulhwu 8, 6, 7
	mullw 6, 6, 7
	rlwinm 7, 3, 4, 27, 27		/* the clock's base: 16 bytes each */
	add 7, 7, 11
	lwz 9, POSTERN_AT_BASE + 12(7)
	addc 6, 6, 9
	lwz 9, POSTERN_AT_BASE + 8(7)
	adde 8, 8, 9
	srwi 6, 6, POSTERN_QUICK_SHIFT
	slwi 8, 8, 32 - POSTERN_QUICK_SHIFT
	or 6, 6, 8
	lwz 9, POSTERN_AT_BASE + 4(7)
	.if \wide
	lwz 5, POSTERN_AT_BASE(7)
	.endif
	/* One branch: another sequence than before, an odd one, a second or more. */
	lwz 8, POSTERN_AT_SEQUENCE(11)
	xor 10, 10, 8
	clrlwi 8, 8, 31
	or 10, 10, 8
	lis 8, BILLION >> 16
	ori 8, 8, BILLION & 0xffff
	li 0, 0
	subfc 8, 8, 6
	addze 0, 0
	or. 10, 10, 0
	bne slow_\name
	.if \wide
	stw 5, 0(4)
	stw 9, 4(4)
	stw 0, 8(4)
	stw 6, 12(4)
	.else
	stw 9, 0(4)
	stw 6, 4(4)
	.endif
	li 3, 0
	crclr SUMMARY_OVERFLOW
	blr

	/* A coarse clock: its number is the index of its base, too. */
2:	slwi 7, 3, 4
	add 7, 7, 11
	lwz 10, POSTERN_AT_SEQUENCE(11)
	.if \wide
	lwz 5, POSTERN_AT_BASE(7)
	.endif
	lwz 9, POSTERN_AT_BASE + 4(7)
	lwz 6, POSTERN_AT_BASE + 12(7)
	/* One branch: POSTERN_CLOCK_NONE, which is 0, and the sequence. */
	lwz 8, POSTERN_AT_CLOCK_MODE(11)
	addic 8, 8, -1
	subfe 8, 8, 8
	lwz 0, POSTERN_AT_SEQUENCE(11)
	xor 10, 10, 0
	clrlwi 0, 0, 31
	or 10, 10, 0
	or. 10, 10, 8
	bne slow_\name
	.if \wide
	li 0, 0
	stw 5, 0(4)
	stw 9, 4(4)
	stw 0, 8(4)
	stw 6, 12(4)
	.else
	stw 9, 0(4)
	stw 6, 4(4)
	.endif
	li 3, 0
	crclr SUMMARY_OVERFLOW
	blr
	.cfi_endproc
end_function __kernel_\name
.endm

	.section .text.quick_clock, "ax", %progbits
	.hidden postern_time_page
	quick_clock clock_gettime64, 1
	/* The version that kernels export, and the one of vdso(7). */
	.symver __kernel_clock_gettime64, __kernel_clock_gettime64@@LINUX_2.6.15, remove
	.globl clock_gettime64_as_documented
	.type clock_gettime64_as_documented, %function
	.set clock_gettime64_as_documented, __kernel_clock_gettime64
	.symver clock_gettime64_as_documented, __kernel_clock_gettime64@LINUX_5.11, remove
	quick_clock clock_gettime, 0

	.section .note.GNU-stack, "", %progbits
