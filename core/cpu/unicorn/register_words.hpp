// Where Unicorn keeps registers: its interface takes as long for each as a system call does.
#pragma once

#include "base/types.hpp"

#include <cstddef>
#include <span>
#include <unicorn/unicorn.h>
#include <vector>

namespace postern::unicorn {

/// A register that is nothing but a word in the engine's memory.
struct RegisterWord {
    std::byte* word = nullptr;    ///< in host order; null = not found
    unsigned width = 0;           ///< bytes that a write through the interface changes, 4 or 8

    explicit operator bool() const { return word != nullptr; }
};

/// Where it can, the words of registers of Unicorn's numbers `ids`, in their order. The structures
/// of the engine are private, so nothing is taken for granted: a place is believed when it shows
/// two values written through the interface, and the interface shows one that was written there.
/// What is not found is served by the interface as before. The engine stands still; its registers
/// keep their values. About 100 us.
std::vector<RegisterWord> find_register_words(uc_engine* engine, std::span<const int> ids);

}  // namespace postern::unicorn
