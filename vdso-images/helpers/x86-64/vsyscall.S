/* The page at 0xffffffffff600000 as a program sees it that may read it: three functions, each a
 * system call, 1024 bytes apart. Linux serves them by the fault that a fetch from the page causes,
 * so these instructions never run there.
 */
.macro entry name, number
	.balign 1024, 0xcc
	.globl vsyscall_\name
	.type vsyscall_\name, %function
vsyscall_\name:
	mov $\number, %rax
	syscall
	ret
	.size vsyscall_\name, . - vsyscall_\name
.endm

	.section .vsyscall, "ax", %progbits
	entry gettimeofday, 96
	entry time, 201
	entry getcpu, 309
	.balign 4096, 0xcc

	.section .note.GNU-stack, "", %progbits
