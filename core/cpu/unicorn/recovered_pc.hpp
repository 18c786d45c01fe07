// The program counter of exceptions, which Unicorn's MIPS machines recover and then lose.
#pragma once

#include "base/types.hpp"

namespace postern::unicorn {

/// The instruction that raised the last exception, or a page fault, on this host thread.
///
/// An exception leaves translated code in the middle of a block, and the engine recovers the
/// program counter from its place there; its MIPS machines then overwrite it with that of the
/// last system call. The recovering is a call from one file of the library to another, so the
/// linker can lead it past us (`--wrap`, core/cpu/CMakeLists.txt).
u64 recovered_pc();

}  // namespace postern::unicorn
