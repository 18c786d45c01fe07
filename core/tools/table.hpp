// Tables for people, for Markdown and for pipes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postern::tools {

enum class TableStyle {
    aligned,     ///< columns padded with blanks, heading in capitals: for a terminal
    tabbed,      ///< one tab between columns: for cut, sort, awk
    markdown,
};

/// A name from a file that nobody vouches for, on one line: bytes that are not printable ASCII as "?".
std::string printable(std::string_view name);

/// aligned on a terminal, tabbed elsewhere.
TableStyle style_for_output();

class Table {
public:
    explicit Table(std::vector<std::string> heading) : heading_(std::move(heading)) {}
    /// As many cells as the heading has.
    void add(std::vector<std::string> row);
    /// Every line ends with a newline.
    std::string text(TableStyle style) const;

private:
    std::string aligned() const;
    std::string tabbed() const;
    std::string markdown() const;

    std::vector<std::string> heading_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace postern::tools
