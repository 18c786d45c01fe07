/* arm in Thumb state: system calls, vDSO, kuser helpers, signals and restarts from there. */
#include "vdso.h"

#ifndef __thumb__
#error "built in ARM state"
#endif

static volatile int handled;
static void on_signal(int signal, siginfo_t *info, void *context)
{
    (void)info, (void)context;
    handled = signal;
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    struct vdso vdso;
    struct instant first, second;
    CHECK_EQUAL(set_handler(SIGUSR1, on_signal, 0, 0), 0);
    CHECK_EQUAL(send_signal(own_pid(), SIGUSR1), 0);
    CHECK_EQUAL(handled, SIGUSR1);
    CHECK_EQUAL(*(volatile int *)0xffff0ffc, 5);
    volatile int target = 1;
    CHECK_EQUAL(((int (*)(int, int, volatile int *))0xffff0fc0)(1, 2, &target), 0);
    CHECK_EQUAL(target, 2);
    catch_faults();
    /* More than an emulator takes to find its feet. */
    word parent = CALL(getppid);
    for (unsigned i = 0; i < 3000; i++)
        CHECK_EQUAL(CALL(getppid), parent);
    CHECK_EQUAL(CAUSES_FAULT(__asm__ volatile(ILLEGAL_INSTRUCTION)), SIGILL);
    if (argc < 2 || !text_equal(argv[1], "no-vdso")) {
        open_vdso(&vdso);
        CHECK_EQUAL(vdso_read_clock(&vdso, CLOCK_MONOTONIC, &first), 0);
        CHECK_EQUAL(read_clock(CLOCK_MONOTONIC, &second), 0);
        CHECK(to_nanoseconds(second) >= to_nanoseconds(first));
    }
    return passed();
}
