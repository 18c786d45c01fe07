// Per-process file state. Guest descriptors are host descriptors.
#pragma once

#include "base/types.hpp"
#include "kernel/sys_result.hpp"

#include <string>
#include <string_view>

namespace postern::kernel {

class Process;
struct Task;

struct FileState {
    /// Descriptors from here on are Postern's own and do not exist for the guest: the guest
    /// gets EBADF for them and its RLIMIT_NOFILE reads as this number. Set at start.
    int first_reserved_fd = 1 << 20;

    bool is_guest_fd(int fd) const { return fd >= 0 && fd < first_reserved_fd; }
};

/// Moves a descriptor of ours to the reserved range (close-on-exec); -errno on failure.
int reserve_fd(FileState& files, int fd);

/// The host path for a guest path: the sysroot in front of absolute ones. `/proc/self/...` entries whose host
/// content would show the emulator are opened through `open_synthetic` instead.
std::string host_path(Process& process, std::string_view guest_path);

/// A descriptor on a synthetic /proc file (exe, maps, auxv, cmdline, environ, stat, status,
/// statm ...) with the guest's view; -ENOENT if `guest_path` is not one of them.
i64 open_synthetic(Process& process, std::string_view guest_path, int flags);

}  // namespace postern::kernel
