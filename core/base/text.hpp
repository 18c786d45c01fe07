// Sentences put together without a formatting library: the vDSO component is linked into
// programs that have none.
#pragma once

#include "base/types.hpp"

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace postern {

inline std::string as_text(std::string_view text) { return std::string(text); }
inline std::string as_text(char byte) { return std::string(1, byte); }
std::string as_text(std::integral auto number) { return std::to_string(number); }

/// A number in base 16 with "0x" in front.
inline std::string hexadecimal(u64 value) {
    char digits[16];
    return "0x" + std::string(digits, std::to_chars(digits, digits + sizeof digits, value, 16).ptr);
}

/// `pattern` with each "{}" replaced by the next argument, and each "{:0N}" by it with zeros in
/// front up to N characters (one digit). As many arguments as places.
inline std::string format_text(std::string_view pattern) { return std::string(pattern); }
template <typename First, typename... Rest>
std::string format_text(std::string_view pattern, const First& first, const Rest&... rest) {
    auto open = pattern.find('{'), close = pattern.find('}', open);
    std::string value = as_text(first);
    std::size_t width = close - open == 4 ? static_cast<std::size_t>(pattern[close - 1] - '0') : 0;
    if (value.size() < width) value.insert(0, width - value.size(), '0');
    return std::string(pattern.substr(0, open)) + value + format_text(pattern.substr(close + 1), rest...);
}

}  // namespace postern
