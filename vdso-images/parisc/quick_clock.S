/* clock_gettime in both widths, the short way: REALTIME, MONOTONIC and the coarse clocks of a page
 * whose quick_cycles says so. For all else, and whenever something does not fit, the arguments
 * are still where they were and the common function (common/read_clock.h) starts anew.
 *
 * What costs time in the engine, which interprets, is each instruction that is executed, so conditions
 * are gathered by instructions that skip the next one, and nothing is executed for a value that may
 * be had otherwise. No register is saved, and there is no barrier, since hosts of the x86-64 kind keep
 * the order of loads. A host without that order would need `sync` after the first and before the
 * second read of the sequence.
 *
 * Products are the floating-point unit's, whose registers 22 and 23 a call need not preserve; memory is
 * the only way there: the doubleword at the stack pointer minus 16, where compilers do the same.
 */
#include "note.h"
#include "time_page.h"

#define CLOCK_REALTIME_COARSE 5
#define PRIVILEGE 3	/* of a program, in the lowest bits of its links */

/* Where fields are from the first clock's base, which its displacements of five bits want to be near. */
#define FROM_BASE(field) (POSTERN_AT_##field - POSTERN_AT_BASE)

/* A second from here on, the slow way is taken: what one instruction can say, and 512 ns early. */
#define NEARLY_A_SECOND 999999488

/* `failed` becomes not 0 if the sequence is not now what it was (r20), or is odd. Changes r23. */
.macro test_sequence failed
	ldw FROM_BASE(SEQUENCE)(%r1), %r23
	comclr,= %r20, %r23, %r0
	ldi 1, \failed
	extru,ev %r20, 31, 1, %r0
	ldi 1, \failed
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
	comib,<< 1, %r26, 1f		/* REALTIME and MONOTONIC are 0 and 1, and so are their bases */
	zdep %r26, 27, 3, %r22		/* a base has 16 bytes; whatever the clock, it is on the page */

	/* A clock on the line. */
	addl %r1, %r22, %r22
	ldw FROM_BASE(SEQUENCE)(%r1), %r20
8:	ldw FROM_BASE(COUNTER) + 4(%r1), %r21	/* the counter point: page.counter is set, or is 0 */
	private_name counter_point.quick_\name, 8b
	ldw FROM_BASE(ANCHOR) + 4(%r1), %r23
	ldw FROM_BASE(COUNTER)(%r1), %r24
	ldw FROM_BASE(ANCHOR)(%r1), %r28
	sub %r21, %r23, %r21
	subb %r24, %r28, %r24
	stw %r21, -16(%r30)
	fldws -16(%r30), %fr22
	ldo FROM_BASE(MULT)(%r1), %r31
	fldws 0(%r31), %fr23
	xmpyu %fr22, %fr23, %fr22
	fstds %fr22, -16(%r30)
	/* r24 becomes not 0: too many cycles (64 bits of them). */
	ldw FROM_BASE(QUICK_CYCLES) + 4(%r1), %r31
	comclr,<< %r21, %r31, %r0
	ldi 1, %r24
	ldw -12(%r30), %r21
	ldw 12(%r22), %r31
	ldw -16(%r30), %r23
	ldw 8(%r22), %r28
	add %r21, %r31, %r21
	addc %r23, %r28, %r23
	shd %r23, %r21, POSTERN_QUICK_SHIFT, %r21
	.if \wide
	fldds 0(%r22), %fr22
	.else
	ldw 4(%r22), %r22
	.endif
	test_sequence %r24
	ldil L%NEARLY_A_SECOND, %r31
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
1:	ldo -CLOCK_REALTIME_COARSE(%r26), %r21
	comib,<< 1, %r21, 2f
	addl %r1, %r22, %r22
	ldw FROM_BASE(SEQUENCE)(%r1), %r20
	.if \wide
	fldds 0(%r22), %fr22
	fldds 8(%r22), %fr23
	.else
	ldw 4(%r22), %r24
	ldw 12(%r22), %r29
	.endif
	ldw FROM_BASE(CLOCK_MODE)(%r1), %r21
	/* One branch: the sequence, and POSTERN_CLOCK_NONE, which is 0. */
	comiclr,<> 0, %r21, %r22
	ldi 1, %r22
	test_sequence %r22
	comib,<> 0, %r22, 2f
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
