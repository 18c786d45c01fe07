/* getrandom the short way: 8 to 16 bytes that the state's batch has. For all else, and when the
 * generation moved, the arguments are where they were, and the C function (common/getrandom.c)
 * starts anew.
 *
 * Conditions are gathered before a branch, and bytes go through floating-point registers, which a
 * call need not preserve: there are not enough others without a frame.
 */
#include "random_state.h"
#include "time_page.h"

#define PAGE_SIZE 4096
#define FRAME 168

	.section .text.getrandom_entry, "ax", %progbits
	.balign 32
	.hidden postern_time_page
	.hidden __kernel_getrandom_rest
	.globl __kernel_getrandom
	.type __kernel_getrandom, %function
__kernel_getrandom:
	.cfi_startproc
	ldgr %f0, %r4
	/* r0: not zero if anything is unusual. First what may make the state no state: its size, flags,
	 * two pages. */
	lgr %r0, %r6
	aghi %r0, -RANDOM_STATE_SIZE
	llgfr %r1, %r4
	nill %r1, 0xfff8
	ogr %r0, %r1
	risbg %r1, %r5, 52, 128 + 63, 0
	aghi %r1, RANDOM_STATE_SIZE - 1
	nill %r1, PAGE_SIZE
	ogr %r0, %r1
	jnz 1f
	larl %r1, postern_time_page
	lg %r0, POSTERN_AT_RANDOM_GENERATION(%r1)
	xg %r0, RANDOM_AT_NOT_GENERATION(%r5)
	aghi %r0, 1
	/* r1: negative if the length is below 8, above 16, or more than is left, which
	 * is nothing during a call. */
	lgr %r4, %r3
	aghi %r4, -8
	lghi %r1, 8
	sgr %r1, %r4
	ogr %r1, %r4
	lghi %r4, RANDOM_BATCH_SIZE
	sgf %r4, RANDOM_AT_POSITION(%r5)
	sgr %r4, %r3
	ogr %r1, %r4
	srlg %r1, %r1, 63
	ogr %r0, %r1
	jnz 1f

	llgf %r1, RANDOM_AT_POSITION(%r5)
	la %r4, 0(%r1, %r3)
	ldgr %f3, %r4
	mvhi RANDOM_AT_POSITION(%r5), RANDOM_IN_USE
	/* The last 8 bytes may overlap the first. */
	la %r1, 0(%r1, %r5)
	lay %r4, -8(%r4, %r5)
	ld %f1, 0(%r1)
	ld %f2, 0(%r4)
	mvghi 0(%r1), 0
	mvghi 0(%r4), 0
	lay %r4, -8(%r2, %r3)
	std %f1, 0(%r2)
	std %f2, 0(%r4)
	lgdr %r1, %f3
	st %r1, RANDOM_AT_POSITION(%r5)
	larl %r1, postern_time_page
	lg %r1, POSTERN_AT_RANDOM_GENERATION(%r1)
	xg %r1, RANDOM_AT_NOT_GENERATION(%r5)
	aghi %r1, 1
	jnz 1f
	lgr %r2, %r3
	br %r14

	/* The C code saves registers, for which the caller may have left no room: a frame of 160 bytes
	 * for it, with the return address above. The stack pointer is a saved register to unwinders,
	 * its value before the call 160 below the frame's address. */
1:	lgdr %r4, %f0
	aghi %r15, -FRAME
	.cfi_adjust_cfa_offset FRAME
	.cfi_val_offset 15, -160
	stg %r14, 160(%r15)
	.cfi_offset 14, -168
	brasl %r14, __kernel_getrandom_rest
	lg %r14, 160(%r15)
	.cfi_restore 14
	aghi %r15, FRAME
	.cfi_adjust_cfa_offset -FRAME
	.cfi_restore 15
	br %r14
	.cfi_endproc
	.size __kernel_getrandom, . - __kernel_getrandom

	.section .note.GNU-stack, "", %progbits
