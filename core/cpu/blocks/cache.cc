#include "cpu/blocks/cache.hpp"

namespace postern::blocks {

namespace {

Exit answer_stale(State& state, const Instruction* block) {
    state.stale = block;
    return Exit::stale;
}

void make_stale(Block& block) {
    block.stale = true;
    block.code->execute = answer_stale;
}

}  // namespace

Block* BlockCache::look_up(u32 address, u32 mode) const {
    auto page = pages_.find(address / page_size);
    if (page == pages_.end()) return nullptr;
    Block* block = page->second->at[address % page_size / unit_];
    while (block && (block->stale || block->mode != mode || block->address != address)) block = block->other;
    return block;
}

Instruction* BlockCache::allocate(std::size_t count) {
    POSTERN_ASSERT(count <= chunk_size);
    if (count > chunk_size - used_) {
        chunks_.push_back(std::make_unique_for_overwrite<Instruction[]>(chunk_size));
        used_ = 0;
    }
    Instruction* place = &chunks_.back()[used_];
    used_ += count;
    return place;
}

Block* BlockCache::add(Block block, std::span<const Instruction> code, u32 last_address) {
    auto page_of = [this](u32 address) -> Page& {
        auto& page = pages_[address / page_size];
        if (!page) page = std::make_unique<Page>(page_size / unit_);
        return *page;
    };
    block.code = allocate(code.size());
    std::ranges::copy(code, block.code);
    Page& page = page_of(block.address);
    Block*& first = page.at[block.address % page_size / unit_];
    block.other = first;
    first = &blocks_.emplace_back(block);
    if (last_address / page_size != block.address / page_size) page_of(last_address).spilled.push_back(first);
    return first;
}

void BlockCache::invalidate(Page& page) {
    for (Block* first : page.at)
        for (Block* block = first; block; block = block->other) make_stale(*block);
    for (Block* block : page.spilled) make_stale(*block);
}

void BlockCache::invalidate(u32 start, u64 size) {
    if (size == 0) return;
    u64 first = start / page_size, last = (start + size - 1) / page_size;
    std::erase_if(pages_, [&](const auto& entry) {
        if (entry.first < first || entry.first > last) return false;
        invalidate(*entry.second);
        return true;
    });
}

void BlockCache::clear() {
    recent_.fill(nullptr);
    pages_.clear();
    blocks_.clear();
    chunks_.clear();
    used_ = chunk_size;
}

}  // namespace postern::blocks
