// The guest's atomic instructions by the host's.
#pragma once

#include "cpu/unicorn/entered.hpp"

struct uc_struct;   // uc_engine

namespace postern::unicorn {

/// Unicorn translates atomic instructions to a load and a store, since no other processor of its machine could come
/// between. Another process can, where both have the memory mapped. What Unicorn comes from can do better: with the
/// mark CF_PARALLEL on a block it calls functions that do the whole with one instruction of the host. Here the mark is
/// set where translation begins, in a function that the linker leads past us (core/cpu/CMakeLists.txt).
///
/// Not with the mark: accesses of 16 bytes (x86 cmpxchg16b, aarch64 stxp and casp, s390x cdsg), whose translators look
/// at another place for it.
class HostAtomics : public Entered<HostAtomics> {
public:
    explicit HostAtomics(uc_struct* const& engine) : engine_(engine) {}

    /// Blocks translated from now on have them or not; the caller throws earlier ones away.
    void set(bool on) { on_ = on; }
    bool on() const { return on_; }
    /// Since the last question, an instruction has met memory that no instruction of the host can serve (it crosses the
    /// border of its own size, or there is none): the engine was left in front of it.
    bool take_refusal();

    // --- for the functions that stand in front of the library's

    /// Sets the mark where the entered engine wants it. `marks`: where the machine's translator keeps a block's marks
    /// in its context, by find_block_marks; 0: nowhere.
    static void begin_translation(void* context, unsigned marks);
    /// The entered engine is to be left. False: none is.
    static bool refuse();

private:
    uc_struct* const& engine_;   // of the owner, which opens it later
    bool on_ = false, refused_ = false;
};

/// Where the translator's context keeps a block's marks, in bytes; 0 where the beginning of `function`, one of the
/// library's that translate an atomic instruction, has no question for CF_PARALLEL in it.
unsigned find_block_marks(const void* function);

}  // namespace postern::unicorn
