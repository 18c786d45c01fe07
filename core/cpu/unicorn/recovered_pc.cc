#include "cpu/unicorn/recovered_pc.hpp"

namespace postern::unicorn {

namespace {

thread_local u64 last_recovered = 0;

}  // namespace

u64 recovered_pc() { return last_recovered; }

}  // namespace postern::unicorn

// Unicorn's `void restore_state_to_opc(CPUArchState*, TranslationBlock*, target_ulong* data)`, of
// which every machine has one; data[0] is the program counter.
#define POSTERN_RECOVER(machine, Word)                                                             \
    extern "C" void __real_restore_state_to_opc_##machine(void* state, void* block, Word* data);   \
    extern "C" void __wrap_restore_state_to_opc_##machine(void* state, void* block, Word* data);   \
    void __wrap_restore_state_to_opc_##machine(void* state, void* block, Word* data) {             \
        postern::unicorn::last_recovered = data[0];                                                \
        __real_restore_state_to_opc_##machine(state, block, data);                                 \
    }
POSTERN_RECOVER(mips, postern::u32)
POSTERN_RECOVER(mipsel, postern::u32)
POSTERN_RECOVER(mips64, postern::u64)
POSTERN_RECOVER(mips64el, postern::u64)
#undef POSTERN_RECOVER
