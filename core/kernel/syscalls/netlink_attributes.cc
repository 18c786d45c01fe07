#include "kernel/syscalls/netlink_attributes.hpp"

#include <algorithm>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace postern::kernel::netlink {

namespace {

using enum Form;

constexpr Attribute link_rows[] = {
    {IFLA_MTU, words}, {IFLA_LINK, words}, {IFLA_STATS, words}, {IFLA_MASTER, words}, {IFLA_TXQLEN, words},
    {IFLA_MAP, link_map}, {IFLA_WEIGHT, words}, {IFLA_LINKINFO, nested, Group::link_info},
    {IFLA_NET_NS_PID, words}, {IFLA_NUM_VF, words}, {IFLA_STATS64, longs},
    {IFLA_AF_SPEC, nested, Group::link_families}, {IFLA_GROUP, words}, {IFLA_NET_NS_FD, words},
    {IFLA_EXT_MASK, words}, {IFLA_PROMISCUITY, words}, {IFLA_NUM_TX_QUEUES, words}, {IFLA_NUM_RX_QUEUES, words},
    {IFLA_CARRIER_CHANGES, words}, {IFLA_LINK_NETNSID, words}, {IFLA_GSO_MAX_SEGS, words},
    {IFLA_GSO_MAX_SIZE, words}, {IFLA_XDP, nested, Group::link_xdp}, {IFLA_EVENT, words},
    {IFLA_NEW_NETNSID, words}, {IFLA_TARGET_NETNSID, words}, {IFLA_CARRIER_UP_COUNT, words},
    {IFLA_CARRIER_DOWN_COUNT, words}, {IFLA_NEW_IFINDEX, words}, {IFLA_MIN_MTU, words}, {IFLA_MAX_MTU, words},
    {IFLA_PROP_LIST, nested, Group::link_names}, {IFLA_PROTO_DOWN_REASON, nested, Group::link_down_reason},
    {IFLA_GRO_MAX_SIZE, words}, {IFLA_TSO_MAX_SIZE, words}, {IFLA_TSO_MAX_SEGS, words}, {IFLA_ALLMULTI, words},
    {63 /* IFLA_GSO_IPV4_MAX_SIZE, Linux 6.3 */, words}, {64 /* IFLA_GRO_IPV4_MAX_SIZE */, words},
};
// The data of a kind of link (IFLA_INFO_DATA) has other attributes for each kind: left as bytes.
constexpr Attribute link_info_rows[] = {{IFLA_INFO_KIND, bytes}};
constexpr Attribute link_family_rows[] = {
    {AF_INET, nested, Group::link_inet},
    {AF_INET6, nested, Group::link_inet6},
};
constexpr Attribute link_inet_rows[] = {{IFLA_INET_CONF, words}};
constexpr Attribute link_inet6_rows[] = {
    {IFLA_INET6_FLAGS, words}, {IFLA_INET6_CONF, words}, {IFLA_INET6_STATS, longs}, {IFLA_INET6_CACHEINFO, words},
    {IFLA_INET6_ICMP6STATS, longs}, {IFLA_INET6_RA_MTU, words},
};
constexpr Attribute link_xdp_rows[] = {
    {IFLA_XDP_FD, words}, {IFLA_XDP_FLAGS, words}, {IFLA_XDP_PROG_ID, words}, {IFLA_XDP_DRV_PROG_ID, words},
    {IFLA_XDP_SKB_PROG_ID, words}, {IFLA_XDP_HW_PROG_ID, words}, {IFLA_XDP_EXPECTED_FD, words},
};
constexpr Attribute link_name_rows[] = {{IFLA_ALT_IFNAME, bytes}};
constexpr Attribute link_down_reason_rows[] = {
    {IFLA_PROTO_DOWN_REASON_MASK, words}, {IFLA_PROTO_DOWN_REASON_VALUE, words},
};
constexpr Attribute address_rows[] = {
    {IFA_CACHEINFO, words}, {IFA_FLAGS, words}, {IFA_RT_PRIORITY, words}, {IFA_TARGET_NETNSID, words},
};
constexpr Attribute route_rows[] = {
    {RTA_IIF, words}, {RTA_OIF, words}, {RTA_PRIORITY, words}, {RTA_METRICS, nested, Group::route_metrics},
    {RTA_MULTIPATH, next_hops, Group::next_hop}, {RTA_FLOW, words}, {RTA_CACHEINFO, words}, {RTA_TABLE, words}, {RTA_MARK, words},
    {RTA_MFC_STATS, longs}, {RTA_VIA, via}, {RTA_ENCAP_TYPE, halves}, {RTA_EXPIRES, words}, {RTA_UID, words},
    {RTA_NH_ID, words},
};
constexpr Attribute route_metric_rows[] = {
    {RTAX_LOCK, words}, {RTAX_MTU, words}, {RTAX_WINDOW, words}, {RTAX_RTT, words}, {RTAX_RTTVAR, words},
    {RTAX_SSTHRESH, words}, {RTAX_CWND, words}, {RTAX_ADVMSS, words}, {RTAX_REORDERING, words},
    {RTAX_HOPLIMIT, words}, {RTAX_INITCWND, words}, {RTAX_FEATURES, words}, {RTAX_RTO_MIN, words},
    {RTAX_INITRWND, words}, {RTAX_QUICKACK, words}, {RTAX_FASTOPEN_NO_COOKIE, words},
};
constexpr Attribute next_hop_rows[] = {{RTA_FLOW, words}, {RTA_VIA, via}, {RTA_ENCAP_TYPE, halves}};
constexpr Attribute neighbour_rows[] = {
    {NDA_CACHEINFO, words}, {NDA_PROBES, words}, {NDA_VLAN, halves}, {NDA_VNI, words}, {NDA_IFINDEX, words},
    {NDA_MASTER, words}, {NDA_LINK_NETNSID, words}, {NDA_SRC_VNI, words}, {NDA_NH_ID, words}, {NDA_FLAGS_EXT, words},
};
constexpr Attribute rule_rows[] = {
    {FRA_GOTO, words}, {FRA_PRIORITY, words}, {FRA_FWMARK, words}, {FRA_FLOW, words}, {FRA_SUPPRESS_IFGROUP, words},
    {FRA_SUPPRESS_PREFIXLEN, words}, {FRA_TABLE, words}, {FRA_FWMASK, words}, {FRA_UID_RANGE, words},
    {FRA_SPORT_RANGE, halves}, {FRA_DPORT_RANGE, halves},
};
constexpr Attribute name_space_rows[] = {
    {NETNSA_NSID, words}, {NETNSA_PID, words}, {NETNSA_FD, words}, {NETNSA_TARGET_NSID, words},
    {NETNSA_CURRENT_NSID, words},
};
constexpr Attribute configuration_rows[] = {
    {NETCONFA_IFINDEX, words}, {NETCONFA_FORWARDING, words}, {NETCONFA_RP_FILTER, words},
    {NETCONFA_MC_FORWARDING, words}, {NETCONFA_PROXY_NEIGH, words},
    {NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN, words}, {NETCONFA_INPUT, words}, {NETCONFA_BC_FORWARDING, words},
};
constexpr Attribute acknowledgement_rows[] = {{NLMSGERR_ATTR_OFFS, words}};

std::span<const Attribute> rows_of(Group group) {
    switch (group) {
        case Group::none: return {};
        case Group::link: return link_rows;
        case Group::link_info: return link_info_rows;
        case Group::link_families: return link_family_rows;
        case Group::link_inet: return link_inet_rows;
        case Group::link_inet6: return link_inet6_rows;
        case Group::link_xdp: return link_xdp_rows;
        case Group::link_names: return link_name_rows;
        case Group::link_down_reason: return link_down_reason_rows;
        case Group::address: return address_rows;
        case Group::route: return route_rows;
        case Group::route_metrics: return route_metric_rows;
        case Group::next_hop: return next_hop_rows;
        case Group::neighbour: return neighbour_rows;
        case Group::rule: return rule_rows;
        case Group::name_space: return name_space_rows;
        case Group::configuration: return configuration_rows;
        case Group::acknowledgement: return acknowledgement_rows;
    }
    return {};
}

constexpr Message messages[] = {
    {RTM_NEWLINK, "bbhwww", Group::link},              // struct ifinfomsg
    {RTM_NEWADDR, "bbbbw", Group::address},            // struct ifaddrmsg
    {RTM_NEWROUTE, "bbbbbbbbw", Group::route},         // struct rtmsg
    {RTM_NEWNEIGH, "bbhwhbb", Group::neighbour},       // struct ndmsg
    {RTM_NEWRULE, "bbbbbbbbw", Group::rule},           // struct fib_rule_hdr
    {RTM_NEWNSID, "bbbb", Group::name_space},          // struct rtgenmsg, padded
    {RTM_NEWNETCONF, "bbbb", Group::configuration},    // struct netconfmsg, padded
    {RTM_NEWLINKPROP, "bbhwww", Group::link},          // struct ifinfomsg
};

}  // namespace

Attribute find_attribute(Group group, u16 type) {
    std::span rows = rows_of(group);
    auto found = std::ranges::find(rows, type, &Attribute::type);
    return found == rows.end() ? Attribute{type, bytes} : *found;
}

const Message* find_message(u16 type) {
    constexpr u16 types_per_kind = 4;
    auto found = std::ranges::find(messages, type / types_per_kind * types_per_kind, &Message::first_type);
    return found == std::end(messages) ? nullptr : found;
}

}  // namespace postern::kernel::netlink
