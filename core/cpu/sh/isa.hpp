// SH-4 for the decoder: operand types, and how a handler's signature becomes an executable instruction.
//
// A handler is a function of the state and its operands. Its result says what it does to the flow:
//
//     void          goes on
//     bool          goes on, or (false) has asked for an access or raised a trap; nothing has changed then
//     Exit          ends the block
//     Fork          branch without a slot to its label, or on
//     Goto          delayed branch to its label
//     GotoIf        delayed branch to its label, or on behind the slot
//     GotoRegister  delayed branch to a computed address
//
// Delayed branches decide before their slot executes and take effect behind it.
#pragma once

#include "cpu/decode/table.hpp"
#include "cpu/instruction_text.hpp"
#include "cpu/sh/state.hpp"

#include <fmt/format.h>
#include <optional>

namespace postern::sh {

struct Fork {
    bool taken;
};
struct Goto {};
struct GotoIf {
    bool taken;
};
struct GotoRegister {
    u32 target;
};

enum class Flow : u8 { on, exit, fork, delayed, delayed_conditional, delayed_register };

// --- operands

/// A register whose number is the field. `name` is the manual's, `prefix` what is printed.
#define POSTERN_SH_REGISTER(type, letter, prefix)                                                              \
    struct type {                                                                                              \
        static constexpr decode::OperandKind kind{                                                             \
            letter, 4, #type, [](u64 field, u64) { return static_cast<i64>(field); },                          \
            [](i64 value) { return fmt::format(prefix "{}", value); }};                                         \
        u32 value;                                                                                             \
    }
POSTERN_SH_REGISTER(Rn, 'n', "r");
POSTERN_SH_REGISTER(Rm, 'm', "r");
POSTERN_SH_REGISTER(FRn, 'n', "fr");
POSTERN_SH_REGISTER(FRm, 'm', "fr");
#undef POSTERN_SH_REGISTER

/// A pair of floating-point registers: the number of its first, which is even.
#define POSTERN_SH_PAIR(type, letter, bits, step, prefix)                                                       \
    struct type {                                                                                              \
        static constexpr decode::OperandKind kind{                                                             \
            letter, bits, #type, [](u64 field, u64) { return static_cast<i64>(field * step); },                \
            [](i64 value) { return fmt::format(prefix "{}", value); }};                                         \
        u32 value;                                                                                             \
    }
POSTERN_SH_PAIR(DRn, 'n', 3, 2, "dr");
POSTERN_SH_PAIR(DRm, 'm', 3, 2, "dr");
POSTERN_SH_PAIR(FVn, 'n', 2, 4, "fv");   ///< four registers
POSTERN_SH_PAIR(FVm, 'm', 2, 4, "fv");
#undef POSTERN_SH_PAIR

/// A pair of either bank, as moves of pairs have it: the field's last bit is the bank, `value` an
/// index into State::fr.
#define POSTERN_SH_EITHER_PAIR(type, letter)                                                                    \
    struct type {                                                                                              \
        static constexpr decode::OperandKind kind{                                                             \
            letter, 4, #type, [](u64 field, u64) { return static_cast<i64>((field & 14) + (field & 1) * 16); }, \
            [](i64 value) { return fmt::format("{}{}", value < 16 ? "dr" : "xd", value & 15); }};               \
        u32 value;                                                                                             \
    }
POSTERN_SH_EITHER_PAIR(XDn, 'n');
POSTERN_SH_EITHER_PAIR(XDm, 'm');
#undef POSTERN_SH_EITHER_PAIR

/// Bank register of privileged instructions.
struct Bank {
    static constexpr decode::OperandKind kind{'b', 3, "Bank", [](u64 field, u64) { return static_cast<i64>(field); },
                                              [](i64 value) { return fmt::format("r{}_bank", value); }};
    u32 value;
};

inline std::string print_number(i64 value) { return fmt::format("{}", value); }
inline std::string print_address(i64 value) { return fmt::format("0x{:x}", static_cast<u32>(value)); }

/// Eight bits, sign-extended (`Imm`) or not (`Uimm`).
struct Imm {
    static constexpr decode::OperandKind kind{
        'i', 8, "imm", [](u64 field, u64) { return static_cast<i64>(decode::sign_extend(field, 8)); }, print_number};
    i32 value;
};
struct Uimm {
    static constexpr decode::OperandKind kind{'i', 8, "imm", [](u64 field, u64) { return static_cast<i64>(field); },
                                              print_number};
    u32 value;
};

/// A displacement in units of the access: `value` in bytes.
template <u8 bits, u32 scale>
struct Displacement {
    static constexpr decode::OperandKind kind{
        'd', bits, "disp", [](u64 field, u64) { return static_cast<i64>(field * scale); }, print_number};
    u32 value;
};
template <u32 scale> using Disp4 = Displacement<4, scale>;
template <u32 scale> using Disp8 = Displacement<8, scale>;

/// The address that a PC-relative load takes: words from behind the next instruction, longs from
/// there rounded down.
template <u32 scale>
struct Literal {
    static constexpr decode::OperandKind kind{'d', 8, "literal", [](u64 field, u64 address) {
        return static_cast<i64>(((address + 4) & ~u64{scale - 1}) + field * scale);
    }, print_address};
    u32 value;
};

/// The target of a branch.
template <u8 bits>
struct Label {
    static constexpr decode::OperandKind kind{'d', bits, "label", [](u64 field, u64 address) {
        return static_cast<i64>(address + 4 + decode::sign_extend(field, bits) * 2);
    }, print_address};
    u32 value;
};
using Label8 = Label<8>;
using Label12 = Label<12>;

/// The address behind a branch's slot, and that of the instruction itself.
struct BehindSlot {
    static constexpr decode::OperandKind kind{0, 0, "", [](u64, u64 address) { return static_cast<i64>(address + 4); }, nullptr};
    u32 value;
};
struct Here {
    static constexpr decode::OperandKind kind{0, 0, "", [](u64, u64 address) { return static_cast<i64>(address); }, nullptr};
    u32 value;
};

// --- handlers

namespace detail {

template <typename Result>
constexpr Flow flow_of() {
    if constexpr (std::same_as<Result, Exit>) return Flow::exit;
    else if constexpr (std::same_as<Result, Fork>) return Flow::fork;
    else if constexpr (std::same_as<Result, Goto>) return Flow::delayed;
    else if constexpr (std::same_as<Result, GotoIf>) return Flow::delayed_conditional;
    else if constexpr (std::same_as<Result, GotoRegister>) return Flow::delayed_register;
    else return Flow::on;
}

/// Whether an operand is relative to the program counter, which in a slot is somewhere else.
constexpr bool is_relative(const decode::OperandKind& kind) { return kind.name == "literal" || kind.name == "label"; }

}  // namespace detail

/// Calls a handler that goes on. False: it has failed.
template <auto handler>
[[gnu::always_inline]] inline bool perform(State& state, const i32* operands) {
    using Signature = decode::SignatureOf<handler>;
    constexpr Flow flow = detail::flow_of<typename Signature::Result>();
    static_assert(flow == Flow::on || flow == Flow::delayed);
    if constexpr (std::same_as<typename Signature::Result, bool>) {
        return Signature::template call<handler>(state, operands);
    } else {
        (void)Signature::template call<handler>(state, operands);
        return true;
    }
}

/// Executes an instruction and what is behind it.
template <auto handler>
[[gnu::always_inline]] inline Exit complete(State& state, const Instruction* instruction, const i32* operands) {
    using Signature = decode::SignatureOf<handler>;
    using Result = typename Signature::Result;
    if constexpr (std::same_as<Result, Exit>) {
        return Signature::template call<handler>(state, operands);
    } else if constexpr (std::same_as<Result, Fork>) {
        return Signature::template call<handler>(state, operands).taken ? leave_block(state, instruction, 1) : leave_block(state, instruction, 0);
    } else if constexpr (std::same_as<Result, GotoIf>) {
        state.delayed_taken = Signature::template call<handler>(state, operands).taken;
    } else if constexpr (std::same_as<Result, GotoRegister>) {
        state.delayed_target = Signature::template call<handler>(state, operands).target;
    } else {
        if (!perform<handler>(state, operands)) [[unlikely]] return blocks::execute_slowly(state, instruction);
    }
    return go_on(state, instruction);
}

template <auto handler>
Exit run_handler(blocks::State& state, const Instruction* instruction) {
    return complete<handler>(static_cast<State&>(state), instruction, instruction->operands.data());
}

struct Isa {
    static constexpr unsigned width = 16;
    static constexpr std::size_t max_operands = 3;
    using Execute = blocks::Execute;
    struct Traits {
        Flow flow = Flow::on;
        bool allowed_in_slot = true;     ///< no branch, nothing relative to the program counter
        bool changes_mode = false;       ///< may change PR or SZ, which select rows: the block ends behind it
        std::optional<std::size_t> label = {};   ///< which operand is the target of a branch
    };
    template <auto handler>
    static constexpr Execute execute = run_handler<handler>;
    template <auto handler>
    static constexpr Traits traits = [] {
        using Signature = decode::SignatureOf<handler>;
        Traits result{.flow = detail::flow_of<typename Signature::Result>()};
        result.allowed_in_slot = result.flow == Flow::on;
        std::size_t index = 0;
        for (const auto& kind : Signature::kinds()) {
            if (detail::is_relative(kind)) result.allowed_in_slot = false;
            if (kind.name == "label") result.label = index;
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
/// A row whose instruction may change which rows are in force.
template <auto handler>
consteval Row mode_row(std::string_view pattern, std::string_view syntax) {
    Row made = row<handler>(pattern, syntax);
    made.traits.changes_mode = true;
    return made;
}
template <decode::Operand... Operands>
consteval Row unimplemented(std::string_view pattern, std::string_view syntax) {
    return decode::unimplemented<Isa, Operands...>(pattern, syntax);
}

/// Which floating-point rows are in force.
struct Mode {
    bool double_precision = false, pairs = false;

    static Mode of(u32 fpscr) { return {(fpscr & fpscr::double_precision) != 0, (fpscr & fpscr::pair_size) != 0}; }
    /// As blocks know it.
    u32 number() const { return u32{double_precision} | u32{pairs} << 1; }
    bool operator==(const Mode&) const = default;
};

/// The row of an instruction in this mode; null: there is none.
const Row* find_row(u16 word, Mode mode);
/// As the manual writes it; ".word 0x..." where there is no row.
std::string print(u16 word, u32 address, Mode mode);
/// The first instruction of `code`, in the mode that programs start in.
std::optional<InstructionText> print_start_of(std::span<const std::byte> code, u64 address, ByteOrder order);
/// Every row, those of the modes behind the others.
std::string coverage_table();
decode::Coverage coverage();

}  // namespace postern::sh
