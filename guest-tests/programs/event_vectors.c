/* Descriptors whose bytes are numbers, by calls with vectors of buffers: the numbers are the machine's there, too. */
#include "sockets.h"

#include <linux/inotify.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

static void check_counter(void)
{
    long fd = CHECK_WORKS(CALL(eventfd2, 0, O_NONBLOCK));
    u64 first = 0x0102030405060708, second = 0x10;
    struct iovec out[3] = {{&first, 8}, {0, 0}, {&second, 8}};
    CHECK_EQUAL(CALL(writev, fd, out, 3), 16);
    u64 sum = 0;
    struct iovec in[1] = {{&sum, 8}};
    CHECK_EQUAL(CALL(readv, fd, in, 1), 8);
    CHECK(sum == first + second);

    /* A buffer that is not there: nothing is taken. */
    struct iovec nowhere[2] = {{(void *)8, 8}, {&sum, 8}};
    CHECK_EQUAL(CALL(writev, fd, nowhere, 2), -EFAULT);
    CHECK_EQUAL(CALL(readv, fd, in, 1), -EAGAIN);
    CHECK_EQUAL(CALL(close, fd), 0);
}

/* Whatever buffer its records reach, they are whole. */
static void check_records(void)
{
    long watcher = CHECK_WORKS(CALL(inotify_init1, O_NONBLOCK));
    long watch = CHECK_WORKS(CALL(inotify_add_watch, watcher, ".", IN_CREATE | IN_DELETE));
    long file = CHECK_WORKS(CALL(openat, AT_FDCWD, "watched", O_CREAT | O_WRONLY, 0600));
    CHECK_EQUAL(CALL(close, file), 0);
    CHECK_EQUAL(CALL(unlinkat, AT_FDCWD, "watched", 0), 0);
    struct inotify_event records[2][2]; /* 16 bytes of numbers, 16 of name */
    struct iovec in[2] = {{records[0], 32}, {records[1], 32}};
    CHECK_EQUAL(CALL(readv, watcher, in, 2), 64);
    for (int i = 0; i < 2; i++) {
        CHECK_EQUAL(records[i]->wd, watch);
        CHECK_EQUAL(records[i]->mask, i == 0 ? IN_CREATE : IN_DELETE);
        CHECK_EQUAL(records[i]->len, 16);
        CHECK(memcmp(records[i]->name, "watched", 8) == 0);
    }
    CHECK_EQUAL(CALL(close, watcher), 0);
}

static void check_messages(void)
{
    long fd = CHECK_WORKS(CALL(socket, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
    struct nlmsghdr request = {.nlmsg_len = sizeof request + sizeof(struct rtgenmsg),
                               .nlmsg_type = RTM_GETLINK,
                               .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                               .nlmsg_seq = 0x01020304};
    struct rtgenmsg all = {0};
    struct iovec out[2] = {{&request, sizeof request}, {&all, sizeof all}};
    CHECK_EQUAL(CALL(writev, fd, out, 2), request.nlmsg_len);
    static struct nlmsghdr header;
    static unsigned char rest[65536];
    struct iovec in[2] = {{&header, sizeof header}, {rest, sizeof rest}};
    long size = CHECK_WORKS(CALL(readv, fd, in, 2));
    CHECK(header.nlmsg_len >= sizeof header && header.nlmsg_len <= (unsigned long)size);
    CHECK_EQUAL(header.nlmsg_type, RTM_NEWLINK);
    CHECK_EQUAL(header.nlmsg_seq, 0x01020304);

    struct message_header message = {.buffers = out, .buffer_count = 2};
    out[1].iov_base = (void *)8;
    CHECK_EQUAL(CALL(sendmsg, fd, &message, 0), -EFAULT);
    CHECK_EQUAL(CALL(writev, fd, out, 2), -EFAULT);
    CHECK_EQUAL(CALL(close, fd), 0);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    check_counter();
    check_records();
    check_messages();
    return passed();
}
