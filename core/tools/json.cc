#include "tools/json.hpp"

#include <fmt/format.h>

namespace postern::tools::json {

namespace {

/// How many bytes the UTF-8 sequence at the start of `text` has; 0 = it is none.
std::size_t sequence_length(std::string_view text) {
    auto lead = static_cast<unsigned char>(text[0]);
    std::size_t length = lead < 0x80    ? 1
                         : lead < 0xc2  ? 0
                         : lead < 0xe0  ? 2
                         : lead < 0xf0  ? 3
                         : lead <= 0xf4 ? 4
                                        : 0;
    if (length == 0 || length > text.size()) return 0;
    for (std::size_t at = 1; at < length; ++at)
        if ((static_cast<unsigned char>(text[at]) & 0xc0) != 0x80) return 0;
    return length;
}

std::string indented(std::string_view text) {
    std::string out;
    for (char byte : text) out += byte == '\n' ? "\n  " : std::string(1, byte);
    return out;
}

std::string enclosed(char open, char close, const std::vector<std::string>& items) {
    if (items.empty()) return {open, close};
    std::string text(1, open);
    for (std::size_t index = 0; index < items.size(); ++index)
        text += fmt::format("{}\n  {}", index ? "," : "", indented(items[index]));
    return fmt::format("{}\n{}", text, close);
}

}  // namespace

std::string string(std::string_view text) {
    std::string out = "\"";
    while (!text.empty()) {
        auto byte = static_cast<unsigned char>(text[0]);
        std::size_t length = sequence_length(text);
        if (byte == '"' || byte == '\\') out += {'\\', text[0]};
        else if (length == 0 || byte < ' ' || byte == 0x7f) out += fmt::format("\\u{:04x}", byte);
        else out += text.substr(0, length);
        text.remove_prefix(length ? length : 1);
    }
    return out + "\"";
}

std::string number(unsigned long long value) { return fmt::format("{}", value); }
std::string boolean(bool value) { return value ? "true" : "false"; }
std::string array(const std::vector<std::string>& elements) { return enclosed('[', ']', elements); }

std::string object(const std::vector<std::pair<std::string_view, std::string>>& members) {
    std::vector<std::string> items;
    for (const auto& [name, value] : members) items.push_back(fmt::format("{}: {}", string(name), value));
    return enclosed('{', '}', items);
}

}  // namespace postern::tools::json
