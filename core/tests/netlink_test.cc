// Route messages between guests of the other byte order and the host.
#include "abi/abi.hpp"
#include "kernel/syscalls/netlink.hpp"
#include "kernel/syscalls/netlink_attributes.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <linux/rtnetlink.h>
#include <random>
#include <sys/socket.h>
#include <vector>

using namespace postern;
using namespace postern::kernel;

namespace {

const Abi& abi_named(const char* name) {
    const Abi* abi = find_abi(name);
    REQUIRE(abi != nullptr);
    return *abi;
}

/// A message as a program of that byte order writes it, number by number.
class Writer {
public:
    explicit Writer(ByteOrder order) : order_(order) {}

    template <typename T> Writer& number(T value) {
        std::byte stored[sizeof(T)];
        store(stored, value, order_);
        for (std::byte byte : stored) bytes_.push_back(byte);
        return *this;
    }
    Writer& header(u32 length, u16 type, u16 flags = 0) {
        return number(length).number(type).number(flags).number(u32{7}).number(u32{0});
    }
    Writer& attribute(u16 length, int type) { return number(length).number(static_cast<u16>(type)); }
    Writer& text(std::string_view text) {
        for (char letter : text) bytes_.push_back(static_cast<std::byte>(letter));
        return *this;
    }
    std::vector<std::byte> bytes() const { return bytes_; }

private:
    ByteOrder order_;
    std::vector<std::byte> bytes_;
};

/// Every form of value that a table knows, and what must stay.
std::vector<std::byte> route_message(ByteOrder order) {
    Writer writer(order);
    writer.header(16 + 12 + 8 + 20 + 12 + 12 + 24, RTM_NEWROUTE, NLM_F_MULTI);
    writer.text("bytes...").number(u32{0x200});
    writer.attribute(8, RTA_DST).text("addr");
    writer.attribute(20, RTA_METRICS).attribute(8, RTAX_MTU).number(u32{1500});
    writer.attribute(8, RTAX_CC_ALGO).text("reno");
    writer.attribute(12, RTA_VIA).number(u16{AF_INET6}).text("6bytes");
    writer.attribute(12, RTA_PREFSRC | NLA_F_NET_BYTEORDER).text("network.");
    writer.attribute(24, RTA_MULTIPATH).number(u16{20}).text("fh").number(u32{3});
    writer.attribute(6, RTA_ENCAP_TYPE).number(u16{2}).text("--").attribute(4, RTA_FLOW);
    return writer.bytes();
}

std::vector<std::byte> link_message(ByteOrder order) {
    Writer writer(order);
    writer.header(16 + 16 + 32 + 12 + 5, RTM_NEWLINK).text("fp").number(u16{772}).number(u32{1}).number(u32{2});
    writer.number(u32{3}).attribute(32, IFLA_MAP).number(u64{1}).number(u64{2}).number(u64{3}).number(u16{4}).text("dp");
    writer.attribute(12, IFLA_STATS64).number(u64{5}).attribute(5, IFLA_OPERSTATE).text("o---");
    return writer.bytes();
}

/// An error that repeats the request, and says where in it the fault lies.
std::vector<std::byte> error_message(ByteOrder order, int error) {
    Writer writer(order);
    writer.header(16 + 4 + 16 + 16 + 8, NLMSG_ERROR, NLM_F_ACK_TLVS).number(-error);
    writer.header(16 + 16, RTM_GETLINK, NLM_F_REQUEST).text("fp").number(u16{0}).number(u32{9}).number(u32{0});
    return writer.number(u32{0}).attribute(8, NLMSGERR_ATTR_OFFS).number(u32{20}).bytes();
}

std::vector<std::byte> capped_error(ByteOrder order) {
    Writer writer(order);
    writer.header(16 + 4 + 16 + 8, NLMSG_ERROR, NLM_F_ACK_TLVS | NLM_F_CAPPED).number(-EPERM);
    writer.header(16 + 400, RTM_NEWLINK, NLM_F_REQUEST);
    return writer.attribute(8, NLMSGERR_ATTR_OFFS).number(u32{20}).bytes();
}

std::vector<std::byte> both(std::vector<std::byte> a, const std::vector<std::byte>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

}  // namespace

TEST_CASE("route messages: each number of the header and of known attributes in the other byte order") {
    const Abi& abi = abi_named("s390x");
    auto native = both(route_message(ByteOrder::little), link_message(ByteOrder::little));
    auto foreign = both(route_message(ByteOrder::big), link_message(ByteOrder::big));
    auto bytes = native;
    netlink::to_guest(abi, bytes);
    CHECK(bytes == foreign);
    netlink::to_host(abi, bytes);
    CHECK(bytes == native);
}

TEST_CASE("netlink errors have the numbers of the ABI, and repeat the request") {
    constexpr int mips_not_supported = 122;   // kernel: arch/mips/include/uapi/asm/errno.h
    for (auto [name, order] : {std::pair{"mips-n64", ByteOrder::big}, std::pair{"mipsel-n64", ByteOrder::little}}) {
        CAPTURE(name);
        CHECK(netlink::needs_conversion(abi_named(name)));
        auto bytes = error_message(ByteOrder::little, EOPNOTSUPP);
        netlink::to_guest(abi_named(name), bytes);
        CHECK(bytes == error_message(order, mips_not_supported));
    }
    auto bytes = capped_error(ByteOrder::little);
    netlink::to_guest(abi_named("s390x"), bytes);
    CHECK(bytes == capped_error(ByteOrder::big));
    CHECK_FALSE(netlink::needs_conversion(abi_named("aarch64")));
}

TEST_CASE("netlink protocols without known messages do not exist for a guest of the other byte order") {
    CHECK(netlink::is_supported(abi_named("s390x"), NETLINK_ROUTE));
    CHECK(netlink::is_supported(abi_named("s390x"), NETLINK_KOBJECT_UEVENT));
    CHECK_FALSE(netlink::is_supported(abi_named("s390x"), NETLINK_GENERIC));
    CHECK(netlink::is_supported(abi_named("aarch64"), NETLINK_GENERIC));
}

TEST_CASE("netlink: lengths that lie are the end, and deep nesting has one") {
    const Abi& abi = abi_named("s390x");
    auto whole = both(error_message(ByteOrder::big, EPERM),
                      both(route_message(ByteOrder::big), link_message(ByteOrder::big)));
    std::mt19937 random(1);
    for (int round = 0; round < 20'000; ++round) {
        std::vector<std::byte> bytes(whole.begin(), whole.begin() + static_cast<long>(random() % (whole.size() + 1)));
        for (unsigned change = random() % 8; change != 0 && !bytes.empty(); --change)
            bytes[random() % bytes.size()] = static_cast<std::byte>(random());
        bytes.shrink_to_fit();   // so that a sanitizer sees each step beyond the end
        netlink::to_host(abi, bytes);
    }
    // Errors within errors, and next hops within next hops, a megabyte of them.
    auto repeat = [&](std::vector<std::byte> bytes, const std::vector<std::byte>& level) {
        while (bytes.size() < 1 << 20) bytes.insert(bytes.end(), level.begin(), level.end());
        auto before = bytes;
        netlink::to_host(abi, bytes);
        CHECK(bytes != before);
    };
    Writer error(ByteOrder::big), route(ByteOrder::big), hop(ByteOrder::big);
    repeat({}, error.header(1 << 20, NLMSG_ERROR).number(u32{0}).bytes());
    repeat(route.header(1 << 20, RTM_NEWROUTE).text("bytes...").number(u32{0}).bytes(),
           hop.attribute(0xffff, RTA_MULTIPATH).number(u16{0xffff}).text("fh").number(u32{0}).bytes());
}
