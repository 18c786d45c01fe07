// The route protocol's messages as tables: the fields of each header and the form of each attribute's value.
// Names and forms: the kernel's uapi headers linux/rtnetlink.h, if_link.h, if_addr.h, neighbour.h, fib_rules.h.
#pragma once

#include "base/types.hpp"

#include <span>
#include <string_view>

namespace postern::kernel::netlink {

/// How the bytes of an attribute's value are to be read.
enum class Form : u8 {
    bytes,       ///< text, addresses, network byte order, single bytes; also what no table has
    halves,      ///< 16-bit numbers
    words,       ///< 32-bit numbers
    longs,       ///< 64-bit numbers
    link_map,    ///< struct rtnl_link_ifmap
    via,         ///< struct rtvia: a 16-bit family in front of an address
    next_hops,   ///< struct rtnexthop, each with attributes of another group behind it
    nested,      ///< attributes of another group
};

/// Attributes with the same meaning of their numbers. No group contains itself, however far inside: that bounds
/// how deep a hostile message leads.
enum class Group : u8 {
    none, link, link_info, link_families, link_inet, link_inet6, link_xdp, link_names, link_down_reason,
    address, route, route_metrics, next_hop, neighbour, rule, name_space, configuration, acknowledgement,
};

struct Attribute {
    u16 type;
    Form form;
    Group nested = Group::none;
};

/// The row of an attribute; for one that no table has, a row of `Form::bytes`.
Attribute find_attribute(Group group, u16 type);

/// A kind of message: what follows struct nlmsghdr. `fields` is a letter each: b, h, w for a field of 1, 2, 4 bytes.
struct Message {
    u16 first_type;   ///< the first (NEW) of its four types: NEW, DEL, GET, SET
    std::string_view fields;
    Group attributes;
};

/// The kind that a message type of the route protocol belongs to; null for one that no table has.
const Message* find_message(u16 type);

}  // namespace postern::kernel::netlink
