// One instruction = one row: its bits, its syntax, and the function that executes it.
//
//     row<add>("0011nnnnmmmm1100", "add Rm,Rn")
//
// with     void add(State& state, Rm m, Rn n)
//
// The function's parameters say which operands it takes, and a row that does not provide exactly
// those does not compile (`Misfit` lists the reasons). An instruction that nobody has written yet is
// a row all the same, with its operands in the function's place:
//
//     unimplemented<Rm>("0100mmmm10101001", "movua.l @Rm,r0")
#pragma once

#include "cpu/decode/pattern.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

namespace postern::decode {

/// What the decoder has to know of a type of operands. Without bits it is implied: it comes from the
/// instruction's address alone, and neither pattern nor syntax show it.
struct OperandKind {
    char letter;             ///< of its field in bit strings
    u8 bits;                 ///< that the field must have; 0 = implied
    std::string_view name;   ///< in syntax: "Rm", "disp"
    i64 (*decode)(u64 field, u64 address);   ///< `address`: of the instruction
    std::string (*print)(i64 value);
};

/// A type of operands: made from what `decode` returned for the field.
template <typename T>
concept Operand = requires(i64 value) {
    { T::kind } -> std::convertible_to<OperandKind>;
    T{static_cast<decltype(T::value)>(value)};
};

/// What is wrong with a row.
enum class Misfit {
    none,
    pattern,            ///< not a bit string, or not as long as instructions are
    operand_repeated,   ///< two operands of the same letter
    field_missing,      ///< an operand has no field
    field_width,        ///< its field is too narrow or too wide
    field_unused,       ///< a field belongs to no operand
    operand_unnamed,    ///< the syntax does not name an operand exactly once
};

namespace detail {

constexpr bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace detail

/// Where `syntax` names an operand from `from` on, as a whole word; npos: nowhere. A name may have brackets of its
/// own, as "{,cond}", and then stand behind a word: "add{,cond}".
constexpr std::size_t find_operand(std::string_view syntax, std::string_view name, std::size_t from = 0) {
    for (auto at = syntax.find(name, from); at != syntax.npos; at = syntax.find(name, at + 1)) {
        auto end = at + name.size();
        bool begins = at == 0 || !detail::is_word(syntax[at - 1]) || !detail::is_word(name.front());
        bool ends = end == syntax.size() || !detail::is_word(syntax[end]) || !detail::is_word(name.back());
        if (begins && ends) return at;
    }
    return syntax.npos;
}

/// The check behind every row, for instructions of `width` bits.
constexpr Misfit misfit(std::string_view pattern, unsigned width, std::string_view syntax,
                        std::span<const OperandKind> operands) {
    if (width_of(pattern) != width) return Misfit::pattern;
    u64 taken = 0;
    for (const OperandKind& operand : operands) {
        if (operand.bits == 0) continue;
        u64 mask = mask_of(pattern, operand.letter);
        if (mask == 0) return Misfit::field_missing;
        if (mask & taken) return Misfit::operand_repeated;
        if (count_bits(mask) != operand.bits) return Misfit::field_width;
        taken |= mask;
        auto at = find_operand(syntax, operand.name);
        if (at == syntax.npos || find_operand(syntax, operand.name, at + 1) != syntax.npos) return Misfit::operand_unnamed;
    }
    for (char letter : pattern)
        if (is_field_letter(letter) && !(mask_of(pattern, letter) & taken)) return Misfit::field_unused;
    return Misfit::none;
}

/// An operand of a row: its type's facts, and the bits it is read from.
struct RowOperand {
    OperandKind kind{};
    u64 mask = 0;
};

/// `Isa` describes the instruction set:
///     static constexpr unsigned width;          bits of an instruction
///     static constexpr std::size_t max_operands;
///     using Execute;                            pointer to what executes a decoded instruction
///     using Traits;                             what else its translator asks of a row
///     template <auto handler> static constexpr Execute execute;
///     template <auto handler> static constexpr Traits traits;
template <typename Isa>
struct Row {
    Pattern pattern;
    std::string_view syntax;
    std::array<RowOperand, Isa::max_operands> operands{};
    std::size_t operand_count = 0;
    typename Isa::Execute execute = nullptr;   ///< null: not implemented
    typename Isa::Traits traits{};
};

namespace detail {

template <typename Isa>
consteval Row<Isa> make_row(std::string_view pattern, std::string_view syntax, std::span<const OperandKind> kinds) {
    switch (misfit(pattern, Isa::width, syntax, kinds)) {
        case Misfit::none: break;
        case Misfit::pattern: throw std::logic_error("not the bit string of an instruction");
        case Misfit::operand_repeated: throw std::logic_error("two operands for one field");
        case Misfit::field_missing: throw std::logic_error("an operand has no field");
        case Misfit::field_width: throw std::logic_error("a field is not as wide as its operand");
        case Misfit::field_unused: throw std::logic_error("a field belongs to no operand");
        case Misfit::operand_unnamed: throw std::logic_error("the syntax does not name each operand once");
    }
    Row<Isa> row{.pattern = parse(pattern), .syntax = syntax};
    for (const OperandKind& kind : kinds) {
        row.operands[row.operand_count++] = {kind, kind.bits ? mask_of(pattern, kind.letter) : 0};
    }
    return row;
}

template <typename... Operands>
constexpr auto kinds_of() {
    return std::array<OperandKind, sizeof...(Operands)>{Operands::kind...};
}

}  // namespace detail

/// The operand types of a handler `Result handler(State&, Operands...)`.
template <typename Function>
struct Signature;
template <typename Result_, typename State_, typename... Operands_>
struct Signature<Result_ (*)(State_&, Operands_...)> {
    using Result = Result_;
    using State = State_;
    static constexpr std::size_t count = sizeof...(Operands_);
    static constexpr auto kinds() { return detail::kinds_of<Operands_...>(); }
    /// Calls with operands from where decode() put their values.
    template <auto handler, typename Value>
    [[gnu::always_inline]] static Result call(State_& state, const Value* values) {
        return [&]<std::size_t... i>(std::index_sequence<i...>) __attribute__((always_inline)) {
            return handler(state, Operands_{static_cast<decltype(Operands_::value)>(values[i])}...);
        }(std::index_sequence_for<Operands_...>{});
    }
};
template <auto handler>
using SignatureOf = Signature<decltype(handler)>;

template <typename Isa, auto handler>
consteval Row<Isa> row(std::string_view pattern, std::string_view syntax) {
    constexpr auto kinds = SignatureOf<handler>::kinds();
    Row<Isa> made = detail::make_row<Isa>(pattern, syntax, kinds);
    made.execute = Isa::template execute<handler>;
    made.traits = Isa::template traits<handler>;
    return made;
}

template <typename Isa, Operand... Operands>
consteval Row<Isa> unimplemented(std::string_view pattern, std::string_view syntax) {
    constexpr auto kinds = detail::kinds_of<Operands...>();
    return detail::make_row<Isa>(pattern, syntax, kinds);
}

}  // namespace postern::decode
