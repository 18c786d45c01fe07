/* clock_gettime64 the short way: REALTIME, MONOTONIC and the coarse clocks of a page whose
 * quick_cycles says so. For all else, and whenever something does not fit, the arguments are still
 * where they were and the common function (common/read_clock.h) starts anew.
 *
 * What costs time in an engine that translates is each access to memory, each branch taken or not,
 * and each fence: conditions are gathered before a branch, no register is saved, and there is no
 * fence, since hosts of the x86-64 kind keep the order of loads. A host without that order would
 * need `fence r, r` after the first and before the second read of the sequence.
 */
#include "note.h"
#include "time_page.h"

#define CLOCK_REALTIME_COARSE 5
#define NANOSECONDS_PER_SECOND 1000000000

/* Returns a5:a4 seconds and a2 nanoseconds. */
.macro give_time
	sw a4, 0(a1)
	sw a5, 4(a1)
	sw a2, 8(a1)
	sw zero, 12(a1)
	li a0, 0
	ret
.endm

	.section .text.quick_clock_gettime64, "ax", @progbits
	.option norvc
	.balign 32
	.hidden postern_time_page
	.hidden slow_clock_gettime64
	.globl __vdso_clock_gettime64, __vdso_clock_gettime
	.type __vdso_clock_gettime64, @function
	.type __vdso_clock_gettime, @function
__vdso_clock_gettime64:
__vdso_clock_gettime:
	.cfi_startproc
	lla t0, postern_time_page
	addi t1, a0, -CLOCK_REALTIME_COARSE
	sltiu t1, t1, 2
	bnez t1, 1f

	/* A clock on the line. REALTIME and MONOTONIC are 0 and 1, and so are their bases. */
	lw t1, POSTERN_AT_SEQUENCE(t0)
8:	nop				/* the counter point: page.counter is set, or is 0 */
	private_name counter_point.quick_clock_gettime64, 8b
	lw a2, POSTERN_AT_COUNTER(t0)
	lw a3, POSTERN_AT_COUNTER + 4(t0)
	lw a4, POSTERN_AT_ANCHOR(t0)
	lw a5, POSTERN_AT_ANCHOR + 4(t0)
	sltu t2, a2, a4
	sub a2, a2, a4
	sub a3, a3, a5
	sub a3, a3, t2
	/* One branch: other clocks, too many cycles (64 bits of them). */
	srli t2, a0, 1
	or a3, a3, t2
	lw a4, POSTERN_AT_QUICK_CYCLES(t0)
	sltu t2, a2, a4
	xori t2, t2, 1
	or a3, a3, t2
	bnez a3, slow_clock_gettime64
	lw a4, POSTERN_AT_MULT(t0)
	mulhu a3, a2, a4
	mul a2, a2, a4
	slli t2, a0, 4
	add t2, t2, t0
	lw a4, POSTERN_AT_BASE + 8(t2)
	lw a5, POSTERN_AT_BASE + 12(t2)
	add a2, a2, a4
	sltu a4, a2, a4
	add a3, a3, a5
	add a3, a3, a4
	srli a2, a2, POSTERN_QUICK_SHIFT
	slli a3, a3, 32 - POSTERN_QUICK_SHIFT
	or a2, a2, a3
	lw a4, POSTERN_AT_BASE(t2)
	lw a5, POSTERN_AT_BASE + 4(t2)
	/* One branch: another sequence than before, an odd one, a second or more. */
	lw t2, POSTERN_AT_SEQUENCE(t0)
	xor t1, t1, t2
	andi t2, t2, 1
	or t1, t1, t2
	li t2, NANOSECONDS_PER_SECOND - 1
	sltu t2, t2, a2
	or t1, t1, t2
	bnez t1, slow_clock_gettime64
	give_time

	/* A coarse clock: its number is the index of its base, too. */
1:	slli t2, a0, 4
	add t2, t2, t0
	lw t1, POSTERN_AT_SEQUENCE(t0)
	lw a2, POSTERN_AT_BASE + 8(t2)
	lw a4, POSTERN_AT_BASE(t2)
	lw a5, POSTERN_AT_BASE + 4(t2)
	/* One branch: POSTERN_CLOCK_NONE, which is 0, and the sequence. */
	lw a3, POSTERN_AT_CLOCK_MODE(t0)
	seqz a3, a3
	lw t2, POSTERN_AT_SEQUENCE(t0)
	xor t1, t1, t2
	andi t2, t2, 1
	or t1, t1, t2
	or t1, t1, a3
	bnez t1, slow_clock_gettime64
	give_time
	.cfi_endproc
	.size __vdso_clock_gettime64, . - __vdso_clock_gettime64
	.size __vdso_clock_gettime, . - __vdso_clock_gettime

	.section .note.GNU-stack, "", @progbits
