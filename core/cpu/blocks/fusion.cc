#include "cpu/blocks/fusion.hpp"

#include <algorithm>

namespace postern::blocks {

namespace {

bool begins(std::span<const Instruction> code, const Fusion& fusion) {
    std::span parts(fusion.parts.data(), fusion.part_count());
    return parts.size() <= code.size() && std::ranges::equal(parts, code.first(parts.size()), {}, {}, &Instruction::execute);
}

}  // namespace

FusionTable::FusionTable(std::initializer_list<std::span<const Fusion>> lists) {
    for (std::span<const Fusion> list : lists)
        for (const Fusion& fusion : list) by_first_[fusion.parts[0]].push_back(fusion);
}

std::vector<Fusion> FusionTable::all() const {
    std::vector<Fusion> fusions;
    for (const auto& [first, list] : by_first_) fusions.insert(fusions.end(), list.begin(), list.end());
    return fusions;
}

void FusionTable::apply(std::span<Instruction> code) const {
    /// Of the instructions from one on: how many functions they take at least, and which comes first.
    struct Rest {
        std::size_t functions = 0;
        const Fusion* first = nullptr;
    };
    std::vector<Rest> rests(code.size() + 1);
    for (std::size_t at = code.size(); at-- > 0;) {
        rests[at].functions = rests[at + 1].functions + 1;
        auto candidates = by_first_.find(code[at].execute);
        if (candidates == by_first_.end()) continue;
        for (const Fusion& fusion : candidates->second) {
            if (!begins(code.subspan(at), fusion)) continue;
            std::size_t functions = rests[at + fusion.part_count()].functions + 1;
            if (functions < rests[at].functions) rests[at] = {functions, &fusion};
        }
    }
    for (std::size_t at = 0; at < code.size();) {
        const Fusion* fusion = rests[at].first;
        if (fusion) code[at].execute = fusion->choose(&code[at]);
        at += fusion ? fusion->part_count() : 1;
    }
}

}  // namespace postern::blocks
