// Just enough JSON to print facts: values are put together as text, numbers as they are.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::tools::json {

/// A string literal. Bytes that are not UTF-8 become the code points of the same number.
std::string string(std::string_view text);
std::string number(unsigned long long value);
std::string boolean(bool value);
/// Elements and members are JSON texts already; the result is indented by two blanks a level.
std::string array(const std::vector<std::string>& elements);
std::string object(const std::vector<std::pair<std::string_view, std::string>>& members);

}  // namespace postern::tools::json
