/* clock_gettime in both widths, the short way: REALTIME, MONOTONIC and the coarse clocks of a page
 * whose quick_cycles says so. For all else, and whenever something does not fit, the arguments
 * are restored and the common function (common/read_clock.h) starts anew.
 *
 * What costs time in an engine that translates is each access to memory, each branch taken or
 * not, and each barrier: there are as few as possible. Conditions are gathered before a branch,
 * no register is saved, and values that are only carried go through VFP registers, 64 bits at
 * a time. Their contents are the callee's by the ABI, and every engine's CPU has them. No
 * barrier is needed: the host, x86-64, keeps the order of loads, and the counter is read by an
 * instruction that an engine does not move.
 */
#include "time_page.h"

	.fpu vfpv3-d16

/* Of these clocks the number is the index of their base, too. */
#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define CLOCK_REALTIME_COARSE 5

/* A clock on the line at the counter. ip: the time page. */
.macro read_quick_line function, clock, wide
	vldr s2, [ip, #POSTERN_AT_SEQUENCE]
	ldr r3, [ip, #POSTERN_AT_QUICK_CYCLES]
	cmp r3, #0			/* there may be no counter */
	mrrcne p15, 1, r0, r2, c14
	vmov s3, r3
	ldr r3, [ip, #POSTERN_AT_ANCHOR]
	subs r0, r0, r3
	ldr r3, [ip, #POSTERN_AT_ANCHOR + 4]
	sbc r2, r2, r3
	vmov r3, s3
	cmp r2, #0
	cmpeq r0, r3
	bhs 9f
	ldr r2, [ip, #POSTERN_AT_MULT]
	umull r0, r2, r2, r0
	ldr r3, [ip, #POSTERN_AT_BASE + 16 * \clock + 8]
	adds r0, r0, r3
	ldr r3, [ip, #POSTERN_AT_BASE + 16 * \clock + 12]
	adc r2, r2, r3
	lsr r0, r0, #POSTERN_QUICK_SHIFT
	orr r0, r0, r2, lsl #(32 - POSTERN_QUICK_SHIFT)
	vldr d0, [ip, #POSTERN_AT_BASE + 16 * \clock]
	/* One branch: another sequence than before, an odd one, a second or more. */
	ldr r2, [ip, #POSTERN_AT_SEQUENCE]
	vmov r3, s2
	eor r3, r3, r2
	and r2, r2, #1
	orr r3, r3, r2
	movw r2, #:lower16:1000000000
	movt r2, #:upper16:1000000000
	cmp r3, #1
	cmplo r0, r2
	bhs 9f
.if \wide
	vmov d1, r0, r3
	vstr d0, [r1]
	vstr d1, [r1, #8]
.else
	vstr s0, [r1]
	str r0, [r1, #4]
.endif
	mov r0, #0
	bx lr
9:	mov r0, #\clock
	b slow_\function
.endm

.macro define_clock_gettime function, wide
	.section .text.quick_\function, "ax", %progbits
	.balign 32
	.globl __vdso_\function
	.type __vdso_\function, %function
	.hidden slow_\function
__vdso_\function:
	.fnstart
	.cfi_startproc
	add ip, pc, #:pc_g0_nc:(postern_time_page - 8)
	add ip, ip, #:pc_g1:(postern_time_page - 4)
	cmp r0, #CLOCK_MONOTONIC
	bne 2f
	read_quick_line \function, CLOCK_MONOTONIC, \wide

2:	sub r2, r0, #CLOCK_REALTIME_COARSE
	cmp r2, #1
	bhi 3f
	add r2, ip, r0, lsl #4
	vldr s2, [ip, #POSTERN_AT_SEQUENCE]
.if \wide
	vldr d2, [r2, #POSTERN_AT_BASE]
	vldr d3, [r2, #POSTERN_AT_BASE + 8]
.else
	vldr s4, [r2, #POSTERN_AT_BASE]
	vldr s6, [r2, #POSTERN_AT_BASE + 8]
.endif
	ldr r3, [ip, #POSTERN_AT_CLOCK_MODE]
	ldr ip, [ip, #POSTERN_AT_SEQUENCE]
	vmov r2, s2
	eor r2, r2, ip
	and ip, ip, #1
	orr r2, r2, ip
	cmp r2, #1
	cmplo r2, r3			/* 0 < mode: POSTERN_CLOCK_NONE is 0 */
	bhs slow_\function
.if \wide
	vstr d2, [r1]
	vstr d3, [r1, #8]
.else
	vstr s4, [r1]
	vstr s6, [r1, #4]
.endif
	mov r0, #0
	bx lr

3:	cmp r0, #CLOCK_REALTIME
	bne slow_\function
	read_quick_line \function, CLOCK_REALTIME, \wide
	.cfi_endproc
	.fnend
	.size __vdso_\function, . - __vdso_\function
.endm

	.cfi_sections .eh_frame
	.hidden postern_time_page
	define_clock_gettime clock_gettime64, 1
	define_clock_gettime clock_gettime, 0

	.section .note.GNU-stack, "", %progbits
