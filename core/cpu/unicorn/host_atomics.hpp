// The guest's atomic instructions by the host's.
#pragma once

#include <unicorn/unicorn.h>

namespace postern::unicorn {

/// Unicorn translates atomic instructions to a load and a store, since no other processor of its machine could come
/// between. Another process can, where both have the memory mapped. What Unicorn comes from can do better: with the
/// mark CF_PARALLEL on a block it calls functions that do the whole with one instruction of the host. Here the mark is
/// set where translation begins, in a function that the linker leads past us (core/cpu/CMakeLists.txt).
///
/// Not with the mark: accesses of 16 bytes (x86 cmpxchg16b, aarch64 stxp and casp, s390x cdsg), whose translators look
/// at another place for it.
class HostAtomics {
public:
    HostAtomics() = default;
    ~HostAtomics();
    HostAtomics(const HostAtomics&) = delete;
    HostAtomics& operator=(const HostAtomics&) = delete;

    /// Blocks translated from now on have them or not; the caller throws earlier ones away.
    void set(bool on) { on_ = on; }
    bool on() const { return on_; }
    /// Since the last question, an instruction has met memory that no instruction of the host can serve (it crosses the
    /// border of its own size, or there is none): the engine was left in front of it.
    bool take_refusal();

    /// The engine that is being entered on this host thread.
    static void enter(HostAtomics& atomics, uc_engine* engine);

    // --- for the functions that stand in front of the library's

    /// Sets the mark where the entered engine wants it. `translate`: a function of the library that asks for it.
    static void begin_translation(void* context, const void* translate);
    /// The entered engine is to be left. False: none is.
    static bool refuse();

private:
    bool on_ = false, refused_ = false;
    uc_engine* engine_ = nullptr;
};

/// Where the translator's context keeps a block's marks, in bytes; 0 where the machine code at `translate` has no
/// question for CF_PARALLEL in it.
unsigned find_block_marks(const void* translate);

}  // namespace postern::unicorn
