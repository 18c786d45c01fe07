#include "note.h"

/* The signal trampoline: unwinders know its two words. The description says where the interrupted
 * registers are: $sp points to the frame (struct rt_sigframe). */
#include "../mips/sigreturn.h"

	trampoline rt_sigreturn, 6211, 176

	.section .note.GNU-stack, "", @progbits
