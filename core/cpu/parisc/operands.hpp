// Operand types of PA-RISC: the fields of its instructions, several of which have their bits in odd places.
#pragma once

#include "cpu/parisc/isa.hpp"

#include <fmt/format.h>

namespace postern::parisc {

// --- registers

inline constexpr u32 no_register = 32;   ///< index into State::r for results that r0 drops

#define POSTERN_PARISC_OPERAND(type, letter, bits, name, decode_, print_)                      \
    struct type {                                                                              \
        static constexpr decode::OperandKind kind{letter, bits, name, decode_, print_};        \
        u32 value;                                                                             \
    }

constexpr i64 decode_field(u64 field, u64) { return static_cast<i64>(field); }
constexpr i64 decode_target(u64 field, u64) { return static_cast<i64>(field ? field : no_register); }
inline std::string print_number(i64 value) { return fmt::format("{}", value); }
inline std::string print_address(i64 value) { return fmt::format("0x{:x}", static_cast<u32>(value)); }
inline std::string print_register(i64 value) { return fmt::format("%r{}", value % no_register); }

POSTERN_PARISC_OPERAND(RA, 'a', 5, "r1", decode_field, print_register);
POSTERN_PARISC_OPERAND(RB, 'b', 5, "r2", decode_field, print_register);
POSTERN_PARISC_OPERAND(Base, 'b', 5, "base", decode_field, print_register);
POSTERN_PARISC_OPERAND(RX, 'x', 5, "rx", decode_field, print_register);
POSTERN_PARISC_OPERAND(RR, 'r', 5, "rr", decode_field, print_register);
POSTERN_PARISC_OPERAND(RT, 't', 5, "rt", decode_target, print_register);

/// Of space registers: two bits, of which 0 means that the address chooses, or three, for branches.
POSTERN_PARISC_OPERAND(SR, 's', 3, "sr", [](u64 field, u64) { return static_cast<i64>((field & 1) << 2 | field >> 1); },
                       [](i64 value) { return fmt::format("%sr{}", value); });
struct Space {
    static constexpr bool selects = true;
    static constexpr decode::OperandKind kind{'s', 2, "{sr,}", decode_field,
                                              [](i64 value) { return value ? fmt::format("%sr{},", value) : std::string(); }};
    u32 value;
};
/// Space of an instruction that does not care.
struct AnySpace {
    static constexpr bool silent = true;
    static constexpr decode::OperandKind kind{'s', 2, "{sr,}", decode_field, Space::kind.print};
    u32 value = 0;
};

// --- constants

/// A number whose sign is its last bit.
constexpr i64 low_sign(u64 field, unsigned bits) {
    return static_cast<i64>(field >> 1) - (static_cast<i64>(field & 1) << (bits - 1));
}
template <u8 bits>
struct Immediate {
    static constexpr decode::OperandKind kind{'i', bits, "imm", [](u64 field, u64) { return low_sign(field, bits); }, print_number};
    i32 value;
};
template <u8 bits>
struct Displacement {
    static constexpr decode::OperandKind kind{'d', bits, "disp", [](u64 field, u64) { return low_sign(field, bits); }, print_number};
    i32 value;
};
/// Twelve bits in units of words: the sign last, the other eleven in front.
POSTERN_PARISC_OPERAND(WordDisplacement, 'd', 12, "disp", [](u64 field, u64) { return low_sign(field, 12) * 4; }, print_number);
/// Eleven bits in units of doublewords.
POSTERN_PARISC_OPERAND(DoubleDisplacement, 'd', 11, "disp", [](u64 field, u64) { return low_sign(field, 11) * 8; }, print_number);

/// The left 21 bits of a word.
constexpr i64 decode_left(u64 field, u64) {
    u64 bits = (field & 1) << 20 | (field >> 1 & 0x7ff) << 9 | (field >> 14 & 3) << 7 | (field >> 16 & 0x1f) << 2 | (field >> 12 & 3);
    return static_cast<i64>(bits << 11);
}
POSTERN_PARISC_OPERAND(Left, 'i', 21, "L%imm", decode_left, [](i64 value) { return fmt::format("L%0x{:x}", static_cast<u32>(value)); });

POSTERN_PARISC_OPERAND(Code5, 'i', 5, "im5", decode_field, print_number);
POSTERN_PARISC_OPERAND(Position, 'p', 5, "pos", decode_field, print_number);
/// Positions and lengths that are kept as what they lack of 31 and 32.
POSTERN_PARISC_OPERAND(ShiftAmount, 'p', 5, "sa", [](u64 field, u64) { return static_cast<i64>(31 - field); }, print_number);
POSTERN_PARISC_OPERAND(Length, 'l', 5, "len", [](u64 field, u64) { return static_cast<i64>(32 - field); }, print_number);
struct DepositPosition {
    static constexpr decode::OperandKind kind{'p', 5, "pos", decode_field, [](i64 value) { return fmt::format("{}", 31 - value); }};
    u32 value;   ///< bits to the left
};

// --- addresses of branches

constexpr i64 branch_target(u64 address, i64 words) { return static_cast<u32>(static_cast<i64>(address) + 8 + words * 4); }
/// Twelve bits: ten, one more in front of them, and the sign last.
constexpr i64 words12(u64 field) {
    u64 bits = (field & 1) << 11 | (field >> 1 & 1) << 10 | field >> 2;
    return static_cast<i64>(decode::sign_extend(bits, 12));
}
/// 17 bits, or 22: the first ones as they are, then as above.
template <unsigned bits>
constexpr i64 words_long(u64 field) {
    u64 upper = field >> 12, value = (field & 1) << (bits - 1) | upper << 11 | (field >> 1 & 1) << 10 | (field >> 2 & 0x3ff);
    return static_cast<i64>(decode::sign_extend(value, bits));
}
template <u8 bits>
struct Label {
    static constexpr bool silent = true, label = true;
    static constexpr decode::OperandKind kind{'w', bits, "label", [](u64 field, u64 address) {
        return branch_target(address, bits == 12 ? words12(field) : words_long<bits>(field));
    }, print_address};
    u32 value = 0;
};
/// The same for a handler that wants to know it.
struct Target {
    static constexpr decode::OperandKind kind = Label<17>::kind;
    u32 value;
};
/// Displacement of a branch by register.
struct BranchDisplacement {
    static constexpr decode::OperandKind kind{'w', 17, "disp", [](u64 field, u64) { return words_long<17>(field) * 4; }, print_number};
    i32 value;
};
struct Here {
    static constexpr decode::OperandKind kind{0, 0, "", [](u64, u64 address) { return static_cast<i64>(address); }, nullptr};
    u32 value;
};
struct Link {
    static constexpr bool behind = true;
    static constexpr decode::OperandKind kind{0, 0, "", [](u64, u64 address) { return static_cast<i64>(static_cast<u32>(address + 8)); }, nullptr};
    u32 value;
};

// --- completers

/// A field of few values, each with its text, for which handlers are compiled apart.
#define POSTERN_PARISC_COMPLETER(type, letter, bits, name, ...)                                 \
    struct type {                                                                              \
        static constexpr bool selects = true;                                                  \
        static constexpr std::string_view texts[1 << bits] = {__VA_ARGS__};                    \
        static constexpr decode::OperandKind kind{letter, bits, name, decode_field,            \
                                                  [](i64 value) { return std::string(texts[value]); }}; \
        u32 value;                                                                             \
    }

POSTERN_PARISC_COMPLETER(N, 'n', 1, "{,n}", "", ",n");
POSTERN_PARISC_COMPLETER(ModifyShort, 'm', 2, "{,cmplt}", "", ",ma", "", ",mb");
POSTERN_PARISC_COMPLETER(ModifyIndexed, 'm', 2, "{,cmplt}", "", ",m", ",s", ",sm");
POSTERN_PARISC_COMPLETER(BytesCompleter, 'm', 2, "{,cmplt}", ",b", ",b,m", ",e", ",e,m");

/// Hints to the cache, without an effect.
#define POSTERN_PARISC_HINT(type, ...)                                                          \
    struct type {                                                                              \
        static constexpr bool silent = true;                                                   \
        static constexpr std::string_view texts[4] = {__VA_ARGS__};                            \
        static constexpr decode::OperandKind kind{'h', 2, "{,hint}", decode_field,             \
                                                  [](i64 value) { return std::string(texts[value]); }}; \
        u32 value = 0;                                                                         \
    }
POSTERN_PARISC_HINT(LoadHint, "", ",1", ",sl", ",3");
POSTERN_PARISC_HINT(StoreHint, "", ",bc", ",sl", ",3");
POSTERN_PARISC_HINT(SemaphoreHint, "", ",co", ",2", ",3");

// --- conditions. The last bit of four negates; branches have it in their operation.

#define POSTERN_PARISC_ADD ",=", ",<>", ",<", ",>=", ",<=", ",>", ",nuv", ",uv", ",znv", ",vnz", ",sv", ",nsv", ",od", ",ev"
#define POSTERN_PARISC_COMPARE ",=", ",<>", ",<", ",>=", ",<=", ",>", ",<<", ",>>=", ",<<=", ",>>", ",sv", ",nsv", ",od", ",ev"
POSTERN_PARISC_COMPLETER(AddCondition, 'c', 4, "{,cond}", "", ",tr", POSTERN_PARISC_ADD);
POSTERN_PARISC_COMPLETER(CompareCondition, 'c', 4, "{,cond}", "", ",tr", POSTERN_PARISC_COMPARE);
POSTERN_PARISC_COMPLETER(LogicCondition, 'c', 4, "{,cond}", "", ",tr", ",=", ",<>", ",<", ",>=", ",<=", ",>", ",8", ",9", ",10", ",11",
                         ",12", ",13", ",od", ",ev");
POSTERN_PARISC_COMPLETER(UnitCondition, 'c', 4, "{,cond}", "", ",tr", ",swz", ",nwz", ",sbz", ",nbz", ",shz", ",nhz", ",sdc", ",ndc",
                         ",swc", ",nwc", ",sbc", ",nbc", ",shc", ",nhc");
POSTERN_PARISC_COMPLETER(ShiftCondition, 'c', 3, "{,cond}", "", ",=", ",<", ",od", ",tr", ",<>", ",>=", ",ev");
POSTERN_PARISC_COMPLETER(BitCondition, 'c', 1, "{,cond}", ",<", ",>=");

/// Three bits of a condition of four, which the operation ends.
template <typename Full, u32 negated>
struct Half {
    static constexpr bool selects = true;
    static constexpr decode::OperandKind kind{'c', 3, "{,cond}", decode_field,
                                              [](i64 value) { return std::string(Full::texts[value * 2 + negated]); }};
    u32 value;
    operator Full() const { return {value * 2 + negated}; }
};

}  // namespace postern::parisc
