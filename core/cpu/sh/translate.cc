#include "cpu/sh/translate.hpp"

#include "cpu/sh/fusions.hpp"
#include "cpu/sh/integer.hpp"

namespace postern::sh {

using blocks::Block;
using blocks::BlockCache;
using blocks::Operands;

namespace {

// --- instructions that no guest word stands for

State& own(blocks::State& state) { return static_cast<State&>(state); }

/// The mode may have changed. Last operand: where it goes on.
Exit leave_mode(blocks::State& state, const Instruction* end) {
    state.pc = static_cast<u32>(end->operands.back());
    return leave_for_pc(state, end, Mode::of(own(state).fpscr).number());
}

Exit finish_goto_if(blocks::State& state, const Instruction* end) {
    return own(state).delayed_taken ? leave_block(state, end, 1) : leave_block(state, end, 0);
}
Exit finish_goto_register(blocks::State& state, const Instruction* end) {
    state.pc = own(state).delayed_target;
    return leave_for_pc(state, end, Mode::of(own(state).fpscr).number());
}
/// Behind a slot that may have changed the mode. Operands: target, address behind the slot.
Exit finish_and_leave(blocks::State& state, const Instruction* instruction) {
    state.pc = static_cast<u32>(instruction->operands[own(state).delayed_taken ? 0 : 1]);
    return Exit::elsewhere;
}

Exit raise_illegal(blocks::State& state, const Instruction* instruction) {
    state.trap = {TrapKind::illegal_instruction, 0};
    state.pc = instruction->address;
    return Exit::trap;
}

/// A slot on a page that could not be fetched from. Operand: its address.
Exit fetch_slot(blocks::State& state, const Instruction* instruction) {
    state.pc = instruction->address;
    auto slot = static_cast<u32>(instruction->operands[0]);
    if (!state.tlb.fill(slot, Access::execute)) return Exit::fault;
    state.watcher.fetched(instruction->address);
    return Exit::elsewhere;
}

Exit call_watcher(blocks::State& state, const Instruction* instruction) {
    state.pc = instruction->address;
    bool goes_on = state.watcher.reached(static_cast<u32>(instruction->operands[0]));
    if (!goes_on || state.pc != instruction->address) return Exit::elsewhere;
    return go_on(state, instruction);
}

// --- decoding

class Decoder {
public:
    Decoder(State& state, Mode mode) : state_(state), mode_(mode), block_{.address = state.pc, .mode = mode.number()} {}

    Block* decode(BlockCache& cache) {
        u32 at = block_.address;
        if (!open_page(at)) return nullptr;
        u32 page_end = at - at % Tlb::page_size + Tlb::page_size;
        while (!step(at)) {
            at += 2;
            if (at != page_end && size_ < BlockCache::max_block_size - most_per_step) continue;
            append(end_block, at);
            break;
        }
        fusions(state_.swap).apply({code_.data(), size_});
        return cache.add(block_, {code_.data(), size_}, last_);
    }

private:
    static constexpr std::size_t most_per_step = 6;   // two hooks, branch, slot, end of branch, end of block

    /// Makes the page readable by word(); false: a fault or trap is raised.
    bool open_page(u32 address) {
        if (address % 2 != 0 || address >= first_privileged_address) return state_.raise(TrapKind::alignment, address);
        const std::byte* host = state_.tlb.fill(address, Access::execute);
        if (!host) return false;
        GuestAddr page = GuestAddr{address}.align_down(Tlb::page_size);
        state_.tlb.note_code(page);
        host_ = host - (address - page.value);
        return true;
    }

    u16 word(u32 address) const {
        u16 raw;
        std::memcpy(&raw, host_ + address % Tlb::page_size, sizeof raw);
        return state_.swap ? swap_bytes(raw) : raw;
    }

    void append(Execute execute, u32 address, Operands operands = {}) {
        code_[size_++] = {execute, address, operands};
    }

    void append_watcher(u32 address, u32 restart) {
        switch (state_.watcher.watch(address)) {
            case blocks::Watch::none: return;
            case blocks::Watch::counter: return append(blocks::put_counter, restart);
            case blocks::Watch::call: return append(call_watcher, restart, {static_cast<i32>(address)});
        }
    }

    /// `restart`: where the program counter stands when it raises something.
    void append_row(const Row& row, u16 bits, u32 address, u32 restart) {
        if (row.execute == Isa::execute<nop>) return;
        Operands operands{};
        decode::decode_operands(row, bits, address, operands.data());
        if (row.traits.label) target_ = static_cast<u32>(operands[*row.traits.label]);
        if (row.traits.flow == Flow::fork) return append(row.execute, address + 2, blocks::Way::operands(target_));
        append(row.execute, restart, operands);
    }

    /// Decodes an instruction with its slot. True: the block ends with it.
    bool step(u32 address) {
        last_ = address;
        append_watcher(address, address);
        u16 bits = word(address);
        const Row* row = find_row(bits, mode_);
        if (!row || !row->execute) {
            append(raise_illegal, address);
            return true;
        }
        append_row(*row, bits, address, address);
        if (row->traits.flow == Flow::exit || row->traits.flow == Flow::fork) return true;
        if (row->traits.flow != Flow::on) {
            decode_slot(address, row->traits.flow);
            return true;
        }
        if (row->traits.changes_mode) append(leave_mode, address, {0, 0, 0, 0, static_cast<i32>(address + 2)});
        return row->traits.changes_mode;
    }

    void decode_slot(u32 branch, Flow flow) {
        u32 address = branch + 2;
        if (address % Tlb::page_size == 0 && !open_page(address)) {
            state_.trapped = false;
            return append(fetch_slot, branch, {static_cast<i32>(address)});
        }
        last_ = address;
        append_watcher(address, branch);
        u16 bits = word(address);
        const Row* row = find_row(bits, mode_);
        if (!row || !row->execute || !row->traits.allowed_in_slot) return append(raise_illegal, branch);
        append_row(*row, bits, address, branch);
        finish(branch, flow, row->traits.changes_mode);
    }

    void finish(u32 branch, Flow flow, bool mode_changed) {
        if (flow == Flow::delayed_register) return append(finish_goto_register, branch);
        u32 behind = flow == Flow::delayed ? target_ : branch + 4;
        if (!mode_changed) return append(flow == Flow::delayed ? end_block : finish_goto_if, behind, blocks::Way::operands(target_));
        // An unconditional branch leaves State::delayed_taken as it is, so both ways lead to its target.
        append(finish_and_leave, branch, {static_cast<i32>(target_), static_cast<i32>(behind)});
    }

    State& state_;
    Mode mode_;
    Block block_;
    const std::byte* host_ = nullptr;
    u32 last_ = 0;
    u32 target_ = 0;   ///< of the branch with a label that was decoded last
    std::array<Instruction, BlockCache::max_block_size> code_;
    std::size_t size_ = 0;
};

}  // namespace

Block* translate(State& state, BlockCache& cache, Mode mode) { return Decoder(state, mode).decode(cache); }

}  // namespace postern::sh
