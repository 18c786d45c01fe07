/* Writing to a pipe nobody reads: EPIPE and SIGPIPE. */
#include "guest.h"

static volatile int count;
static void count_signal(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    count++;
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    int ends[2];
    CHECK_EQUAL(make_pipe(ends), 0);
    CHECK_EQUAL(CALL(close, ends[0]), 0);
    CHECK_EQUAL(set_handler(SIGPIPE, count_signal, 0, 0), 0);
    CHECK_EQUAL(CALL(write, ends[1], "x", 1), -EPIPE);
    CHECK_EQUAL(count, 1);
    CHECK_EQUAL(set_handler(SIGPIPE, (signal_handler)1, 0, 0), 0);
    CHECK_EQUAL(CALL(write, ends[1], "x", 1), -EPIPE);
    long child = CHECK_WORKS(fork_process());
    if (child == 0) {
        set_handler(SIGPIPE, 0, 0, 0);
        CALL(write, ends[1], "x", 1);
        exit_with(1); /* not reached: the default kills */
    }
    int status;
    CHECK_EQUAL(wait_for((int)child, &status, 0), child);
    CHECK_EQUAL(status & 0x7f, SIGPIPE);
    return passed();
}
