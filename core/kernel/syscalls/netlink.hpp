// Netlink messages between the guest's form and the host's: numbers in the machine's byte order, error numbers
// of the ABI. Route messages (links, addresses, routes, neighbours, rules, name spaces) are known by their fields
// and attributes; attributes that no table has stay as they are.
#pragma once

#include "abi/abi.hpp"
#include "kernel/process.hpp"

#include <span>
#include <sys/uio.h>
#include <vector>

namespace postern::kernel::netlink {

/// Whether a guest of this ABI sees other bytes in a message than the host does.
bool needs_conversion(const Abi& abi);

/// Whether the guest may have such a socket. All protocols where its byte order is the host's; else the route
/// protocol, and the device events, whose messages are text.
bool is_supported(const Abi& abi, int protocol);

/// Whether the host descriptor is a netlink socket of the route protocol. Costs two host calls.
bool is_route_socket(int fd);

/// Converts a sequence of route messages in place. Lengths that lead beyond `bytes` are taken as its end:
/// what is cut short is converted as far as it goes.
void to_host(const Abi& abi, std::span<std::byte> bytes);
void to_guest(const Abi& abi, std::span<std::byte> bytes);

}  // namespace postern::kernel::netlink
