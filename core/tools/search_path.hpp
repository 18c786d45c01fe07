// Finding a program as execvp(3) does.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace postern::tools {

/// The path to start for `name`: itself if it has a slash, else the first executable regular
/// file in the directories of `search` (PATH; empty parts mean the working directory).
/// Absolute directories are looked up below `sysroot`; the result does not name it.
/// Where all that is found may not be executed, the first of those, so that the loader says
/// why. Error: not_found.
Result<std::string> find_program(std::string_view name, std::string_view search, std::string_view sysroot);

}  // namespace postern::tools
