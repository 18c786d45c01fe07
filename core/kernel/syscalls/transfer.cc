// Bytes in and out of descriptors: read, write and their vector and positioned forms,
// sendfile, splice and copy_file_range.
#include "kernel/files.hpp"
#include "kernel/syscalls/event_bytes.hpp"
#include "kernel/syscalls/support.hpp"

#include <algorithm>
#include <optional>
#include <poll.h>
#include <sys/stat.h>

namespace postern::kernel {

namespace {

struct Direction {
    Access access;      ///< to guest memory
    short poll_event;   ///< says that bytes can be moved
    long plain, vector, positioned, positioned_vector;   ///< host system calls
};

constexpr Direction reading{Access::write, POLLIN, SYS_read, SYS_readv, SYS_pread64, SYS_preadv};
constexpr Direction writing{Access::read, POLLOUT, SYS_write, SYS_writev, SYS_pwrite64, SYS_pwritev};

/// Descriptors that carry integers carry them in the guest's byte order.
bool needs_conversion(Task& task, int fd) {
    return task.process.files().has_event_descriptors && task.abi().byte_order != host_byte_order &&
           event_kind(fd) != EventKind::none;
}

/// What an interrupted transfer answers. A signal that was pending before the call counts as
/// an interruption for us, but Linux moves the bytes that can be moved first (and a regular
/// file never says EINTR): then the call is made again, whatever the handler's SA_RESTART.
SysResult after_interruption(int fd, const Direction& direction, SysResult result) {
    if (result.value != restart_sys) return result;
    pollfd ready{fd, direction.poll_event, 0};
    timespec at_once{};
    return host_call(SYS_ppoll, &ready, 1, &at_once, nullptr, 8) > 0 ? SysResult(restart_no_intr) : result;
}

template <typename... Args>
SysResult transfer_call(Task& task, int fd, const Direction& direction, long number, const Args&... args) {
    return after_interruption(fd, direction, restartable_call(task, restart_sys, number, fd, args...));
}

/// The kernel looks at the descriptor before it looks at the buffers.
SysResult buffer_error(int fd, const HostBuffers& buffers) {
    i64 exists = host_call(SYS_fcntl, fd, 1 /* F_GETFD */);
    return exists < 0 ? exists : buffers.error();
}

SysResult transfer(Task& task, int fd, const Direction& direction, std::span<const iovec> parts) {
    if (parts.size() == 1)
        return transfer_call(task, fd, direction, direction.plain, reinterpret_cast<u64>(parts[0].iov_base), parts[0].iov_len);
    return transfer_call(task, fd, direction, direction.vector, parts.data(), parts.size());
}

SysResult read_into(Task& task, int fd, const HostBuffers& buffers) {
    if (buffers.error() != 0) return buffer_error(fd, buffers);
    std::span parts(buffers.data(), buffers.count());
    SysResult result = transfer(task, fd, reading, parts);
    if (result.value > 0 && needs_conversion(task, fd)) convert_read(task, fd, parts, static_cast<u64>(result.value));
    return result;
}

SysResult write_from(Task& task, int fd, const HostBuffers& buffers) {
    if (buffers.error() != 0) return buffer_error(fd, buffers);
    std::span parts(buffers.data(), buffers.count());
    if (!needs_conversion(task, fd)) return transfer(task, fd, writing, parts);
    return transfer(task, fd, writing, ConvertedBuffers(task, fd, parts).parts());
}

SysResult transfer_at(Task& task, int fd, const Direction& direction, const HostBuffers& buffers, i64 position) {
    if (buffers.error() != 0) return buffer_error(fd, buffers);
    if (buffers.is_single()) {
        return transfer_call(task, fd, direction, direction.positioned, buffers.address(), buffers.size(), position);
    }
    // The host's own preadv takes the position in one word; its upper half is ignored.
    return transfer_call(task, fd, direction, direction.positioned_vector, buffers.data(), buffers.count(), position,
                         0);
}

SysResult sys_read(Task& task, int fd, GuestAddr buffer, GuestSize size) {
    return read_into(task, host_fd(task, fd), HostBuffers(task, buffer, size.value, reading.access));
}

SysResult sys_write(Task& task, int fd, GuestAddr buffer, GuestSize size) {
    return write_from(task, host_fd(task, fd), HostBuffers(task, buffer, size.value, writing.access));
}

SysResult sys_readv(Task& task, int fd, GuestAddr vector, GuestSize count) {
    return read_into(task, host_fd(task, fd), HostBuffers(task, vector, count.value, reading.access, true));
}

SysResult sys_writev(Task& task, int fd, GuestAddr vector, GuestSize count) {
    return write_from(task, host_fd(task, fd), HostBuffers(task, vector, count.value, writing.access, true));
}

SysResult sys_pread64(Task& task, int fd, GuestAddr buffer, GuestSize size, Wide position) {
    if (position.value < 0) return -EINVAL;
    return transfer_at(task, host_fd(task, fd), reading, HostBuffers(task, buffer, size.value, reading.access),
                       position.value);
}

SysResult sys_pwrite64(Task& task, int fd, GuestAddr buffer, GuestSize size, Wide position) {
    if (position.value < 0) return -EINVAL;
    return transfer_at(task, host_fd(task, fd), writing, HostBuffers(task, buffer, size.value, writing.access),
                       position.value);
}

/// With a word in front of the position that means nothing (sh).
SysResult sys_padded_pread64(Task& task, int fd, GuestAddr buffer, GuestSize size, GuestWord, Wide position) {
    return sys_pread64(task, fd, buffer, size, position);
}

SysResult sys_padded_pwrite64(Task& task, int fd, GuestAddr buffer, GuestSize size, GuestWord, Wide position) {
    return sys_pwrite64(task, fd, buffer, size, position);
}

/// The position of preadv and friends: two words, low first on every ABI; a 64-bit ABI
/// ignores the second.
i64 position_from(Task& task, GuestWord low, GuestWord high) {
    return static_cast<i64>(task.abi().is_64bit() ? low.value : low.value | high.value << 32);
}

SysResult sys_preadv(Task& task, int fd, GuestAddr vector, GuestSize count, GuestWord low, GuestWord high) {
    i64 position = position_from(task, low, high);
    if (position < 0) return -EINVAL;
    return transfer_at(task, host_fd(task, fd), reading,
                       HostBuffers(task, vector, count.value, reading.access, true), position);
}

SysResult sys_pwritev(Task& task, int fd, GuestAddr vector, GuestSize count, GuestWord low, GuestWord high) {
    i64 position = position_from(task, low, high);
    if (position < 0) return -EINVAL;
    return transfer_at(task, host_fd(task, fd), writing,
                       HostBuffers(task, vector, count.value, writing.access, true), position);
}

/// The same calls with a 64-bit position in one piece.
SysResult sys_preadv64(Task& task, int fd, GuestAddr vector, GuestSize count, Wide position) {
    if (position.value < 0) return -EINVAL;
    return transfer_at(task, host_fd(task, fd), reading,
                       HostBuffers(task, vector, count.value, reading.access, true), position.value);
}

SysResult sys_pwritev64(Task& task, int fd, GuestAddr vector, GuestSize count, Wide position) {
    if (position.value < 0) return -EINVAL;
    return transfer_at(task, host_fd(task, fd), writing,
                       HostBuffers(task, vector, count.value, writing.access, true), position.value);
}

SysResult read_with_flags(Task& task, int fd, const HostBuffers& buffers, i64 position, int flags) {
    if (buffers.error() != 0) return buffers.error();
    SysResult result = restartable_call(task, restart_sys, SYS_preadv2, fd, buffers.data(), buffers.count(), position, 0, flags);
    if (result.value > 0 && needs_conversion(task, fd))
        convert_read(task, fd, {buffers.data(), buffers.count()}, static_cast<u64>(result.value));
    return result;
}

SysResult write_with_flags(Task& task, int fd, const HostBuffers& buffers, i64 position, int flags) {
    if (buffers.error() != 0) return buffers.error();
    std::span parts(buffers.data(), buffers.count());
    std::optional<ConvertedBuffers> converted;
    if (needs_conversion(task, fd)) parts = converted.emplace(task, fd, parts).parts();
    return restartable_call(task, restart_sys, SYS_pwritev2, fd, parts.data(), parts.size(), position, 0, flags);
}

SysResult sys_preadv2(Task& task, int fd, GuestAddr vector, GuestSize count, GuestWord low, GuestWord high, int flags) {
    return read_with_flags(task, host_fd(task, fd), HostBuffers(task, vector, count.value, reading.access, true),
                           position_from(task, low, high), flags);
}

SysResult sys_pwritev2(Task& task, int fd, GuestAddr vector, GuestSize count, GuestWord low, GuestWord high, int flags) {
    return write_with_flags(task, host_fd(task, fd), HostBuffers(task, vector, count.value, writing.access, true),
                            position_from(task, low, high), flags);
}

SysResult sys_preadv64v2(Task& task, int fd, GuestAddr vector, GuestSize count, Wide position, int flags) {
    return read_with_flags(task, host_fd(task, fd), HostBuffers(task, vector, count.value, reading.access, true),
                           position.value, flags);
}

SysResult sys_pwritev64v2(Task& task, int fd, GuestAddr vector, GuestSize count, Wide position, int flags) {
    return write_with_flags(task, host_fd(task, fd), HostBuffers(task, vector, count.value, writing.access, true),
                            position.value, flags);
}

// --- between descriptors

/// A file offset the host is to update: copied in, and back after the call.
class Offset {
public:
    Offset(Task& task, GuestAddr address, unsigned width) : task_(task), address_(address), width_(width) {
        if (!address) return;
        if (width == 8) {
            if (auto value = task.memory().read(GuestPtr<i64>{address})) value_ = *value;
            else error_ = -EFAULT;
        } else {
            if (auto value = task.memory().read(GuestPtr<i32>{address})) value_ = *value;
            else error_ = -EFAULT;
        }
    }
    int error() const { return error_; }
    i64* host() { return address_ ? &value_ : nullptr; }

    /// Ends a host call: writes the offset back.
    SysResult finish(SysResult result) {
        if (!address_ || result.is_error()) return result;
        bool written = width_ == 8 ? task_.memory().write(GuestPtr<i64>{address_}, value_)
                                   : task_.memory().write(GuestPtr<i32>{address_}, static_cast<i32>(value_));
        return written ? result : SysResult(-EFAULT);
    }

private:
    Task& task_;
    GuestAddr address_;
    unsigned width_;
    i64 value_ = 0;
    int error_ = 0;
};

SysResult send(Task& task, int out, int in, GuestAddr address, unsigned width, GuestSize count) {
    Offset offset(task, address, width);
    if (offset.error() != 0) return offset.error();
    return offset.finish(restartable_call(task, restart_sys, SYS_sendfile, host_fd(task, out), host_fd(task, in),
                                       offset.host(), std::min(count.value, max_transfer)));
}

SysResult sys_sendfile(Task& task, int out, int in, GuestAddr offset, GuestSize count) {
    return send(task, out, in, offset, task.abi().word_size, count);
}

SysResult sys_sendfile64(Task& task, int out, int in, GuestAddr offset, GuestSize count) {
    return send(task, out, in, offset, 8, count);
}

SysResult move_bytes(Task& task, long number, int in, GuestAddr in_address, int out, GuestAddr out_address,
                     GuestSize size, unsigned flags) {
    Offset in_offset(task, in_address, 8), out_offset(task, out_address, 8);
    if (in_offset.error() != 0 || out_offset.error() != 0) return -EFAULT;
    SysResult result = restartable_call(task, restart_sys, number, host_fd(task, in), in_offset.host(),
                                     host_fd(task, out), out_offset.host(), std::min(size.value, max_transfer), flags);
    return out_offset.finish(in_offset.finish(result));
}

SysResult sys_splice(Task& task, int in, GuestAddr in_offset, int out, GuestAddr out_offset, GuestSize size,
                     unsigned flags) {
    return move_bytes(task, SYS_splice, in, in_offset, out, out_offset, size, flags);
}

SysResult sys_copy_file_range(Task& task, int in, GuestAddr in_offset, int out, GuestAddr out_offset, GuestSize size,
                              unsigned flags) {
    return move_bytes(task, SYS_copy_file_range, in, in_offset, out, out_offset, size, flags);
}

SysResult sys_tee(Task& task, int in, int out, GuestSize size, unsigned flags) {
    return restartable_call(task, restart_sys, SYS_tee, host_fd(task, in), host_fd(task, out),
                         std::min(size.value, max_transfer), flags);
}

/// Regular files are always ready.
bool may_wait(Task& task) {
    struct stat status;
    int fd = host_fd(task, static_cast<int>(Arguments(task).word()));
    return ::fstat(fd, &status) == 0 && !S_ISREG(status.st_mode);
}

constexpr SyscallRow rows[] = {
    waits({"read", adapt<sys_read>, Support::full, "fd, buf_out, size"}, may_wait),
    waits({"write", adapt<sys_write>, Support::full, "fd, buf_in, size"}, may_wait),
    waits({"readv", adapt<sys_readv>, Support::full, "fd, iovec_out, size"}, may_wait),
    waits({"writev", adapt<sys_writev>, Support::full, "fd, iovec_in, size"}, may_wait),
    waits({"pread64", adapt<sys_pread64>, Support::full, "fd, buf_out, size, off64"}, may_wait),
    waits({"pwrite64", adapt<sys_pwrite64>, Support::full, "fd, buf_in, size, off64"}, may_wait),
    waits({"padded_pread64", adapt<sys_padded_pread64>, Support::full, "fd, buf_out, size, hex, off64"}, may_wait),
    waits({"padded_pwrite64", adapt<sys_padded_pwrite64>, Support::full, "fd, buf_in, size, hex, off64"}, may_wait),
    waits({"preadv", adapt<sys_preadv>, Support::full, "fd, iovec_out, size, hex, hex"}, may_wait),
    waits({"pwritev", adapt<sys_pwritev>, Support::full, "fd, iovec_in, size, hex, hex"}, may_wait),
    waits({"preadv2", adapt<sys_preadv2>, Support::full, "fd, iovec_out, size, hex, hex, hex"}, may_wait),
    waits({"pwritev2", adapt<sys_pwritev2>, Support::full, "fd, iovec_in, size, hex, hex, hex"}, may_wait),
    waits({"preadv64", adapt<sys_preadv64>, Support::full, "fd, iovec_out, size, off64"}, may_wait),
    waits({"pwritev64", adapt<sys_pwritev64>, Support::full, "fd, iovec_in, size, off64"}, may_wait),
    waits({"preadv64v2", adapt<sys_preadv64v2>, Support::full, "fd, iovec_out, size, off64, hex"}, may_wait),
    waits({"pwritev64v2", adapt<sys_pwritev64v2>, Support::full, "fd, iovec_in, size, off64, hex"}, may_wait),
    waits({"sendfile", adapt<sys_sendfile>, Support::full, "fd, fd, off_inout, size"}),
    waits({"sendfile64", adapt<sys_sendfile64>, Support::full, "fd, fd, off64_inout, size"}),
    waits({"splice", adapt<sys_splice>, Support::full, "fd, off64_inout, fd, off64_inout, size, hex"}),
    waits({"tee", adapt<sys_tee>, Support::full, "fd, fd, size, hex"}),
    waits({"copy_file_range", adapt<sys_copy_file_range>, Support::full, "fd, off64_inout, fd, off64_inout, size, hex"}, may_wait),
};

}  // namespace

std::span<const SyscallRow> transfer_rows() { return rows; }

}  // namespace postern::kernel
