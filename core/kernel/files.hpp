// Per-process file state, paths, flags and buffers. Guest descriptors are host descriptors.
#pragma once

#include "abi/abi.hpp"
#include "base/types.hpp"
#include "kernel/sys_result.hpp"
#include "memory/address_space.hpp"

#include <expected>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/uio.h>
#include <vector>

namespace postern::kernel {

class Process;
struct Task;

struct FileState {
    /// Descriptors from here on are Postern's own and do not exist for the guest: the guest
    /// gets EBADF for them and its RLIMIT_NOFILE reads as this number. Set at start.
    int first_reserved_fd = 1 << 20;
    /// Host path of the whole tree that the guest can see, without a trailing slash; empty = the host's own root.
    std::string sysroot;
    /// The guest's root in that tree, which it may change: empty, or "/a/b".
    std::string root;
    /// Where the guest was started, if that is outside the sysroot: what lies below stays in its reach by relative
    /// paths, nothing above. Host path, or empty.
    std::string outside;
    /// An eventfd, timerfd, inotify descriptor or netlink socket was made: reads may need their bytes swapped.
    bool has_event_descriptors = false;
    /// Descriptors of ours on directories of local sockets whose host paths are too long, by host path.
    std::map<std::string, int> socket_directories;

    bool is_guest_fd(int fd) const { return fd >= 0 && fd < first_reserved_fd; }
    /// The host descriptor for a guest one: itself, or -1 (so that the host says EBADF where
    /// Linux would) for those that do not exist for the guest. AT_FDCWD stays.
    int host_fd(int fd) const { return fd < first_reserved_fd ? fd : -1; }
};

/// Divides the descriptors (the guest keeps the inherited soft limit, Postern's own lie above)
/// and sets the guest's root to `sysroot`, empty = the host's. Once, before anything is opened.
void initialize_files(FileState& files, const std::string& sysroot);

/// Moves a descriptor of ours to the reserved range (close-on-exec); -errno on failure.
int reserve_fd(FileState& files, int fd);

// --- paths

/// Whether a symbolic link as the last component is followed.
enum class LastLink : u8 { follow, keep };

/// The host path for a guest path: absolute ones and links lead below the guest's root, and nothing leads above the
/// sysroot. The sysroot's /proc, /sys and /dev are the host's. A directory outside that the guest was given (where it
/// was started, a descriptor) is a tree of its own. Without a sysroot a path is itself. Entries of /proc/self whose host
/// content would show the emulator are opened through `open_synthetic` instead.
std::string host_path(Process& process, std::string_view guest_path, LastLink last = LastLink::follow);
/// The same, for a path relative to a directory descriptor (AT_FDCWD: the working directory).
std::string host_path_at(Process& process, int directory, std::string_view guest_path, LastLink last);
/// The host path for a guest path before there is a process.
std::string host_path_below(const std::string& sysroot, std::string_view guest_path);
/// What the guest calls a host path: without the guest's root in front.
std::string guest_path(Process& process, std::string_view host);
/// Whether the guest's root is above a host path (or it is one of /proc, /sys, /dev, which show through).
bool is_below_root(const FileState& files, std::string_view host);
/// The place of a host path in the sysroot's tree ("" is its top), or nothing for one outside; and back.
std::optional<std::string_view> path_in_sysroot(const FileState& files, std::string_view host);
std::string host_path_in_sysroot(const FileState& files, std::string_view place);
std::string_view without_root(std::string_view host, std::string_view root);

/// Host path behind a descriptor (AT_FDCWD: the working directory), or nothing.
std::optional<std::string> path_of_descriptor(int directory);

/// A path argument: read from guest memory and put on the host. Error: -EFAULT, -ENAMETOOLONG.
std::expected<std::string, int> path_argument(Task& task, int directory, GuestAddr path, LastLink last);
/// A string argument, at most PATH_MAX with its NUL. Error: -EFAULT, -ENAMETOOLONG.
std::expected<std::string, int> string_argument(Task& task, GuestAddr address);

/// A descriptor on a synthetic /proc file (cpuinfo; self's exe, maps, auxv, cmdline, stat,
/// status, statm ...) with the guest's view; -ENOENT if `guest_path` is not one of them.
i64 open_synthetic(Process& process, std::string_view guest_path, int flags);
/// The same for a path relative to a directory descriptor.
i64 open_synthetic_at(Process& process, int directory, std::string_view guest_path, int flags);
/// The target of a synthetic /proc link (exe), as the guest sees it.
std::optional<std::string> read_synthetic_link(Process& process, std::string_view guest_path);

/// Whether the folder of that number in /proc is this process's: its own, or one of its threads'.
bool is_own_process(std::string_view number);

/// Whether a path is the guest's own /proc/self/exe.
bool is_own_executable(std::string_view guest_path);

/// The lines of /proc/self/maps. File names lose `root` in front of them.
std::string format_maps(const memory::AddressSpace& memory, std::string_view root);

// --- flags

/// O_* flags between the guest's numbers and the host's.
int open_flags_from_guest(const Abi& abi, unsigned guest);

/// The same for the flags of pipe2, eventfd2, signalfd4, timerfd_create and inotify_init1, which are O_ flags under
/// other names, without the bits that the ABI ignores there.
int creation_flags_from_guest(const Abi& abi, int guest);
unsigned open_flags_to_guest(const Abi& abi, int host);
/// MAP_* flags from the guest's numbers.
unsigned map_flags_from_guest(const Abi& abi, unsigned guest);

// --- buffers

/// Linux cuts reads and writes at this size (kernel: MAX_RW_COUNT).
inline constexpr u64 max_transfer = 0x7ffff000;

/// Guest buffers as host memory, ready for one host call. Where the guest may not access the
/// bytes, the list ends with an entry that makes the host kernel itself answer EFAULT or a
/// short count, exactly as it does for a native program.
class HostBuffers {
public:
    /// One buffer.
    HostBuffers(Task& task, GuestAddr address, u64 size, Access access);
    /// An array of guest iovecs. `error()` is 0, -EINVAL or -EFAULT.
    HostBuffers(Task& task, GuestAddr vector, u64 count, Access access, bool is_vector);

    int error() const { return error_; }
    const iovec* data() const { return parts_.data(); }
    u64 count() const { return parts_.size(); }
    /// One piece: a plain call does.
    bool is_single() const { return parts_.size() == 1; }
    u64 address() const { return reinterpret_cast<u64>(parts_[0].iov_base); }
    u64 size() const { return parts_[0].iov_len; }

private:
    bool add(Task& task, GuestAddr address, u64 size, Access access);

    std::vector<iovec> parts_;
    u64 total_ = 0;
    int error_ = 0;
};

/// Whether a piece of HostBuffers is memory. One that is not stands for bytes that the guest may not access.
bool is_accessible(const iovec& piece);
/// The first `size` bytes of the pieces, as far as they are accessible.
std::vector<std::byte> gather(std::span<const iovec> pieces, u64 size);
/// Fills the pieces with `bytes`, as far as they are accessible.
void scatter(std::span<const iovec> pieces, std::span<const std::byte> bytes);

}  // namespace postern::kernel
