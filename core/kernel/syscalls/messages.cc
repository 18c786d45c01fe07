#include "kernel/syscalls/messages.hpp"

#include "abi/layouts.hpp"
#include "kernel/syscalls/socket_paths.hpp"
#include "kernel/syscalls/support.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <linux/netlink.h>
#include <sys/un.h>

namespace postern::kernel {

namespace {

// --- addresses

u16 host_family(const SocketAddress& address) {
    sa_family_t family;
    std::memcpy(&family, address.data(), sizeof family);
    return family;
}

template <typename T>
void swap_at(SocketAddress& address, std::size_t offset, ByteOrder order) {
    if (offset + sizeof(T) > address.size()) return;
    T value = load<T>(address.data() + offset, order);
    store(address.data() + offset, value, host_byte_order);
}

/// Internet addresses are in network order everywhere; only these numbers are the machine's.
void convert_numbers(SocketAddress& address, ByteOrder order, bool to_host) {
    if (order == host_byte_order || address.size() < sizeof(sa_family_t)) return;
    u16 family = to_host ? load<u16>(address.data(), order) : host_family(address);
    swap_at<u16>(address, 0, order);
    if (family != AF_NETLINK) return;
    swap_at<u32>(address, offsetof(sockaddr_nl, nl_pid), order);
    swap_at<u32>(address, offsetof(sockaddr_nl, nl_groups), order);
}

constexpr std::size_t path_offset = offsetof(sockaddr_un, sun_path);

/// The path of a local socket that has one in the file system.
std::optional<std::string> local_path(const SocketAddress& address) {
    if (address.size() <= path_offset || host_family(address) != AF_UNIX) return std::nullopt;
    auto text = reinterpret_cast<const char*>(address.data() + path_offset);
    if (*text == 0) return std::nullopt;   // abstract
    return std::string(text, ::strnlen(text, address.size() - path_offset));
}

void replace_path(SocketAddress& address, const std::string& path) {
    address.resize(path_offset + path.size() + 1);
    std::memcpy(address.data() + path_offset, path.c_str(), path.size() + 1);
}

// --- ancillary data

int level_from_guest(const Abi& abi, int level) {
    return static_cast<int>(abi.numbers.from_guest(NumberSet::socket_level, level).value_or(-1));
}

u64 header_size(const Abi& abi) { return align_up(layout_of(abi, Struct::cmsghdr).size, abi.word_size); }

/// Both kinds that Linux programs send carry 32-bit words: descriptors, or pid, uid and gid.
void convert_words(std::span<std::byte> words, ByteOrder order) {
    for (std::size_t i = 0; i + 4 <= words.size(); i += 4)
        store(words.data() + i, load<u32>(words.data() + i, order), host_byte_order);
}

bool holds_words(int level, int type) {
    return level == SOL_SOCKET && (type == SCM_RIGHTS || type == SCM_CREDENTIALS);
}

/// Descriptors that do not exist for the guest cannot be sent.
bool sends_reserved(Task& task, int type, std::span<const std::byte> words) {
    if (type != SCM_RIGHTS) return false;
    for (std::size_t i = 0; i + 4 <= words.size(); i += 4)
        if (host_fd(task, load<int>(words.data() + i, host_byte_order)) < 0) return true;
    return false;
}

void append_host_message(std::vector<std::byte>& host, int level, int type, std::span<const std::byte> payload) {
    std::size_t at = host.size();
    host.resize(at + CMSG_SPACE(payload.size()));
    cmsghdr header{.cmsg_len = CMSG_LEN(payload.size()), .cmsg_level = level, .cmsg_type = type};
    std::memcpy(host.data() + at, &header, sizeof header);
    std::ranges::copy(payload, host.begin() + static_cast<std::ptrdiff_t>(at + CMSG_LEN(0)));
}

}  // namespace

std::expected<SocketAddress, int> read_socket_address(Task& task, GuestAddr guest, u32 size) {
    if (size > largest_address) return std::unexpected(-EINVAL);
    SocketAddress address(size);
    if (!task.memory().read(guest, address)) return std::unexpected(-EFAULT);
    convert_numbers(address, task.abi().byte_order, true);
    if (auto path = local_path(address)) {
        auto host = host_socket_path(task.process, *path);
        if (!host) return std::unexpected(host.error());
        if (*host != *path) replace_path(address, *host);
    }
    return address;
}

int write_socket_address(Task& task, GuestAddr guest, u32 room, SocketAddress& address) {
    if (auto path = local_path(address)) {
        std::string shown = guest_socket_path(task.process, *path);
        if (shown != *path) replace_path(address, shown);
    }
    convert_numbers(address, task.abi().byte_order, false);
    return task.memory().write(guest, std::span(address).first(std::min<std::size_t>(room, address.size()))) ? 0
                                                                                                            : -EFAULT;
}

int write_socket_address(Task& task, GuestAddr guest, GuestPtr<i32> size_address, SocketAddress host) {
    if (!guest) return 0;
    auto room = task.memory().read(size_address);
    if (!room) return -EFAULT;
    if (*room < 0) return -EINVAL;
    if (int error = write_socket_address(task, guest, static_cast<u32>(*room), host); error != 0) return error;
    return task.memory().write(size_address, static_cast<i32>(host.size())) ? 0 : -EFAULT;
}

std::expected<std::vector<std::byte>, int> read_control(Task& task, GuestAddr address, u64 size) {
    constexpr u64 limit = 64 << 10;   // more than net.core.optmem_max usually allows
    const Abi& abi = task.abi();
    std::vector<std::byte> host;
    if (size > limit) return std::unexpected(-ENOBUFS);
    std::vector<std::byte> guest(size);
    if (!task.memory().read(address, guest)) return std::unexpected(-EFAULT);
    const u64 header = header_size(abi), least = layout_of(abi, Struct::cmsghdr).size;
    for (u64 at = 0; at + least <= size;) {
        StructView view(abi, Struct::cmsghdr, std::span(guest).subspan(at));
        u64 length = view.get(Field::cmsg_len);
        if (length < header || length > size - at) return std::unexpected(-EINVAL);
        int level = level_from_guest(abi, static_cast<int>(view.get(Field::cmsg_level)));
        int type = static_cast<int>(view.get(Field::cmsg_type));
        auto payload = std::span(guest).subspan(at + header, length - header);
        if (holds_words(level, type)) convert_words(payload, abi.byte_order);
        else if (abi.byte_order != host_byte_order) return std::unexpected(-EINVAL);
        if (sends_reserved(task, type, payload)) return std::unexpected(-EBADF);
        append_host_message(host, level, type, payload);
        at += align_up(length, abi.word_size);
    }
    return host;
}

std::expected<WrittenControl, int> write_control(Task& task, GuestAddr address, u64 room,
                                                 std::span<const std::byte> host) {
    const Abi& abi = task.abi();
    const u64 header = header_size(abi);
    WrittenControl written;
    for (std::size_t at = 0; at + sizeof(cmsghdr) <= host.size();) {
        cmsghdr message;
        std::memcpy(&message, host.data() + at, sizeof message);
        if (message.cmsg_len < CMSG_LEN(0) || message.cmsg_len > host.size() - at) break;
        auto payload = host.subspan(at + CMSG_LEN(0), message.cmsg_len - CMSG_LEN(0));
        at += CMSG_ALIGN(message.cmsg_len);
        u64 length = header + payload.size();
        if (written.size + length > room) {
            written.truncated = true;
            break;
        }
        std::vector<std::byte> guest(std::min(align_up(length, abi.word_size), room - written.size));
        StructView view(abi, Struct::cmsghdr, guest);
        view.set(Field::cmsg_len, length);
        view.set(Field::cmsg_level,
                 static_cast<u64>(abi.numbers.to_guest(NumberSet::socket_level, message.cmsg_level)));
        view.set(Field::cmsg_type, static_cast<u64>(message.cmsg_type));
        std::ranges::copy(payload, guest.begin() + static_cast<std::ptrdiff_t>(header));
        if (holds_words(message.cmsg_level, message.cmsg_type))
            convert_words(std::span(guest).subspan(header, payload.size()), abi.byte_order);
        if (!task.memory().write(address + written.size, guest)) return std::unexpected(-EFAULT);
        written.size += guest.size();
    }
    return written;
}

}  // namespace postern::kernel
