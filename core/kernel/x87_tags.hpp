// The x87 tag word in its two forms. One bit per register in FXSAVE's (set = in use), two in
// FSAVE's (valid 0, zero 1, special 2, empty 3), both by physical register number.
#pragma once

#include "cpu/cpu.hpp"

namespace postern::kernel {

/// The full tag word of a CPU whose abridged one is register `tags`.
u64 full_tags(const Cpu& cpu, RegisterIndex tags);
/// The abridged form of a full tag word.
u64 abridged_tags(u64 full);

}  // namespace postern::kernel
