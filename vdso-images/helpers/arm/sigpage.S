/* The signal page, "[sigpage]": what a handler returns to if its program gave no restorer.
 * The words are those of a 32-bit kernel (debuggers know them by sight); the system call number
 * in the ARM ones is of the old ABI and means nothing, r7 decides. The rest of the page holds
 * an undefined instruction.
 *
 * Entry for a handler: word 2 * thumb + 3 * siginfo of the page, address + 1 if thumb.
 */
#define UNDEFINED 0xe7fddef1

	.syntax unified
	.arch armv7-a
	.section .sigpage, "ax", %progbits
page:

.macro entry name
	.globl \name
	.type \name, %function
\name:
.endm

	.arm
	entry sigreturn_arm
	mov r7, #119
	svc #0x900077
	.thumb
	entry sigreturn_thumb
	movs r7, #119
	svc #0
	.arm
	entry rt_sigreturn_arm
	mov r7, #173
	svc #0x9000ad
	.thumb
	entry rt_sigreturn_thumb
	movs r7, #173
	svc #0

	.fill (4096 - (. - page)) / 4, 4, UNDEFINED

	.section .note.GNU-stack, "", %progbits
