// Arguments that point to bytes, strings and arrays.
#include "kernel/signals.hpp"
#include "trace/formatters.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

namespace postern::trace {

namespace {

constexpr std::size_t shown_bytes = 32;       // of a buffer, as strace shows by default
constexpr std::size_t shown_path_bytes = 4096;
constexpr std::size_t shown_elements = 32;    // of an array

std::span<const std::byte> bytes_of(const std::string& text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

std::string format_bytes(const CallView& view, GuestAddr address, u64 size) {
    u64 shown = std::min<u64>(size, shown_bytes);
    auto bytes = fetch(view, address, shown);
    if (!bytes) return address ? fmt::format("{:#x}", address.value) : "NULL";
    return quote(*bytes, shown_bytes, size > shown);
}

/// Joins what `element` returns for 0 ... count-1; it may stop the list with nothing.
template <typename Element>
std::string list(u64 count, std::string_view separator, Element element) {
    std::string text = "[";
    for (u64 index = 0; index < count; ++index) {
        if (index) text += separator;
        if (index == shown_elements) { text += "..."; break; }
        std::optional<std::string> one = element(index);
        if (!one) { text += "..."; break; }
        text += *one;
    }
    return text + "]";
}

/// An iovec array, whose buffers together hold `limit` bytes that mean something.
std::string format_vector(const CallView& view, u64 limit) {
    const StructLayout& layout = layout_of(view.abi, Struct::iovec);
    if (!view.address()) return "NULL";
    return list(static_cast<u32>(view.next()), ", ", [&](u64 index) -> std::optional<std::string> {
        auto bytes = fetch(view, view.address() + index * layout.size, layout.size);
        if (!bytes) return std::nullopt;
        StructView row(view.abi, Struct::iovec, *bytes);
        u64 length = row.get(Field::iov_len);
        u64 used = std::min(length, limit);
        limit -= used;
        return fmt::format("{{iov_base={}, iov_len={}}}", format_bytes(view, {row.get(Field::iov_base)}, used),
                           length);
    });
}

std::string format_address_bytes(const CallView& view, u64 length) {
    auto bytes = fetch(view, view.address(), std::min<u64>(length, 128));
    if (!bytes || bytes->size() < 2) return format_pointer(view);
    // Family in the guest's order; the rest is in network order everywhere.
    u16 family = load<u16>(bytes->data(), view.abi.byte_order);
    const auto* text = reinterpret_cast<const char*>(bytes->data());
    char host[INET6_ADDRSTRLEN] = "";
    if (family == AF_UNIX) {
        std::span<const std::byte> path = std::span(*bytes).subspan(2);
        bool is_abstract = !path.empty() && path[0] == std::byte{0};
        if (!is_abstract) path = path.first(strnlen(text + 2, path.size()));
        return fmt::format("{{sa_family=AF_UNIX, sun_path={}{}}}", is_abstract ? "@" : "",
                           quote(is_abstract ? path.subspan(1) : path, 108));
    }
    u16 port = bytes->size() >= 4 ? load<u16>(bytes->data() + 2, ByteOrder::big) : 0;
    if (family == AF_INET && bytes->size() >= 8 && inet_ntop(AF_INET, text + 4, host, sizeof host))
        return fmt::format("{{sa_family=AF_INET, sin_port={}, sin_addr={}}}", port, host);
    if (family == AF_INET6 && bytes->size() >= 24 && inet_ntop(AF_INET6, text + 8, host, sizeof host))
        return fmt::format("{{sa_family=AF_INET6, sin6_port={}, sin6_addr={}}}", port, host);
    return fmt::format("{{sa_family={}, ...}}", format_choice(family, socket_family_names()));
}

}  // namespace

std::optional<std::vector<std::byte>> fetch(const CallView& view, GuestAddr address, u64 size) {
    std::vector<std::byte> bytes(size);
    if (!address || !view.memory.peek(address, bytes)) return std::nullopt;
    return bytes;
}

std::optional<std::string> fetch_string(const CallView& view, GuestAddr address, u64 limit) {
    std::string text;
    constexpr u64 step = 64;   // stays within one mapping for nearly every string
    while (text.size() < limit) {
        GuestAddr at = address + text.size();
        auto bytes = fetch(view, at, step - at.value % step);
        if (!bytes) return text.empty() ? std::nullopt : std::optional(text);
        auto end = std::ranges::find(*bytes, std::byte{0});
        text.append(reinterpret_cast<const char*>(bytes->data()), static_cast<std::size_t>(end - bytes->begin()));
        if (end != bytes->end()) break;
    }
    return text;
}

std::optional<u64> fetch_word(const CallView& view, GuestAddr address) {
    auto bytes = fetch(view, address, view.abi.word_size);
    if (!bytes) return std::nullopt;
    return load_unsigned(bytes->data(), view.abi.word_size, view.abi.byte_order);
}

std::string format_at(const CallView& view, GuestAddr address, Formatter formatter) {
    u64 values[] = {address.value, 0};
    return formatter(CallView{view.abi, view.memory, values, 0, view.result});
}

std::string format_string(const CallView& view) {
    auto text = fetch_string(view, view.address(), shown_path_bytes);
    return text ? quote(bytes_of(*text), shown_path_bytes) : format_pointer(view);
}

std::string format_string_array(const CallView& view) {
    if (!view.address()) return "NULL";
    u64 count = 0;
    while (count <= shown_elements) {
        auto word = fetch_word(view, view.address() + count * view.abi.word_size);
        if (!word) return format_pointer(view);
        if (*word == 0) break;
        ++count;
    }
    return list(count, ", ", [&](u64 index) -> std::optional<std::string> {
        auto word = fetch_word(view, view.address() + index * view.abi.word_size);
        auto text = word ? fetch_string(view, {*word}, 256) : std::nullopt;
        if (!text) return std::nullopt;
        return quote(bytes_of(*text), 256);
    });
}

std::string format_environment(const CallView& view) {
    constexpr u64 most = 4096;
    for (u64 count = 0; count < most; ++count) {
        auto word = fetch_word(view, view.address() + count * view.abi.word_size);
        if (!word) return format_pointer(view);
        if (*word == 0) return fmt::format("{:#x} /* {} vars */", view.value(), count);
    }
    return fmt::format("{:#x} /* {} vars or more */", view.value(), most);
}

std::string format_buffer_of_next(const CallView& view) { return format_bytes(view, view.address(), view.next()); }

std::string format_buffer_of_result(const CallView& view) {
    return format_bytes(view, view.address(), static_cast<u64>(view.result));
}

std::string format_vector_in(const CallView& view) { return format_vector(view, ~u64{0}); }

std::string format_vector_out(const CallView& view) { return format_vector(view, static_cast<u64>(view.result)); }

std::string format_poll(const CallView& view) {
    const StructLayout& layout = layout_of(view.abi, Struct::pollfd);
    if (!view.address()) return "NULL";
    return list(static_cast<u32>(view.next()), ", ", [&](u64 index) -> std::optional<std::string> {
        auto bytes = fetch(view, view.address() + index * layout.size, layout.size);
        if (!bytes) return std::nullopt;
        StructView row(view.abi, Struct::pollfd, *bytes);
        std::string text = fmt::format("{{fd={}, events={}", static_cast<i32>(row.get(Field::fd)),
                                       format_flags(row.get(Field::events) & 0xffff, poll_event_names()));
        if (u64 seen = row.get(Field::revents) & 0xffff; view.result > 0 && seen)
            text += fmt::format(", revents={}", format_flags(seen, poll_event_names()));
        return text + "}";
    });
}

std::string format_descriptor_set(const CallView& view) {
    u64 limit = std::min<u64>(static_cast<u32>(view.values[0]), 1024);
    u64 word_bits = view.abi.word_size * 8u;
    std::string text;
    for (u64 fd = 0; fd < limit; ++fd) {
        auto word = fetch_word(view, view.address() + fd / word_bits * view.abi.word_size);
        if (!word) return format_pointer(view);
        if (*word >> fd % word_bits & 1) text += fmt::format("{}{}", text.empty() ? "" : " ", fd);
    }
    return view.address() ? fmt::format("[{}]", text) : "NULL";
}

std::string format_descriptor_pair(const CallView& view) {
    auto bytes = fetch(view, view.address(), 8);
    if (!bytes) return format_pointer(view);
    return fmt::format("[{}, {}]", load<i32>(bytes->data(), view.abi.byte_order),
                       load<i32>(bytes->data() + 4, view.abi.byte_order));
}

std::string format_pointed_int(const CallView& view) {
    auto bytes = fetch(view, view.address(), 4);
    return bytes ? fmt::format("[{}]", load<i32>(bytes->data(), view.abi.byte_order)) : format_pointer(view);
}

std::string format_pointed_long(const CallView& view) {
    auto word = fetch_word(view, view.address());
    return word ? fmt::format("[{}]", view.abi.sign_extend_word(*word)) : format_pointer(view);
}

std::string format_pointed_wide(const CallView& view) {
    auto bytes = fetch(view, view.address(), 8);
    return bytes ? fmt::format("[{}]", load<i64>(bytes->data(), view.abi.byte_order)) : format_pointer(view);
}

std::string format_group_list(const CallView& view) {
    if (!view.address()) return "NULL";
    return list(static_cast<u64>(view.result), ", ", [&](u64 index) -> std::optional<std::string> {
        auto bytes = fetch(view, view.address() + index * 4, 4);
        if (!bytes) return std::nullopt;
        return fmt::format("{}", load<u32>(bytes->data(), view.abi.byte_order));
    });
}

std::string format_wait_status(const CallView& view) {
    auto bytes = fetch(view, view.address(), 4);
    if (!bytes || view.result == 0) return format_pointer(view);
    int status = load<i32>(bytes->data(), view.abi.byte_order);
    if (WIFEXITED(status)) return fmt::format("[{{exited with {}}}]", WEXITSTATUS(status));
    if (WIFSIGNALED(status))
        return fmt::format("[{{killed by {}{}}}]", signal_name(kernel::signal_from_guest(view.abi, WTERMSIG(status))),
                           WCOREDUMP(status) ? ", core dumped" : "");
    if (WIFSTOPPED(status))
        return fmt::format("[{{stopped by {}}}]", signal_name(kernel::signal_from_guest(view.abi, WSTOPSIG(status))));
    return WIFCONTINUED(status) ? "[{continued}]" : fmt::format("[{:#x}]", status);
}

std::string format_socket_address(const CallView& view) { return format_address_bytes(view, view.next()); }

std::string format_socket_address_out(const CallView& view) {
    auto length = fetch(view, {view.next()}, 4);
    return length ? format_address_bytes(view, load<u32>(length->data(), view.abi.byte_order)) : format_pointer(view);
}

}  // namespace postern::trace
