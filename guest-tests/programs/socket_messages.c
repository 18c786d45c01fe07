/* Messages of local sockets: several per call, vectors, ancillary data, time limits, options. */
#include "sockets.h"

#include <asm/socket.h>

/* From headers that want a C library; the kernel's numbers where ABIs agree. */
enum { SCM_RIGHTS = 1 };
enum { MSG_PEEK = 2, MSG_CTRUNC = 8, MSG_TRUNC = 0x20, MSG_DONTWAIT = 0x40, MSG_WAITFORONE = 0x10000 };
#ifndef __NR_recvmmsg
#define __NR_recvmmsg __NR_recvmmsg_time64
#endif

struct messages { /* struct mmsghdr */
    struct message_header header;
    unsigned size;
};

struct control { /* struct cmsghdr and room for two descriptors */
    size_t size;
    int level, type;
    int fds[2];
};

static int ends[2];

static void several_per_call(void)
{
    CHECK_EQUAL(CALL(socketpair, AF_UNIX, SOCK_DGRAM, 0, ends), 0);
    struct iovec out[] = {{"one", 3}, {"two", 3}, {" parts", 6}, {"", 0}};
    struct messages sent[] = {{{.buffers = out, .buffer_count = 1}, 99},
                              {{.buffers = out + 1, .buffer_count = 2}, 99},
                              {{.buffers = out + 3, .buffer_count = 1}, 99}};
    CHECK_EQUAL(CALL(sendmmsg, ends[0], sent, 3, 0), 3);
    CHECK_EQUAL(sent[0].size, 3);
    CHECK_EQUAL(sent[1].size, 9);
    CHECK_EQUAL(sent[2].size, 0);

    static char text[4][16];
    struct iovec in[4];
    struct messages got[4];
    memset(got, 0, sizeof got);
    for (int i = 0; i < 4; ++i) {
        in[i] = (struct iovec){text[i], i == 0 ? 2 : 16};
        got[i].header = (struct message_header){.buffers = in + i, .buffer_count = 1};
        got[i].size = 99;
    }
    CHECK_EQUAL(CALL(recvmmsg, ends[1], got, 1, MSG_PEEK, 0), 1);
    CHECK_EQUAL(got[0].size, 2);
    CHECK_EQUAL(CALL(recvmmsg, ends[1], got, 4, MSG_WAITFORONE, 0), 3);
    CHECK_EQUAL(got[0].size, 2);
    CHECK(got[0].header.flags & MSG_TRUNC);
    CHECK(!(got[1].header.flags & MSG_TRUNC));
    CHECK_EQUAL(got[1].size, 9);
    CHECK_EQUAL(got[2].size, 0);
    CHECK_EQUAL(got[3].size, 99);
    CHECK(memcmp(text[0], "on", 2) == 0 && memcmp(text[1], "two parts", 9) == 0);
    CHECK_EQUAL(CALL(recvmmsg, ends[1], got, 4, MSG_DONTWAIT, 0), -EAGAIN);
    CHECK_EQUAL(CALL(recvmmsg, ends[1], got, 0, 0, 0), 0);
    CHECK_EQUAL(CALL(recvmmsg, 77, got, 1, 0, 0), -EBADF);

    /* The limit is looked at after a message, and what is left is told. */
    time_word limit[2] = {60, 0}, wrong[2] = {0, 1000000000}, over[2] = {0, 0};
    CHECK_EQUAL(CALL(sendmmsg, ends[0], sent, 3, 0), 3);
    CHECK_EQUAL(CALL(recvmmsg, ends[1], got, 1, 0, limit), 1);
    CHECK(limit[0] == 59 && limit[1] > 0 && limit[1] < 1000000000);
    CHECK_EQUAL(CALL(recvmmsg, ends[1], got, 4, 0, over), 1);
    CHECK_EQUAL(CALL(recvmmsg, ends[1], got, 4, 0, wrong), -EINVAL);
    CHECK_EQUAL(CALL(recvmmsg, ends[1], got, 4, 0, 16), -EFAULT);
    CHECK_EQUAL(CALL(recvmmsg, ends[1], got, 4, MSG_DONTWAIT, 0), 1);
    /* A header that cannot be read ends the call after the messages before it. */
    CHECK_EQUAL(CALL(sendmmsg, ends[0], sent, 3, 0), 3);
    CHECK_EQUAL(CALL(recvmmsg, ends[1], 16, 4, 0, 0), -EFAULT);
    CHECK_EQUAL(CALL(close, ends[0]), 0);
    CHECK_EQUAL(CALL(close, ends[1]), 0);
}

static void descriptors(void)
{
    CHECK_EQUAL(CALL(socketpair, AF_UNIX, SOCK_STREAM, 0, ends), 0);
    int pipe_ends[2];
    CHECK_EQUAL(make_pipe(pipe_ends), 0);
    struct control control = {sizeof control, SOL_SOCKET, SCM_RIGHTS, {pipe_ends[0], pipe_ends[1]}};
    char byte = 'x';
    struct iovec buffer = {&byte, 1};
    struct message_header out = {.buffers = &buffer, .buffer_count = 1, .control = &control, .control_size = sizeof control};
    CHECK_EQUAL(CALL(sendmsg, ends[0], &out, 0), 1);

    struct control got;
    memset(&got, 0, sizeof got);
    struct message_header in = {.buffers = &buffer, .buffer_count = 1, .control = &got, .control_size = sizeof got};
    CHECK_EQUAL(CALL(recvmsg, ends[1], &in, 0), 1);
    CHECK_EQUAL(in.control_size, sizeof got);
    CHECK_EQUAL(in.flags & MSG_CTRUNC, 0);
    CHECK_EQUAL(got.size, sizeof got);
    CHECK_EQUAL(got.level, SOL_SOCKET);
    CHECK_EQUAL(got.type, SCM_RIGHTS);
    CHECK(got.fds[0] != pipe_ends[0] && got.fds[1] != pipe_ends[1]);
    CHECK_EQUAL(CALL(write, got.fds[1], "through", 7), 7);
    char text[8];
    CHECK_EQUAL(CALL(read, pipe_ends[0], text, 8), 7);

    control.fds[1] = 77;
    CHECK_EQUAL(CALL(sendmsg, ends[0], &out, 0), -EBADF);
    control.size = sizeof control + 1;
    CHECK_EQUAL(CALL(sendmsg, ends[0], &out, 0), -EINVAL);
    /* Ancillary data that has no room is lost, and the message says so. */
    control = (struct control){sizeof control, SOL_SOCKET, SCM_RIGHTS, {pipe_ends[0], pipe_ends[1]}};
    CHECK_EQUAL(CALL(sendmsg, ends[0], &out, 0), 1);
    in.control_size = 0;
    CHECK_EQUAL(CALL(recvmsg, ends[1], &in, 0), 1);
    CHECK(in.flags & MSG_CTRUNC);
}

static void options(void)
{
    int value = 0, size = sizeof value;
    CHECK_EQUAL(CALL(getsockopt, ends[0], SOL_SOCKET, SO_TYPE, &value, &size), 0);
    CHECK_EQUAL(value, SOCK_STREAM);
    CHECK_EQUAL(size, 4);
    CHECK_EQUAL(CALL(getsockopt, ends[0], SOL_SOCKET, SO_DOMAIN, &value, &size), 0);
    CHECK_EQUAL(value, AF_UNIX);
    value = 1;
    CHECK_EQUAL(CALL(setsockopt, ends[0], SOL_SOCKET, SO_PASSCRED, &value, 4), 0);
    value = 0;
    CHECK_EQUAL(CALL(getsockopt, ends[0], SOL_SOCKET, SO_PASSCRED, &value, &size), 0);
    CHECK_EQUAL(value, 1);
    CHECK_EQUAL(CALL(setsockopt, ends[0], SOL_SOCKET, SO_PASSCRED, &value, 3), -EINVAL);
    CHECK_EQUAL(CALL(getsockopt, ends[0], SOL_SOCKET, 9999, &value, &size), -ENOPROTOOPT);
    CHECK_EQUAL(CALL(getsockopt, 77, SOL_SOCKET, SO_TYPE, &value, &size), -EBADF);
    CHECK_EQUAL(CALL(shutdown, ends[0], 1), 0);
    char byte;
    CHECK_EQUAL(CALL(recvfrom, ends[1], &byte, 1, 0, 0, 0), 0);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    several_per_call();
    descriptors();
    options();
    return passed();
}
