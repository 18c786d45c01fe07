/* getrandom the short way: 8 to 16 bytes that the state's batch has. For all else the C function (getrandom.c)
 * does it, and it starts anew, with the arguments as they were, if the generation turns out to be another: that is
 * asked once, behind the copy, since bytes of another generation are then overwritten before anybody is told of them.
 * Conditions are gathered before a branch. 32 bits copy by floating-point registers, which a call need
 * not preserve.
 *
 * The folder's getrandom.S defines WORD and includes this.
 */
#include "ppc_entry.h"
#include "random_state.h"
#include "time_page.h"

#define PAGE_BIT 19	/* of 4096, counted as PowerPC does */

/* r8: not 0 if the state's generation is not the page's. 32 bits see the lower half, which is all that
 * 2^32 changes of the generation reach. */
.macro compare_generations
#if WORD == 8
	ld 8, POSTERN_AT_RANDOM_GENERATION(11)
	ld 9, RANDOM_AT_NOT_GENERATION(6)
	eqv 8, 8, 9
#else
	lwz 8, POSTERN_AT_RANDOM_GENERATION + 4(11)
	lwz 9, RANDOM_AT_NOT_GENERATION + 4(6)
	eqv 8, 8, 9
#endif
.endm

	.section .text.getrandom_entry, "ax", %progbits
	.hidden postern_time_page
	.hidden slow_getrandom
function __kernel_getrandom
	.cfi_startproc
	mflr 12
	.cfi_register 65, 12
	/* What may make the state no state: its size, flags, two pages. */
	xori 8, 7, RANDOM_STATE_SIZE
	clrrwi 9, 5, 3
	or 8, 8, 9
	clrlwi 9, 6, PAGE_BIT + 1
	addi 9, 9, RANDOM_STATE_SIZE - 1
	rlwinm 9, 9, 0, PAGE_BIT, PAGE_BIT
	or. 8, 8, 9
	bnel 3f		/* says where we are, too: taken or not, it sets the link register */
1:	mflr 11
	mtlr 12
	.cfi_remember_state
	.cfi_restore 65
	addis 11, 11, (postern_time_page - 1b)@ha
	addi 11, 11, (postern_time_page - 1b)@l
	/* Negative if the length is below 8, above 16, or more than is left, which is nothing during a call. */
	addi 9, 4, -8
	subfic 8, 4, 16
	or 9, 9, 8
	lwz 10, RANDOM_AT_POSITION(6)
	subfic 8, 10, RANDOM_BATCH_SIZE
	subf 8, 4, 8
	or. 9, 9, 8
	blt slow_getrandom

	li 8, RANDOM_IN_USE
	stw 8, RANDOM_AT_POSITION(6)
	/* The last 8 bytes may overlap the first. r10: the position afterwards. */
	add 9, 6, 10
	add 10, 10, 4
	add 8, 6, 10
	li 12, 0
#if WORD == 8
	ld 0, 0(9)
	ld 7, -8(8)
	std 12, 0(9)
	std 12, -8(8)
	add 12, 3, 4
	std 0, 0(3)
	std 7, -8(12)
#else
	lfd 0, 0(9)
	lfd 1, -8(8)
	stw 12, 0(9)
	stw 12, 4(9)
	stw 12, -8(8)
	stw 12, -4(8)
	add 12, 3, 4
	stfd 0, 0(3)
	stfd 1, -8(12)
#endif
	stw 10, RANDOM_AT_POSITION(6)
	mr 0, 3
	compare_generations
#if WORD == 8
	cmpdi 8, 0
#else
	cmpwi 8, 0
#endif
	mr 3, 4
	crclr SUMMARY_OVERFLOW
	beqlr	/* branch and return in one */
	mr 3, 0
	li 7, RANDOM_STATE_SIZE
	b slow_getrandom
	.cfi_restore_state
3:	mtlr 12
	.cfi_restore 65
	b slow_getrandom
	.cfi_endproc
end_function __kernel_getrandom

	.hidden ppc_getrandom_rest
	wrapper getrandom_rest, 1, slow_getrandom

	.section .note.GNU-stack, "", %progbits
