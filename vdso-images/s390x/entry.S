#include "trampolines.h"

	.text
	signal_trampoline __kernel_sigreturn, 119, sigreturn, 176
	signal_trampoline __kernel_rt_sigreturn, 173, rt_sigreturn, 336
	restart_trampoline __kernel_restart_syscall, 7, restart_syscall

	.section .note.GNU-stack, "", %progbits
