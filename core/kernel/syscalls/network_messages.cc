// Messages of sockets: headers with vectors of buffers and ancillary data, one and several at a time.
#include "kernel/syscalls/event_bytes.hpp"
#include "kernel/syscalls/messages.hpp"
#include "kernel/syscalls/netlink.hpp"
#include "kernel/syscalls/network.hpp"
#include "kernel/syscalls/support.hpp"

#include <algorithm>

namespace postern::kernel::network {

namespace {

/// Messages of the route protocol hold numbers wherever the guest's are others than the host's.
bool holds_route_messages(Task& task, int fd) {
    return netlink::needs_conversion(task.abi()) && netlink::is_route_socket(host_fd(task, fd));
}

std::span<const iovec> buffers_of(const msghdr& message) { return {message.msg_iov, message.msg_iovlen}; }

u64 size_of(const msghdr& message) {
    u64 size = 0;
    for (const iovec& buffer : buffers_of(message)) size += buffer.iov_len;
    return size;
}

}  // namespace

SysResult send_message(Task& task, int fd, msghdr& message, int flags) {
    std::vector<std::byte> converted;
    iovec whole;
    if (holds_route_messages(task, fd)) {
        constexpr u64 limit = 1 << 20;   // more than net.core.wmem_max usually allows
        if (size_of(message) > limit) return -EMSGSIZE;
        converted = gather(buffers_of(message), size_of(message));
        if (converted.size() != size_of(message)) return -EFAULT;
        netlink::to_host(task.abi(), converted);
        whole = {converted.data(), converted.size()};
        message.msg_iov = &whole;
        message.msg_iovlen = 1;
    }
    return restartable_call(task, restart_sys, SYS_sendmsg, host_fd(task, fd), &message, flags);
}

SysResult receive_message(Task& task, int fd, msghdr& message, int flags) {
    SysResult result = restartable_call(task, restart_sys, SYS_recvmsg, host_fd(task, fd), &message, flags);
    // With MSG_TRUNC the result is the message's size, which may be more than the buffers had room for.
    if (result.value > 0 && holds_route_messages(task, fd)) {
        convert_read(task, host_fd(task, fd), buffers_of(message), static_cast<u64>(result.value));
    }
    return result;
}

namespace {

struct GuestMessage {
    GuestAddr name, vector, control;
    u32 name_size = 0;
    u64 vector_count = 0, control_size = 0;
};

std::optional<GuestMessage> read_message(Task& task, GuestAddr address) {
    std::vector<std::byte> bytes(layout_of(task.abi(), Struct::user_msghdr).size);
    if (!task.memory().read(address, bytes)) return std::nullopt;
    StructView view(task.abi(), Struct::user_msghdr, bytes);
    return GuestMessage{.name = {view.get(Field::msg_name)},
                        .vector = {view.get(Field::msg_iov)},
                        .control = {view.get(Field::msg_control)},
                        .name_size = static_cast<u32>(view.get(Field::msg_namelen)),
                        .vector_count = view.get(Field::msg_iovlen),
                        .control_size = view.get(Field::msg_controllen)};
}

/// A negative length is an error; one that is too long is cut (kernel: net/socket.c).
bool has_valid_name(const GuestMessage& message) { return static_cast<i32>(message.name_size) >= 0; }

/// Room on the host for as much ancillary data as fits the guest's, and no descriptor more.
u64 host_control_room(const Abi& abi, u64 guest_room) {
    constexpr u64 limit = 64 << 10;
    u64 header = align_up(layout_of(abi, Struct::cmsghdr).size, abi.word_size);
    return guest_room < header ? 0 : std::min(guest_room, limit) - header + CMSG_LEN(0);
}

/// Writes what recvmsg leaves in the header itself.
bool write_results(Task& task, GuestAddr address, u64 name_size, u64 control_size, unsigned flags) {
    std::vector<std::byte> bytes(layout_of(task.abi(), Struct::user_msghdr).size);
    if (!task.memory().read(address, bytes)) return false;
    StructView view(task.abi(), Struct::user_msghdr, bytes);
    view.set(Field::msg_namelen, name_size);
    view.set(Field::msg_controllen, control_size);
    view.set(Field::msg_flags, flags);
    return task.memory().write(address, bytes);
}

}  // namespace

SysResult sendmsg(Task& task, int fd, GuestAddr address, int flags) {
    auto guest = read_message(task, address);
    if (!guest) return -EFAULT;
    if (!has_valid_name(*guest)) return -EINVAL;
    msghdr message{};
    SocketAddress name;
    if (guest->name && guest->name_size != 0) {
        auto read = read_socket_address(task, guest->name, std::min(guest->name_size, largest_address));
        if (!read) return read.error();
        name = std::move(*read);
        message.msg_name = name.data();
        message.msg_namelen = static_cast<socklen_t>(name.size());
    }
    std::vector<std::byte> control;
    if (guest->control && guest->control_size != 0) {
        auto read = read_control(task, guest->control, guest->control_size);
        if (!read) return read.error();
        control = std::move(*read);
        message.msg_control = control.data();
        message.msg_controllen = control.size();
    }
    if (guest->vector_count > 1024) return -EMSGSIZE;
    HostBuffers buffers(task, guest->vector, guest->vector_count, Access::read, true);
    if (buffers.error() != 0) return buffers.error();
    message.msg_iov = const_cast<iovec*>(buffers.data());
    message.msg_iovlen = buffers.count();
    return send_message(task, fd, message, flags);
}

SysResult recvmsg(Task& task, int fd, GuestAddr address, int flags) {
    auto guest = read_message(task, address);
    if (!guest) return -EFAULT;
    if (!has_valid_name(*guest)) return -EINVAL;
    if (guest->vector_count > 1024) return -EMSGSIZE;
    HostBuffers buffers(task, guest->vector, guest->vector_count, Access::write, true);
    if (buffers.error() != 0) return buffers.error();
    std::byte name[largest_address] = {};
    std::vector<std::byte> control(guest->control ? host_control_room(task.abi(), guest->control_size) : 0);
    msghdr message{};
    message.msg_name = guest->name ? name : nullptr;
    message.msg_namelen = guest->name ? sizeof name : 0;
    message.msg_iov = const_cast<iovec*>(buffers.data());
    message.msg_iovlen = buffers.count();
    message.msg_control = control.empty() ? nullptr : control.data();
    message.msg_controllen = control.size();
    SysResult result = receive_message(task, fd, message, flags);
    if (result.value < 0) return result;

    SocketAddress host_name(name, name + message.msg_namelen);
    if (guest->name && message.msg_namelen != 0) {
        if (int error = write_socket_address(task, guest->name, guest->name_size, host_name); error != 0) return error;
    }
    auto written = write_control(task, guest->control, guest->control_size,
                                 std::span(control).first(message.msg_controllen));
    if (!written) return written.error();
    unsigned result_flags = static_cast<unsigned>(message.msg_flags) | (written->truncated ? MSG_CTRUNC : 0);
    return write_results(task, address, host_name.size(), written->size, result_flags) ? result : SysResult(-EFAULT);
}

namespace {

/// Where each header of sendmmsg and recvmmsg says how many bytes its message had.
GuestPtr<u32> length_of(const Abi& abi, GuestAddr header) {
    const FieldRow* length = layout_of(abi, Struct::mmsghdr).find(Field::msg_len);
    POSTERN_ASSERT(length);
    return {header + length->offset};
}

/// What is left of a time limit that ends at `end`; never less than none.
timespec time_left(timespec end) {
    timespec now;
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    timespec left{end.tv_sec - now.tv_sec, end.tv_nsec - now.tv_nsec};
    if (left.tv_nsec < 0) left = {left.tv_sec - 1, left.tv_nsec + 1'000'000'000};
    return left.tv_sec < 0 ? timespec{} : left;
}

timespec end_of(timespec limit) {
    timespec now;
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    timespec end{0, now.tv_nsec + limit.tv_nsec};
    time_t carry = end.tv_nsec / 1'000'000'000;
    end.tv_nsec %= 1'000'000'000;
    if (__builtin_add_overflow(now.tv_sec, limit.tv_sec + carry, &end.tv_sec))
        end.tv_sec = std::numeric_limits<time_t>::max();
    return end;
}

}  // namespace

SysResult sendmmsg(Task& task, int fd, GuestAddr vector, unsigned count, int flags) {
    count = std::min(count, 1024u);
    for (unsigned sent = 0; sent < count; ++sent) {
        GuestAddr header = vector + u64{sent} * layout_of(task.abi(), Struct::mmsghdr).size;
        SysResult result = sendmsg(task, fd, header, flags);
        if (result.value >= 0 && !task.memory().write(length_of(task.abi(), header), static_cast<u32>(result.value)))
            result = -EFAULT;
        if (result.value < 0) return sent != 0 ? SysResult(i64{sent}) : result;
    }
    return i64{count};
}

/// The time limit is looked at after each message: it does not end the wait for one (as in the kernel).
template <Struct time_form>
SysResult recvmmsg(Task& task, int fd, GuestAddr vector, unsigned count, int flags, GuestAddr limit_address) {
    std::optional<timespec> limit, end;
    if (limit_address) {
        limit = read_time(task, limit_address, time_form);
        if (!limit) return -EFAULT;
        if (limit->tv_sec < 0 || limit->tv_nsec < 0 || limit->tv_nsec >= 1'000'000'000) return -EINVAL;
        end = end_of(*limit);
    }
    SysResult result = 0;
    unsigned received = 0;
    while (received < count) {
        GuestAddr header = vector + u64{received} * layout_of(task.abi(), Struct::mmsghdr).size;
        result = recvmsg(task, fd, header, flags & ~MSG_WAITFORONE);
        if (result.value >= 0 && !task.memory().write(length_of(task.abi(), header), static_cast<u32>(result.value)))
            result = -EFAULT;
        if (result.value < 0) break;
        ++received;
        if ((flags & MSG_WAITFORONE) != 0) flags |= MSG_DONTWAIT;
        if (end) limit = time_left(*end);
        if (limit && limit->tv_sec == 0 && limit->tv_nsec == 0) break;
    }
    if (received == 0) return result;
    if (limit && !write_time(task, limit_address, time_form, *limit)) return -EFAULT;
    return i64{received};
}

template SysResult recvmmsg<Struct::timespec64>(Task&, int, GuestAddr, unsigned, int, GuestAddr);
template SysResult recvmmsg<Struct::old_timespec>(Task&, int, GuestAddr, unsigned, int, GuestAddr);

}  // namespace postern::kernel::network
