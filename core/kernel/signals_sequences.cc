#include "kernel/signals_sequences.hpp"

#include "abi/signal_abi.hpp"
#include "kernel/signals_frame.hpp"

#include <algorithm>
#include <tuple>

namespace postern::kernel {
namespace {

/// True: the program counter was in one of them.
bool leave_range(Cpu& cpu, std::span<const RestartRange> ranges) {
    u64 pc = cpu.pc();
    auto inside = [pc](const RestartRange& range) { return pc >= range.first && pc <= range.last; };
    auto found = std::ranges::find_if(ranges, inside);
    if (found == ranges.end()) return false;
    move_pc(cpu, found->restart);
    return true;
}

void leave_marked_sequence(Cpu& cpu, const StackMarkedSequences& rule) {
    u64 mark = cpu.sp();
    if (mark < rule.first_mark) return;
    const Abi& abi = cpu.abi();
    u64 end = cpu.get(abi.register_index(rule.end));
    if (cpu.pc() < end) move_pc(cpu, end + mark - rule.before);
    cpu.set(abi.stack_pointer, cpu.get(abi.register_index(rule.saved_stack)));
}

}  // namespace

void move_pc(Cpu& cpu, u64 address) {
    bool alternate = in_alternate_state(cpu);
    cpu.set_pc((address & cpu.abi().word_mask()) | (alternate ? 1 : 0));
}

void leave_atomic_sequence(Cpu& cpu) {
    const SignalAbi& rules = *cpu.abi().signals;
    if (rules.marked_sequences) leave_marked_sequence(cpu, *rules.marked_sequences);
    else std::ignore = leave_range(cpu, rules.restart_ranges);
}

bool leave_faulting_code(Cpu& cpu) { return leave_range(cpu, cpu.abi().signals->fault_ranges); }

}  // namespace postern::kernel
