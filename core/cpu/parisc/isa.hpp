// PA-RISC for the decoder: how a handler's signature becomes an executable instruction.
//
// A handler is a function of the state and its operands. Its result says what it does to the flow:
//
//     void       goes on
//     bool       goes on, or (false) has asked for an access or raised a trap; nothing has changed then
//     Nullify    goes on, or skips the next instruction
//     Step       both
//     Exit       ends the block; trap: as false above
//     Go         goes to its label
//     Branch     goes to its label, or on
//     Jump       goes to a computed address
//
// Branches decide before their slot executes and take effect behind it. Operand types that *select* (conditions,
// completers) are constants to the handler: it is compiled once for each of their values.
#pragma once

#include "cpu/blocks/fuse.hpp"
#include "cpu/decode/table.hpp"
#include "cpu/instruction_text.hpp"
#include "cpu/parisc/state.hpp"

#include <algorithm>
#include <optional>

namespace postern::parisc {

using blocks::Step;

struct Nullify {
    bool next;
};
struct Go {
    bool nullify;   ///< its slot
};
struct Branch {
    bool taken;
    bool nullify;   ///< its slot: forwards when it is taken, backwards when it is not
};
struct Jump {
    u32 target;     ///< its low bits are the privilege to give up
    bool nullify;   ///< its slot
    bool gate = false;   ///< takes the highest privilege
};

enum class Flow : u8 { on, exit, go, branch, jump };

template <typename T>
concept Selects = requires { T::selects; };
/// Only printed.
template <typename T>
concept Silent = requires { T::silent; };
/// The address behind a branch's slot. In the slot of another branch, that is where the other one goes, and behind.
template <typename T>
concept Behind = requires { T::behind; };

/// The target of a Go or a Branch, which is not for the handler: silent, too.
template <typename T>
concept IsLabel = requires { T::label; };

/// What the translator does with an operand.
enum class Use : u8 { store, select, drop, target };

// --- handlers

template <typename Function>
struct Caller;
template <typename Result_, typename... Operands>
struct Caller<Result_ (*)(State&, Operands...)> {
    using Result = Result_;

    static constexpr unsigned selector_bits = (0u + ... + (Selects<Operands> ? Operands::kind.bits : 0u));

    /// Calls with operands from where `operands` has them, and what selects from the bits of `selector`.
    template <auto handler, u32 selector, bool alone>
    [[gnu::always_inline]] static Result call(State& state, const blocks::Operands& operands) {
        return [&]<std::size_t... i>(std::index_sequence<i...>) __attribute__((always_inline)) {
            return handler(state, operand<Operands, i, selector, alone>(state, operands)...);
        }(std::index_sequence_for<Operands...>{});
    }

    /// Where instructions have the first of their operands that is called one of these, or one behind it; there is none:
    /// no_operand.
    static constexpr std::size_t slot_of(std::initializer_list<std::string_view> names, std::size_t number) {
        constexpr bool stored[] = {(!Selects<Operands> && !Silent<Operands>)..., false};
        constexpr std::string_view all[] = {Operands::kind.name..., ""};
        std::size_t at = 0;
        for (std::size_t i = 0; i < sizeof...(Operands); ++i) {
            if (!stored[i]) continue;
            if (std::ranges::find(names, all[i]) != names.end() && number-- == 0) return at;
            ++at;
        }
        return blocks::no_operand;
    }

    /// What the translator does with each.
    static constexpr auto uses() {
        return std::array<Use, sizeof...(Operands)>{(Selects<Operands>   ? Use::select
                                                     : IsLabel<Operands> ? Use::target
                                                     : Silent<Operands>  ? Use::drop
                                                                         : Use::store)...};
    }

private:
    template <std::size_t index>
    static constexpr std::size_t slot() {
        constexpr bool stored[] = {(!Selects<Operands> && !Silent<Operands>)..., false};
        std::size_t count = 0;
        for (std::size_t i = 0; i < index; ++i) count += stored[i];
        return count;
    }
    template <std::size_t index>
    static constexpr u32 selected(u32 selector) {
        constexpr unsigned bits[] = {(Selects<Operands> ? Operands::kind.bits : 0u)..., 0u};
        for (std::size_t i = sizeof...(Operands) - 1; i > index; --i) selector >>= bits[i];
        return selector & ((1u << bits[index]) - 1);
    }
    template <typename Operand, std::size_t index, u32 selector, bool alone>
    [[gnu::always_inline]] static Operand operand(const State& state, const blocks::Operands& operands) {
        if constexpr (Selects<Operand>) return {selected<index>(selector)};
        else if constexpr (Silent<Operand>) return {};
        else if constexpr (alone && Behind<Operand>) return {state.next_pc + 4};
        else return {static_cast<decltype(Operand::value)>(operands[slot<index>()])};
    }
};
template <auto handler>
using CallerOf = Caller<decltype(handler)>;

/// Where the translator puts what it knows of branches, behind the handler's operands.
inline u32 target_of(const blocks::Operands& branch) { return static_cast<u32>(branch[blocks::max_operands - 2]); }
inline u32 behind_of(const blocks::Operands& branch) { return static_cast<u32>(branch[blocks::max_operands - 1]); }
inline bool goes_back(const blocks::Operands& branch) { return static_cast<i32>(target_of(branch) - behind_of(branch)) < 0; }

inline void set_destination(State& state, const Jump& jump) {
    state.next_pc = jump.target & ~3u;
    state.next_privilege = jump.gate ? 0 : std::max(state.privilege, jump.target & 3);
}

/// Executes an instruction that something follows.
template <auto handler, u32 selector>
[[gnu::always_inline]] inline Step perform(State& state, const blocks::Operands& operands) {
    using Called = CallerOf<handler>;
    using Result = typename Called::Result;
    auto call = [&]() __attribute__((always_inline)) { return Called::template call<handler, selector, false>(state, operands); };
    if constexpr (std::same_as<Result, bool>) {
        return call() ? Step::on : Step::failed;
    } else if constexpr (std::same_as<Result, Step>) {
        return call();
    } else if constexpr (std::same_as<Result, Nullify>) {
        return call().next ? Step::skip : Step::on;
    } else if constexpr (std::same_as<Result, Go>) {
        (void)call();
        state.next_pc = target_of(operands);
    } else if constexpr (std::same_as<Result, Branch>) {
        auto [taken, nullify] = call();
        state.taken = taken;
        state.next_pc = taken ? target_of(operands) : behind_of(operands);
        // Forwards there is no slot then.
        if (nullify && !taken && goes_back(operands)) return Step::skip;
    } else if constexpr (std::same_as<Result, Jump>) {
        set_destination(state, call());
    } else {
        static_assert(std::same_as<Result, void>);
        call();
    }
    return Step::on;
}

[[gnu::always_inline]] inline Exit go_on_after(blocks::State& state, const Instruction* instruction, Step step) {
    if (step == Step::failed) [[unlikely]] return blocks::execute_slowly(state, instruction);
    return step == Step::skip ? go_on(state, instruction, 2) : go_on(state, instruction);
}

template <auto handler, u32 selector>
Exit run_handler(blocks::State& base, const Instruction* instruction) {
    auto& state = static_cast<State&>(base);
    if constexpr (std::same_as<typename CallerOf<handler>::Result, Exit>) {
        Exit exit = CallerOf<handler>::template call<handler, selector, false>(state, instruction->operands);
        return exit == Exit::trap ? blocks::execute_slowly(state, instruction) : exit;
    } else {
        return go_on_after(state, instruction, perform<handler, selector>(state, instruction->operands));
    }
}

/// The same for a branch in the slot of another: behind it comes where that one goes.
template <auto handler, u32 selector>
Exit run_branch_alone(blocks::State& base, const Instruction* instruction) {
    auto& state = static_cast<State&>(base);
    using Called = CallerOf<handler>;
    using Result = typename Called::Result;
    auto result = Called::template call<handler, selector, true>(state, instruction->operands);
    bool nullify = result.nullify;
    state.advance();
    if constexpr (std::same_as<Result, Go>) {
        state.next_pc = target_of(instruction->operands);
    } else if constexpr (std::same_as<Result, Branch>) {
        if (result.taken) state.next_pc = target_of(instruction->operands);
        nullify = nullify && result.taken != goes_back(instruction->operands);
    } else {
        set_destination(state, result);
    }
    if (nullify) state.advance();
    return Exit::elsewhere;
}

// --- the instruction set

namespace detail {

template <typename Result>
constexpr Flow flow_of() {
    if constexpr (std::same_as<Result, Exit>) return Flow::exit;
    else if constexpr (std::same_as<Result, Go>) return Flow::go;
    else if constexpr (std::same_as<Result, Branch>) return Flow::branch;
    else if constexpr (std::same_as<Result, Jump>) return Flow::jump;
    else return Flow::on;
}

template <auto handler>
constexpr auto variants = []<u32... selector>(std::integer_sequence<u32, selector...>) {
    return std::array<blocks::Execute, sizeof...(selector)>{run_handler<handler, selector>...};
}(std::make_integer_sequence<u32, 1u << CallerOf<handler>::selector_bits>());

template <auto handler>
constexpr auto variants_alone = []<u32... selector>(std::integer_sequence<u32, selector...>) {
    return std::array<blocks::Execute, sizeof...(selector)>{run_branch_alone<handler, selector>...};
}(std::make_integer_sequence<u32, 1u << CallerOf<handler>::selector_bits>());

}  // namespace detail

struct Isa {
    static constexpr unsigned width = 32;
    static constexpr std::size_t max_operands = 8;
    using Execute = blocks::Execute;
    struct Traits {
        Flow flow = Flow::on;
        bool may_skip = false;                 ///< the next instruction, unless its condition is `never`
        const Execute* variants = nullptr;     ///< by what the selecting operands are
        const Execute* alone = nullptr;        ///< of branches, in a slot
        std::array<Use, max_operands> uses{};
        std::optional<std::size_t> condition = {}, nullify = {};   ///< which operands these are
    };
    template <auto handler>
    static constexpr Execute execute = run_handler<handler, 0>;
    template <auto handler>
    static constexpr Traits traits = [] {
        using Result = typename CallerOf<handler>::Result;
        Traits result{.flow = detail::flow_of<Result>(), .variants = detail::variants<handler>.data()};
        result.may_skip = std::same_as<Result, Nullify> || std::same_as<Result, Step>;
        if constexpr (detail::flow_of<Result>() >= Flow::go) result.alone = detail::variants_alone<handler>.data();
        std::ranges::copy(CallerOf<handler>::uses(), result.uses.begin());
        std::size_t index = 0;
        for (const auto& kind : decode::SignatureOf<handler>::kinds()) {
            if (kind.name == "{,cond}") result.condition = index;
            if (kind.name == "{,n}") result.nullify = index;
            ++index;
        }
        return result;
    }();
};

using Row = decode::Row<Isa>;

template <auto handler>
consteval Row row(std::string_view pattern, std::string_view syntax) {
    return decode::row<Isa, handler>(pattern, syntax);
}
template <decode::Operand... Operands>
consteval Row unimplemented(std::string_view pattern, std::string_view syntax) {
    return decode::unimplemented<Isa, Operands...>(pattern, syntax);
}

std::span<const Row> all_rows();
/// The row of an instruction; null: there is none.
const Row* find_row(u32 word);
/// As the assembler writes it; ".word 0x..." where there is no row.
std::string print(u32 word, u32 address);
/// For instruction_printer().
std::optional<InstructionText> print_start_of(std::span<const std::byte> code, u64 address, ByteOrder order);
std::string coverage_table();
decode::Coverage coverage();

}  // namespace postern::parisc
