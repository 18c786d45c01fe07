// A vDSO image from a file.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace postern::tools {

/// The whole file, unjudged. Error, beginning with the path: it cannot be read, or is larger than any vDSO.
Result<std::vector<std::byte>> read_image_file(const std::string& path);

}  // namespace postern::tools
