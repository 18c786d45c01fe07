// Sentences put together without a formatting library: the vDSO component is linked into
// programs that have none.
#pragma once

#include "base/types.hpp"

#include <array>
#include <charconv>
#include <initializer_list>
#include <string>
#include <string_view>

namespace postern {

/// A number as text, in base 10, or in base 16 with "0x" in front.
inline std::string decimal(u64 value) { return std::to_string(value); }
inline std::string hexadecimal(u64 value) {
    std::array<char, 16> digits;
    char* end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
    return "0x" + std::string(digits.data(), end);
}

inline std::string concat(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (std::string_view part : parts) text += part;
    return text;
}

}  // namespace postern
