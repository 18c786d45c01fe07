/* clock_gettime the short way: REALTIME, MONOTONIC and the coarse clocks of a page whose
 * quick_cycles says so. For all else, and whenever something does not fit, the arguments are
 * still where they were and the common function (common/read_clock.h) starts anew.
 *
 * What costs time in an engine that translates is each branch, taken or not, and each barrier:
 * conditions are gathered before a branch, and there is no barrier, since hosts of the x86-64
 * kind keep the order of loads. A host without that order would need `dmb ishld` after the first
 * and before the second read of the sequence. The result is written before its last test; it is
 * the caller's only once the function returns.
 */
#include "note.h"
#include "time_page.h"

#define CLOCK_REALTIME_COARSE 5

	.section .text.quick_clock_gettime, "ax", %progbits
	.balign 32
	.hidden postern_time_page
	.hidden slow_clock_gettime
	.globl __kernel_clock_gettime
	.type __kernel_clock_gettime, %function
__kernel_clock_gettime:
	.cfi_startproc
	adr x2, postern_time_page
	tbnz w0, #2, 1f			/* of the clocks with bit 2 set, two are coarse */

	/* A clock on the line. REALTIME and MONOTONIC are 0 and 1, and so are their bases. */
	ldr w3, [x2, #POSTERN_AT_SEQUENCE]
	lsr w4, w0, #1
8:	nop				/* the counter point: page.counter is set, or is 0 */
	private_name counter_point.quick_clock_gettime, 8b
	ldr x5, [x2, #POSTERN_AT_COUNTER]
	ldr x6, [x2, #POSTERN_AT_ANCHOR]
	sub x5, x5, x6
	/* One branch: other clocks, too many cycles. */
	orr x4, x5, x4, lsl #32
	ldr x6, [x2, #POSTERN_AT_QUICK_CYCLES]
	cmp x4, x6
	b.hs slow_clock_gettime
	ldr w6, [x2, #POSTERN_AT_MULT]
	add x4, x2, w0, uxtw #4
	ldr x7, [x4, #POSTERN_AT_BASE + 8]
	madd x5, x5, x6, x7
	lsr x5, x5, #POSTERN_QUICK_SHIFT
	ldr x6, [x4, #POSTERN_AT_BASE]
	/* One branch: another sequence than before, an odd one, a second or more. */
	ldr w4, [x2, #POSTERN_AT_SEQUENCE]
	eor w3, w3, w4
	and w4, w4, #1
	orr w3, w3, w4
	mov w4, #999999999 & 0xffff
	movk w4, #999999999 >> 16, lsl #16
	sub x4, x4, x5
	orr x3, x3, x4, lsr #63
	cbnz x3, slow_clock_gettime
	stp x6, x5, [x1]
	mov w0, #0
	ret

	/* A coarse clock: its number is the index of its base, too. */
1:	and w3, w0, #7
	add x4, x2, w3, uxtw #4
	ldr w3, [x2, #POSTERN_AT_SEQUENCE]
	ldr x5, [x4, #POSTERN_AT_BASE]
	ldr x6, [x4, #POSTERN_AT_BASE + 8]
	ldr w7, [x2, #POSTERN_AT_CLOCK_MODE]
	ldr w4, [x2, #POSTERN_AT_SEQUENCE]
	/* One branch: the sequence, POSTERN_CLOCK_NONE, which is 0, and other clocks. */
	eor w3, w3, w4
	and w4, w4, #1
	orr w3, w3, w4
	sub w4, w0, #CLOCK_REALTIME_COARSE
	orr w3, w3, w4, lsr #1
	sub w7, w7, #1
	orr w3, w3, w7, lsr #31
	cbnz w3, slow_clock_gettime
	stp x5, x6, [x1]
	mov w0, #0
	ret
	.cfi_endproc
	.size __kernel_clock_gettime, . - __kernel_clock_gettime

	.section .note.GNU-stack, "", %progbits
