// What the process topic shares with others.
#pragma once

#include "kernel/process.hpp"
#include "kernel/syscall.hpp"

#include <span>
#include <sys/resource.h>

namespace postern::kernel {

/// Writes a host rusage as the ABI's. False: EFAULT.
[[nodiscard]] bool write_resource_usage(Task& task, GuestAddr address, const rusage& usage);

/// A child's status word (wait4) with signal numbers as the guest has them.
i32 wait_status_to_guest(const Abi& abi, int status);

/// What clone, clone3, fork and vfork ask for.
struct CloneRequest {
    u64 flags = 0;              ///< CLONE_*, without the exit signal
    int exit_signal = 0;        ///< guest numbering; 0 = none
    GuestAddr stack{};          ///< the child's stack pointer, 0 = as the parent's
    GuestAddr parent_tid{}, child_tid{};
    GuestAddr pidfd{};          ///< where the descriptor goes that CLONE_PIDFD asks for
    u64 tls = 0;
};

/// Starts a child as a host process. Its pid, 0 in the child, or -errno.
SysResult start_child(Task& task, const CloneRequest& request);

}  // namespace postern::kernel
