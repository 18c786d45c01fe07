/* Sockets: what the kernel leaves to headers that want a C library. */
#ifndef SOCKETS_H
#define SOCKETS_H

#include "guest.h"

#include <linux/uio.h>

enum { AF_UNIX = 1, AF_INET = 2, AF_NETLINK = 16 };
/* MIPS has the first two the other way round. */
#ifdef __mips__
enum { SOCK_STREAM = 2, SOCK_DGRAM = 1, SOCK_RAW = 3 };
#else
enum { SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_RAW = 3 };
#endif

struct message_header { /* struct user_msghdr */
    void *name;
    int name_size;
    struct iovec *buffers;
    size_t buffer_count;
    void *control;
    size_t control_size;
    unsigned flags;
};

#endif
