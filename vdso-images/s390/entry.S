#include "../s390x/trampolines.h"

	.text
	trampoline __kernel_compat_sigreturn, 119, sigreturn
	trampoline __kernel_compat_rt_sigreturn, 173, rt_sigreturn
	trampoline __kernel_compat_restart_syscall, 7, restart_syscall

	.section .note.GNU-stack, "", %progbits
