/* vfork, which returns twice on one stack: what the child writes below the stack pointer is written when the parent
 * goes on. So nothing of the parent's may be there, and where a call leaves something, it is made by hand. */
#ifndef VFORK_H
#define VFORK_H

#include "guest.h"

#if defined __x86_64__ /* the return address */
#define VFORK_BY_HAND "pop %rdx\n mov $58, %eax\n syscall\n push %rdx\n ret\n"
#elif defined __i386__
#define VFORK_BY_HAND "pop %edx\n mov $190, %eax\n int $0x80\n push %edx\n ret\n"
#elif defined __arm__ /* system_call saves r7 */
#define VFORK_BY_HAND "mov ip, r7\n mov r7, #190\n svc #0\n mov r7, ip\n bx lr\n"
#elif defined __sh__ /* code that is not optimised */
#define VFORK_BY_HAND "mov #95, r3\n add #95, r3\n trapa #0x16\n rts\n nop\n"
#endif

#ifdef VFORK_BY_HAND
__asm__(".text\n.balign 4\n.globl vfork_by_hand\n.type vfork_by_hand, %function\nvfork_by_hand: " VFORK_BY_HAND);
long vfork_by_hand(void);
#define VFORK() vfork_by_hand()
#elif defined __NR_vfork
#define VFORK() CALL(vfork)
#else
#define VFORK() CALL(clone, 0x4100 /* CLONE_VFORK | CLONE_VM */ | SIGCHLD, 0, 0, 0, 0)
#endif

#endif
