// Guest code that does not go on where it was interrupted: sequences that are atomic because they start
// over, and code of the kernel's whose faults are not the program's (SignalAbi: restart_ranges,
// marked_sequences, fault_ranges).
#pragma once

#include "cpu/cpu.hpp"

namespace postern::kernel {

/// Moves the program counter, in the same instruction-set state.
void move_pc(Cpu& cpu, u64 address);

/// Before a handler runs, or another thread: if the program counter is in such a sequence, takes it to where
/// the sequence starts over.
void leave_atomic_sequence(Cpu& cpu);

/// After a page fault. True: the program counter was in such code, and is now where that goes on.
[[nodiscard]] bool leave_faulting_code(Cpu& cpu);

}  // namespace postern::kernel
