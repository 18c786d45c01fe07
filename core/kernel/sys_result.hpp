// What a system call handler returns.
#pragma once

#include "base/types.hpp"

#include <cerrno>

namespace postern::kernel {

/// The kernel's own convention: zero and up is success, -1 ... -4095 is an errno in generic
/// (host) numbering. Some values never reach the guest: the restart codes below, which the
/// signal code turns into a restart or EINTR, and `keep_registers`.
struct [[nodiscard]] SysResult {
    i64 value;

    constexpr SysResult(i64 result) : value(result) {}
    constexpr bool is_error() const { return value < 0 && value >= -4095; }
};

/// -EINTR with a rule (kernel: include/linux/errno.h).
inline constexpr i64 restart_sys = -512;       ///< ERESTARTSYS: restart if SA_RESTART or no handler
inline constexpr i64 restart_no_intr = -513;   ///< ERESTARTNOINTR: always restart
inline constexpr i64 restart_no_hand = -514;   ///< ERESTARTNOHAND: restart only without a handler
inline constexpr i64 restart_block = -516;     ///< ERESTART_RESTARTBLOCK: by Task::restart

/// The handler has set the guest's registers itself (sigreturn, execve).
inline constexpr i64 keep_registers = -4096 - 1;

/// The result of a host system call wrapper that returns -1 and sets errno.
inline SysResult from_host(i64 result) { return result == -1 ? -errno : result; }

}  // namespace postern::kernel
