// The page size of arm and aarch64, which Unicorn takes to be 1 KiB.
#pragma once

#include "base/types.hpp"

#include <unicorn/unicorn.h>

namespace postern::unicorn {

inline constexpr u32 target_page_bits = 12;

/// Makes the pages of an engine that is just being initialised as large as Linux's smallest: with
/// 1 KiB, four times as many TLB entries are needed, and jumps out of 1 KiB of code look their
/// target up. Unicorn 2.1.1 lets nobody ask for it (aarch64), or gives twice what is asked (arm).
/// Where the size is not found in the engine's private structure, it stays.
void enlarge_target_pages(uc_engine* engine);

}  // namespace postern::unicorn
