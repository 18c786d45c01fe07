// Process descriptors: the host's, since a guest process is a host process.
#include "kernel/files.hpp"
#include "kernel/signals_info.hpp"
#include "kernel/syscalls/support.hpp"

#include <array>
#include <fcntl.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

namespace postern::kernel {

namespace {

/// PIDFD_NONBLOCK and PIDFD_THREAD are O_NONBLOCK and O_EXCL of the ABI; the host decides which of them it knows.
SysResult sys_pidfd_open(Task& task, int pid, unsigned flags) {
    if (flags & ~open_flags_to_guest(task.abi(), O_NONBLOCK | O_EXCL)) return -EINVAL;
    return host_call(SYS_pidfd_open, pid, open_flags_from_guest(task.abi(), flags));
}

/// Descriptors that Postern has for itself in the other process do not exist for guests.
SysResult sys_pidfd_getfd(Task& task, int pidfd, int fd, unsigned flags) {
    if (flags != 0) return -EINVAL;
    return host_call(SYS_pidfd_getfd, host_fd(task, pidfd), host_fd(task, fd), flags);
}

/// As rt_sigqueueinfo; without `address`, as kill.
SysResult sys_pidfd_send_signal(Task& task, int pidfd, int signal, GuestAddr address, unsigned flags) {
    if (signal < 0 || signal > signal_count) return -EINVAL;
    int number = signal == 0 ? 0 : signal_from_guest(task.abi(), signal);
    if (!address) return host_call(SYS_pidfd_send_signal, host_fd(task, pidfd), number, nullptr, flags);
    std::array<std::byte, 128> bytes;
    if (!task.memory().read(address, bytes)) return -EFAULT;
    SignalInfo info = read_signal_info(task.abi(), bytes);
    if (static_cast<int>(StructView(task.abi(), Struct::siginfo, bytes).get(Field::si_signo)) != signal) return -EINVAL;
    info.signal = number;
    siginfo_t host = signal_info_to_host(info);
    return host_call(SYS_pidfd_send_signal, host_fd(task, pidfd), number, &host, flags);
}

constexpr SyscallRow rows[] = {
    {"pidfd_open", adapt<sys_pidfd_open>, Support::full, "pid, fd_flags"},
    {"pidfd_getfd", adapt<sys_pidfd_getfd>, Support::full, "fd, fd, hex"},
    {"pidfd_send_signal", adapt<sys_pidfd_send_signal>, Support::full, "fd, signal, siginfo, hex"},
};

}  // namespace

std::span<const SyscallRow> pidfd_rows() { return rows; }

}  // namespace postern::kernel
