// How the file header of an ABI's programs is told from all others by its bytes alone: for binfmt_misc and the like.
#pragma once

#include "abi/abi.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace postern {

/// What a file begins with: of each byte, the bits that count and their values. As many of the one as of the other.
struct ElfPattern {
    std::vector<u8> magic, mask;

    bool matches(std::span<const std::byte> file) const;
};

/// The pattern of programs (ET_EXEC and ET_DYN) that identify_abi takes for the ABI's. An ABI's historic second machine
/// number has no place in it. What the kernel does not look at may be anything, but for the operating system, which it
/// ignores, too: it is System V's or GNU's here (0 to 3), so that programs of FreeBSD are not taken for Linux's.
ElfPattern elf_pattern(const Abi& abi);

}  // namespace postern
