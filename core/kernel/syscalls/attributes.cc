// What is known of a file besides its bytes and may be changed: mode, owner, times, access
// checks, extended attributes.
#include "kernel/files.hpp"
#include "kernel/syscalls/support.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <sys/stat.h>

namespace postern::kernel {

namespace {

LastLink link_by_flags(int flags) { return flags & AT_SYMLINK_NOFOLLOW ? LastLink::keep : LastLink::follow; }

/// A host call of the form (dirfd, path, rest ...).
template <typename... Rest>
SysResult path_call(Task& task, LastLink last, long number, int directory, GuestAddr path, Rest... rest) {
    directory = host_fd(task, directory);
    auto host = path_argument(task, directory, path, last);
    if (!host) return host.error();
    return host_call(number, directory, *host, rest...);
}

// --- mode and access

SysResult sys_fchmodat(Task& task, int directory, GuestAddr path, unsigned mode) {
    return path_call(task, LastLink::follow, SYS_fchmodat, directory, path, mode);
}
SysResult sys_fchmodat2(Task& task, int directory, GuestAddr path, unsigned mode, int flags) {
    constexpr long number = 452;   // the host's headers may be older than its kernel
    return path_call(task, link_by_flags(flags), number, directory, path, mode, flags);
}
SysResult sys_chmod(Task& task, GuestAddr path, unsigned mode) { return sys_fchmodat(task, AT_FDCWD, path, mode); }
SysResult sys_fchmod(Task& task, int fd, unsigned mode) { return host_call(SYS_fchmod, host_fd(task, fd), mode); }

SysResult sys_faccessat(Task& task, int directory, GuestAddr path, int mode) {
    return path_call(task, LastLink::follow, SYS_faccessat, directory, path, mode);
}
SysResult sys_faccessat2(Task& task, int directory, GuestAddr path, int mode, int flags) {
    return path_call(task, link_by_flags(flags), SYS_faccessat2, directory, path, mode, flags);
}
SysResult sys_access(Task& task, GuestAddr path, int mode) { return sys_faccessat(task, AT_FDCWD, path, mode); }

// --- owner

SysResult sys_fchownat(Task& task, int directory, GuestAddr path, unsigned user, unsigned group, int flags) {
    return path_call(task, link_by_flags(flags), SYS_fchownat, directory, path, user, group, flags);
}
SysResult sys_chown(Task& task, GuestAddr path, unsigned user, unsigned group) {
    return sys_fchownat(task, AT_FDCWD, path, user, group, 0);
}
SysResult sys_lchown(Task& task, GuestAddr path, unsigned user, unsigned group) {
    return sys_fchownat(task, AT_FDCWD, path, user, group, AT_SYMLINK_NOFOLLOW);
}
SysResult sys_fchown(Task& task, int fd, unsigned user, unsigned group) {
    return host_call(SYS_fchown, host_fd(task, fd), user, group);
}

/// A 16-bit id: all ones still means "leave it".
unsigned wide_id(u16 id) { return id == 0xffff ? ~0u : id; }

SysResult sys_chown16(Task& task, GuestAddr path, u16 user, u16 group) {
    return sys_chown(task, path, wide_id(user), wide_id(group));
}
SysResult sys_lchown16(Task& task, GuestAddr path, u16 user, u16 group) {
    return sys_lchown(task, path, wide_id(user), wide_id(group));
}
SysResult sys_fchown16(Task& task, int fd, u16 user, u16 group) {
    return sys_fchown(task, fd, wide_id(user), wide_id(group));
}

// --- times

using TimePair = std::array<timespec, 2>;   // accessed, modified

/// Two times in a row; a null address means "now" for both.
std::expected<std::optional<TimePair>, int> time_pair(Task& task, GuestAddr address, Struct which) {
    if (!address) return std::nullopt;
    auto accessed = read_time(task, address, which);
    auto modified = read_time(task, address + layout_of(task.abi(), which).size, which);
    if (!accessed || !modified) return std::unexpected(-EFAULT);
    return TimePair{*accessed, *modified};
}

SysResult set_times(Task& task, int directory, GuestAddr path, const std::optional<TimePair>& times, int flags) {
    directory = host_fd(task, directory);
    const timespec* host_times = times ? times->data() : nullptr;
    // A null path means the descriptor itself.
    if (!path) return host_call(SYS_utimensat, directory, nullptr, host_times, flags);
    auto host = path_argument(task, directory, path, link_by_flags(flags));
    if (!host) return host.error();
    return host_call(SYS_utimensat, directory, *host, host_times, flags);
}

template <Struct which>
SysResult sys_utimensat(Task& task, int directory, GuestAddr path, GuestAddr address, int flags) {
    auto times = time_pair(task, address, which);
    if (!times) return times.error();
    return set_times(task, directory, path, *times, flags);
}

SysResult sys_futimesat(Task& task, int directory, GuestAddr path, GuestAddr address) {
    auto times = time_pair(task, address, Struct::old_timeval);
    if (!times) return times.error();
    if (*times) {
        for (const timespec& time : **times) {
            if (time.tv_nsec < 0 || time.tv_nsec >= 1'000'000'000) return -EINVAL;
        }
    }
    return set_times(task, directory, path, *times, 0);
}

SysResult sys_utimes(Task& task, GuestAddr path, GuestAddr times) {
    return path ? sys_futimesat(task, AT_FDCWD, path, times) : SysResult(-EFAULT);
}

SysResult sys_utime(Task& task, GuestAddr path, GuestAddr address) {
    std::optional<TimePair> times;
    if (address) {
        std::byte bytes[16];
        std::span buffer(bytes, layout_of(task.abi(), Struct::utimbuf).size);
        if (!task.memory().read(address, buffer)) return -EFAULT;
        StructView view(task.abi(), Struct::utimbuf, buffer);
        times = TimePair{timespec{static_cast<time_t>(view.get(Field::actime)), 0},
                         timespec{static_cast<time_t>(view.get(Field::modtime)), 0}};
    }
    return path ? set_times(task, AT_FDCWD, path, times, 0) : SysResult(-EFAULT);
}

// --- extended attributes: of a path, of a link itself, of a descriptor

constexpr u64 largest_attribute = 64 * 1024;   // XATTR_SIZE_MAX, XATTR_LIST_MAX

/// The file an attribute call is about, as the host's first argument.
struct Subject {
    std::string path;
    int fd = -1;
    long host() const { return path.empty() ? fd : host_argument(path); }
};

template <LastLink last>
std::expected<Subject, int> subject(Task& task, GuestAddr path) {
    auto host = path_argument(task, AT_FDCWD, path, last);
    if (!host) return std::unexpected(host.error());
    if (host->empty()) return std::unexpected(-ENOENT);
    return Subject{std::move(*host)};
}
template <LastLink>
std::expected<Subject, int> subject(Task& task, int fd) { return Subject{{}, host_fd(task, fd)}; }

template <long number, LastLink last, typename Where>
SysResult set_attribute(Task& task, Where where, GuestAddr name, GuestAddr value, GuestSize size, int flags) {
    auto file = subject<last>(task, where);
    if (!file) return file.error();
    auto host_name = string_argument(task, name);
    if (!host_name) return host_name.error();
    if (size.value > largest_attribute) return -E2BIG;
    std::vector<std::byte> bytes(size.value);
    if (!task.memory().read(value, bytes)) return -EFAULT;
    return host_call(number, file->host(), *host_name, bytes.data(), bytes.size(), flags);
}

SysResult fill(Task& task, GuestAddr buffer, std::span<const std::byte> bytes, i64 result) {
    if (result <= 0 || bytes.empty()) return result;
    return task.memory().write(buffer, bytes.first(static_cast<std::size_t>(result))) ? result : -EFAULT;
}

template <long number, LastLink last, typename Where>
SysResult get_attribute(Task& task, Where where, GuestAddr name, GuestAddr buffer, GuestSize size) {
    auto file = subject<last>(task, where);
    if (!file) return file.error();
    auto host_name = string_argument(task, name);
    if (!host_name) return host_name.error();
    std::vector<std::byte> bytes(std::min(size.value, largest_attribute));
    i64 result = host_call(number, file->host(), *host_name, bytes.data(), bytes.size());
    return fill(task, buffer, bytes, result);
}

template <long number, LastLink last, typename Where>
SysResult list_attributes(Task& task, Where where, GuestAddr buffer, GuestSize size) {
    auto file = subject<last>(task, where);
    if (!file) return file.error();
    std::vector<std::byte> bytes(std::min(size.value, largest_attribute));
    return fill(task, buffer, bytes, host_call(number, file->host(), bytes.data(), bytes.size()));
}

template <long number, LastLink last, typename Where>
SysResult remove_attribute(Task& task, Where where, GuestAddr name) {
    auto file = subject<last>(task, where);
    if (!file) return file.error();
    auto host_name = string_argument(task, name);
    if (!host_name) return host_name.error();
    return host_call(number, file->host(), *host_name);
}

constexpr LastLink follow = LastLink::follow, keep = LastLink::keep;
constexpr Support full = Support::full;

constexpr SyscallRow rows[] = {
    {"chmod", adapt<sys_chmod>, full, "path, mode"},
    {"fchmod", adapt<sys_fchmod>, full, "fd, mode"},
    {"fchmodat", adapt<sys_fchmodat>, full, "dirfd, path, mode"},
    {"fchmodat2", adapt<sys_fchmodat2>, full, "dirfd, path, mode, at_flags"},
    {"access", adapt<sys_access>, full, "path, access_mode"},
    {"faccessat", adapt<sys_faccessat>, full, "dirfd, path, access_mode"},
    {"faccessat2", adapt<sys_faccessat2>, full, "dirfd, path, access_mode, at_flags"},
    {"chown", adapt<sys_chown>, full, "path, uid, gid"},
    {"lchown", adapt<sys_lchown>, full, "path, uid, gid"},
    {"fchown", adapt<sys_fchown>, full, "fd, uid, gid"},
    {"fchownat", adapt<sys_fchownat>, full, "dirfd, path, uid, gid, at_flags"},
    {"chown16", adapt<sys_chown16>, full, "path, uid, gid"},
    {"lchown16", adapt<sys_lchown16>, full, "path, uid, gid"},
    {"fchown16", adapt<sys_fchown16>, full, "fd, uid, gid"},
    {"utime", adapt<sys_utime>, full, "path, utimbuf_in"},
    {"utime32", adapt<sys_utime>, full, "path, utimbuf_in"},
    {"utimes", adapt<sys_utimes>, full, "path, timeval_pair"},
    {"utimes_time32", adapt<sys_utimes>, full, "path, timeval_pair"},
    {"futimesat", adapt<sys_futimesat>, full, "dirfd, path, timeval_pair"},
    {"futimesat_time32", adapt<sys_futimesat>, full, "dirfd, path, timeval_pair"},
    {"utimensat", adapt<sys_utimensat<Struct::timespec64>>, full, "dirfd, path, timespec64_pair, at_flags"},
    {"utimensat_time32", adapt<sys_utimensat<Struct::old_timespec>>, full, "dirfd, path, timespec_pair, at_flags"},
    {"setxattr", adapt<set_attribute<SYS_setxattr, follow, GuestAddr>>, full, "path, str, buf_in, size, hex"},
    {"lsetxattr", adapt<set_attribute<SYS_lsetxattr, keep, GuestAddr>>, full, "path, str, buf_in, size, hex"},
    {"fsetxattr", adapt<set_attribute<SYS_fsetxattr, follow, int>>, full, "fd, str, buf_in, size, hex"},
    {"getxattr", adapt<get_attribute<SYS_getxattr, follow, GuestAddr>>, full, "path, str, buf_out, size"},
    {"lgetxattr", adapt<get_attribute<SYS_lgetxattr, keep, GuestAddr>>, full, "path, str, buf_out, size"},
    {"fgetxattr", adapt<get_attribute<SYS_fgetxattr, follow, int>>, full, "fd, str, buf_out, size"},
    {"listxattr", adapt<list_attributes<SYS_listxattr, follow, GuestAddr>>, full, "path, buf_out, size"},
    {"llistxattr", adapt<list_attributes<SYS_llistxattr, keep, GuestAddr>>, full, "path, buf_out, size"},
    {"flistxattr", adapt<list_attributes<SYS_flistxattr, follow, int>>, full, "fd, buf_out, size"},
    {"removexattr", adapt<remove_attribute<SYS_removexattr, follow, GuestAddr>>, full, "path, str"},
    {"lremovexattr", adapt<remove_attribute<SYS_lremovexattr, keep, GuestAddr>>, full, "path, str"},
    {"fremovexattr", adapt<remove_attribute<SYS_fremovexattr, follow, int>>, full, "fd, str"},
};

}  // namespace

std::span<const SyscallRow> attribute_rows() { return rows; }

}  // namespace postern::kernel
