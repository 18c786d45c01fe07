/* vfork: the parent waits until the child has started another program (this one, again). */
#include "guest.h"

static long vfork_process(void)
{
#ifdef __NR_vfork
    return CALL(vfork);
#else
    return CALL(clone, 0x4100 /* CLONE_VFORK | CLONE_VM */ | SIGCHLD, 0, 0, 0, 0);
#endif
}

/* The return address lies on the stack on x86, which parent and child share after vfork. */
#if defined __x86_64__
__asm__(".text\n.globl vfork_here\nvfork_here: pop %rdx\n mov $58, %eax\n syscall\n push %rdx\n ret\n");
#elif defined __i386__
__asm__(".text\n.globl vfork_here\nvfork_here: pop %edx\n mov $190, %eax\n int $0x80\n push %edx\n ret\n");
#endif
long vfork_here(void);

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        sleep_for(20000000);
        exit_with(33);
    }
    const char *path = (const char *)auxv_value(AT_EXECFN, 0);
    const char *arguments[] = {path, "child", 0};
    int status;
#if defined __x86_64__ || defined __i386__
    (void)vfork_process;
    long child = vfork_here();
#else
    long child = vfork_process();
#endif
    if (child == 0) {
        CALL(execve, path, arguments, guest_environment);
        exit_with(1);
    }
    CHECK_WORKS(child);
    CHECK_EQUAL(wait_for((int)child, &status, 0), child);
    CHECK_EQUAL(status, 33 << 8);
    return passed();
}
