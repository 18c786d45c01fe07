// Numbers between an ABI's form and the generic one.
#include "abi/abi.hpp"

#include <algorithm>

namespace postern {
namespace {

/// Moves the listed bits from one numbering to the other, and keeps the bits that are listed in
/// neither.
u64 translate_bits(std::span<const NumberPair> pairs, u64 value, i64 NumberPair::* from, i64 NumberPair::* to) {
    u64 moved = 0, foreign = 0;
    for (const NumberPair& pair : pairs) {
        foreign |= static_cast<u64>(pair.*from) | static_cast<u64>(pair.*to);
        if (value & static_cast<u64>(pair.*from)) moved |= static_cast<u64>(pair.*to);
    }
    return (value & ~foreign) | moved;
}

}  // namespace

i64 NumberTables::to_guest(NumberSet set, i64 generic) const {
    auto found = std::ranges::find((*this)[set], generic, &NumberPair::generic);
    return found == (*this)[set].end() ? generic : found->guest;
}

std::optional<i64> NumberTables::from_guest(NumberSet set, i64 guest) const {
    auto pairs = (*this)[set];
    auto found = std::ranges::find(pairs, guest, &NumberPair::guest);
    if (found != pairs.end()) return found->generic;
    bool moved_away = std::ranges::find(pairs, guest, &NumberPair::generic) != pairs.end();
    return moved_away ? std::nullopt : std::optional(guest);
}

u64 NumberTables::bits_to_guest(NumberSet set, u64 generic) const {
    return translate_bits((*this)[set], generic, &NumberPair::generic, &NumberPair::guest);
}

u64 NumberTables::bits_from_guest(NumberSet set, u64 guest) const {
    return translate_bits((*this)[set], guest, &NumberPair::guest, &NumberPair::generic);
}

u32 Abi::ioctl_from_guest(u32 guest) const {
    auto known = numbers.from_guest(NumberSet::ioctl_request, guest);
    if (!known || *known != guest) return static_cast<u32>(known.value_or(0));
    constexpr IoctlEncoding generic;
    u32 direction = guest >> ioctl.direction_shift, rest = guest & ((1u << ioctl.direction_shift) - 1);
    if (direction == 0 || ioctl == generic) return guest;
    u32 reads = direction & ioctl.read ? generic.read : 0u, writes = direction & ioctl.write ? generic.write : 0u;
    return (reads | writes) << generic.direction_shift | rest;
}

}  // namespace postern
