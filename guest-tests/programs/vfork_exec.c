/* vfork: the parent waits until the child has started another program (this one, again). */
#include "vfork.h"

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
    long child = VFORK();
    if (child == 0) {
        CALL(execve, path, arguments, guest_environment);
        exit_with(1);
    }
    CHECK_WORKS(child);
    CHECK_EQUAL(wait_for((int)child, &status, 0), child);
    CHECK_EQUAL(status, 33 << 8);
    return passed();
}
