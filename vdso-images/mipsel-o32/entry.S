#include "note.h"

/* Signal trampolines: unwinders know their two words. The description says where the interrupted
 * registers are: $sp points to the frame (struct rt_sigframe, struct sigframe), whose context holds
 * 64 bits of each register; the low half is what counts. */
#define O32
#include "../mips/sigreturn.h"

	trampoline rt_sigreturn, 4193, 176
	trampoline sigreturn, 4119, 24

	.section .note.GNU-stack, "", @progbits
