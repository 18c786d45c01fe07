#include "cpu/parisc/translate.hpp"

#include "cpu/parisc/branch.hpp"
#include "cpu/parisc/ends.hpp"
#include "cpu/parisc/fusions.hpp"

#include <optional>

namespace postern::parisc {

using blocks::Block;
using blocks::BlockCache;
using blocks::Operands;

namespace {

// --- instructions that no guest word stands for

State& own(blocks::State& state) { return static_cast<State&>(state); }

/// Behind a slot that has skipped the instruction that comes next.
Exit finish_skipping(blocks::State& state, const Instruction*) {
    own(state).advance();
    own(state).advance();
    return Exit::elsewhere;
}
/// The slot is executed alone. Its operand is the slot's address.
Exit leave_for_slot(blocks::State& state, const Instruction* instruction) {
    state.pc = static_cast<u32>(instruction->operands[0]);
    return Exit::elsewhere;
}

Exit raise_illegal(blocks::State& state, const Instruction* instruction) {
    state.raise(TrapKind::illegal_instruction);
    return blocks::execute_slowly(state, instruction);
}

Exit call_watcher(blocks::State& state, const Instruction* instruction) {
    state.stand_at(*instruction);
    u32 pc = state.pc, next = own(state).next_pc;
    bool goes_on = state.watcher.reached(pc);
    if (!goes_on || state.pc != pc || own(state).next_pc != next || own(state).nullify) return Exit::elsewhere;
    return go_on(state, instruction);
}

// --- decoding

/// A word with what its row says.
struct Decoded {
    const Row* row = nullptr;   ///< null: an illegal instruction
    u32 address = 0;
    Operands operands{};
    u32 selector = 0;           ///< of the row's variants
    u32 target = 0;
    bool skips = false;         ///< may skip the next instruction
    bool nullifies = false;     ///< a branch with ",n"

    Flow flow() const { return row ? row->traits.flow : Flow::exit; }
    bool is_branch() const { return flow() >= Flow::go; }
    bool has_slot() const {
        if (!nullifies) return true;
        return flow() == Flow::branch && static_cast<i32>(target - (address + 8)) < 0;
    }
    blocks::Execute execute() const { return row ? row->traits.variants[selector] : raise_illegal; }
};

Decoded decode_word(u32 word, u32 address) {
    Decoded result{.row = find_row(word), .address = address};
    if (result.row && !result.row->execute) result.row = nullptr;
    if (!result.row) return result;
    const auto& traits = result.row->traits;
    std::array<i64, Isa::max_operands> values{};
    decode::decode_operands(*result.row, word, address, values.data());
    std::size_t stored = 0;
    result.skips = traits.may_skip;
    for (std::size_t i = 0; i < result.row->operand_count; ++i) {
        auto value = static_cast<u32>(values[i]);
        if (traits.uses[i] == Use::store) result.operands[stored++] = static_cast<i32>(value);
        if (traits.uses[i] == Use::select) result.selector = result.selector << result.row->operands[i].kind.bits | value;
        if (traits.uses[i] == Use::target) result.target = value;
        if (traits.condition == i && value == 0) result.skips = false;
        if (traits.nullify == i) result.nullifies = value != 0;
    }
    if (traits.flow == Flow::go || traits.flow == Flow::branch) {
        POSTERN_ASSERT(stored <= blocks::max_operands - 2);
        result.operands[blocks::max_operands - 2] = static_cast<i32>(result.target);
        result.operands[blocks::max_operands - 1] = static_cast<i32>(address + 8);
    }
    return result;
}

class Decoder {
public:
    Decoder(State& state, Mode mode) : state_(state), block_{.address = state.pc, .mode = mode.number()} {}

    /// False: it cannot be fetched from.
    bool open_page() {
        const std::byte* host = state_.tlb.fill(block_.address, Access::execute);
        if (!host) return false;
        GuestAddr page = GuestAddr{block_.address}.align_down(Tlb::page_size);
        state_.tlb.note_code(page);
        host_ = host - (block_.address - page.value);
        return true;
    }

    Block* decode(BlockCache& cache) {
        std::optional<u32> at = block_.address;
        while (at) at = step(*at);
        fusions().apply({code_.data(), size_});
        return cache.add(block_, {code_.data(), size_}, block_.address);
    }

    Block* decode_alone(BlockCache& cache) {
        Decoded one = fetch(block_.address);
        append_watcher(block_.address, State::in_slot_mark);
        if (!one.is_branch()) {
            append(one, State::in_slot_mark);
            append(finish_queue, one.address);
            append(finish_skipping, one.address);
        } else if (one.row->execute == Isa::execute<gate>) {
            append(raise_illegal, one.address | State::in_slot_mark);
        } else {
            append(one.row->traits.alone[one.selector], one.address | State::in_slot_mark, one.operands);
        }
        return cache.add(block_, {code_.data(), size_}, block_.address);
    }

private:
    static constexpr u32 nop = 0x0800'0240;
    static constexpr std::size_t most_per_step = 6;   // two hooks, branch, slot, two ends of the block

    u32 word(u32 address) const {
        u32 raw;
        std::memcpy(&raw, host_ + address % Tlb::page_size, sizeof raw);
        return state_.swap ? swap_bytes(raw) : raw;
    }
    Decoded fetch(u32 address) const { return decode_word(word(address), address); }

    bool on_page(u32 address) const { return address / Tlb::page_size == block_.address / Tlb::page_size; }

    void append(blocks::Execute execute, u32 address, const Operands& operands = {}) {
        code_[size_++] = {execute, address, operands};
    }
    void append(const Decoded& one, u32 mark) { append(one.execute(), one.address | mark, one.operands); }
    void append_watcher(u32 address, u32 mark) {
        switch (state_.watcher.watch(address)) {
            case blocks::Watch::none: return;
            case blocks::Watch::counter: return append(blocks::put_counter, address | mark);
            case blocks::Watch::call: return append(call_watcher, address | mark);
        }
    }

    /// Whether what is at `address` may be skipped by skipping one entry of the block: a single instruction, and
    /// no end.
    bool is_plain(u32 address) const {
        if (!on_page(address) || state_.watcher.watch(address) != blocks::Watch::none) return false;
        return fetch(address).flow() == Flow::on;
    }

    /// `skipped`: where the block goes on whose last instruction skips the one at `next`.
    void end(u32 next, u32 skipped) {
        append(end_block, next);
        append(end_block, skipped);
    }

    bool has_room() const { return size_ < BlockCache::max_block_size - most_per_step; }

    /// Decodes an instruction, of a branch with its slot. Where the block goes on; nothing: it ends with it.
    std::optional<u32> step(u32 address) {
        append_watcher(address, 0);
        Decoded one = fetch(address);
        bool skippable = skips_;
        skips_ = one.skips;
        if (skippable || word(address) != nop) append(one, 0);
        if (one.is_branch()) {
            if (leads_behind_slot(one)) {
                append_slot(one);
                return one.target;
            }
            finish(one);
            return std::nullopt;
        }
        if (one.flow() == Flow::exit) return std::nullopt;
        u32 next = address + 4;
        if (on_page(next) && has_room() && (!one.skips || is_plain(next))) return next;
        end(next, next + 4);
        return std::nullopt;
    }

    /// Whether a branch leads to what is behind its slot, as code does that wants to know where it is.
    bool leads_behind_slot(const Decoded& branch) const {
        u32 slot = branch.address + 4;
        if (branch.flow() != Flow::go || branch.nullifies || branch.target != slot + 4) return false;
        return has_room() && on_page(branch.target) && is_plain(slot) && !fetch(slot).skips;
    }
    void append_slot(const Decoded& branch) {
        u32 slot = branch.address + 4;
        if (branch.nullifies || word(slot) != nop) append(fetch(slot), State::in_slot_mark);
    }

    void finish(const Decoded& branch) {
        u32 slot = branch.address + 4;
        // Where a branch goes that is not taken: of one without a slot, that is the next instruction.
        u32 next = branch.has_slot() ? slot + 4 : slot;
        if (branch.has_slot() && !is_plain(slot)) {
            append(leave_for_slot, branch.address, {static_cast<i32>(slot)});
            append(finish_queue, branch.address);   // it is nullified
            return;
        }
        if (branch.has_slot()) append_slot(branch);
        switch (branch.flow()) {
            case Flow::go: append(end_block, branch.target); break;
            case Flow::branch: append(finish_branch, next, blocks::Way::operands(branch.target)); break;
            default: append(finish_queue, slot); break;
        }
        append(finish_skipping, slot);
    }

    State& state_;
    Block block_;
    const std::byte* host_ = nullptr;
    std::array<Instruction, BlockCache::max_block_size> code_;
    std::size_t size_ = 0;
    bool skips_ = false;   ///< the instruction decoded last may skip the next one, which has an entry, whatever it does
};

}  // namespace

Block* translate(State& state, BlockCache& cache, Mode mode) {
    Decoder decoder(state, mode);
    if (!decoder.open_page()) return nullptr;
    return mode.alone ? decoder.decode_alone(cache) : decoder.decode(cache);
}

}  // namespace postern::parisc
