// Descriptors whose bytes are integers: on a guest of the other byte order they are swapped.
#pragma once

#include "base/types.hpp"
#include "kernel/sys_result.hpp"

#include <span>

namespace postern::kernel {

struct Task;

enum class EventKind : u8 {
    none,
    counter,      ///< eventfd, timerfd: one 64-bit number
    inotify,      ///< records with four 32-bit numbers and a name
    route,        ///< netlink socket of the route protocol: see netlink.hpp
};

/// What the host descriptor is. Costs a host call.
EventKind event_kind(int fd);

/// Swaps the integers of what a counter or inotify descriptor delivers, in place.
void swap_event_bytes(EventKind kind, std::span<std::byte> bytes);

/// read and write on such a descriptor.
SysResult read_events(Task& task, int fd, GuestAddr buffer, u64 size);
SysResult write_events(Task& task, int fd, GuestAddr buffer, u64 size);

}  // namespace postern::kernel
