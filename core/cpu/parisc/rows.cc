// All instructions of PA-RISC 1.1, and of 2.0 what 32-bit Linux programs use.
#include "cpu/parisc/float_rows.hpp"
#include "cpu/parisc/integer_rows.hpp"

namespace postern::parisc {

namespace {

template <std::size_t... n>
constexpr auto join(const std::array<Row, n>&... tables) {
    std::array<Row, (n + ...)> all{};
    auto* end = all.begin();
    ((end = std::ranges::copy(tables, end).out), ...);
    return all;
}

constexpr auto rows = join(system_rows, arithmetic_rows, memory_rows, branch_rows, float_memory_rows, float_rows);
static_assert(disjoint(rows));
constexpr decode::Index<Isa, 6, rows.size()> index_of_rows(rows);

}  // namespace

std::span<const Row> all_rows() { return rows; }
const Row* find_row(u32 word) { return index_of_rows.find(word); }

std::string print(u32 word, u32 address) {
    const Row* found = find_row(word);
    return found ? decode::print(*found, word, address) : fmt::format(".word 0x{:08x}", word);
}

std::optional<InstructionText> print_start_of(std::span<const std::byte> code, u64 address, ByteOrder order) {
    if (code.size() < 4) return std::nullopt;
    u32 word = postern::load<u32>(code.data(), order);
    const Row* found = find_row(word);
    if (!found) return std::nullopt;
    InstructionText text{.size = 4, .text = decode::print(*found, word, address), .target = {}};
    for (std::size_t i = 0; i < found->operand_count; ++i) {
        const auto& [kind, mask] = found->operands[i];
        if (kind.name == "label") text.target = static_cast<u32>(kind.decode(decode::gather(word, mask), address));
    }
    return text;
}

std::string coverage_table() { return decode::coverage_table(all_rows()); }
decode::Coverage coverage() { return decode::coverage(all_rows()); }

}  // namespace postern::parisc
