#include "cpu/blocks/fusion.hpp"

namespace postern::blocks {

FusionTable::FusionTable(std::span<const Fusion> fusions) {
    for (const Fusion& fusion : fusions) by_first_[fusion.parts[0]].push_back(fusion);
    for (auto& [first, candidates] : by_first_) std::ranges::stable_sort(candidates, std::greater{}, &Fusion::part_count);
}

const Fusion* FusionTable::find(std::span<const Instruction> code) const {
    auto candidates = by_first_.find(code[0].execute);
    if (candidates == by_first_.end()) return nullptr;
    for (const Fusion& fusion : candidates->second) {
        std::span parts(fusion.parts.data(), fusion.part_count());
        if (parts.size() <= code.size() && std::ranges::equal(parts, code.first(parts.size()), {}, {}, &Instruction::execute)) return &fusion;
    }
    return nullptr;
}

void FusionTable::apply(std::span<Instruction> code) const {
    while (!code.empty()) {
        std::size_t executed = 1;
        if (const Fusion* fusion = find(code)) {
            code[0].execute = fusion->choose(code.data());
            executed = fusion->part_count();
        }
        code = code.subspan(executed);
    }
}

}  // namespace postern::blocks
