/* clock_gettime in both widths, the short way: REALTIME, MONOTONIC and the coarse clocks of a page
 * whose quick_cycles says so. For all else, and whenever something does not fit, the arguments
 * are still where they were and the common function (common/read_clock.h) starts anew.
 *
 * What costs time in an engine that translates is each access to memory and each branch taken
 * or not, so there are as few as possible: conditions are gathered before a branch, no register
 * is saved, and 64-bit values that are only carried go through SSE2 registers. Their contents
 * are the callee's by the ABI, and every engine's CPU has them.
 */
#include "time_page.h"

/* Of these clocks the number is the index of their base, too. */
#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define CLOCK_REALTIME_COARSE 5

/* A clock on the line at the counter. ecx: the time page. */
.macro read_quick_line function, clock, wide
	movss POSTERN_AT_SEQUENCE(%ecx), %xmm1
	rdtsc
	sub POSTERN_AT_ANCHOR(%ecx), %eax
	sbb POSTERN_AT_ANCHOR + 4(%ecx), %edx
	neg %edx			/* an upper half: no 32-bit number of cycles, so the largest */
	sbb %edx, %edx
	or %edx, %eax
	cmp POSTERN_AT_QUICK_CYCLES(%ecx), %eax
	jae slow_\function
	mull POSTERN_AT_MULT(%ecx)
	add POSTERN_AT_BASE + 16 * \clock + 8(%ecx), %eax
	adc POSTERN_AT_BASE + 16 * \clock + 12(%ecx), %edx
	shrd $POSTERN_QUICK_SHIFT, %edx, %eax
	movq POSTERN_AT_BASE + 16 * \clock(%ecx), %xmm0
	/* One branch: a second or more, an odd sequence, another sequence than before. */
	mov POSTERN_AT_SEQUENCE(%ecx), %ecx
	movd %xmm1, %edx
	xor %ecx, %edx
	and $1, %ecx
	or %edx, %ecx
	xor %edx, %edx
	cmp $1000000000, %eax
	adc $-1, %edx			/* all ones, or 0 below a second */
	or %edx, %ecx
	jnz slow_\function
	mov 8(%esp), %edx
.if \wide
	movq %xmm0, (%edx)
	mov %eax, 8(%edx)
	mov %ecx, 12(%edx)
.else
	movss %xmm0, (%edx)
	mov %eax, 4(%edx)
.endif
	mov %ecx, %eax
	ret
.endm

.macro define_clock_gettime function, wide
	.section .text.quick_\function, "ax", %progbits
	.balign 32
	.globl __vdso_\function
	.type __vdso_\function, %function
	.hidden slow_\function
__vdso_\function:
	.cfi_startproc
	call 1f
	.cfi_adjust_cfa_offset 4
1:	pop %ecx
	.cfi_adjust_cfa_offset -4
	mov 4(%esp), %eax
	lea postern_time_page - 1b(%ecx), %ecx
	lea -CLOCK_REALTIME_COARSE(%eax), %edx
	cmp $1, %edx
	jbe 2f
	cmp $CLOCK_MONOTONIC, %eax
	jne 3f
	read_quick_line \function, CLOCK_MONOTONIC, \wide

	/* A coarse clock: its number is the index of its base, too. */
2:	shl $4, %eax
	add %ecx, %eax
	movss POSTERN_AT_SEQUENCE(%ecx), %xmm1
.if \wide
	movups POSTERN_AT_BASE(%eax), %xmm0
.else
	movss POSTERN_AT_BASE(%eax), %xmm0
	movss POSTERN_AT_BASE + 8(%eax), %xmm2
.endif
	mov POSTERN_AT_CLOCK_MODE(%ecx), %edx
	mov POSTERN_AT_SEQUENCE(%ecx), %ecx
	movd %xmm1, %eax
	xor %ecx, %eax
	and $1, %ecx
	or %eax, %ecx
	sub $1, %edx			/* POSTERN_CLOCK_NONE is 0 */
	sbb %eax, %eax
	or %eax, %ecx
	jnz slow_\function
	mov 8(%esp), %edx
.if \wide
	movups %xmm0, (%edx)
.else
	movss %xmm0, (%edx)
	movss %xmm2, 4(%edx)
.endif
	mov %ecx, %eax
	ret

3:	test %eax, %eax
	jnz slow_\function
	read_quick_line \function, CLOCK_REALTIME, \wide
	.cfi_endproc
	.size __vdso_\function, . - __vdso_\function
.endm

	.hidden postern_time_page
	define_clock_gettime clock_gettime64, 1
	define_clock_gettime clock_gettime, 0

	.section .note.GNU-stack, "", %progbits
