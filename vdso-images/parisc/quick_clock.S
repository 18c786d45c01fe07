/* clock_gettime in both widths, the short way: REALTIME, MONOTONIC and the coarse clocks of a page
 * whose quick_cycles says so. For all else, and whenever something does not fit, the arguments
 * are still where they were and the common function (common/read_clock.h) starts anew.
 *
 * What costs time in an engine that interprets is each instruction, and in one that translates each
 * branch: conditions are gathered before a branch, no register is saved, and there is no
 * barrier, since hosts of the x86-64 kind keep the order of loads. A host without that order would
 * need `sync` after the first and before the second read of the sequence.
 *
 * Products are the floating-point unit's, whose registers 22 and 23 a call need not preserve; memory is
 * the only way there. The words for a function's arguments in its caller's frame are the function's, too,
 * and nobody interrupts what lies below the stack pointer.
 */
#include "note.h"
#include "time_page.h"

#define CLOCK_REALTIME_COARSE 5
#define NANOSECONDS_PER_SECOND 1000000000
#define PRIVILEGE 3	/* of a program, in the lowest bits of its links */

/* Where fields are from the first clock's base, which its displacements of five bits want to be near. */
#define FROM_BASE(field) (POSTERN_AT_##field - POSTERN_AT_BASE)

/* r20: not 0 if the sequence was, or is now, another one, or is odd. One that was odd and is not now
 * differs in other bits than the last, too. Changes r23. */
.macro test_sequence
	ldw FROM_BASE(SEQUENCE)(%r1), %r23
	xor %r20, %r23, %r20
	dep %r23, 31, 1, %r20
.endm

	.level 1.1

.macro quick_clock name, wide
	.globl __vdso_\name
	.hidden slow_\name
	.type __vdso_\name, @function
__vdso_\name:
	.cfi_startproc
	bl .+8, %r1
	addil L%postern_time_page - $PIC_pcrel$0 + POSTERN_AT_BASE - PRIVILEGE + 4, %r1
	ldo R%postern_time_page - $PIC_pcrel$0 + POSTERN_AT_BASE - PRIVILEGE + 8(%r1), %r1
	bb,< %r26, 29, 1f		/* of the clocks with bit 2 set, two are coarse */
	zdep %r26, 27, 3, %r22		/* a base has 16 bytes; whatever the clock, it is on the page */

	/* A clock on the line. REALTIME and MONOTONIC are 0 and 1, and so are their bases. */
	addl %r1, %r22, %r22
	ldw FROM_BASE(SEQUENCE)(%r1), %r20
8:	nop				/* the counter point: page.counter is set, or is 0 */
	private_name counter_point.quick_\name, 8b
	ldw FROM_BASE(COUNTER) + 4(%r1), %r21
	ldw FROM_BASE(ANCHOR) + 4(%r1), %r23
	ldw FROM_BASE(COUNTER)(%r1), %r24
	ldw FROM_BASE(ANCHOR)(%r1), %r28
	sub %r21, %r23, %r21
	subb %r24, %r28, %r24
	stw %r21, -40(%r30)
	ldo -40(%r30), %r29
	fldws 0(%r29), %fr22
	ldo FROM_BASE(MULT)(%r1), %r31
	fldws 0(%r31), %fr23
	xmpyu %fr22, %fr23, %fr22
	fstds %fr22, 0(%r29)
	/* r24 becomes not 0: too many cycles (64 bits of them), other clocks. */
	ldw FROM_BASE(QUICK_CYCLES) + 4(%r1), %r31
	comclr,<< %r21, %r31, %r0
	ldi 1, %r24
	extru %r26, 30, 31, %r23
	or %r23, %r24, %r24
	ldw 4(%r29), %r21
	ldw 12(%r22), %r31
	ldw 0(%r29), %r23
	ldw 8(%r22), %r28
	add %r21, %r31, %r21
	addc %r23, %r28, %r23
	shd %r23, %r21, POSTERN_QUICK_SHIFT, %r21
	.if \wide
	fldds 0(%r22), %fr22
	.else
	ldw 4(%r22), %r22
	.endif
	test_sequence
	or %r20, %r24, %r24
	/* One branch, for a second or more, too. */
	ldil L%NANOSECONDS_PER_SECOND, %r31
	ldo R%NANOSECONDS_PER_SECOND(%r31), %r31
	comclr,<< %r21, %r31, %r0
	ldi 1, %r24
	comib,<> 0, %r24, 2f
	ldi 0, %r28
	.if \wide
	fstds %fr22, 0(%r25)
	stw %r28, 8(%r25)
	bv %r0(%r2)
	stw %r21, 12(%r25)
	.else
	stw %r22, 0(%r25)
	bv %r0(%r2)
	stw %r21, 4(%r25)
	.endif

	/* A coarse clock: its number is the index of its base, too. */
1:	addl %r1, %r22, %r22
	ldw FROM_BASE(SEQUENCE)(%r1), %r20
	.if \wide
	fldds 0(%r22), %fr22
	fldds 8(%r22), %fr23
	.else
	ldw 4(%r22), %r24
	ldw 12(%r22), %r29
	.endif
	ldw FROM_BASE(CLOCK_MODE)(%r1), %r21
	test_sequence
	/* One branch: the sequence, POSTERN_CLOCK_NONE, which is 0, and other clocks. */
	comiclr,<> 0, %r21, %r0
	ldi 1, %r20
	ldo -CLOCK_REALTIME_COARSE(%r26), %r21
	extru %r21, 30, 31, %r21
	or %r21, %r20, %r20
	comib,<> 0, %r20, 2f
	ldi 0, %r28
	.if \wide
	fstds %fr22, 0(%r25)
	bv %r0(%r2)
	fstds %fr23, 8(%r25)
	.else
	stw %r24, 0(%r25)
	bv %r0(%r2)
	stw %r29, 4(%r25)
	.endif

2:	b,n slow_\name
	.cfi_endproc
	.size __vdso_\name, . - __vdso_\name
.endm

	.section .text.quick_clock, "ax", @progbits
	.hidden postern_time_page
	.balign 32
	quick_clock clock_gettime64, 1
	.balign 32
	quick_clock clock_gettime, 0

	.section .note.GNU-stack, "", @progbits
