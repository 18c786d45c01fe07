// Names: links, directories, renames, the working directory and root, reading directories, mounts.
#include "kernel/files.hpp"
#include "kernel/syscalls/dirents.hpp"
#include "kernel/syscalls/support.hpp"

#include <algorithm>
#include <climits>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

namespace postern::kernel {

namespace {

/// A host call of the form (dirfd, path, rest ...).
template <typename... Rest>
SysResult path_call(Task& task, LastLink last, long number, int directory, GuestAddr path, Rest... rest) {
    directory = host_fd(task, directory);
    auto host = path_argument(task, directory, path, last);
    if (!host) return host.error();
    return host_call(number, directory, *host, rest...);
}

SysResult sys_mkdirat(Task& task, int directory, GuestAddr path, unsigned mode) {
    return path_call(task, LastLink::keep, SYS_mkdirat, directory, path, mode);
}
SysResult sys_mkdir(Task& task, GuestAddr path, unsigned mode) { return sys_mkdirat(task, AT_FDCWD, path, mode); }

SysResult sys_unlinkat(Task& task, int directory, GuestAddr path, int flags) {
    return path_call(task, LastLink::keep, SYS_unlinkat, directory, path, flags);
}
SysResult sys_unlink(Task& task, GuestAddr path) { return sys_unlinkat(task, AT_FDCWD, path, 0); }
SysResult sys_rmdir(Task& task, GuestAddr path) { return sys_unlinkat(task, AT_FDCWD, path, AT_REMOVEDIR); }

SysResult sys_mknodat(Task& task, int directory, GuestAddr path, unsigned mode, unsigned device) {
    return path_call(task, LastLink::keep, SYS_mknodat, directory, path, mode, device);
}
SysResult sys_mknod(Task& task, GuestAddr path, unsigned mode, unsigned device) {
    return sys_mknodat(task, AT_FDCWD, path, mode, device);
}

// --- two names

SysResult two_paths(Task& task, long number, int from_directory, GuestAddr from, int to_directory, GuestAddr to,
                    LastLink from_link, unsigned flags) {
    from_directory = host_fd(task, from_directory);
    to_directory = host_fd(task, to_directory);
    auto host_from = path_argument(task, from_directory, from, from_link);
    if (!host_from) return host_from.error();
    auto host_to = path_argument(task, to_directory, to, LastLink::keep);
    if (!host_to) return host_to.error();
    return host_call(number, from_directory, *host_from, to_directory, *host_to, flags);
}

SysResult sys_linkat(Task& task, int from_directory, GuestAddr from, int to_directory, GuestAddr to, int flags) {
    LastLink last = flags & AT_SYMLINK_FOLLOW ? LastLink::follow : LastLink::keep;
    return two_paths(task, SYS_linkat, from_directory, from, to_directory, to, last, static_cast<unsigned>(flags));
}
SysResult sys_link(Task& task, GuestAddr from, GuestAddr to) {
    return sys_linkat(task, AT_FDCWD, from, AT_FDCWD, to, 0);
}

SysResult sys_renameat2(Task& task, int from_directory, GuestAddr from, int to_directory, GuestAddr to,
                        unsigned flags) {
    return two_paths(task, SYS_renameat2, from_directory, from, to_directory, to, LastLink::keep, flags);
}
SysResult sys_renameat(Task& task, int from_directory, GuestAddr from, int to_directory, GuestAddr to) {
    return sys_renameat2(task, from_directory, from, to_directory, to, 0);
}
SysResult sys_rename(Task& task, GuestAddr from, GuestAddr to) {
    return sys_renameat2(task, AT_FDCWD, from, AT_FDCWD, to, 0);
}

/// The target of a new symbolic link is text: it is stored as the guest wrote it.
SysResult sys_symlinkat(Task& task, GuestAddr target, int directory, GuestAddr path) {
    auto text = string_argument(task, target);
    if (!text) return text.error();
    directory = host_fd(task, directory);
    auto host = path_argument(task, directory, path, LastLink::keep);
    if (!host) return host.error();
    return host_call(SYS_symlinkat, *text, directory, *host);
}
SysResult sys_symlink(Task& task, GuestAddr target, GuestAddr path) {
    return sys_symlinkat(task, target, AT_FDCWD, path);
}

SysResult sys_readlinkat(Task& task, int directory, GuestAddr path, GuestAddr buffer, int size) {
    if (size <= 0) return -EINVAL;
    auto text = string_argument(task, path);
    if (!text) return text.error();
    directory = host_fd(task, directory);
    std::string host = host_path_at(task.process, directory, *text, LastLink::keep);
    auto target = read_synthetic_link(task.process, host);
    if (!target) {
        char bytes[PATH_MAX];
        i64 length = host_call(SYS_readlinkat, directory, host, bytes, sizeof bytes);
        if (length < 0) return length;
        target = std::string(bytes, static_cast<std::size_t>(length));
        // Links of /proc name host paths; all others are the text that was stored.
        if (host.starts_with("/proc/")) target = guest_path(task.process, *target);
    }
    auto out = std::as_bytes(std::span(*target)).first(std::min(target->size(), static_cast<std::size_t>(size)));
    return task.memory().write(buffer, out) ? static_cast<i64>(out.size()) : -EFAULT;
}
SysResult sys_readlink(Task& task, GuestAddr path, GuestAddr buffer, int size) {
    return sys_readlinkat(task, AT_FDCWD, path, buffer, size);
}

// --- where we are

SysResult sys_chdir(Task& task, GuestAddr path) {
    auto host = path_argument(task, AT_FDCWD, path, LastLink::follow);
    return host ? host_call(SYS_chdir, *host) : host.error();
}

SysResult sys_fchdir(Task& task, int fd) { return host_call(SYS_fchdir, host_fd(task, fd)); }

SysResult sys_getcwd(Task& task, GuestAddr buffer, GuestSize size) {
    char host[PATH_MAX];
    i64 length = host_call(SYS_getcwd, host, sizeof host);
    if (length < 0) return length;
    std::string path = guest_path(task.process, host);
    const FileState& files = task.process.files();
    if (!files.root.empty() && !is_below_root(files, host)) path.insert(0, "(unreachable)");
    if (path.size() + 1 > size.value) return -ERANGE;
    auto bytes = std::as_bytes(std::span(path.c_str(), path.size() + 1));
    return task.memory().write(buffer, bytes) ? static_cast<i64>(bytes.size()) : -EFAULT;
}

/// The guest's root is ours to keep: the host process stays where it is, so that /proc and
/// the files of Postern itself remain in reach.
SysResult sys_chroot(Task& task, GuestAddr path) {
    auto host = path_argument(task, AT_FDCWD, path, LastLink::follow);
    if (!host) return host.error();
    struct stat status;
    if (::stat(host->c_str(), &status) != 0) return -errno;
    if (!S_ISDIR(status.st_mode)) return -ENOTDIR;
    if (::access(host->c_str(), X_OK) != 0) return -errno;
    if (::geteuid() != 0) return -EPERM;
    char canonical[PATH_MAX];
    if (!::realpath(host->c_str(), canonical)) return -errno;
    FileState& files = task.process.files();
    auto inside = path_in_sysroot(files, canonical);
    if (!inside) return -EPERM;
    files.root = *inside;
    return 0;
}

SysResult sys_umask(Task&, int mask) { return host_call(SYS_umask, mask); }

// --- mounts

SysResult sys_mount(Task& task, GuestAddr source, GuestAddr target, GuestAddr type, GuestWord flags, GuestAddr data) {
    std::string texts[3];   // source, type, data: each may be a null pointer
    const GuestAddr addresses[3] = {source, type, data};
    for (std::size_t i = 0; i < 3; ++i) {
        if (!addresses[i]) continue;
        auto text = string_argument(task, addresses[i]);
        if (!text) return text.error();
        texts[i] = std::move(*text);
    }
    auto host = path_argument(task, AT_FDCWD, target, LastLink::follow);
    if (!host) return host.error();
    if (texts[0].starts_with('/')) texts[0] = host_path(task.process, texts[0]);
    auto pointer = [&](std::size_t i) { return addresses[i] ? texts[i].c_str() : nullptr; };
    return host_call(SYS_mount, pointer(0), *host, pointer(1), flags.value, pointer(2));
}

SysResult sys_umount2(Task& task, GuestAddr path, int flags) {
    constexpr int no_follow = 8;   // UMOUNT_NOFOLLOW
    auto host = path_argument(task, AT_FDCWD, path, flags & no_follow ? LastLink::keep : LastLink::follow);
    return host ? host_call(SYS_umount2, *host, flags) : host.error();
}
SysResult sys_umount(Task& task, GuestAddr path) { return sys_umount2(task, path, 0); }

constexpr SyscallRow rows[] = {
    {"mkdir", adapt<sys_mkdir>, Support::full, "path, mode"},
    {"mkdirat", adapt<sys_mkdirat>, Support::full, "dirfd, path, mode"},
    {"rmdir", adapt<sys_rmdir>, Support::full, "path"},
    {"unlink", adapt<sys_unlink>, Support::full, "path"},
    {"unlinkat", adapt<sys_unlinkat>, Support::full, "dirfd, path, hex"},
    {"mknod", adapt<sys_mknod>, Support::full, "path, mode, dev"},
    {"mknodat", adapt<sys_mknodat>, Support::full, "dirfd, path, mode, dev"},
    {"link", adapt<sys_link>, Support::full, "path, path"},
    {"linkat", adapt<sys_linkat>, Support::full, "dirfd, path, dirfd, path, at_flags"},
    {"rename", adapt<sys_rename>, Support::full, "path, path"},
    {"renameat", adapt<sys_renameat>, Support::full, "dirfd, path, dirfd, path"},
    {"renameat2", adapt<sys_renameat2>, Support::full, "dirfd, path, dirfd, path, hex"},
    {"symlink", adapt<sys_symlink>, Support::full, "str, path"},
    {"symlinkat", adapt<sys_symlinkat>, Support::full, "str, dirfd, path"},
    {"readlink", adapt<sys_readlink>, Support::full, "path, buf_out, size"},
    {"readlinkat", adapt<sys_readlinkat>, Support::full, "dirfd, path, buf_out, size"},
    {"getdents", adapt<sys_getdents>, Support::partial, "fd, ptr, size",
     "offsets of large directories do not fit into 32-bit records"},
    {"getdents64", adapt<sys_getdents64>, Support::full, "fd, dirents_out, size"},
    {"chdir", adapt<sys_chdir>, Support::full, "path"},
    {"fchdir", adapt<sys_fchdir>, Support::full, "fd"},
    {"getcwd", adapt<sys_getcwd>, Support::full, "str_out, size"},
    {"chroot", adapt<sys_chroot>, Support::partial, "path", "the guest's root only: the host process keeps its own; EPERM for a directory outside the sysroot"},
    {"umask", adapt<sys_umask>, Support::full, "mode"},
    {"mount", adapt<sys_mount>, Support::partial, "str, path, str, hex, str", "data is passed as text"},
    {"umount", adapt<sys_umount>, Support::full, "path"},
    {"umount2", adapt<sys_umount2>, Support::full, "path, hex"},
};

}  // namespace

std::span<const SyscallRow> directory_rows() { return rows; }

}  // namespace postern::kernel
