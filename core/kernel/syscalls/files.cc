// Descriptors: open, close, duplicates, pipes, positions, sizes, and getting bytes to the disk.
#include "kernel/files.hpp"
#include "kernel/syscalls/support.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>

namespace postern::kernel {

namespace {

// --- open

struct HowToOpen {
    int flags;            ///< host numbers
    u64 mode;
    u64 resolve = 0;      ///< RESOLVE_*
};

LastLink last_link(int flags) {
    bool keeps = (flags & O_NOFOLLOW) || ((flags & O_CREAT) && (flags & O_EXCL));
    return keeps ? LastLink::keep : LastLink::follow;
}

/// openat2 with rules for the path, which the host applies to the guest's own text.
SysResult open_resolving(Task& task, int directory, const std::string& text, const std::string& host, const HowToOpen& how) {
    const FileState& files = task.process.files();
    std::string root = host_path_in_sysroot(files, files.root);
    open_how host_how{.flags = static_cast<u32>(how.flags), .mode = how.mode, .resolve = how.resolve};
    auto open = [&](int from, const std::string& path) -> SysResult {
        return restartable_call(task, restart_sys, SYS_openat2, from, path, &host_how, sizeof host_how);
    };
    bool confined = how.resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT);
    if (root == "/" || confined) return open(directory, text);
    if (without_root(host, root) == host) return open(directory, host);   // a relative one, or the host's /proc
    // The guest's root is where ".." and absolute links end.
    auto from = text.starts_with('/') ? std::optional<std::string>(root) : path_of_descriptor(directory);
    int root_fd = ::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root_fd < 0) return -errno;
    host_how.resolve |= RESOLVE_IN_ROOT;
    SysResult result = open(root_fd, fmt::format("{}/{}", without_root(from.value_or(root), root), text));
    ::close(root_fd);
    return result;
}

bool is_in_proc(int fd) {
    static const dev_t proc = [] {
        struct stat status{};
        return ::stat("/proc/self", &status) == 0 ? status.st_dev : dev_t{};
    }();
    struct stat status;
    return ::fstat(fd, &status) == 0 && status.st_dev == proc;
}

/// A file of /proc may have been reached by a link or in another way round: what the host says there of this process is
/// about the emulator. Puts the guest's view in its place.
SysResult put_guest_view(Task& task, int fd, int flags) {
    if (!is_in_proc(fd)) return fd;
    auto path = path_of_descriptor(fd);
    i64 synthetic = path ? open_synthetic(task.process, *path, flags) : -ENOENT;
    if (synthetic == -ENOENT) return fd;
    if (synthetic < 0) {
        ::close(fd);
        return synthetic;
    }
    ::dup3(static_cast<int>(synthetic), fd, flags & O_CLOEXEC);
    ::close(static_cast<int>(synthetic));
    return fd;
}

SysResult open_without_notice(Task& task, int directory, GuestAddr path, const HowToOpen& how) {
    auto text = string_argument(task, path);
    if (!text) return text.error();
    directory = host_fd(task, directory);
    std::string host = host_path_at(task.process, directory, *text, last_link(how.flags));
    i64 synthetic = open_synthetic_at(task.process, directory, host, how.flags);
    if (synthetic != -ENOENT) return synthetic;
    SysResult opened = how.resolve == 0
        ? restartable_call(task, restart_sys, SYS_openat, directory, host, how.flags, how.mode)
        : open_resolving(task, directory, *text, host, how);
    return opened.value < 0 ? opened : put_guest_view(task, static_cast<int>(opened.value), how.flags);
}

/// The guest's mappings of a file end where the file ends; it may have been cut or extended.
void note_file_size(Task& task, const struct stat& status) {
    if (S_ISREG(status.st_mode)) {
        task.memory().file_resized(status.st_dev, status.st_ino, static_cast<u64>(status.st_size));
    }
}

SysResult open_at(Task& task, int directory, GuestAddr path, const HowToOpen& how) {
    SysResult opened = open_without_notice(task, directory, path, how);
    struct stat status;
    if ((how.flags & O_TRUNC) && opened.value >= 0 && ::fstat(static_cast<int>(opened.value), &status) == 0) {
        note_file_size(task, status);
    }
    return opened;
}

SysResult sys_openat(Task& task, int directory, GuestAddr path, unsigned flags, unsigned mode) {
    return open_at(task, directory, path, {open_flags_from_guest(task.abi(), flags), mode});
}

SysResult sys_open(Task& task, GuestAddr path, unsigned flags, unsigned mode) {
    return sys_openat(task, AT_FDCWD, path, flags, mode);
}

SysResult sys_creat(Task& task, GuestAddr path, unsigned mode) {
    return open_at(task, AT_FDCWD, path, {O_CREAT | O_WRONLY | O_TRUNC, mode});
}

SysResult sys_openat2(Task& task, int directory, GuestAddr path, GuestAddr how, GuestSize size) {
    constexpr u64 known_size = sizeof(open_how);
    if (size.value < known_size) return -EINVAL;
    if (size.value > task.memory().page_size()) return -E2BIG;
    std::vector<std::byte> bytes(size.value);
    if (!task.memory().read(how, bytes)) return -EFAULT;
    auto unknown = std::span(bytes).subspan(known_size);
    if (std::ranges::any_of(unknown, [](std::byte byte) { return byte != std::byte{0}; })) return -E2BIG;
    StructView view(task.abi(), Struct::open_how, bytes);
    u64 flags = view.get(Field::flags);
    if (flags >> 32) return -EINVAL;
    HowToOpen asked{open_flags_from_guest(task.abi(), static_cast<u32>(flags)), view.get(Field::mode),
                    view.get(Field::resolve)};
    // openat2 is strict where openat ignores.
    constexpr int tmpfile_bit = O_TMPFILE & ~O_DIRECTORY;
    bool creates = asked.flags & (O_CREAT | tmpfile_bit);
    if ((asked.mode & ~u64{07777}) || (asked.mode != 0 && !creates)) return -EINVAL;
    return open_at(task, directory, path, asked);
}

SysResult sys_close(Task& task, int fd) { return host_call(SYS_close, host_fd(task, fd)); }

SysResult sys_close_range(Task& task, unsigned first, unsigned last, unsigned flags) {
    auto end = static_cast<unsigned>(task.process.files().first_reserved_fd);
    if (first > last) return -EINVAL;
    if (first >= end) return 0;
    return host_call(SYS_close_range, first, std::min(last, end - 1), flags);
}

// --- duplicates and pipes

SysResult sys_dup(Task& task, int fd) { return host_call(SYS_dup, host_fd(task, fd)); }

SysResult sys_dup3(Task& task, int from, int to, int flags) {
    return host_call(SYS_dup3, host_fd(task, from), host_fd(task, to),
                     open_flags_from_guest(task.abi(), static_cast<unsigned>(flags)));
}

SysResult sys_dup2(Task& task, int from, int to) {
    if (from != to) return host_call(SYS_dup3, host_fd(task, from), host_fd(task, to), 0);
    i64 exists = host_call(SYS_fcntl, host_fd(task, from), F_GETFD);
    return exists < 0 ? exists : to;
}

SysResult sys_pipe2(Task& task, GuestAddr address, int flags) {
    std::array<int, 2> fds{};
    i64 result = host_call(SYS_pipe2, fds.data(), creation_flags_from_guest(task.abi(), flags));
    if (result < 0) return result;
    std::byte bytes[8];
    store(bytes, fds[0], task.abi().byte_order);
    store(bytes + 4, fds[1], task.abi().byte_order);
    if (task.memory().write(address, bytes)) return 0;
    ::close(fds[0]);
    ::close(fds[1]);
    return -EFAULT;
}

/// Both descriptors in registers, where the ABI's pipe(2) has a second result.
SysResult sys_pipe(Task& task, GuestAddr address) {
    const auto& second = task.abi().syscall.second_result;
    if (!second) return sys_pipe2(task, address, 0);
    std::array<int, 2> fds{};
    if (i64 error = host_call(SYS_pipe2, fds.data(), 0); error < 0) return error;
    task.cpu().set(*second, static_cast<u64>(fds[1]));
    return fds[0];
}

SysResult sys_memfd_create(Task& task, GuestAddr name, unsigned flags) {
    auto text = task.memory().read_string(name, 250);
    if (!text) return -EFAULT;
    if (text->size() >= 250) return -EINVAL;
    return host_call(SYS_memfd_create, *text, flags);
}

// --- positions and sizes

SysResult sys_lseek(Task& task, int fd, GuestLong offset, int whence) {
    i64 result = host_call(SYS_lseek, host_fd(task, fd), offset.value, whence);
    if (result >= 0 && task.abi().long_size() == 4 && result > INT32_MAX) return -EOVERFLOW;
    return result;
}

/// Where a register has more bits than a long.
SysResult sys_wide_lseek(Task& task, int fd, Wide offset, int whence) {
    return host_call(SYS_lseek, host_fd(task, fd), offset.value, whence);
}

/// Its two halves are separate arguments, high first, on every ABI.
SysResult sys_llseek(Task& task, int fd, unsigned high, unsigned low, GuestAddr address, unsigned whence) {
    if (whence > SEEK_HOLE) return -EINVAL;
    i64 result = host_call(SYS_lseek, host_fd(task, fd), static_cast<i64>(u64{high} << 32 | low), whence);
    if (result < 0) return result;
    return task.memory().write(GuestPtr<i64>{address}, result) ? 0 : -EFAULT;
}

SysResult truncate_path(Task& task, GuestAddr path, i64 size) {
    auto host = path_argument(task, AT_FDCWD, path, LastLink::follow);
    if (!host) return host.error();
    SysResult result = host_call(SYS_truncate, *host, size);
    struct stat status;
    if (result.value == 0 && ::stat(host->c_str(), &status) == 0) note_file_size(task, status);
    return result;
}

SysResult sys_truncate(Task& task, GuestAddr path, GuestLong size) { return truncate_path(task, path, size.value); }
SysResult sys_truncate64(Task& task, GuestAddr path, Wide size) { return truncate_path(task, path, size.value); }

SysResult truncate_file(Task& task, int fd, i64 size) {
    SysResult result = host_call(SYS_ftruncate, host_fd(task, fd), size);
    struct stat status;
    if (result.value == 0 && ::fstat(host_fd(task, fd), &status) == 0) note_file_size(task, status);
    return result;
}

SysResult sys_ftruncate(Task& task, int fd, GuestLong size) { return truncate_file(task, fd, size.value); }
SysResult sys_ftruncate64(Task& task, int fd, Wide size) { return truncate_file(task, fd, size.value); }

SysResult sys_fallocate(Task& task, int fd, int mode, Wide offset, Wide size) {
    return restartable_call(task, restart_sys, SYS_fallocate, host_fd(task, fd), mode, offset.value, size.value);
}

// --- to and from the disk

SysResult sys_fsync(Task& task, int fd) { return host_call(SYS_fsync, host_fd(task, fd)); }
SysResult sys_fdatasync(Task& task, int fd) { return host_call(SYS_fdatasync, host_fd(task, fd)); }
SysResult sys_syncfs(Task& task, int fd) { return host_call(SYS_syncfs, host_fd(task, fd)); }
SysResult sys_sync(Task&) { return host_call(SYS_sync); }

SysResult sys_readahead(Task& task, int fd, Wide offset, GuestSize size) {
    return host_call(SYS_readahead, host_fd(task, fd), offset.value, size.value);
}

SysResult sys_sync_file_range(Task& task, int fd, Wide offset, Wide size, unsigned flags) {
    return host_call(SYS_sync_file_range, host_fd(task, fd), offset.value, size.value, flags);
}
SysResult sys_sync_file_range2(Task& task, int fd, unsigned flags, Wide offset, Wide size) {
    return sys_sync_file_range(task, fd, offset, size, flags);
}

SysResult advise(Task& task, int fd, i64 offset, i64 size, int advice) {
    // s390x has its own numbers for the last two (kernel: include/uapi/linux/fadvise.h);
    // elsewhere 6 and 7 mean nothing. It is only advice.
    if (advice == 6 || advice == 7) advice -= 2;
    return host_call(SYS_fadvise64, host_fd(task, fd), offset, size, advice);
}
SysResult sys_fadvise64(Task& task, int fd, Wide offset, GuestSize size, int advice) {
    return advise(task, fd, offset.value, static_cast<i64>(size.value), advice);
}
SysResult sys_fadvise64_64(Task& task, int fd, Wide offset, Wide size, int advice) {
    return advise(task, fd, offset.value, size.value, advice);
}
SysResult sys_arm_fadvise64_64(Task& task, int fd, int advice, Wide offset, Wide size) {
    return advise(task, fd, offset.value, size.value, advice);
}
/// s390: descriptor, offset, length and advice in memory (kernel: struct fadvise64_64_args).
SysResult sys_fadvise64_block(Task& task, GuestAddr block) {
    std::array<std::byte, 32> bytes;
    if (!task.memory().read(block, bytes)) return -EFAULT;
    auto number = [&](unsigned at, unsigned width) {
        return static_cast<i64>(load_unsigned(&bytes[at], width, task.abi().byte_order));
    };
    return advise(task, static_cast<int>(number(0, 4)), number(8, 8), number(16, 8), static_cast<int>(number(24, 4)));
}

constexpr std::string_view large_files = "on 32-bit ABIs O_LARGEFILE is always implied";

constexpr SyscallRow rows[] = {
    waits({"open", adapt<sys_open>, Support::partial, "path, oflags, mode", large_files}),
    waits({"openat", adapt<sys_openat>, Support::partial, "dirfd, path, oflags, mode", large_files}),
    waits({"openat2", adapt<sys_openat2>, Support::partial, "dirfd, path, ptr, size",
           "with a sysroot the RESOLVE_ flags apply to the host's tree"}),
    waits({"creat", adapt<sys_creat>, Support::full, "path, mode"}),
    {"close", adapt<sys_close>, Support::full, "fd"},
    {"close_range", adapt<sys_close_range>, Support::full, "fd, fd, hex"},
    {"dup", adapt<sys_dup>, Support::full, "fd"},
    {"dup2", adapt<sys_dup2>, Support::full, "fd, fd"},
    {"dup3", adapt<sys_dup3>, Support::full, "fd, fd, fd_flags"},
    {"pipe", adapt<sys_pipe>, Support::full, "fd_pair_out"},
    {"pipe2", adapt<sys_pipe2>, Support::full, "fd_pair_out, fd_flags"},
    {"memfd_create", adapt<sys_memfd_create>, Support::full, "str, hex"},
    {"lseek", adapt<sys_lseek>, Support::full, "fd, off, whence"},
    {"wide_lseek", adapt<sys_wide_lseek>, Support::full, "fd, off64, whence"},
    {"llseek", adapt<sys_llseek>, Support::full, "fd, hex, hex, off64_out, whence"},
    {"truncate", adapt<sys_truncate>, Support::full, "path, off"},
    {"truncate64", adapt<sys_truncate64>, Support::full, "path, off64"},
    {"ftruncate", adapt<sys_ftruncate>, Support::full, "fd, off"},
    {"ftruncate64", adapt<sys_ftruncate64>, Support::full, "fd, off64"},
    waits({"fallocate", adapt<sys_fallocate>, Support::full, "fd, hex, off64, off64"}),
    {"fsync", adapt<sys_fsync>, Support::full, "fd"},
    {"fdatasync", adapt<sys_fdatasync>, Support::full, "fd"},
    {"sync", adapt<sys_sync>, Support::full, ""},
    {"syncfs", adapt<sys_syncfs>, Support::full, "fd"},
    {"readahead", adapt<sys_readahead>, Support::full, "fd, off64, size"},
    {"sync_file_range", adapt<sys_sync_file_range>, Support::full, "fd, off64, off64, hex"},
    {"sync_file_range2", adapt<sys_sync_file_range2>, Support::full, "fd, hex, off64, off64"},
    {"fadvise64", adapt<sys_fadvise64>, Support::full, "fd, off64, size, int"},
    {"fadvise64_64", adapt<sys_fadvise64_64>, Support::full, "fd, off64, off64, int"},
    {"fadvise64_block", adapt<sys_fadvise64_block>, Support::full, "ptr"},
    {"arm_fadvise64_64", adapt<sys_arm_fadvise64_64>, Support::full, "fd, int, off64, off64"},
};

}  // namespace

std::span<const SyscallRow> file_rows() { return rows; }

}  // namespace postern::kernel
