#include "kernel/syscalls/event_bytes.hpp"

#include "base/endian.hpp"
#include "kernel/files.hpp"
#include "kernel/syscalls/netlink.hpp"
#include "kernel/syscalls/support.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace postern::kernel {

namespace {

void swap_u32(std::byte* bytes) { store(bytes, swap_bytes(load<u32>(bytes, host_byte_order)), host_byte_order); }
void swap_u64(std::byte* bytes) { store(bytes, swap_bytes(load<u64>(bytes, host_byte_order)), host_byte_order); }

/// struct inotify_event: wd, mask, cookie, len, then `len` bytes of name.
void swap_inotify(std::span<std::byte> bytes) {
    constexpr std::size_t header = 16;
    while (bytes.size() >= header) {
        std::size_t record = header + load<u32>(bytes.data() + 12, host_byte_order);
        for (std::size_t field = 0; field < header; field += 4) swap_u32(bytes.data() + field);
        bytes = bytes.subspan(std::min(record, bytes.size()));
    }
}

}  // namespace

EventKind event_kind(int fd) {
    char target[64];
    ssize_t length = ::readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), target, sizeof target);
    std::string_view name(target, length < 0 ? 0 : static_cast<std::size_t>(length));
    if (name == "anon_inode:[eventfd]" || name == "anon_inode:[timerfd]") return EventKind::counter;
    if (name == "anon_inode:inotify") return EventKind::inotify;
    return netlink::is_route_socket(fd) ? EventKind::route : EventKind::none;
}

void swap_event_bytes(EventKind kind, std::span<std::byte> bytes) {
    if (kind == EventKind::counter && bytes.size() >= 8) swap_u64(bytes.data());
    if (kind == EventKind::inotify) swap_inotify(bytes);
}

void convert_read(Task& task, int fd, std::span<const iovec> buffers, u64 size) {
    EventKind kind = event_kind(fd);
    std::vector<std::byte> bytes = gather(buffers, size);
    if (kind == EventKind::route) netlink::to_guest(task.abi(), bytes);
    else swap_event_bytes(kind, bytes);
    scatter(buffers, bytes);
}

ConvertedBuffers::ConvertedBuffers(Task& task, int fd, std::span<const iovec> buffers)
    : parts_(buffers.begin(), buffers.end()) {
    constexpr u64 limit = 1 << 20;   // more than any of these descriptors takes at once
    EventKind kind = event_kind(fd);
    bytes_ = gather(buffers, limit);
    if (kind == EventKind::route) netlink::to_host(task.abi(), bytes_);
    std::size_t at = 0;
    for (iovec& part : parts_) {
        if (part.iov_len == 0 || !is_accessible(part)) continue;
        part.iov_len = std::min(part.iov_len, bytes_.size() - at);
        // To a counter, each buffer is a write of its own.
        if (kind != EventKind::route) swap_event_bytes(kind, std::span(bytes_).subspan(at, part.iov_len));
        part.iov_base = bytes_.data() + at;
        at += part.iov_len;
    }
}

}  // namespace postern::kernel
