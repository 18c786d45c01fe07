// A 64-bit MIPS processor out of the only ones that Unicorn selects.
#pragma once

#include "base/result.hpp"

#include <unicorn/unicorn.h>

namespace postern::unicorn::mips {

/// In 64-bit mode too Unicorn 2.1 takes its processor from the list of 32-bit models. The
/// translator asks a word of the processor's state which instruction sets there are, and `ll`
/// and `lld` ask another how many bits an address has. Both are part of a saved context, where
/// they are looked for by their neighbours, changed, and the context is restored.
///
/// Gives `engine`, whose model must be the 24Kf, the instructions of MIPS64 release 2 (none of
/// MIPS16), and a segment mask with which one entry of its translation buffer stands for all of
/// user space. Takes effect with the next write of the status register. Whether the machine now
/// computes with 64 bits is the caller's to try.
/// Error: the state of this version of Unicorn looks otherwise; nothing was changed.
Result<void> widen_24kf(uc_engine* engine);

}  // namespace postern::unicorn::mips
