// Decoded basic blocks, by guest page.
#pragma once

#include "cpu/blocks/state.hpp"

#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

namespace postern::blocks {

/// Instructions that execute one after the other. The last one leaves the block.
struct Block {
    u32 address;
    u32 mode;                   ///< the core's own, that it was decoded for
    bool stale = false;         ///< its instructions have changed
    Instruction* code = nullptr;
    Block* other = nullptr;     ///< another block at the same address
};

/// All blocks. A stale block stays where it is, so that nobody holds a pointer to nothing, but executes
/// nothing: its first instruction answers Exit::stale. clear() gives the memory back.
class BlockCache {
public:
    /// A block of at most this many instructions with all that goes with them.
    static constexpr std::size_t max_block_size = 128;

    /// `unit`: bytes of the shortest instruction.
    explicit BlockCache(u32 unit) : unit_(unit) {}

    Block* find(u32 address, u32 mode) {
        if (Block* block = recent(address, mode); block && !block->stale) return block;
        Block* found = look_up(address, mode);
        if (found) recent_[place(address, mode)] = found;
        return found;
    }
    /// The same, but null if it was not found lately; it may be stale.
    [[gnu::always_inline]] Block* recent(u32 address, u32 mode) const {
        Block* block = recent_[place(address, mode)];
        return block && block->address == address && block->mode == mode ? block : nullptr;
    }

    /// Adds a block, whose instructions are copied. `last_address`: of its last instruction, which is on
    /// the block's page or the one behind it.
    Block* add(Block block, std::span<const Instruction> code, u32 last_address);
    /// Makes every block with an instruction in the range stale.
    void invalidate(u32 start, u64 size);
    /// clear() is due.
    bool is_full() const { return chunks_.size() > max_chunks; }
    /// Forgets everything. No block is being executed.
    void clear();

private:
    static constexpr u32 page_size = Tlb::page_size;
    static constexpr std::size_t recent_count = 4096, chunk_size = 1 << 14, max_chunks = 128;

    struct Page {
        explicit Page(std::size_t places) : at(places) {}
        std::vector<Block*> at;        ///< by the address of the first instruction
        std::vector<Block*> spilled;   ///< blocks of the page before whose slot is here
    };

    std::size_t place(u32 address, u32 mode) const { return (address / unit_ + mode * 1031) % recent_count; }
    Block* look_up(u32 address, u32 mode) const;
    void invalidate(Page& page);
    Instruction* allocate(std::size_t count);

    const u32 unit_;
    std::array<Block*, recent_count> recent_{};
    std::unordered_map<u32, std::unique_ptr<Page>> pages_;   ///< by page number
    std::deque<Block> blocks_;
    std::vector<std::unique_ptr<Instruction[]>> chunks_;
    std::size_t used_ = chunk_size;                          ///< of the last chunk
};

/// Leaves a block for the one at State::pc. An end of this kind has one way, which is where it led last time; its second
/// operand is the mode there.
[[gnu::always_inline]] inline Exit leave_for_pc(State& state, const Instruction* end, u32 mode) {
    Way way{end, 0};
    bool leads_there = way.link() && way.address() == state.pc && end->operands[0] == static_cast<i32>(mode);
    if (!leads_there) [[unlikely]] {
        state.left_by = nullptr;
        Block* block = state.cache->recent(state.pc, mode);
        if (!block || block->stale) return Exit::elsewhere;
        way.redirect(state.pc, mode, block->code);
    }
    return leave_block(state, end, 0);
}

}  // namespace postern::blocks
