#include "kernel/syscalls/netlink.hpp"

#include "kernel/syscalls/netlink_attributes.hpp"

#include <algorithm>
#include <cstring>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace postern::kernel::netlink {

namespace {

enum class Target : u8 { host, guest };

/// Cuts at the end: a part that would begin or end behind it is what there is.
std::span<std::byte> part(std::span<std::byte> bytes, std::size_t offset, std::size_t size = std::dynamic_extent) {
    bytes = bytes.subspan(std::min(offset, bytes.size()));
    return bytes.first(std::min(size, bytes.size()));
}

std::size_t align(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

class Converter {
public:
    Converter(const Abi& abi, Target target)
        : abi_(abi), from_(target == Target::host ? abi.byte_order : host_byte_order),
          to_(target == Target::host ? host_byte_order : abi.byte_order), target_(target) {}

    void messages(std::span<std::byte> bytes) const {
        while (!bytes.empty()) bytes = part(bytes, align(message(bytes)));
    }

private:
    /// Converts the number at the front and answers it; 0 if it is cut short.
    template <std::unsigned_integral T>
    T number(std::span<std::byte> bytes) const {
        if (bytes.size() < sizeof(T)) return 0;
        T value = load<T>(bytes.data(), from_);
        store(bytes.data(), value, to_);
        return value;
    }

    template <std::unsigned_integral T>
    void numbers(std::span<std::byte> bytes) const {
        for (; bytes.size() >= sizeof(T); bytes = bytes.subspan(sizeof(T))) number<T>(bytes);
    }

    void fields(std::span<std::byte> bytes, std::string_view letters) const {
        for (char letter : letters) {
            if (letter == 'h') number<u16>(bytes);
            if (letter == 'w') number<u32>(bytes);
            bytes = part(bytes, letter == 'w' ? 4 : letter == 'h' ? 2 : 1);
        }
    }

    static std::size_t size_of(std::string_view letters) {
        std::size_t size = 0;
        for (char letter : letters) size += letter == 'w' ? 4 : letter == 'h' ? 2 : 1;
        return align(size);
    }

    /// One message with its header: the size it claims, at least the header's.
    std::size_t message(std::span<std::byte> bytes) const {
        return message(bytes, [&](u16 type, u16 flags, std::span<std::byte> body) {
            if (type == NLMSG_ERROR) failure(body, flags);
            else if (type == NLMSG_DONE) end(body, flags);
            else content(body, type);
        });
    }

    template <typename Body>
    std::size_t message(std::span<std::byte> bytes, Body convert_body) const {
        std::size_t length = std::max<std::size_t>(number<u32>(bytes), NLMSG_HDRLEN);
        u16 type = number<u16>(part(bytes, offsetof(nlmsghdr, nlmsg_type)));
        u16 flags = number<u16>(part(bytes, offsetof(nlmsghdr, nlmsg_flags)));
        numbers<u32>(part(bytes, offsetof(nlmsghdr, nlmsg_seq), 8));
        convert_body(type, flags, part(bytes.first(std::min(length, bytes.size())), NLMSG_HDRLEN));
        return length;
    }

    /// The header of a kind of message and its attributes.
    void content(std::span<std::byte> body, u16 type) const {
        const Message* kind = find_message(type);
        if (!kind) return;
        fields(body, kind->fields);
        attributes(part(body, size_of(kind->fields)), kind->attributes);
    }

    /// struct nlmsgerr: a number, the request that failed (its header alone in a capped answer), and perhaps
    /// attributes that say why.
    void failure(std::span<std::byte> body, u16 flags) const {
        error(body);
        auto request = part(body, sizeof(int));
        bool capped = (flags & NLM_F_CAPPED) != 0;
        std::size_t size = message(request, [&](u16 type, u16, std::span<std::byte> repeated) {
            if (!capped) content(repeated, type);
        });
        if ((flags & NLM_F_ACK_TLVS) != 0)
            attributes(part(request, capped ? NLMSG_HDRLEN : align(size)), Group::acknowledgement);
    }

    /// The end of several messages: a number and perhaps the same attributes.
    void end(std::span<std::byte> body, u16 flags) const {
        error(body);
        if ((flags & NLM_F_ACK_TLVS) != 0) attributes(part(body, sizeof(int)), Group::acknowledgement);
    }

    /// 0 or a negative error number.
    void error(std::span<std::byte> bytes) const {
        if (bytes.size() < 4) return;
        auto value = static_cast<i32>(number<u32>(bytes));
        if (target_ == Target::guest && value < 0)
            store(bytes.data(), static_cast<i32>(-abi_.numbers.to_guest(NumberSet::error, -i64{value})), to_);
    }

    void attributes(std::span<std::byte> bytes, Group group) const {
        while (bytes.size() >= sizeof(rtattr)) {
            std::size_t length = std::max<std::size_t>(number<u16>(bytes), sizeof(rtattr));
            u16 type = number<u16>(part(bytes, offsetof(rtattr, rta_type)));
            auto value = part(bytes.first(std::min(length, bytes.size())), sizeof(rtattr));
            if ((type & NLA_F_NET_BYTEORDER) == 0)
                attribute(value, find_attribute(group, type & static_cast<u16>(NLA_TYPE_MASK)));
            bytes = part(bytes, align(length));
        }
    }

    void attribute(std::span<std::byte> value, const Attribute& row) const {
        switch (row.form) {
            case Form::bytes: return;
            case Form::halves: return numbers<u16>(value);
            case Form::words: return numbers<u32>(value);
            case Form::longs: return numbers<u64>(value);
            case Form::link_map:
                numbers<u64>(part(value, 0, offsetof(rtnl_link_ifmap, irq)));
                number<u16>(part(value, offsetof(rtnl_link_ifmap, irq)));
                return;
            case Form::via: number<u16>(value); return;
            case Form::next_hops: return next_hops(value, row.nested);
            case Form::nested: return attributes(value, row.nested);
        }
    }

    void next_hops(std::span<std::byte> bytes, Group group) const {
        while (bytes.size() >= sizeof(rtnexthop)) {
            std::size_t length = std::max<std::size_t>(number<u16>(bytes), sizeof(rtnexthop));
            number<u32>(part(bytes, offsetof(rtnexthop, rtnh_ifindex)));
            attributes(part(bytes.first(std::min(length, bytes.size())), sizeof(rtnexthop)), group);
            bytes = part(bytes, align(length));
        }
    }

    const Abi& abi_;
    ByteOrder from_, to_;
    Target target_;
};

int socket_option(int fd, int option) {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

}  // namespace

bool needs_conversion(const Abi& abi) {
    // Tables of errors begin to differ at the same number in all ABIs that have their own.
    constexpr int error_of_own = EOPNOTSUPP;
    return abi.byte_order != host_byte_order || abi.numbers.to_guest(NumberSet::error, error_of_own) != error_of_own;
}

bool is_supported(const Abi& abi, int protocol) {
    return abi.byte_order == host_byte_order || protocol == NETLINK_ROUTE || protocol == NETLINK_KOBJECT_UEVENT;
}

bool is_route_socket(int fd) {
    return socket_option(fd, SO_DOMAIN) == AF_NETLINK && socket_option(fd, SO_PROTOCOL) == NETLINK_ROUTE;
}

void to_host(const Abi& abi, std::span<std::byte> bytes) { Converter(abi, Target::host).messages(bytes); }
void to_guest(const Abi& abi, std::span<std::byte> bytes) { Converter(abi, Target::guest).messages(bytes); }

}  // namespace postern::kernel::netlink
