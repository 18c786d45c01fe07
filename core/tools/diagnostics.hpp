// What Postern has to say for itself: one line on stderr, "postern: what: why".
#pragma once

#include "base/result.hpp"

#include <string_view>

namespace postern::tools {

/// Prints one line; line breaks inside become blanks.
void complain(std::string_view message);

/// Prints an error and returns the exit status that goes with it.
int report(const Error& error);

}  // namespace postern::tools
