/* A signal during a blocking read: EINTR without SA_RESTART, continued with it; sleeps and
 * polls are never continued after a handler. */
#include "guest.h"

static volatile int count;
static void count_signal(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    count++;
}

static int ends[2];

/* A child that signals us after 50 ms and writes a byte after another 50 ms. */
static long start_helper(int writes)
{
    int parent = own_pid();
    long child = CHECK_WORKS(fork_process());
    if (child)
        return child;
    sleep_for(50000000);
    send_signal(parent, SIGUSR1);
    sleep_for(50000000);
    if (writes)
        CALL(write, ends[1], "x", 1);
    exit_with(0);
}

static void finish_helper(long child)
{
    int status;
    CHECK_EQUAL(wait_for((int)child, &status, 0), child);
    CHECK_EQUAL(status, 0);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    char byte = 0;
    CHECK_EQUAL(make_pipe(ends), 0);

    CHECK_EQUAL(set_handler(SIGUSR1, count_signal, SA_RESTART, 0), 0);
    long child = start_helper(1);
    CHECK_EQUAL(CALL(read, ends[0], &byte, 1), 1);
    CHECK_EQUAL(byte, 'x');
    CHECK_EQUAL(count, 1);
    finish_helper(child);

    CHECK_EQUAL(set_handler(SIGUSR1, count_signal, 0, 0), 0);
    child = start_helper(1);
    CHECK_EQUAL(CALL(read, ends[0], &byte, 1), -EINTR);
    CHECK_EQUAL(count, 2);
    CHECK_EQUAL(CALL(read, ends[0], &byte, 1), 1);
    finish_helper(child);

    CHECK_EQUAL(set_handler(SIGUSR1, count_signal, SA_RESTART, 0), 0);
    child = start_helper(0);
    struct pollfd poll = {ends[0], POLLIN, 0};
    CHECK_EQUAL(poll_fds(&poll, 1, 5000), -EINTR);
    CHECK_EQUAL(count, 3);
    finish_helper(child);

    child = start_helper(0);
    i64 start = monotonic_now();
    CHECK_EQUAL(sleep_for(5 * SECOND), -EINTR);
    CHECK(monotonic_now() - start < 2 * SECOND);
    CHECK_EQUAL(count, 4);
    finish_helper(child);

    /* An ignored signal disturbs nobody. */
    CHECK_EQUAL(set_handler(SIGUSR1, (signal_handler)1, 0, 0), 0);
    child = start_helper(1);
    CHECK_EQUAL(CALL(read, ends[0], &byte, 1), 1);
    finish_helper(child);
    CHECK_EQUAL(count, 4);
    return passed();
}
