// Bit strings: how the manuals of all processors write an instruction.
//
//     "0011nnnnmmmm1100"
//
// Digits are the bits that make it this instruction, letters its fields, the most significant bit
// first. A field's bits need not be neighbours: they are gathered in their order. A '-' is a bit
// that the processor does not look at; blanks are for the reader.
#pragma once

#include "base/types.hpp"

#include <string_view>

namespace postern::decode {

struct Pattern {
    std::string_view text;
    u64 mask = 0;    ///< the bits that are digits
    u64 match = 0;   ///< and their values
};

constexpr bool is_field_letter(char letter) { return letter >= 'a' && letter <= 'z'; }

/// Bits that the text describes; 0: it has a character that means nothing.
constexpr unsigned width_of(std::string_view text) {
    unsigned width = 0;
    for (char bit : text) {
        if (bit == ' ') continue;
        if (bit != '0' && bit != '1' && bit != '-' && !is_field_letter(bit)) return 0;
        ++width;
    }
    return width;
}

/// The bits that are written as `bit`.
constexpr u64 mask_of(std::string_view text, char bit) {
    u64 mask = 0;
    for (char each : text)
        if (each != ' ') mask = mask << 1 | u64{each == bit};
    return mask;
}

constexpr Pattern parse(std::string_view text) {
    u64 ones = mask_of(text, '1');
    return {.text = text, .mask = ones | mask_of(text, '0'), .match = ones};
}

constexpr unsigned count_bits(u64 mask) { return static_cast<unsigned>(__builtin_popcountll(mask)); }

/// The bits of `word` under `mask`, moved together.
constexpr u64 gather(u64 word, u64 mask) {
    u64 value = 0;
    for (u64 place = 1; mask != 0; mask &= mask - 1, place <<= 1)
        if (word & mask & -mask) value |= place;
    return value;
}

constexpr u64 sign_extend(u64 value, unsigned bits) {
    u64 sign = u64{1} << (bits - 1);
    return (value ^ sign) - sign;
}

/// Whether some word is both instructions.
constexpr bool overlap(const Pattern& a, const Pattern& b) { return ((a.match ^ b.match) & a.mask & b.mask) == 0; }

}  // namespace postern::decode
