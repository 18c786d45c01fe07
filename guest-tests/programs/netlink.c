/* Route messages of netlink: numbers arrive in the machine's byte order, errors with its numbers. */
#include "sockets.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

/* A request of the type's own header, with room for attributes. */
struct request {
    struct nlmsghdr header;
    unsigned char body[64];
};

/* From headers that want a C library. */
enum { IFF_LOOPBACK = 8, ARPHRD_LOOPBACK = 772 };

enum { loopback_index = 1, sequence = 0x01020304 };
static const u8 loopback_address[4] = {127, 0, 0, 1};

static int route_socket;
static unsigned char answer[65536] __attribute__((aligned(8)));

static struct request make_request(int type, int flags, const void *body, size_t size)
{
    struct request request = {.header = {.nlmsg_len = NLMSG_LENGTH(size),
                                         .nlmsg_type = (unsigned short)type,
                                         .nlmsg_flags = (unsigned short)(NLM_F_REQUEST | flags),
                                         .nlmsg_seq = sequence}};
    memcpy(request.body, body, size);
    return request;
}

static void send_request(const struct request *request)
{
    CHECK_EQUAL(CALL(sendto, route_socket, request, request->header.nlmsg_len, 0, 0, 0), request->header.nlmsg_len);
}

/* A datagram into two buffers, the first of which ends inside a header. */
static size_t receive(void)
{
    static unsigned char front[10], back[sizeof answer - sizeof front];
    struct iovec buffers[2] = {{front, sizeof front}, {back, sizeof back}};
    struct sockaddr_nl sender;
    struct message_header header = {.name = &sender, .name_size = sizeof sender, .buffers = buffers, .buffer_count = 2};
    size_t size = (size_t)CHECK_WORKS(CALL(recvmsg, route_socket, &header, 0));
    CHECK(size >= sizeof(struct nlmsghdr) && size <= sizeof answer);
    CHECK_EQUAL(header.name_size, sizeof sender);
    CHECK_EQUAL(sender.nl_family, AF_NETLINK);
    CHECK_EQUAL(sender.nl_pid, 0);
    memcpy(answer, front, sizeof front);
    memcpy(answer + sizeof front, back, size - sizeof front);
    return size;
}

/* The value of an attribute at its alignment of four; fails the test without it. */
static void *find_attribute(void *attributes, size_t size, int type, size_t least, int line)
{
    for (struct rtattr *row = attributes; RTA_OK(row, size); row = RTA_NEXT(row, size)) {
        if ((row->rta_type & NLA_TYPE_MASK) != type)
            continue;
        if (RTA_PAYLOAD(row) < least)
            fail(line, "attribute %d has %lu bytes", type, (unsigned long)RTA_PAYLOAD(row));
        return RTA_DATA(row);
    }
    fail(line, "no attribute %d", type);
}
#define ATTRIBUTE(message, body, type, least)                                                   \
    find_attribute((char *)(body) + NLMSG_ALIGN(sizeof *(body)),                                \
                   NLMSG_PAYLOAD(message, NLMSG_ALIGN(sizeof *(body))), type, least, __LINE__)
#define NUMBER(message, body, type) (*(u32 *)ATTRIBUTE(message, body, type, 4))

/* Dumps: each message of an answer in parts; `wanted` says whether it was the one that is looked for. */
static void dump(int type, const void *body, size_t size, int (*wanted)(struct nlmsghdr *))
{
    struct request request = make_request(type, NLM_F_DUMP, body, size);
    send_request(&request);
    int found = 0;
    for (;;) {
        size_t left = receive();
        for (struct nlmsghdr *message = (struct nlmsghdr *)answer; NLMSG_OK(message, left);
             message = NLMSG_NEXT(message, left)) {
            CHECK_EQUAL(message->nlmsg_seq, sequence);
            CHECK(message->nlmsg_flags & NLM_F_MULTI);
            if (message->nlmsg_type == NLMSG_DONE) {
                CHECK_EQUAL(*(int *)NLMSG_DATA(message), 0);
                CHECK_EQUAL(found, 1);
                return;
            }
            CHECK_EQUAL(message->nlmsg_type, type - 2); /* GET is the second after NEW */
            found += wanted(message);
        }
        CHECK_EQUAL(left, 0);
    }
}

static int is_loopback(struct nlmsghdr *message)
{
    struct ifinfomsg *link = NLMSG_DATA(message);
    if (link->ifi_index != loopback_index)
        return 0;
    CHECK_EQUAL(link->ifi_type, ARPHRD_LOOPBACK);
    CHECK(link->ifi_flags & IFF_LOOPBACK);
    CHECK(text_equal(ATTRIBUTE(message, link, IFLA_IFNAME, 3), "lo"));
    u32 size = NUMBER(message, link, IFLA_MTU);
    CHECK(size >= 68 && size <= 65536);
    /* What is sent is received. */
    struct rtnl_link_stats *words = ATTRIBUTE(message, link, IFLA_STATS, sizeof *words - 4);
    CHECK_EQUAL(words->rx_packets, words->tx_packets);
    unsigned char *longs = ATTRIBUTE(message, link, IFLA_STATS64, 32);
    struct rtnl_link_stats64 stats;
    memcpy(&stats, longs, 32);
    CHECK_EQUAL(stats.rx_packets, stats.tx_packets);
    CHECK_EQUAL(stats.rx_bytes, stats.tx_bytes);
    CHECK_EQUAL((u32)stats.rx_packets, words->rx_packets);
    /* Nested twice: by address family, then the family's configuration, among it whether it forwards. */
    struct rtattr *families = ATTRIBUTE(message, link, IFLA_AF_SPEC, 8);
    size_t left = RTA_PAYLOAD((struct rtattr *)((char *)families - RTA_LENGTH(0)));
    struct rtattr *inet = find_attribute(families, left, AF_INET, 8, __LINE__);
    left = RTA_PAYLOAD((struct rtattr *)((char *)inet - RTA_LENGTH(0)));
    CHECK(*(u32 *)find_attribute(inet, left, IFLA_INET_CONF, 4, __LINE__) <= 1);
    return 1;
}

static int is_loopback_address(struct nlmsghdr *message)
{
    struct ifaddrmsg *address = NLMSG_DATA(message);
    CHECK_EQUAL(address->ifa_family, AF_INET);
    if (address->ifa_index != loopback_index ||
        memcmp(ATTRIBUTE(message, address, IFA_ADDRESS, 4), loopback_address, 4) != 0)
        return 0;
    CHECK_EQUAL(address->ifa_prefixlen, 8);
    CHECK(NUMBER(message, address, IFA_FLAGS) & IFA_F_PERMANENT);
    struct ifa_cacheinfo *times = ATTRIBUTE(message, address, IFA_CACHEINFO, sizeof *times);
    CHECK_EQUAL(times->ifa_valid, 0xffffffff);
    return 1;
}

static int is_loopback_route(struct nlmsghdr *message)
{
    struct rtmsg *route = NLMSG_DATA(message);
    if (route->rtm_table != RT_TABLE_LOCAL || route->rtm_type != RTN_LOCAL || route->rtm_dst_len != 32 ||
        memcmp(ATTRIBUTE(message, route, RTA_DST, 4), loopback_address, 4) != 0)
        return 0;
    CHECK_EQUAL(NUMBER(message, route, RTA_TABLE), RT_TABLE_LOCAL);
    CHECK_EQUAL(NUMBER(message, route, RTA_OIF), loopback_index);
    return 1;
}

/* The error that a request causes; the answer repeats the request. */
static int error_of(const struct request *request)
{
    send_request(request);
    receive();
    struct nlmsghdr *message = (struct nlmsghdr *)answer;
    CHECK_EQUAL(message->nlmsg_type, NLMSG_ERROR);
    struct nlmsgerr *error = NLMSG_DATA(message);
    CHECK_EQUAL(error->msg.nlmsg_len, request->header.nlmsg_len);
    CHECK_EQUAL(error->msg.nlmsg_type, request->header.nlmsg_type);
    CHECK_EQUAL(error->msg.nlmsg_flags, request->header.nlmsg_flags);
    CHECK_EQUAL(error->msg.nlmsg_seq, sequence);
    CHECK(memcmp(&error->msg + 1, request->body, request->header.nlmsg_len - NLMSG_HDRLEN) == 0);
    return error->error;
}

static void errors(void)
{
    struct ifinfomsg nowhere = {.ifi_index = 0x12345678, .ifi_change = 0xffffffff};
    struct request request = make_request(RTM_GETLINK, 0, &nowhere, sizeof nowhere);
    CHECK_EQUAL(error_of(&request), -ENODEV);
    request = make_request(RTM_GETLINK, 0, &nowhere, 3);
    CHECK_EQUAL(error_of(&request), -EINVAL);
    request = make_request(RTM_MAX + 100, 0, &nowhere, sizeof nowhere);
    CHECK_EQUAL(error_of(&request), -EOPNOTSUPP);
}

/* One answer by plain read, to a request by plain write. */
static void read_and_write(void)
{
    struct ifinfomsg loopback = {.ifi_index = loopback_index};
    struct request request = make_request(RTM_GETLINK, 0, &loopback, sizeof loopback);
    CHECK_EQUAL(CALL(write, route_socket, &request, request.header.nlmsg_len), request.header.nlmsg_len);
    CHECK_WORKS(CALL(read, route_socket, answer, sizeof answer));
    CHECK_EQUAL(is_loopback((struct nlmsghdr *)answer), 1);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    CHECK_EQUAL(CALL(socket, AF_NETLINK, SOCK_RAW, 31), -EPROTONOSUPPORT);
    route_socket = (int)CHECK_WORKS(CALL(socket, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
    struct sockaddr_nl own = {.nl_family = AF_NETLINK};
    CHECK_EQUAL(CALL(bind, route_socket, &own, sizeof own), 0);
    int size = sizeof own;
    CHECK_EQUAL(CALL(getsockname, route_socket, &own, &size), 0);
    CHECK_EQUAL(size, sizeof own);
    CHECK(own.nl_pid != 0);

    struct ifinfomsg links = {0};
    dump(RTM_GETLINK, &links, sizeof links, is_loopback);
    struct ifaddrmsg addresses = {.ifa_family = AF_INET};
    dump(RTM_GETADDR, &addresses, sizeof addresses, is_loopback_address);
    struct rtmsg routes = {.rtm_family = AF_INET};
    dump(RTM_GETROUTE, &routes, sizeof routes, is_loopback_route);
    struct rtgenmsg any = {.rtgen_family = AF_INET}; /* the short request of older programs */
    dump(RTM_GETADDR, &any, sizeof any, is_loopback_address);
    errors();
    read_and_write();
    return passed();
}
