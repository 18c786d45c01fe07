/* poll and select: readiness, time-outs, closed descriptors. */
#include "guest.h"

static long select_fds(int count, word *read, word *write, i64 microseconds)
{
    /* pselect6 with the ABI's own long: same numbers everywhere. */
    time_word wait[2] = {(time_word)(microseconds / 1000000), (time_word)(microseconds % 1000000 * 1000)};
    return CALL(pselect6, count, read, write, 0, microseconds < 0 ? 0 : wait, 0);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    int ends[2];
    CHECK_EQUAL(make_pipe(ends), 0);
    struct pollfd fds[3] = {{ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}, {-1, POLLIN, 99}};
    CHECK_EQUAL(poll_fds(fds, 3, 0), 1);
    CHECK_EQUAL(fds[0].revents, 0);
    CHECK_EQUAL(fds[1].revents, POLLOUT);
    CHECK_EQUAL(fds[2].revents, 0);
    i64 start = monotonic_now();
    CHECK_EQUAL(poll_fds(fds, 1, 60), 0);
    CHECK(monotonic_now() - start >= 60000000);
    word read[16] = {0}, write[16] = {0};
    read[0] = (word)1 << ends[0];
    write[0] = (word)1 << ends[1];
    CHECK_EQUAL(select_fds(ends[1] + 1, read, write, 0), 1);
    CHECK_EQUAL(read[0], 0);
    CHECK_EQUAL(write[0], (word)1 << ends[1]);
    read[0] = (word)1 << ends[0];
    start = monotonic_now();
    CHECK_EQUAL(select_fds(ends[0] + 1, read, 0, 60000), 0);
    CHECK(monotonic_now() - start >= 60000000);

    CHECK_EQUAL(CALL(write, ends[1], "x", 1), 1);
    CHECK_EQUAL(poll_fds(fds, 1, -1), 1);
    CHECK_EQUAL(fds[0].revents, POLLIN);
    read[0] = (word)1 << ends[0];
    CHECK_EQUAL(select_fds(ends[0] + 1, read, 0, -1), 1);
    CHECK_EQUAL(CALL(close, ends[1]), 0);
    CHECK_EQUAL(poll_fds(fds, 1, -1), 1);
    CHECK_EQUAL(fds[0].revents, POLLIN | POLLHUP);
    CHECK_EQUAL(CALL(close, ends[0]), 0);
    CHECK_EQUAL(poll_fds(fds, 1, -1), 1);
    CHECK_EQUAL(fds[0].revents, POLLNVAL);
    read[0] = (word)1 << ends[0];
    CHECK_EQUAL(select_fds(ends[0] + 1, read, 0, 0), -EBADF);
    return passed();
}
