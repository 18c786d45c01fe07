// Where Unicorn keeps registers: its interface takes as long for each as a system call does.
#pragma once

#include "base/types.hpp"

#include <cstddef>
#include <span>
#include <unicorn/unicorn.h>
#include <vector>

namespace postern::unicorn {

/// A register of up to 8 bytes that is nothing but a word in the engine's memory.
struct RegisterWord {
    int unicorn_id;
    unsigned width;               ///< bytes, 4 or 8
    std::byte* word = nullptr;    ///< `width` bytes in host order; null = not found
};

/// Fills in `word` where it can. The structures of the engine are private, so nothing is
/// taken for granted: a place is believed when it shows two values written through the interface,
/// and the interface shows one that was written there. What is not found is served by the interface as
/// before. The engine stands still; its registers keep their values. About 100 us.
void find_register_words(uc_engine* engine, std::span<RegisterWord> registers);

}  // namespace postern::unicorn
