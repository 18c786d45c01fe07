#include "tools/table.hpp"
#include "base/result.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <unistd.h>

namespace postern::tools {

namespace {

std::string in_capitals(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char byte) { return std::toupper(byte); });
    return text;
}

/// A cell's text must not end the cell.
std::string escaped(const std::string& cell) {
    std::string text;
    for (char byte : cell) text += byte == '|' ? "\\|" : std::string(1, byte);
    return text;
}

}  // namespace

std::string printable(std::string_view name) {
    std::string text(name);
    std::ranges::replace_if(text, [](char byte) { return byte < ' ' || byte > '~'; }, '?');
    return text;
}

TableStyle style_for_output() { return isatty(STDOUT_FILENO) ? TableStyle::aligned : TableStyle::tabbed; }

void Table::add(std::vector<std::string> row) {
    POSTERN_ASSERT(row.size() == heading_.size());
    rows_.push_back(std::move(row));
}

std::string Table::text(TableStyle style) const {
    switch (style) {
        case TableStyle::aligned: return aligned();
        case TableStyle::tabbed: return tabbed();
        case TableStyle::markdown: return markdown();
    }
    return {};
}

std::string Table::aligned() const {
    std::vector<std::size_t> widths;
    for (const auto& title : heading_) widths.push_back(title.size());
    for (const auto& row : rows_)
        for (std::size_t column = 0; column < row.size(); ++column)
            widths[column] = std::max(widths[column], row[column].size());
    auto line = [&](const std::vector<std::string>& row) {
        std::string text;
        for (std::size_t column = 0; column < row.size(); ++column)
            text += fmt::format("{:<{}}  ", row[column], widths[column]);
        text.erase(text.find_last_not_of(' ') + 1);
        return text + "\n";
    };
    std::vector<std::string> titles;
    for (const auto& title : heading_) titles.push_back(in_capitals(title));
    std::string text = line(titles);
    for (const auto& row : rows_) text += line(row);
    return text;
}

std::string Table::tabbed() const {
    std::string text;
    for (const auto& row : rows_) text += fmt::format("{}\n", fmt::join(row, "\t"));
    return text;
}

std::string Table::markdown() const {
    auto line = [](const std::vector<std::string>& row) {
        std::string text = "|";
        for (const auto& cell : row) text += fmt::format(" {} |", escaped(cell));
        return text + "\n";
    };
    std::string text = line(heading_) + "|";
    for (std::size_t column = 0; column < heading_.size(); ++column) text += "---|";
    text += "\n";
    for (const auto& row : rows_) text += line(row);
    return text;
}

}  // namespace postern::tools
