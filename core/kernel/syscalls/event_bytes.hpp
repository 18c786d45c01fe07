// Descriptors whose bytes are integers: on a guest of the other byte order they are swapped.
#pragma once

#include "base/types.hpp"
#include "kernel/sys_result.hpp"

#include <span>
#include <sys/uio.h>
#include <vector>

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

/// Converts the first `size` bytes of guest buffers, which a read from the descriptor has just filled.
void convert_read(Task& task, int fd, std::span<const iovec> buffers, u64 size);

/// What guest buffers hold, for a write to the descriptor: copies in the host's byte order, as many and as long.
class ConvertedBuffers {
public:
    ConvertedBuffers(Task& task, int fd, std::span<const iovec> buffers);
    const std::vector<iovec>& parts() const { return parts_; }

private:
    std::vector<std::byte> bytes_;
    std::vector<iovec> parts_;
};

}  // namespace postern::kernel
