/* fork: own memory, shared files and offsets; waiting in its forms; ids; the clock in the child. */
#include "guest.h"

#define WAIT_NO_HANG 1

static volatile int value = 1;

static int reap(long child)
{
    int status = -1;
    CHECK_EQUAL(wait_for((int)child, &status, 0), child);
    return status;
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    int status, parent = own_pid();
    CHECK_EQUAL(wait_for(-1, &status, 0), -ECHILD);
    i64 before = monotonic_now();
    long child = CHECK_WORKS(fork_process());
    if (child == 0) {
        value = 2;
        CHECK_EQUAL(CALL(getppid), parent);
        CHECK(own_pid() != parent);
        CHECK(monotonic_now() >= before);
        exit_with(5);
    }
    CHECK_EQUAL(reap(child), 5 << 8);
    CHECK_EQUAL(value, 1);

    int gate[2];
    CHECK_EQUAL(make_pipe(gate), 0);
    child = CHECK_WORKS(fork_process());
    if (child == 0) {
        char byte;
        CALL(read, gate[0], &byte, 1);
        send_signal(own_pid(), SIGKILL);
        exit_with(1);
    }
    CHECK_EQUAL(wait_for((int)child, &status, WAIT_NO_HANG), 0);
    CHECK_EQUAL(CALL(write, gate[1], "x", 1), 1);
    CHECK_EQUAL(reap(child) & 0x7f, SIGKILL);

    /* Several at once, reaped as they come; each has a child of its own. */
    long sum = 0;
    for (int i = 1; i <= 5; i++) {
        child = CHECK_WORKS(fork_process());
        if (child == 0) {
            long grandchild = CHECK_WORKS(fork_process());
            if (grandchild == 0)
                exit_with(i * 10);
            exit_with(reap(grandchild) >> 8);
        }
    }
    for (int i = 0; i < 5; i++) {
        CHECK(wait_for(-1, &status, 0) > 0);
        sum += status >> 8;
    }
    CHECK_EQUAL(sum, 150);
    CHECK_EQUAL(wait_for(-1, &status, WAIT_NO_HANG), -ECHILD);
    return passed();
}
