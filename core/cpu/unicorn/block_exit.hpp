// How translated code is left from a hook at the start of a block.
#pragma once

#include "cpu/unicorn/entered.hpp"

namespace postern::unicorn {

/// Unicorn notices a request to stop by a question that each block and each access to memory asks where it
/// may come, and blocks that are asked for by a hook cost as much again. The hook itself stands where the question
/// would: nothing of the block has happened. So it leaves as the answer would, and blocks need not ask.
///
/// What it leaves, the library's CPUState, is a parameter of the function that Unicorn calls behind each
/// translation; the linker leads that past us (core/cpu/CMakeLists.txt).
class BlockExit : public Entered<BlockExit> {
public:
    /// From a hook at the start of a block of the entered engine, after uc_emu_stop. Destroys nothing that is on the
    /// stack.
    [[noreturn]] void leave() const;

    /// The entered engine has translated a block; `leave` is the library's way out of the blocks of `processor`.
    static void translated(void* processor, void (*leave)(void* processor));

private:
    void* processor_ = nullptr;
    void (*leave_)(void* processor) = nullptr;
};

}  // namespace postern::unicorn
