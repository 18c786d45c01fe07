#include "cpu/unicorn/host_atomics.hpp"

#include "base/endian.hpp"

#include <cstdlib>
#include <unicorn/unicorn.h>
#include <utility>

namespace postern::unicorn {

namespace {

constexpr u32 parallel = 0x80000;   // CF_PARALLEL (Unicorn 2.1, include/exec/exec-all.h)

}  // namespace

bool HostAtomics::take_refusal() { return std::exchange(refused_, false); }

void HostAtomics::begin_translation(void* context, unsigned marks) {
    const HostAtomics* atomics = entered();
    if (!atomics || !atomics->on_ || marks == 0) return;
    std::byte* place = static_cast<std::byte*>(context) + marks;
    store(place, load<u32>(place, host_byte_order) | parallel, host_byte_order);
}

bool HostAtomics::refuse() {
    HostAtomics* atomics = entered();
    if (!atomics) return false;
    atomics->refused_ = true;
    uc_emu_stop(atomics->engine_);
    return true;
}

/// testb $CF_PARALLEL >> 16, marks + 2(register).
unsigned find_block_marks(const void* function) {
    constexpr std::size_t searched = 96, question_size = 4;   // bytes; the functions are several hundred long
    const u8* code = static_cast<const u8*>(function);
    for (std::size_t at = 0; at + question_size <= searched; ++at) {
        bool tests = code[at] == 0xf6 && (code[at + 1] & 0xf8) == 0x40 && code[at + 3] == parallel >> 16;
        if (tests && code[at + 2] > 2 && code[at + 2] < 0x80) return code[at + 2] - 2u;
    }
    return 0;
}

}  // namespace postern::unicorn

// Unicorn's `void tcg_func_start(TCGContext*)`, called when a block is going to be translated and its marks are set;
// `void cpu_loop_exit_atomic(CPUState*, uintptr_t return_address)`, for what one instruction of the host cannot do; and
// `cpu_loop_exit_restore` of the same form, which leaves the blocks in front of the instruction.
#define POSTERN_HOST_ATOMICS(machine)                                                                        \
    extern "C" void tcg_gen_atomic_cmpxchg_i32_##machine();                                                  \
    extern "C" void cpu_loop_exit_restore_##machine(void* processor, std::uintptr_t return_address);         \
    extern "C" void __real_tcg_func_start_##machine(void* context);                                          \
    extern "C" void __wrap_tcg_func_start_##machine(void* context);                                          \
    extern "C" void __wrap_cpu_loop_exit_atomic_##machine(void* processor, std::uintptr_t return_address);   \
    void __wrap_tcg_func_start_##machine(void* context) {                                                    \
        __real_tcg_func_start_##machine(context);                                                            \
        static const unsigned marks =                                                                        \
            postern::unicorn::find_block_marks(reinterpret_cast<const void*>(&tcg_gen_atomic_cmpxchg_i32_##machine)); \
        postern::unicorn::HostAtomics::begin_translation(context, marks);                                    \
    }                                                                                                        \
    void __wrap_cpu_loop_exit_atomic_##machine(void* processor, std::uintptr_t return_address) {             \
        if (postern::unicorn::HostAtomics::refuse()) cpu_loop_exit_restore_##machine(processor, return_address); \
        std::abort();                                                                                        \
    }
POSTERN_HOST_ATOMICS(x86_64)
POSTERN_HOST_ATOMICS(arm)
POSTERN_HOST_ATOMICS(aarch64)
POSTERN_HOST_ATOMICS(mips)
POSTERN_HOST_ATOMICS(mipsel)
POSTERN_HOST_ATOMICS(mips64)
POSTERN_HOST_ATOMICS(mips64el)
POSTERN_HOST_ATOMICS(ppc64)
POSTERN_HOST_ATOMICS(riscv32)
POSTERN_HOST_ATOMICS(riscv64)
POSTERN_HOST_ATOMICS(s390x)
#undef POSTERN_HOST_ATOMICS
