// How one function is made of the handlers of several instructions.
//
// It is made of *parts*, types of the core's own, each for one executable instruction:
//
//     static constexpr Execute execute;                    what a decoded one has
//     static constexpr std::size_t written;                which operand is the number of a register that it writes
//     static constexpr std::array<std::size_t, 2> read;    which are numbers of registers that it reads
//     static Step perform(State&, const Operands&);        where a part follows
//     static Exit complete(State&, const Instruction*, const Operands&);   the last one, and what is behind it
//
// no_operand: the instruction has no such register.
#pragma once

#include "cpu/blocks/fusion.hpp"

#include <tuple>
#include <utility>

namespace postern::blocks {

/// What an instruction does to the ones behind it.
enum class Step : u8 {
    on,
    skip,     ///< the next one is skipped
    failed,   ///< it has asked for an access or raised a trap; nothing has changed
};

inline constexpr std::size_t no_operand = max_operands;

/// Which register that a part reads is known to be the one that the part before has written, so that the compiler need
/// not look in memory for what that one has just put there.
enum class Same : u8 { none, first, second };
/// Of each part but the first.
template <Same... same>
struct Sames {};

template <typename... Part>
struct Parts {};

namespace detail {

template <typename Part, Same same>
constexpr std::size_t place_of = same == Same::none ? no_operand : Part::read[same == Same::first ? 0 : 1];

template <typename Before, typename Part, Same same>
constexpr bool can_be = Before::written != no_operand && place_of<Part, same> != no_operand;

/// Whether that is so of an instruction and the one in front of it.
template <typename Before, typename Part, Same same>
bool is_so(const Instruction* instruction) {
    if constexpr (same == Same::none) return true;
    else if constexpr (!can_be<Before, Part, same>) return false;
    else return instruction[-1].operands[Before::written] == instruction->operands[place_of<Part, same>];
}

/// `written`: number of the register that the part before has written.
template <Same same, Same... sames, typename Part, typename... Rest>
[[gnu::always_inline]] inline Exit run_from(Sames<same, sames...>, Parts<Part, Rest...>, State& state, const Instruction* instruction, i32 written) {
    constexpr std::size_t known = place_of<Part, same>;
    const Operands operands = [&]<std::size_t... i>(std::index_sequence<i...>) __attribute__((always_inline)) {
        return Operands{(i == known ? written : instruction->operands[i])...};
    }(std::make_index_sequence<max_operands>());
    if constexpr (sizeof...(Rest) == 0) {
        return Part::complete(state, instruction, operands);
    } else {
        Step step = Part::perform(state, operands);
        if (step == Step::failed) [[unlikely]] return execute_slowly(state, instruction);
        if (step == Step::skip) return go_on(state, instruction, 2);
        return run_from(Sames<sames...>(), Parts<Rest...>(), state, instruction + 1, Part::written == no_operand ? 0 : operands[Part::written % max_operands]);
    }
}

template <typename Sames, typename Parts>
struct Fused;
template <Same... same, typename First, typename... Rest>
struct Fused<Sames<same...>, Parts<First, Rest...>> {
    /// Whether the registers of these instructions are the same.
    static bool fits(const Instruction* first) {
        return [&]<std::size_t... i>(std::index_sequence<i...>) {
            using All = std::tuple<First, Rest...>;
            return (is_so<std::tuple_element_t<i, All>, Rest, same>(first + i + 1) && ...);
        }(std::index_sequence_for<Rest...>());
    }
    /// Flattened: a call that is left would keep the operands in memory, and the jumps to the next instruction from being
    /// jumps. Restricted: what a part writes to a register is no operand of the parts behind it, so that one that the next
    /// part overwrites is not written.
    [[gnu::flatten]] static Exit run(State& state, const Instruction* __restrict first) {
        return run_from(Sames<Same::none, same...>(), Parts<First, Rest...>(), state, first, 0);
    }
};

/// The function of the first of these lists that fits.
template <typename Parts, typename Sames, typename... Others>
Execute choose(const Instruction* first) {
    if constexpr (sizeof...(Others) == 0) return Fused<Sames, Parts>::run;
    else return Fused<Sames, Parts>::fits(first) ? Fused<Sames, Parts>::run : choose<Parts, Others...>(first);
}

/// Two parts, with whatever register is the same.
template <typename First, typename Second>
Execute choose_pair(const Instruction* first) {
    using Pair = Parts<First, Second>;
    if constexpr (can_be<First, Second, Same::first>)
        if (is_so<First, Second, Same::first>(first + 1)) return Fused<Sames<Same::first>, Pair>::run;
    if constexpr (can_be<First, Second, Same::second>)
        if (is_so<First, Second, Same::second>(first + 1)) return Fused<Sames<Same::second>, Pair>::run;
    return Fused<Sames<Same::none>, Pair>::run;
}

}  // namespace detail

/// The fusion of two parts: three functions, or fewer.
template <typename First, typename Second>
constexpr Fusion fuse = {{First::execute, Second::execute}, detail::choose_pair<First, Second>};

namespace detail {

template <typename Parts, typename... Sames>
struct Several;
template <typename First, typename... Rest, typename... Some>
struct Several<Parts<First, Rest...>, Some...> {
    using NothingSame = Sames<(static_cast<void>(sizeof(Rest)), Same::none)...>;
    static constexpr Fusion fusion = {{First::execute, Rest::execute...}, choose<Parts<First, Rest...>, Some..., NothingSame>};
};

}  // namespace detail

/// The fusion of several parts, in a function for each of these lists of registers that are the same, of which the first
/// that fits is taken, and one for where none does.
template <typename Parts, typename... Sames>
constexpr Fusion fuse_where = detail::Several<Parts, Sames...>::fusion;

/// Each of the first with each of the second.
template <typename... First, typename... Second>
constexpr auto fuse_all(Parts<First...>, Parts<Second...> seconds) {
    std::array<Fusion, sizeof...(First) * sizeof...(Second)> all;
    auto at = all.begin();
    auto add_with = [&]<typename One, typename... Other>(std::type_identity<One>, Parts<Other...>) { ((*at++ = fuse<One, Other>), ...); };
    (add_with(std::type_identity<First>(), seconds), ...);
    return all;
}

}  // namespace postern::blocks
