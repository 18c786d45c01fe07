// stat, statx and statfs in all their forms.
#include "kernel/files.hpp"
#include "kernel/syscalls/file_status.hpp"
#include "kernel/syscalls/support.hpp"

#include <fcntl.h>

namespace postern::kernel {

namespace {

/// Every stat call asks the host through statx: one source of facts for all layouts.
SysResult write_status(Task& task, GuestAddr address, Struct layout, const struct statx& host) {
    std::vector<std::byte> bytes(layout_of(task.abi(), layout).size);
    if (int error = convert_status(task.abi(), layout, host, bytes); error != 0) return error;
    return task.memory().write(address, bytes) ? 0 : -EFAULT;
}

SysResult status_of_path(Task& task, int directory, GuestAddr path, GuestAddr out, int flags, Struct layout) {
    constexpr int known = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH;
    if (flags & ~known) return -EINVAL;
    directory = host_fd(task, directory);
    auto host = path_argument(task, directory, path,
                              flags & AT_SYMLINK_NOFOLLOW ? LastLink::keep : LastLink::follow);
    if (!host) return host.error();
    struct statx status{};
    i64 result = host_call(SYS_statx, directory, *host, flags, STATX_BASIC_STATS, &status);
    return result < 0 ? SysResult(result) : write_status(task, out, layout, status);
}

template <Struct layout>
SysResult sys_stat(Task& task, GuestAddr path, GuestAddr out) {
    return status_of_path(task, AT_FDCWD, path, out, 0, layout);
}

template <Struct layout>
SysResult sys_lstat(Task& task, GuestAddr path, GuestAddr out) {
    return status_of_path(task, AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW, layout);
}

template <Struct layout>
SysResult sys_fstat(Task& task, int fd, GuestAddr out) {
    // An empty path with AT_FDCWD would be the working directory.
    if (fd < 0) return -EBADF;
    struct statx status{};
    i64 result = host_call(SYS_statx, host_fd(task, fd), "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status);
    return result < 0 ? SysResult(result) : write_status(task, out, layout, status);
}

template <Struct layout>
SysResult sys_fstatat(Task& task, int directory, GuestAddr path, GuestAddr out, int flags) {
    return status_of_path(task, directory, path, out, flags, layout);
}

SysResult sys_statx(Task& task, int directory, GuestAddr path, int flags, unsigned mask, GuestAddr out) {
    directory = host_fd(task, directory);
    struct statx status{};
    i64 result;
    if (!path && (flags & AT_EMPTY_PATH)) {   // since Linux 6.11
        result = host_call(SYS_statx, directory, "", flags, mask, &status);
    } else {
        auto host = path_argument(task, directory, path,
                                  flags & AT_SYMLINK_NOFOLLOW ? LastLink::keep : LastLink::follow);
        if (!host) return host.error();
        result = host_call(SYS_statx, directory, *host, flags, mask, &status);
    }
    return result < 0 ? SysResult(result) : write_status(task, out, Struct::statx, status);
}

// --- file systems

SysResult write_statfs(Task& task, GuestAddr address, Struct layout, i64 result, const struct statfs& host) {
    if (result < 0) return result;
    std::vector<std::byte> bytes(layout_of(task.abi(), layout).size);
    if (int error = convert_statfs(task.abi(), layout, host, bytes); error != 0) return error;
    return task.memory().write(address, bytes) ? 0 : -EFAULT;
}

SysResult statfs_of_path(Task& task, GuestAddr path, GuestAddr out, Struct layout) {
    auto host = path_argument(task, AT_FDCWD, path, LastLink::follow);
    if (!host) return host.error();
    struct statfs status{};
    i64 result = host_call(SYS_statfs, *host, &status);
    return write_statfs(task, out, layout, result, status);
}

SysResult statfs_of_fd(Task& task, int fd, GuestAddr out, Struct layout) {
    struct statfs status{};
    i64 result = host_call(SYS_fstatfs, host_fd(task, fd), &status);
    return write_statfs(task, out, layout, result, status);
}

SysResult sys_statfs(Task& task, GuestAddr path, GuestAddr out) {
    return statfs_of_path(task, path, out, Struct::statfs);
}
SysResult sys_fstatfs(Task& task, int fd, GuestAddr out) { return statfs_of_fd(task, fd, out, Struct::statfs); }

/// The caller says how large its struct is; ARM's libc counts the padding that the kernel's
/// struct has not (kernel: arch/arm/kernel/sys_arm.c).
bool is_statfs64_size(Task& task, GuestSize size) {
    u64 expected = layout_of(task.abi(), Struct::statfs64).size;
    return size.value == expected || size.value == align_up(expected, 8);
}

SysResult sys_statfs64(Task& task, GuestAddr path, GuestSize size, GuestAddr out) {
    if (!is_statfs64_size(task, size)) return -EINVAL;
    return statfs_of_path(task, path, out, Struct::statfs64);
}
SysResult sys_fstatfs64(Task& task, int fd, GuestSize size, GuestAddr out) {
    if (!is_statfs64_size(task, size)) return -EINVAL;
    return statfs_of_fd(task, fd, out, Struct::statfs64);
}

constexpr Support full = Support::full;

constexpr SyscallRow rows[] = {
    {"stat", adapt<sys_stat<Struct::stat>>, full, "path, stat_out"},
    {"lstat", adapt<sys_lstat<Struct::stat>>, full, "path, stat_out"},
    {"fstat", adapt<sys_fstat<Struct::stat>>, full, "fd, stat_out"},
    {"newfstatat", adapt<sys_fstatat<Struct::stat>>, full, "dirfd, path, stat_out, at_flags"},
    {"stat64", adapt<sys_stat<Struct::stat64>>, full, "path, stat64_out"},
    {"lstat64", adapt<sys_lstat<Struct::stat64>>, full, "path, stat64_out"},
    {"fstat64", adapt<sys_fstat<Struct::stat64>>, full, "fd, stat64_out"},
    {"fstatat64", adapt<sys_fstatat<Struct::stat64>>, full, "dirfd, path, stat64_out, at_flags"},
    {"oldstat", adapt<sys_stat<Struct::oldstat>>, full, "path, oldstat_out"},
    {"oldlstat", adapt<sys_lstat<Struct::oldstat>>, full, "path, oldstat_out"},
    {"oldfstat", adapt<sys_fstat<Struct::oldstat>>, full, "fd, oldstat_out"},
    {"statx", adapt<sys_statx>, full, "dirfd, path, at_flags, hex, statx_out"},
    {"statfs", adapt<sys_statfs>, full, "path, statfs_out"},
    {"fstatfs", adapt<sys_fstatfs>, full, "fd, statfs_out"},
    {"statfs64", adapt<sys_statfs64>, full, "path, size, statfs64_out"},
    {"fstatfs64", adapt<sys_fstatfs64>, full, "fd, size, statfs64_out"},
};

}  // namespace

std::span<const SyscallRow> stat_rows() { return rows; }

}  // namespace postern::kernel
