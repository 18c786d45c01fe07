#include "../s390x/trampolines.h"

	.text
	signal_trampoline __kernel_compat_sigreturn, 119, sigreturn, 112
	signal_trampoline __kernel_compat_rt_sigreturn, 173, rt_sigreturn, 256
	restart_trampoline __kernel_compat_restart_syscall, 7, restart_syscall

	.section .note.GNU-stack, "", %progbits
