/* clock_gettime in both widths, the short way: REALTIME, MONOTONIC and the coarse clocks of a page
 * whose quick_cycles says so. For all else, and whenever something does not fit, the arguments
 * are restored and the common function (common/read_clock.h) starts anew.
 *
 * What costs time in an engine that translates is each access to memory, each branch taken or
 * not, and each barrier: there are as few as possible. Conditions are gathered before a branch,
 * no register is saved, and values that are only carried go through VFP registers, 64 bits at
 * a time. Their contents are the callee's by the ABI, and every engine's CPU has them. There
 * is no barrier: hosts of the x86-64 kind keep the order of loads. A host without that order
 * would need `dmb` after the first and before the second read of the sequence.
 */
#include "note.h"
#include "time_page.h"

	.fpu vfpv3-d16

#define CLOCK_REALTIME_COARSE 5

.macro define_clock_gettime function, wide
	.section .text.quick_\function, "ax", %progbits
	.balign 32
	.globl __vdso_\function
	.type __vdso_\function, %function
	.hidden slow_\function
__vdso_\function:
	.fnstart
	.cfi_startproc
	/* ip: the time page */
	add ip, pc, #:pc_g0_nc:(postern_time_page - 8)
	add ip, ip, #:pc_g1:(postern_time_page - 4)
	tst r0, #4			/* of the clocks with bit 2 set, two are coarse */
	bne 1f

	/* A clock on the line. REALTIME and MONOTONIC are 0 and 1, and so are their bases. */
	vldr s6, [ip, #POSTERN_AT_SEQUENCE]
	and r2, r0, #1
	add r2, ip, r2, lsl #4
	vldr d0, [r2, #POSTERN_AT_BASE]
	vldr d1, [r2, #POSTERN_AT_BASE + 8]
	vmov s5, r1
8:	nop				/* the counter point: page.counter is set, or is 0 */
	private_name counter_point.quick_\function, 8b
	ldrd r2, r3, [ip, #POSTERN_AT_COUNTER]
	ldr r1, [ip, #POSTERN_AT_ANCHOR]
	subs r2, r2, r1
	ldr r1, [ip, #POSTERN_AT_ANCHOR + 4]
	sbc r3, r3, r1
	/* One branch: other clocks, too many cycles (64 bits of them). */
	orr r3, r3, r0, lsr #1
	ldr r1, [ip, #POSTERN_AT_QUICK_CYCLES]
	cmp r2, r1
	sbcs r3, r3, #0
	bhs 2f
	ldr r3, [ip, #POSTERN_AT_MULT]
	umull r2, r3, r3, r2
	vmov r1, s2
	adds r2, r2, r1
	vmov r1, s3
	adc r3, r3, r1
	lsr r2, r2, #POSTERN_QUICK_SHIFT
	orr r2, r2, r3, lsl #(32 - POSTERN_QUICK_SHIFT)
	/* One branch: another sequence than before, an odd one, a second or more. */
	ldr ip, [ip, #POSTERN_AT_SEQUENCE]
	vmov r3, s6
	eor r3, r3, ip
	and ip, ip, #1
	orr r3, r3, ip
	movw ip, #:lower16:1000000000
	movt ip, #:upper16:1000000000
	cmp r2, ip
	sbcs r3, r3, #0
	vmov r1, s5
	bhs slow_\function
	mov r0, #0
.if \wide
	vstr d0, [r1]
	str r2, [r1, #8]
	str r0, [r1, #12]
.else
	vstr s0, [r1]
	str r2, [r1, #4]
.endif
	bx lr

	/* A coarse clock: its number is the index of its base, too. */
1:	and r2, r0, #7			/* whatever the clock, on the page */
	add r2, ip, r2, lsl #4
	ldr r3, [ip, #POSTERN_AT_SEQUENCE]
.if \wide
	vldr d0, [r2, #POSTERN_AT_BASE]
	vldr d1, [r2, #POSTERN_AT_BASE + 8]
.else
	vldr s0, [r2, #POSTERN_AT_BASE]
	vldr s2, [r2, #POSTERN_AT_BASE + 8]
.endif
	ldr r2, [ip, #POSTERN_AT_CLOCK_MODE]
	ldr ip, [ip, #POSTERN_AT_SEQUENCE]
	/* One branch: POSTERN_CLOCK_NONE, which is 0, the sequence, and other clocks. */
	clz r2, r2
	eor r3, r3, ip
	and ip, ip, #1
	orr r3, r3, ip
	orr r3, r3, r2, lsr #5
	sub r2, r0, #CLOCK_REALTIME_COARSE
	lsr r2, r2, #1
	orrs r3, r3, r2
	bne slow_\function
.if \wide
	vstr d0, [r1]
	vstr d1, [r1, #8]
.else
	vstr s0, [r1]
	vstr s2, [r1, #4]
.endif
	mov r0, #0
	bx lr

2:	vmov r1, s5
	b slow_\function
	.cfi_endproc
	.fnend
	.size __vdso_\function, . - __vdso_\function
.endm

	.cfi_sections .eh_frame
	.hidden postern_time_page
	define_clock_gettime clock_gettime64, 1
	define_clock_gettime clock_gettime, 0

	.section .note.GNU-stack, "", %progbits
