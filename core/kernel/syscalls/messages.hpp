// Socket addresses and messages between the guest's form and the host's.
#pragma once

#include "kernel/files.hpp"
#include "kernel/process.hpp"

#include <expected>
#include <sys/socket.h>
#include <vector>

namespace postern::kernel {

/// Larger than any socket address (kernel: sizeof(struct sockaddr_storage)).
inline constexpr u32 largest_address = 128;

/// Address bytes as the host takes them: the family in host order, netlink's numbers too, and
/// the path of a local socket below the guest's root.
using SocketAddress = std::vector<std::byte>;

/// Reads a guest's address. Error: -EFAULT, -EINVAL, and those of `host_socket_path`.
std::expected<SocketAddress, int> read_socket_address(Task& task, GuestAddr address, u32 size);

/// Writes a host address, cut at the size that `size_address` points to, and the whole size
/// there. Nothing happens without an `address`. 0, -EFAULT or -EINVAL.
int write_socket_address(Task& task, GuestAddr address, GuestPtr<i32> size_address, SocketAddress host);
/// The same cut at `room`; the size is the caller's to report.
int write_socket_address(Task& task, GuestAddr address, u32 room, SocketAddress& host);

/// Ancillary data of a message: descriptors and credentials are words, whose headers have the
/// size of the ABI's long. Error: -EFAULT, -EINVAL, -EBADF.
std::expected<std::vector<std::byte>, int> read_control(Task& task, GuestAddr address, u64 size);

struct WrittenControl {
    u64 size = 0;             ///< bytes written
    bool truncated = false;   ///< MSG_CTRUNC: not all fitted
};
/// Writes host ancillary data. Error: -EFAULT.
std::expected<WrittenControl, int> write_control(Task& task, GuestAddr address, u64 room,
                                                 std::span<const std::byte> host);

}  // namespace postern::kernel
