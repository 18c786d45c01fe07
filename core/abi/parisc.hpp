// What the files of parisc share.
#pragma once

#include "base/types.hpp"

namespace postern::parisc {

/// Where the gateway page is in a flat address space: the end of the program's (arch/parisc: TASK_SIZE).
inline constexpr u64 gateway_page = 0xfff0'0000;

}  // namespace postern::parisc
