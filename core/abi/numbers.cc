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

}  // namespace postern
