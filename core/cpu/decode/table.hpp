// All rows of an instruction set: finding the one of a word, printing, and what is implemented.
#pragma once

#include "cpu/decode/row.hpp"

#include <tuple>
#include <utility>

namespace postern::decode {

/// The first two rows that some word matches both of; {null, null}: there are none. To be asked of
/// every table by static_assert(disjoint(rows)).
template <typename Isa>
constexpr std::pair<const Row<Isa>*, const Row<Isa>*> first_overlap(std::span<const Row<Isa>> rows) {
    for (std::size_t i = 0; i < rows.size(); ++i)
        for (std::size_t j = i + 1; j < rows.size(); ++j)
            if (overlap(rows[i].pattern, rows[j].pattern)) return {&rows[i], &rows[j]};
    return {nullptr, nullptr};
}

template <typename Isa, std::size_t n>
constexpr bool disjoint(const std::array<Row<Isa>, n>& rows) {
    return first_overlap<Isa>(rows).first == nullptr;
}

/// No word matches a row of both.
template <typename Isa, std::size_t n, std::size_t m>
constexpr bool disjoint(const std::array<Row<Isa>, n>& some, const std::array<Row<Isa>, m>& others) {
    for (const auto& row : some)
        for (const auto& other : others)
            if (overlap(row.pattern, other.pattern)) return false;
    return true;
}

/// Rows sorted for look-up: those that begin with the same `bucket_bits` bits are neighbours, a row
/// with a field there has a place in each bucket that it can match.
template <typename Isa, unsigned bucket_bits, std::size_t row_count>
class Index {
public:
    constexpr explicit Index(const std::array<Row<Isa>, row_count>& rows) : rows_(&rows) {
        for (u64 bucket = 0; bucket < bucket_count; ++bucket) {
            starts_[bucket] = used_;
            for (std::size_t i = 0; i < row_count; ++i)
                if (((rows[i].pattern.match ^ bucket << shift) & rows[i].pattern.mask >> shift << shift) == 0)
                    entries_[used_++] = static_cast<u16>(i);
        }
        starts_[bucket_count] = used_;
    }

    /// The row of a word; null: it is no instruction of this table.
    constexpr const Row<Isa>* find(u64 word) const {
        u64 bucket = word >> shift;
        for (u16 at = starts_[bucket]; at < starts_[bucket + 1]; ++at) {
            const Row<Isa>& row = (*rows_)[entries_[at]];
            if ((word & row.pattern.mask) == row.pattern.match) return &row;
        }
        return nullptr;
    }

private:
    static constexpr u64 bucket_count = u64{1} << bucket_bits;
    static constexpr unsigned shift = Isa::width - bucket_bits;
    static_assert(row_count * bucket_count < 0x10000);

    const std::array<Row<Isa>, row_count>* rows_;
    std::array<u16, bucket_count + 1> starts_{};
    std::array<u16, row_count * bucket_count> entries_{};
    u16 used_ = 0;
};

/// The operands of a word, in the order that the handler takes them.
template <typename Isa, typename Value>
constexpr void decode_operands(const Row<Isa>& row, u64 word, u64 address, Value* values) {
    for (std::size_t i = 0; i < row.operand_count; ++i) {
        const auto& [kind, mask] = row.operands[i];
        values[i] = static_cast<Value>(kind.decode(gather(word, mask), address));
    }
}

/// The instruction as its manual writes it, with the operands' values for their names.
template <typename Isa>
std::string print(const Row<Isa>& row, u64 word, u64 address) {
    std::string text;
    std::string_view rest = row.syntax;
    // In the order of the syntax: what is printed may look like the name of another operand.
    for (;;) {
        std::size_t first = rest.npos;
        const RowOperand* next = nullptr;
        for (const RowOperand& operand : std::span(row.operands).first(row.operand_count)) {
            std::size_t at = operand.mask == 0 ? rest.npos : find_operand(rest, operand.kind.name);
            if (at < first) std::tie(first, next) = std::pair{at, &operand};
        }
        if (!next) return text += rest;
        text += rest.substr(0, first);
        text += next->kind.print(next->kind.decode(gather(word, next->mask), address));
        rest.remove_prefix(first + next->kind.name.size());
    }
}

/// How much of an instruction set there is.
struct Coverage {
    std::size_t implemented = 0, rows = 0;
};

template <typename Isa>
constexpr Coverage coverage(std::span<const Row<Isa>> rows) {
    Coverage result{.rows = rows.size()};
    for (const auto& row : rows) result.implemented += row.execute != nullptr;
    return result;
}

/// One line for each row: "yes" or "no", bits, syntax.
template <typename Isa>
std::string coverage_table(std::span<const Row<Isa>> rows) {
    std::string text;
    for (const auto& row : rows) {
        text += row.execute ? "yes  " : "no   ";
        text += std::string(row.pattern.text) + "  " + std::string(row.syntax) + "\n";
    }
    return text;
}

}  // namespace postern::decode
