#include "kernel/x87_tags.hpp"

#include "base/endian.hpp"

#include <array>

namespace postern::kernel {
namespace {

enum Tag : u64 { valid = 0, zero = 1, special = 2, empty = 3 };

// Class of an 80-bit number: 64 bits of significand, then exponent and sign.
Tag tag_of(std::span<const std::byte> number) {
    u64 significand = load<u64>(number.data(), ByteOrder::little);
    unsigned exponent = load<u16>(number.data() + 8, ByteOrder::little) & 0x7fff;
    if (exponent == 0x7fff) return special;
    if (exponent == 0) return significand == 0 ? zero : special;
    return significand >> 63 ? valid : special;
}

}  // namespace

u64 full_tags(const Cpu& cpu, RegisterIndex tags) {
    const Abi& abi = cpu.abi();
    u64 in_use = cpu.get(tags);
    unsigned top = (cpu.get(abi.register_index("fpsw")) >> 11) & 7;
    unsigned first = abi.register_index("st0");
    u64 full = 0;
    for (unsigned physical = 0; physical < 8; ++physical) {
        Tag tag = empty;
        if (in_use >> physical & 1) {
            std::array<std::byte, 10> number{};
            cpu.get_bytes(static_cast<RegisterIndex>(first + ((physical - top) & 7)), number);
            tag = tag_of(number);
        }
        full |= u64{tag} << (physical * 2);
    }
    return full;
}

u64 abridged_tags(u64 full) {
    u64 abridged = 0;
    for (unsigned physical = 0; physical < 8; ++physical)
        if ((full >> (physical * 2) & 3) != empty) abridged |= u64{1} << physical;
    return abridged;
}

}  // namespace postern::kernel
