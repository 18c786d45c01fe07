// Sockets: the host's own, with addresses, options and messages put into its form.
#include "kernel/syscalls/messages.hpp"
#include "kernel/syscalls/netlink.hpp"
#include "kernel/syscalls/network.hpp"
#include "kernel/syscalls/support.hpp"

#include <algorithm>

namespace postern::kernel {

namespace {

/// Runs `call` with the host's address buffer, then writes the address it left to the guest.
template <typename Call>
SysResult with_address_out(Task& task, GuestAddr address, GuestPtr<i32> size_address, Call call) {
    std::byte bytes[largest_address] = {};
    socklen_t size = sizeof bytes;
    SysResult result = call(bytes, &size);
    if (result.value < 0) return result;
    SocketAddress host(bytes, bytes + std::min<std::size_t>(size, sizeof bytes));
    int error = write_socket_address(task, address, size_address, std::move(host));
    return error != 0 ? SysResult(error) : result;
}

/// The address of the peer that recvfrom, recvmsg and accept may leave out.
using AddressOut = std::byte*;

/// SOCK_STREAM and the like in the low bits, flags above them.
int socket_type_from_guest(const Abi& abi, int guest) {
    constexpr int type_mask = 0xf;
    i64 type = abi.numbers.from_guest(NumberSet::socket_type, guest & type_mask).value_or(type_mask);
    u64 flags = abi.numbers.bits_from_guest(NumberSet::socket_flag, static_cast<unsigned>(guest & ~type_mask));
    return static_cast<int>(type) | static_cast<int>(flags);
}

}  // namespace

namespace network {

SysResult socket(Task& task, int family, int type, int protocol) {
    if (family == AF_NETLINK && !netlink::is_supported(task.abi(), protocol)) return -EPROTONOSUPPORT;
    if (family == AF_NETLINK) task.process.files().has_event_descriptors = true;
    return host_call(SYS_socket, family, socket_type_from_guest(task.abi(), type), protocol);
}

SysResult socketpair(Task& task, int family, int guest_type, int protocol, GuestPtr<i32> pair) {
    int fds[2], type = socket_type_from_guest(task.abi(), guest_type);
    if (i64 error = host_call(SYS_socketpair, family, type, protocol, &fds[0]); error != 0) return error;
    for (u64 i = 0; i < 2; ++i) {
        if (task.memory().write(GuestPtr<i32>{pair.address + 4 * i}, i32{fds[i]})) continue;
        ::close(fds[0]);
        ::close(fds[1]);
        return -EFAULT;
    }
    return 0;
}

SysResult bind(Task& task, int fd, GuestAddr address, int size) {
    auto host = read_socket_address(task, address, static_cast<u32>(size));
    if (!host) return host.error();
    return host_call(SYS_bind, host_fd(task, fd), host->data(), host->size());
}

SysResult connect(Task& task, int fd, GuestAddr address, int size) {
    auto host = read_socket_address(task, address, static_cast<u32>(size));
    if (!host) return host.error();
    return restartable_call(task, restart_sys, SYS_connect, host_fd(task, fd), host->data(), host->size());
}

SysResult listen(Task& task, int fd, int backlog) { return host_call(SYS_listen, host_fd(task, fd), backlog); }

SysResult accept4(Task& task, int fd, GuestAddr address, GuestPtr<i32> size_address, int guest_flags) {
    auto flags = static_cast<int>(
        task.abi().numbers.bits_from_guest(NumberSet::socket_flag, static_cast<unsigned>(guest_flags)));
    return with_address_out(task, address, size_address, [&](AddressOut bytes, socklen_t* size) {
        return restartable_call(task, restart_sys, SYS_accept4, host_fd(task, fd), bytes, size, flags);
    });
}

SysResult accept(Task& task, int fd, GuestAddr address, GuestPtr<i32> size_address) {
    return accept4(task, fd, address, size_address, 0);
}

SysResult getsockname(Task& task, int fd, GuestAddr address, GuestPtr<i32> size_address) {
    if (!address) return -EFAULT;
    return with_address_out(task, address, size_address, [&](AddressOut bytes, socklen_t* size) {
        return SysResult(host_call(SYS_getsockname, host_fd(task, fd), bytes, size));
    });
}

SysResult getpeername(Task& task, int fd, GuestAddr address, GuestPtr<i32> size_address) {
    if (!address) return -EFAULT;
    return with_address_out(task, address, size_address, [&](AddressOut bytes, socklen_t* size) {
        return SysResult(host_call(SYS_getpeername, host_fd(task, fd), bytes, size));
    });
}

SysResult shutdown(Task& task, int fd, int how) { return host_call(SYS_shutdown, host_fd(task, fd), how); }

// --- data

SysResult sendto(Task& task, int fd, GuestAddr buffer, GuestSize size, int flags, GuestAddr address, int address_size) {
    SocketAddress host;
    if (address) {
        auto read = read_socket_address(task, address, static_cast<u32>(address_size));
        if (!read) return read.error();
        host = std::move(*read);
    }
    HostBuffers buffers(task, buffer, size.value, Access::read);
    msghdr message{};
    message.msg_name = address ? host.data() : nullptr;
    message.msg_namelen = static_cast<socklen_t>(host.size());
    message.msg_iov = const_cast<iovec*>(buffers.data());
    message.msg_iovlen = buffers.count();
    return send_message(task, fd, message, flags);
}

SysResult send(Task& task, int fd, GuestAddr buffer, GuestSize size, int flags) {
    return sendto(task, fd, buffer, size, flags, {}, 0);
}

SysResult recvfrom(Task& task, int fd, GuestAddr buffer, GuestSize size, int flags, GuestAddr address,
                   GuestPtr<i32> size_address) {
    HostBuffers buffers(task, buffer, size.value, Access::write);
    return with_address_out(task, address, size_address, [&](AddressOut bytes, socklen_t* room) {
        msghdr message{};
        message.msg_name = bytes;
        message.msg_namelen = *room;
        message.msg_iov = const_cast<iovec*>(buffers.data());
        message.msg_iovlen = buffers.count();
        SysResult result = receive_message(task, fd, message, flags);
        *room = message.msg_namelen;
        return result;
    });
}

SysResult recv(Task& task, int fd, GuestAddr buffer, GuestSize size, int flags) {
    return recvfrom(task, fd, buffer, size, flags, {}, {});
}

}  // namespace network

namespace {

// --- the multiplexer of old 32-bit ABIs: a call number and its arguments in memory

SysResult sys_socketcall(Task& task, int call, GuestAddr arguments) {
    // Words that each call takes (kernel: net/socket.c).
    constexpr u8 counts[] = {0, 3, 3, 3, 2, 3, 3, 3, 4, 4, 4, 6, 6, 2, 5, 5, 3, 3, 4, 5, 4};
    if (call < 1 || call >= static_cast<int>(std::size(counts))) return -EINVAL;
    u64 word[6] = {};
    for (u64 i = 0; i < counts[call]; ++i) {
        auto value = task.memory().read_word(arguments + i * task.abi().word_size);
        if (!value) return -EFAULT;
        word[i] = *value;
    }
    auto number = [&](int i) { return static_cast<int>(word[i]); };
    auto address = [&](int i) { return GuestAddr{word[i]}; };
    auto pointer = [&](int i) { return GuestPtr<i32>{{word[i]}}; };
    auto size = [&](int i) { return GuestSize{word[i]}; };
    switch (call) {
        case 1: return network::socket(task, number(0), number(1), number(2));
        case 2: return network::bind(task, number(0), address(1), number(2));
        case 3: return network::connect(task, number(0), address(1), number(2));
        case 4: return network::listen(task, number(0), number(1));
        case 5: return network::accept(task, number(0), address(1), pointer(2));
        case 6: return network::getsockname(task, number(0), address(1), pointer(2));
        case 7: return network::getpeername(task, number(0), address(1), pointer(2));
        case 8: return network::socketpair(task, number(0), number(1), number(2), pointer(3));
        case 9: return network::send(task, number(0), address(1), size(2), number(3));
        case 10: return network::recv(task, number(0), address(1), size(2), number(3));
        case 11: return network::sendto(task, number(0), address(1), size(2), number(3), address(4), number(5));
        case 12: return network::recvfrom(task, number(0), address(1), size(2), number(3), address(4), pointer(5));
        case 13: return network::shutdown(task, number(0), number(1));
        case 14: return network::setsockopt(task, number(0), number(1), number(2), address(3), number(4));
        case 15: return network::getsockopt(task, number(0), number(1), number(2), address(3), pointer(4));
        case 16: return network::sendmsg(task, number(0), address(1), number(2));
        case 17: return network::recvmsg(task, number(0), address(1), number(2));
        case 18: return network::accept4(task, number(0), address(1), pointer(2), number(3));
        case 19:
            return network::recvmmsg<Struct::old_timespec>(task, number(0), address(1), static_cast<unsigned>(word[2]),
                                                           number(3), address(4));
        case 20: return network::sendmmsg(task, number(0), address(1), static_cast<unsigned>(word[2]), number(3));
    }
    return -EINVAL;
}

constexpr std::string_view message_note = "Ancillary data: descriptors and credentials; other kinds only where the "
                                          "guest's byte order is the host's. Of netlink, the route protocol.";
constexpr std::string_view option_note = "Integers, time-outs, and structs of 32-bit words; no packet filters.";

constexpr SyscallRow rows[] = {
    {"socket", adapt<network::socket>, Support::full, "family, socket_type, int"},
    {"socketpair", adapt<network::socketpair>, Support::full, "family, socket_type, int, fd_pair_out"},
    {"bind", adapt<network::bind>, Support::full, "fd, sockaddr, int"},
    waits({"connect", adapt<network::connect>, Support::full, "fd, sockaddr, int"}),
    {"listen", adapt<network::listen>, Support::full, "fd, int"},
    waits({"accept", adapt<network::accept>, Support::full, "fd, sockaddr_out, ptr"}),
    waits({"accept4", adapt<network::accept4>, Support::full, "fd, sockaddr_out, ptr, hex"}),
    {"getsockname", adapt<network::getsockname>, Support::full, "fd, sockaddr_out, ptr"},
    {"getpeername", adapt<network::getpeername>, Support::full, "fd, sockaddr_out, ptr"},
    {"shutdown", adapt<network::shutdown>, Support::full, "fd, int"},
    waits({"send", adapt<network::send>, Support::full, "fd, buf_in, size, hex"}),
    waits({"sendto", adapt<network::sendto>, Support::full, "fd, buf_in, size, hex, sockaddr, int"}),
    waits({"recv", adapt<network::recv>, Support::full, "fd, buf_out, size, hex"}),
    waits({"recvfrom", adapt<network::recvfrom>, Support::full, "fd, buf_out, size, hex, sockaddr_out, ptr"}),
    waits({"sendmsg", adapt<network::sendmsg>, Support::partial, "fd, msghdr, hex", message_note}),
    waits({"recvmsg", adapt<network::recvmsg>, Support::partial, "fd, msghdr_out, hex", message_note}),
    waits({"sendmmsg", adapt<network::sendmmsg>, Support::partial, "fd, ptr, uint, hex", message_note}),
    waits({"recvmmsg", adapt<network::recvmmsg<Struct::timespec64>>, Support::partial, "fd, ptr, uint, hex, timespec64_in",
           message_note}),
    waits({"recvmmsg_time32", adapt<network::recvmmsg<Struct::old_timespec>>, Support::partial,
           "fd, ptr, uint, hex, timespec_in", message_note}),
    {"getsockopt", adapt<network::getsockopt>, Support::partial, "fd, int, int, ptr, ptr", option_note},
    {"setsockopt", adapt<network::setsockopt>, Support::partial, "fd, int, int, ptr, int", option_note},
    waits({"socketcall", adapt<sys_socketcall>, Support::full, "int, ptr"}),
};

}  // namespace

std::span<const SyscallRow> network_rows() { return rows; }

}  // namespace postern::kernel
