#include "trampolines.h"

	.text
	trampoline __kernel_sigreturn, 119, sigreturn
	trampoline __kernel_rt_sigreturn, 173, rt_sigreturn
	trampoline __kernel_restart_syscall, 7, restart_syscall

	.section .note.GNU-stack, "", %progbits
