/* clock_gettime the short way: REALTIME, MONOTONIC and the coarse clocks of a page whose
 * quick_cycles says so. For all else, and whenever something does not fit, the arguments are
 * still where they were and the common function (common/read_clock.h) starts anew.
 *
 * What costs time in an engine that translates is each branch, taken or not: conditions are
 * gathered before one. The result may be written before the sequence says that its parts
 * belong together; it is the caller's only once the function returns.
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
	larl %r1, postern_time_page
	lr %r4, %r2
	ahi %r4, -CLOCK_REALTIME_COARSE
	clijnh %r4, 1, 1f

	/* A clock on the line. REALTIME and MONOTONIC are 0 and 1, and so are their bases. */
	llgf %r0, POSTERN_AT_SEQUENCE(%r1)
	ldgr %f1, %r0
8:	nopr %r7			/* the counter point: page.counter is set, or is 0 */
	private_name counter_point.quick_clock_gettime, 8b
	lg %r5, POSTERN_AT_COUNTER(%r1)
	sg %r5, POSTERN_AT_ANCHOR(%r1)
	/* One branch: other clocks, too many cycles. */
	llgfr %r4, %r2
	nill %r4, 0xfffe
	sllg %r4, %r4, 31		/* 2^32 and more for other clocks */
	ogr %r5, %r4
	clg %r5, POSTERN_AT_QUICK_CYCLES(%r1)
	jnl slow_clock_gettime
	llgf %r4, POSTERN_AT_MULT(%r1)
	msgr %r5, %r4
	risbg %r4, %r2, 59, 128 + 59, 4	/* the clock's base: 16 bytes each */
	la %r4, 0(%r4, %r1)
	alg %r5, POSTERN_AT_BASE + 8(%r4)
	srlg %r5, %r5, POSTERN_QUICK_SHIFT
	lg %r4, POSTERN_AT_BASE(%r4)
	stg %r4, 0(%r3)
	stg %r5, 8(%r3)
	/* One branch: another sequence than before, an odd one, a second or more. */
	l %r4, POSTERN_AT_SEQUENCE(%r1)
	lgdr %r0, %f1
	xr %r0, %r4
	nilf %r4, 1
	or %r0, %r4
	agfi %r5, -1000000000
	srlg %r5, %r5, 63		/* 1 below a second */
	xilf %r5, 1
	or %r0, %r5
	jnz slow_clock_gettime
	lghi %r2, 0
	br %r14

	/* A coarse clock: its number is the index of its base, too. */
1:	llgfr %r4, %r2
	sllg %r4, %r4, 4
	la %r4, 0(%r4, %r1)
	l %r0, POSTERN_AT_SEQUENCE(%r1)
	lg %r5, POSTERN_AT_BASE + 8(%r4)
	lg %r4, POSTERN_AT_BASE(%r4)
	stg %r4, 0(%r3)
	stg %r5, 8(%r3)
	/* One branch: POSTERN_CLOCK_NONE, which is 0, and the sequence. */
	l %r5, POSTERN_AT_CLOCK_MODE(%r1)
	ahi %r5, -1
	srl %r5, 31
	l %r4, POSTERN_AT_SEQUENCE(%r1)
	xr %r0, %r4
	nilf %r4, 1
	or %r0, %r4
	or %r0, %r5
	jnz slow_clock_gettime
	lghi %r2, 0
	br %r14
	.cfi_endproc
	.size __kernel_clock_gettime, . - __kernel_clock_gettime

	.section .note.GNU-stack, "", %progbits
