// What the files that define one ABI each share. Not for anybody else.
#pragma once

#include "abi/abi.hpp"
#include "abi/layouts.hpp"

#include <array>
#include <stdexcept>

namespace postern {

// The objects themselves, for list.cc, and their signal facts, from signal_abi_<abi>.cc.
#define POSTERN_ABI(name)          \
    extern const Abi name##_abi;   \
    extern const SignalAbi name##_signals;
#define POSTERN_ABI_WITHOUT_ENGINE(name) POSTERN_ABI(name)
#include "abi/list.def"
#undef POSTERN_ABI

namespace define {

/// Position of a register in an ABI's table; does not compile if there is none.
consteval RegisterIndex index_of(std::span<const Register> registers, std::string_view name) {
    for (std::size_t i = 0; i < registers.size(); ++i)
        if (registers[i].name == name) return static_cast<RegisterIndex>(i);
    throw std::logic_error("no such register");
}

struct TaggedField {
    Struct owner;
    FieldRow row;
};

struct TaggedSize {
    Struct owner;
    u16 size;
};

inline constexpr std::size_t struct_count = 0
#define POSTERN_STRUCT(name) +1
#include "abi/layouts/structs.def"
#undef POSTERN_STRUCT
    ;

template <std::size_t n>
consteval std::array<FieldRow, n> field_rows(const TaggedField (&tagged)[n]) {
    std::array<FieldRow, n> rows{};
    for (std::size_t i = 0; i < n; ++i) rows[i] = tagged[i].row;
    return rows;
}

/// One layout per struct, each a slice of `rows`, where the fields of a struct are neighbours.
template <std::size_t n, std::size_t sizes_count>
consteval std::array<StructLayout, struct_count> layouts(const std::array<FieldRow, n>& rows,
                                                         const TaggedField (&tagged)[n],
                                                         const TaggedSize (&sizes)[sizes_count]) {
    std::array<StructLayout, struct_count> table{};
    for (const auto& [owner, size] : sizes) {
        std::size_t first = 0;
        while (tagged[first].owner != owner) ++first;
        std::size_t last = first;
        while (last < n && tagged[last].owner == owner) ++last;
        table[static_cast<std::size_t>(owner)] = {size, std::span(rows).subspan(first, last - first)};
    }
    return table;
}

struct TaggedNumber {
    NumberSet set;
    NumberPair pair;
};

template <std::size_t n>
consteval std::array<NumberPair, n> number_pairs(const std::array<TaggedNumber, n>& tagged) {
    std::array<NumberPair, n> pairs{};
    for (std::size_t i = 0; i < n; ++i) pairs[i] = tagged[i].pair;
    return pairs;
}

/// Each set a slice of `pairs`, where the pairs of a set are neighbours.
template <std::size_t n>
consteval NumberTables number_tables(const std::array<NumberPair, n>& pairs,
                                     const std::array<TaggedNumber, n>& tagged) {
    NumberTables tables{};
    for (std::size_t first = 0; first < n;) {
        std::size_t last = first;
        while (last < n && tagged[last].set == tagged[first].set) ++last;
        tables.sets[static_cast<std::size_t>(tagged[first].set)] = std::span(pairs).subspan(first, last - first);
        first = last;
    }
    return tables;
}

}  // namespace define
}  // namespace postern
