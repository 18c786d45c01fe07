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
    u32 mode;                           ///< the core's own, that it was decoded for
    bool stale = false;                 ///< its instructions have changed
    u32 next = 0, target = 0;           ///< guest addresses that Exit::next and Exit::taken mean
    Instruction* code = nullptr;
    Block* successors[2] = {};          ///< the blocks there, once they are known; of the same mode
    Block* other = nullptr;             ///< another block at the same address
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
        Block*& recent = recent_[place(address, mode)];
        if (recent && recent->address == address && recent->mode == mode && !recent->stale) return recent;
        Block* found = look_up(address, mode);
        if (found) recent = found;
        return found;
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

}  // namespace postern::blocks
