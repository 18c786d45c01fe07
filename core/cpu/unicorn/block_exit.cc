#include "cpu/unicorn/block_exit.hpp"

#include "base/result.hpp"
#include "base/types.hpp"

#include <cstdlib>

namespace postern::unicorn {

void BlockExit::leave() const {
    POSTERN_ASSERT(leave_);   // no block runs that was not translated
    leave_(processor_);
    std::abort();
}

void BlockExit::translated(void* processor, void (*leave)(void*)) {
    BlockExit* exit = entered();
    if (!exit) return;
    exit->processor_ = processor;
    exit->leave_ = leave;
}

}  // namespace postern::unicorn

// Unicorn's `void tlb_reset_dirty_by_vaddr(CPUState*, target_ulong address, target_ulong size)`, called for each block
// that has been translated, and `void cpu_loop_exit(CPUState*)`.
//
// The first looks in the whole TLB, in all modes of the processor, for entries that let the block's bytes be written
// without a question: a sixth of the time of a program that mostly starts. There are none, so it has nothing to do.
// Translating needs an entry that lets the page be executed, a page has one entry at a time, and UnicornCpu::fill
// grants no page of the guest both. (The private page is granted both; its code never changes.)
#define POSTERN_TRANSLATED(machine, Address)                                                        \
    extern "C" void cpu_loop_exit_##machine(void* processor);                                       \
    extern "C" void __wrap_tlb_reset_dirty_by_vaddr_##machine(void* processor, Address, Address);   \
    void __wrap_tlb_reset_dirty_by_vaddr_##machine(void* processor, Address, Address) {             \
        postern::unicorn::BlockExit::translated(processor, cpu_loop_exit_##machine);                \
    }
POSTERN_TRANSLATED(x86_64, postern::u64)
POSTERN_TRANSLATED(arm, postern::u32)
POSTERN_TRANSLATED(aarch64, postern::u64)
POSTERN_TRANSLATED(mips, postern::u32)
POSTERN_TRANSLATED(mipsel, postern::u32)
POSTERN_TRANSLATED(mips64, postern::u64)
POSTERN_TRANSLATED(mips64el, postern::u64)
POSTERN_TRANSLATED(ppc64, postern::u64)
POSTERN_TRANSLATED(riscv32, postern::u32)
POSTERN_TRANSLATED(riscv64, postern::u64)
POSTERN_TRANSLATED(s390x, postern::u64)
#undef POSTERN_TRANSLATED
