// Looking around in the library's own memory, whose layout is its business.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace postern::unicorn {

/// Memory of this process that may not exist: as many bytes as there are of it, read to `out`.
std::size_t read_carefully(std::uintptr_t address, std::span<std::byte> out);

}  // namespace postern::unicorn
