// Arithmetic, logic, shifts and bit fields.
#pragma once

#include "cpu/parisc/operands.hpp"

namespace postern::parisc {

inline i32 as_signed(u32 value) { return static_cast<i32>(value); }

// --- conditions

struct Sum {
    u32 value;
    bool carry, overflow;
    u32 carries;   ///< into each bit
};
[[gnu::always_inline]] inline Sum add_with_carry(u32 a, u32 b, u32 carry) {
    u64 wide = u64{a} + b + carry;
    auto value = static_cast<u32>(wide);
    return {value, (wide >> 32 & 1) != 0, ((a ^ value) & (b ^ value)) >> 31 != 0, a ^ b ^ value};
}
[[gnu::always_inline]] inline Sum subtract(u32 a, u32 b) { return add_with_carry(a, ~b, 1); }

/// Of sums and differences: for a difference, no carry is a borrow.
[[gnu::always_inline]] inline bool holds(u32 condition, const Sum& sum) {
    bool less = (sum.value >> 31 != 0) != sum.overflow, zero = sum.value == 0;
    bool result = false;
    switch (condition >> 1) {
        case 0: result = false; break;
        case 1: result = zero; break;
        case 2: result = less; break;
        case 3: result = zero || less; break;
        case 4: result = !sum.carry; break;
        case 5: result = zero || !sum.carry; break;
        case 6: result = sum.overflow; break;
        default: result = sum.value & 1; break;
    }
    return result != ((condition & 1) != 0);
}
/// Of logic, where conditions 4 to 6 mean nothing, and never hold.
[[gnu::always_inline]] inline bool holds(LogicCondition condition, u32 value) {
    u32 kind = condition.value >> 1;
    if (kind >= 4 && kind <= 6) return (condition.value & 1) != 0;
    return holds(condition.value, Sum{value, false, false, 0});
}
[[gnu::always_inline]] inline bool holds(ShiftCondition condition, u32 value) {
    constexpr u32 as_logic[] = {0, 2, 4, 14, 1, 3, 5, 15};
    return holds(LogicCondition{as_logic[condition.value]}, value);
}
/// Whether a byte (halfword) is zero, or carries came out of a digit, byte or halfword.
[[gnu::always_inline]] inline bool holds(UnitCondition condition, u32 value, u32 carries_out) {
    auto zero_among = [&](u32 ones, u32 tops) { return ((value - ones) & ~value & tops) != 0; };
    bool result = false;
    switch (condition.value >> 1) {
        case 2: result = zero_among(0x0101'0101, 0x8080'8080); break;
        case 3: result = zero_among(0x0001'0001, 0x8000'8000); break;
        case 4: result = (carries_out & 0x8888'8888) != 0; break;
        case 6: result = (carries_out & 0x8080'8080) != 0; break;
        case 7: result = (carries_out & 0x8000'8000) != 0; break;
        default: break;
    }
    return result != ((condition.value & 1) != 0);
}

// --- sums and differences

/// What an instruction does to the carries, and when it traps.
enum class Carries : u8 { kept, set };
enum class Traps : u8 { never, on_overflow, on_condition, on_both };

[[gnu::always_inline]] inline void set_carries(State& c, const Sum& sum) {
    c.carries = sum.carries;
    c.carry = sum.carry;
}

/// Delivers a sum, unless it traps.
template <Carries carries, Traps traps>
[[gnu::always_inline]] inline Step deliver(State& c, RT t, u32 condition, const Sum& sum) {
    bool held = holds(condition, sum);
    if constexpr (traps == Traps::on_overflow || traps == Traps::on_both) {
        if (sum.overflow) [[unlikely]] return c.raise(TrapKind::integer_overflow), Step::failed;
    }
    if constexpr (traps == Traps::on_condition || traps == Traps::on_both) {
        if (held) [[unlikely]] return c.raise(TrapKind::integer_divide), Step::failed;
    }
    if constexpr (carries == Carries::set) set_carries(c, sum);
    c.r[t.value] = sum.value;
    return traps != Traps::on_condition && traps != Traps::on_both && held ? Step::skip : Step::on;
}

/// The first operand is shifted, and what that loses is a carry and an overflow of the sum, too.
template <u32 shift, Carries carries, Traps traps = Traps::never>
inline Step add(State& c, AddCondition condition, RA a, RB b, RT t) {
    u32 first = c.r[a.value];
    Sum sum = add_with_carry(first << shift, c.r[b.value], 0);
    Sum tested = sum;
    if constexpr (shift != 0) {
        tested.carry = sum.carry || first >> (32 - shift) != 0;
        i32 lost = as_signed(first) >> (31 - shift);
        tested.overflow = sum.overflow || (lost != 0 && lost != -1);
    }
    bool carry = sum.carry;
    Step step = deliver<Carries::kept, traps>(c, t, condition.value, tested);
    if (carries == Carries::set && step != Step::failed) {
        sum.carry = carry;
        set_carries(c, sum);
    }
    return step;
}
template <Traps traps = Traps::never>
inline Step add_with(State& c, AddCondition condition, RA a, RB b, RT t) {
    return deliver<Carries::set, traps>(c, t, condition.value, add_with_carry(c.r[a.value], c.r[b.value], c.carry));
}
template <Traps traps = Traps::never>
inline Step sub(State& c, CompareCondition condition, RA a, RB b, RT t) {
    return deliver<Carries::set, traps>(c, t, condition.value, subtract(c.r[a.value], c.r[b.value]));
}
template <Traps traps = Traps::never>
inline Step sub_with(State& c, CompareCondition condition, RA a, RB b, RT t) {
    return deliver<Carries::set, traps>(c, t, condition.value, add_with_carry(c.r[a.value], ~c.r[b.value], c.carry));
}
template <Traps traps = Traps::never>
inline Step addi(State& c, AddCondition condition, Immediate<11> imm, RR r, RT t) {
    return deliver<Carries::set, traps>(c, t, condition.value, add_with_carry(static_cast<u32>(imm.value), c.r[r.value], 0));
}
template <Traps traps = Traps::never>
inline Step subi(State& c, CompareCondition condition, Immediate<11> imm, RR r, RT t) {
    return deliver<Carries::set, traps>(c, t, condition.value, subtract(static_cast<u32>(imm.value), c.r[r.value]));
}
inline Nullify cmpclr(State& c, CompareCondition condition, RA a, RB b, RT t) {
    bool held = holds(condition.value, subtract(c.r[a.value], c.r[b.value]));
    c.r[t.value] = 0;
    return {held};
}
inline Nullify cmpiclr(State& c, CompareCondition condition, Immediate<11> imm, RR r, RT t) {
    bool held = holds(condition.value, subtract(static_cast<u32>(imm.value), c.r[r.value]));
    c.r[t.value] = 0;
    return {held};
}

/// One bit of a quotient, without restoring: subtracts where V is set, else adds. V becomes whether the next
/// step has to subtract.
inline Nullify ds(State& c, CompareCondition condition, RA a, RB b, RT t) {
    u32 divisor = c.r[b.value];
    Sum sum = add_with_carry(c.r[a.value] << 1 | c.carry, c.divide ? ~divisor : divisor, c.divide);
    set_carries(c, sum);
    c.divide = u32{sum.carry} ^ divisor >> 31;
    c.r[t.value] = sum.value;
    return {holds(condition.value, sum)};
}

// --- logic

template <auto operation>
inline Nullify logic(State& c, LogicCondition condition, RA a, RB b, RT t) {
    u32 value = operation(c.r[a.value], c.r[b.value]);
    c.r[t.value] = value;
    return {holds(condition, value)};
}
inline constexpr auto and_ = [](u32 a, u32 b) { return a & b; };
inline constexpr auto and_not = [](u32 a, u32 b) { return a & ~b; };
inline constexpr auto or_ = [](u32 a, u32 b) { return a | b; };
inline constexpr auto xor_ = [](u32 a, u32 b) { return a ^ b; };

// --- decimal digits and units

inline Nullify uxor(State& c, UnitCondition condition, RA a, RB b, RT t) {
    u32 value = c.r[a.value] ^ c.r[b.value];
    c.r[t.value] = value;
    return {holds(condition, value, 0)};
}
template <Traps traps = Traps::never>
inline Step uaddcm(State& c, UnitCondition condition, RA a, RB b, RT t) {
    u32 first = c.r[a.value], second = ~c.r[b.value], value = first + second;
    bool held = holds(condition, value, (first & second) | ((first | second) & ~value));
    if (traps == Traps::on_condition && held) [[unlikely]] return c.raise(TrapKind::integer_divide), Step::failed;
    c.r[t.value] = value;
    return traps == Traps::never && held ? Step::skip : Step::on;
}
/// After sums of decimal digits that were biased by six: takes that back where there was no carry (DCOR), or
/// adds the bias where there was one (IDCOR).
template <bool intermediate>
inline Nullify dcor(State& c, UnitCondition condition, RB b, RT t) {
    u32 digits = (c.carries >> 4 & 0x0111'1111) | c.carry << 28;
    u32 value = intermediate ? c.r[b.value] + digits * 6 : c.r[b.value] - (digits ^ 0x1111'1111) * 6;
    c.r[t.value] = value;
    return {holds(condition, value, 0)};
}

// --- constants

inline void ldil(State& c, Left imm, RT t) { c.r[t.value] = imm.value; }
inline void addil(State& c, Left imm, RR r) { c.r[1] = c.r[r.value] + imm.value; }
inline void ldo(State& c, Displacement<14> disp, Base b, RT t) { c.r[t.value] = c.r[b.value] + static_cast<u32>(disp.value); }

// --- shifts and bit fields

[[gnu::always_inline]] inline Nullify deliver_field(State& c, ShiftCondition condition, RT t, u32 value) {
    c.r[t.value] = value;
    return {holds(condition, value)};
}
[[gnu::always_inline]] inline u32 shift_pair(const State& c, RA a, RB b, u32 amount) {
    return static_cast<u32>((u64{c.r[a.value]} << 32 | c.r[b.value]) >> amount);
}
inline Nullify shrp(State& c, ShiftCondition condition, RA a, RB b, ShiftAmount sa, RT t) {
    return deliver_field(c, condition, t, shift_pair(c, a, b, sa.value));
}
inline Nullify shrp_variable(State& c, ShiftCondition condition, RA a, RB b, RT t) {
    return deliver_field(c, condition, t, shift_pair(c, a, b, c.sar));
}

[[gnu::always_inline]] inline u32 low_bits(u32 value, u32 length) { return value & static_cast<u32>((u64{1} << length) - 1); }

/// The field that ends at bit `position`, counted from the left.
template <bool is_signed>
[[gnu::always_inline]] inline u32 extract_field(u32 value, u32 position, u32 length) {
    u32 right = 31 - position;
    if constexpr (!is_signed) return low_bits(value >> right, length);
    u32 field = static_cast<u32>(as_signed(value) >> right), unused = 32 - length;
    return static_cast<u32>(as_signed(field << unused) >> unused);
}
template <bool is_signed>
inline Nullify extract(State& c, ShiftCondition condition, RR r, Position pos, Length len, RT t) {
    return deliver_field(c, condition, t, extract_field<is_signed>(c.r[r.value], pos.value, len.value));
}
template <bool is_signed>
inline Nullify extract_variable(State& c, ShiftCondition condition, RR r, Length len, RT t) {
    return deliver_field(c, condition, t, extract_field<is_signed>(c.r[r.value], c.sar, len.value));
}

/// Puts the last `length` bits of `value` in front of the `right` last ones of what was there, or of zeros.
template <bool on_zeros>
[[gnu::always_inline]] inline Nullify deposit_field(State& c, ShiftCondition condition, RT t, u32 value, u32 right, u32 length) {
    u32 mask = low_bits(~0u, length) << right;
    u32 rest = on_zeros ? 0 : c.r[t.value % no_register] & ~mask;
    return deliver_field(c, condition, t, rest | (value << right & mask));
}
template <bool on_zeros>
inline Nullify deposit(State& c, ShiftCondition condition, RR r, DepositPosition pos, Length len, RT t) {
    return deposit_field<on_zeros>(c, condition, t, c.r[r.value], pos.value, len.value);
}
template <bool on_zeros>
inline Nullify deposit_variable(State& c, ShiftCondition condition, RR r, Length len, RT t) {
    return deposit_field<on_zeros>(c, condition, t, c.r[r.value], 31 - c.sar, len.value);
}
template <bool on_zeros>
inline Nullify deposit_imm(State& c, ShiftCondition condition, Immediate<5> imm, DepositPosition pos, Length len, RT t) {
    return deposit_field<on_zeros>(c, condition, t, static_cast<u32>(imm.value), pos.value, len.value);
}
template <bool on_zeros>
inline Nullify deposit_imm_variable(State& c, ShiftCondition condition, Immediate<5> imm, Length len, RT t) {
    return deposit_field<on_zeros>(c, condition, t, static_cast<u32>(imm.value), 31 - c.sar, len.value);
}

}  // namespace postern::parisc
