/* The kuser page, "[vectors]" at 0xffff0000: five slots of 32 bytes at its end whose addresses
 * and registers are the ABI (Linux: Documentation/arch/arm/kernel_user_helpers.rst). Everything
 * else holds an undefined instruction, as on a 32-bit kernel.
 *
 * A helper returns 0 with the carry flag set when it stored, not 0 with it clear when not.
 *
 * `restart` marks a sequence that must not go on after the guest was interrupted in it: an
 * engine may not tell the store-exclusive that somebody else ran in between. Stopped at any of
 * its instructions, a thread continues at the first; the operands are untouched until then.
 */
#define UNDEFINED 0xe7fddef1
#define VERSION 5		/* slots, counting from the end */

	.syntax unified
	.arch armv7-a
	.cfi_sections .eh_frame
	.section .kuser, "ax", %progbits
	.arm
page:

.macro slot address
	.fill (\address - 0xffff0000 - (. - page)) / 4, 4, UNDEFINED
.endm

.macro helper name, address
	slot \address
	.globl __kuser_\name
	.type __kuser_\name, %function
__kuser_\name:
	.cfi_startproc
.endm

.macro end_helper name
	.cfi_endproc
	.size __kuser_\name, . - __kuser_\name
.endm

/* r0 = &old, r1 = &new, r2 = value. Takes two slots. */
	helper cmpxchg64, 0xffff0f60
	push {r4, r5, r6, r7}
	.cfi_adjust_cfa_offset 16
	.cfi_rel_offset r4, 0
	.cfi_rel_offset r5, 4
	.cfi_rel_offset r6, 8
	.cfi_rel_offset r7, 12
	ldrd r4, r5, [r0]
	ldrd r6, r7, [r1]
	dmb ish
cmpxchg64_restart_first:
	ldrexd r0, r1, [r2]
	eors r3, r0, r4
	eorseq r3, r1, r5
cmpxchg64_restart_last:
	strexdeq r3, r6, r7, [r2]
	teqeq r3, #1
	beq cmpxchg64_restart_first
	dmb ish
	rsbs r0, r3, #0
	pop {r4, r5, r6, r7}
	.cfi_adjust_cfa_offset -16
	.cfi_restore r4
	.cfi_restore r5
	.cfi_restore r6
	.cfi_restore r7
	bx lr
	end_helper cmpxchg64

	helper memory_barrier, 0xffff0fa0
	dmb ish
	bx lr
	end_helper memory_barrier

/* r0 = old, r1 = new, r2 = value. */
	helper cmpxchg, 0xffff0fc0
	dmb ish
cmpxchg_restart_first:
	ldrex r3, [r2]
	subs r3, r3, r0
cmpxchg_restart_last:
	strexeq r3, r1, [r2]
	teqeq r3, #1
	beq cmpxchg_restart_first
	rsbs r0, r3, #0
	b __kuser_memory_barrier
	end_helper cmpxchg

	.equ memory_barrier_and_return, __kuser_memory_barrier

	helper get_tls, 0xffff0fe0
	mrc p15, 0, r0, c13, c0, 3
	bx lr
	end_helper get_tls

/* Data: the instruction above once more, for kernels that patch it in, and the software thread
 * pointer of processors without the register. */
	mrc p15, 0, r0, c13, c0, 3
	slot 0xffff0ff0
	.word 0, 0, 0
	.globl __kuser_helper_version
	.type __kuser_helper_version, %object
	.size __kuser_helper_version, 4
__kuser_helper_version:
	.word VERSION

	.section .note.GNU-stack, "", %progbits
