/* SIGCHLD when a child ends: handler with its pid and status; none while it is ignored. */
#include "guest.h"

static volatile int count;
static siginfo_t last;

static void on_child(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    memcpy(&last, info, sizeof last);
    count++;
}

static long start_child(int status, int signal)
{
    long child = CHECK_WORKS(fork_process());
    if (child)
        return child;
    if (signal)
        send_signal(own_pid(), signal);
    exit_with(status);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    int status;
    CHECK_EQUAL(set_handler(SIGCHLD, on_child, SA_RESTART, 0), 0);
    long child = start_child(7, 0);
    CHECK_EQUAL(wait_for((int)child, &status, 0), child);
    CHECK_EQUAL(status, 7 << 8);
    CHECK_EQUAL(count, 1);
    CHECK_EQUAL(last.si_code, CLD_EXITED);
    CHECK_EQUAL(last.si_pid, child);
    CHECK_EQUAL(last.si_status, 7);

    child = start_child(0, SIGTERM);
    CHECK_EQUAL(wait_for((int)child, &status, 0), child);
    CHECK_EQUAL(status & 0x7f, SIGTERM);
    CHECK_EQUAL(count, 2);
    CHECK(last.si_code == CLD_KILLED || last.si_code == CLD_DUMPED);
    CHECK_EQUAL(last.si_status, SIGTERM);

    /* Ignored: children are not kept for wait. */
    CHECK_EQUAL(set_handler(SIGCHLD, (signal_handler)1, 0, 0), 0);
    child = start_child(0, 0);
    CHECK_EQUAL(wait_for((int)child, &status, 0), -ECHILD);
    return passed();
}
