/* Pipes, dup, fcntl, O_NONBLOCK, end of file, vectors of buffers. */
#include "guest.h"

#include <linux/uio.h>

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    int ends[2];
    char text[16];
    CHECK_EQUAL(make_pipe(ends), 0);
    CHECK_EQUAL(CALL(write, ends[1], "hello", 5), 5);
    CHECK_EQUAL(CALL(read, ends[0], text, 2), 2);
    CHECK_EQUAL(CALL(read, ends[0], text + 2, 14), 3);
    CHECK(memcmp(text, "hello", 5) == 0);

    long copy = CHECK_WORKS(CALL(dup, ends[1]));
    CHECK_EQUAL(CALL(close, ends[1]), 0);
    CHECK_EQUAL(CALL(write, ends[1], "x", 1), -EBADF);
    CHECK_EQUAL(CALL(write, copy, "x", 1), 1);
    CHECK_EQUAL(CALL(close, copy), 0);
    CHECK_EQUAL(CALL(read, ends[0], text, 16), 1);
    CHECK_EQUAL(CALL(read, ends[0], text, 16), 0);
    CHECK_EQUAL(CALL(close, ends[0]), 0);

    CHECK_EQUAL(CALL(pipe2, ends, O_NONBLOCK | O_CLOEXEC), 0);
    CHECK_EQUAL(CALL(read, ends[0], text, 1), -EAGAIN);
    CHECK_EQUAL(CALL(fcntl, ends[0], F_GETFD, 0), FD_CLOEXEC);
    CHECK_EQUAL(CALL(fcntl, ends[0], F_GETFL, 0) & (O_NONBLOCK | O_ACCMODE), O_NONBLOCK | O_RDONLY);
    CHECK_EQUAL(CALL(fcntl, ends[0], F_SETFL, 0), 0);
    CHECK_EQUAL(CALL(fcntl, ends[0], F_GETFL, 0) & O_NONBLOCK, 0);
    CHECK_EQUAL(CALL(fcntl, ends[0], F_SETFD, 0), 0);
    CHECK_EQUAL(CALL(fcntl, ends[0], F_GETFD, 0), 0);
    CHECK_EQUAL(CALL(fcntl, ends[0], F_DUPFD, 50), 50);
    CHECK_EQUAL(CALL(fcntl, ends[0], 9999, 0), -EINVAL);
    CHECK_EQUAL(CALL(fcntl, 77, F_GETFD, 0), -EBADF);
    CHECK_EQUAL(CALL(dup, 77), -EBADF);
    CHECK_EQUAL(CALL(dup3, ends[0], ends[0], 0), -EINVAL);
    CHECK_EQUAL(duplicate_to(ends[1], 60), 60);

    struct iovec out[3] = {{"ab", 2}, {0, 0}, {"cde", 3}};
    CHECK_EQUAL(CALL(writev, 60, out, 3), 5);
    char first[3], second[4];
    struct iovec in[2] = {{first, 3}, {second, 4}};
    CHECK_EQUAL(CALL(readv, 50, in, 2), 5);
    CHECK(memcmp(first, "abc", 3) == 0 && memcmp(second, "de", 2) == 0);
    CHECK_EQUAL(CALL(writev, 60, out, 2000), -EINVAL);
    CHECK_EQUAL(CALL(lseek, ends[0], 0, 0), -ESPIPE);
    return passed();
}
