// Arithmetic, logic, shifts, comparisons: what touches registers only.
#pragma once

#include "cpu/sh/isa.hpp"

namespace postern::sh {

inline i32 as_signed(u32 value) { return static_cast<i32>(value); }

// --- moves between registers

inline void mov(State& c, Rm m, Rn n) { c.r[n.value] = c.r[m.value]; }
inline void mov_imm(State& c, Imm imm, Rn n) { c.r[n.value] = static_cast<u32>(imm.value); }
inline void mova(State& c, Literal<4> literal) { c.r[0] = literal.value; }
inline void movt(State& c, Rn n) { c.r[n.value] = c.t; }
inline void swap_b(State& c, Rm m, Rn n) {
    u32 value = c.r[m.value];
    c.r[n.value] = (value & 0xffff'0000) | (value & 0xff) << 8 | (value >> 8 & 0xff);
}
inline void swap_w(State& c, Rm m, Rn n) { c.r[n.value] = std::rotl(c.r[m.value], 16); }
inline void xtrct(State& c, Rm m, Rn n) { c.r[n.value] = c.r[m.value] << 16 | c.r[n.value] >> 16; }

/// exts and extu.
template <typename T> inline void extend(State& c, Rm m, Rn n) {
    c.r[n.value] = static_cast<u32>(static_cast<T>(c.r[m.value]));
}

// --- addition and subtraction

inline void add(State& c, Rm m, Rn n) { c.r[n.value] += c.r[m.value]; }
inline void add_imm(State& c, Imm imm, Rn n) { c.r[n.value] += static_cast<u32>(imm.value); }
inline void addc(State& c, Rm m, Rn n) {
    u64 sum = u64{c.r[n.value]} + c.r[m.value] + c.t;
    c.r[n.value] = static_cast<u32>(sum);
    c.t = static_cast<u32>(sum >> 32);
}
inline void addv(State& c, Rm m, Rn n) {
    i32 sum;
    c.t = __builtin_add_overflow(as_signed(c.r[n.value]), as_signed(c.r[m.value]), &sum);
    c.r[n.value] = static_cast<u32>(sum);
}
inline void sub(State& c, Rm m, Rn n) { c.r[n.value] -= c.r[m.value]; }
inline void subc(State& c, Rm m, Rn n) {
    u64 difference = u64{c.r[n.value]} - c.r[m.value] - c.t;
    c.r[n.value] = static_cast<u32>(difference);
    c.t = difference >> 32 & 1;
}
inline void subv(State& c, Rm m, Rn n) {
    i32 difference;
    c.t = __builtin_sub_overflow(as_signed(c.r[n.value]), as_signed(c.r[m.value]), &difference);
    c.r[n.value] = static_cast<u32>(difference);
}
inline void neg(State& c, Rm m, Rn n) { c.r[n.value] = 0 - c.r[m.value]; }
inline void negc(State& c, Rm m, Rn n) {
    u64 difference = u64{0} - c.r[m.value] - c.t;
    c.r[n.value] = static_cast<u32>(difference);
    c.t = difference >> 32 & 1;
}
inline void dt(State& c, Rn n) { c.t = --c.r[n.value] == 0; }

// --- comparisons

inline void cmp_eq_imm(State& c, Imm imm) { c.t = c.r[0] == static_cast<u32>(imm.value); }
inline void cmp_eq(State& c, Rm m, Rn n) { c.t = c.r[n.value] == c.r[m.value]; }
inline void cmp_hs(State& c, Rm m, Rn n) { c.t = c.r[n.value] >= c.r[m.value]; }
inline void cmp_ge(State& c, Rm m, Rn n) { c.t = as_signed(c.r[n.value]) >= as_signed(c.r[m.value]); }
inline void cmp_hi(State& c, Rm m, Rn n) { c.t = c.r[n.value] > c.r[m.value]; }
inline void cmp_gt(State& c, Rm m, Rn n) { c.t = as_signed(c.r[n.value]) > as_signed(c.r[m.value]); }
inline void cmp_pz(State& c, Rn n) { c.t = as_signed(c.r[n.value]) >= 0; }
inline void cmp_pl(State& c, Rn n) { c.t = as_signed(c.r[n.value]) > 0; }
/// Whether some byte is the same in both: a zero byte of their difference.
inline void cmp_str(State& c, Rm m, Rn n) {
    u32 difference = c.r[n.value] ^ c.r[m.value];
    c.t = ((difference - 0x0101'0101) & ~difference & 0x8080'8080) != 0;
}

// --- division by steps

inline void div0u(State& c) { c.m = c.q = c.t = 0; }
inline void div0s(State& c, Rm m, Rn n) {
    c.q = c.r[n.value] >> 31;
    c.m = c.r[m.value] >> 31;
    c.t = c.q ^ c.m;
}
/// One quotient bit, without restoring: subtracts where the last remainder's sign (Q) is the divisor's
/// (M), adds where it is not. The new Q is the sign of what would be the 33-bit remainder.
inline void div1(State& c, Rm m, Rn n) {
    u32 out = c.r[n.value] >> 31;
    u32 divisor = c.r[m.value];
    u32 remainder = c.r[n.value] << 1 | c.t;
    u32 result = c.q == c.m ? remainder - divisor : remainder + divisor;
    u32 carry = c.q == c.m ? result > remainder : result < remainder;
    c.r[n.value] = result;
    c.q = out ^ carry ^ c.m;
    c.t = c.q == c.m;
}

// --- multiplication

inline void mul_l(State& c, Rm m, Rn n) { c.macl = c.r[n.value] * c.r[m.value]; }
inline void muls_w(State& c, Rm m, Rn n) {
    c.macl = static_cast<u32>(static_cast<i16>(c.r[n.value]) * static_cast<i16>(c.r[m.value]));
}
inline void mulu_w(State& c, Rm m, Rn n) { c.macl = (c.r[n.value] & 0xffff) * (c.r[m.value] & 0xffff); }
inline void dmuls_l(State& c, Rm m, Rn n) {
    c.set_mac(static_cast<u64>(i64{as_signed(c.r[n.value])} * as_signed(c.r[m.value])));
}
inline void dmulu_l(State& c, Rm m, Rn n) { c.set_mac(u64{c.r[n.value]} * c.r[m.value]); }

/// The sum of mac.l. With S set the accumulator has 48 bits, and stays at its ends.
inline void accumulate_long(State& c, u32 a, u32 b) {
    constexpr i64 most = (i64{1} << 47) - 1, least = -most - 1;
    i64 product = i64{as_signed(a)} * as_signed(b), sum;
    bool overflow = __builtin_add_overflow(static_cast<i64>(c.mac()), product, &sum);
    if (c.s) {
        if (overflow) sum = product < 0 ? least : most;
        sum = std::clamp(sum, least, most);
    }
    c.set_mac(static_cast<u64>(sum));
}
/// The sum of mac.w. With S set the accumulator is MACL, and MACH becomes 1 when that has overflowed.
inline void accumulate_word(State& c, u16 a, u16 b) {
    i32 product = static_cast<i16>(a) * static_cast<i16>(b), sum;
    if (!c.s) return c.set_mac(c.mac() + static_cast<u64>(i64{product}));
    if (__builtin_add_overflow(as_signed(c.macl), product, &sum)) {
        sum = product < 0 ? INT32_MIN : INT32_MAX;
        c.mach = 1;
    }
    c.macl = static_cast<u32>(sum);
}

// --- logic

inline void and_(State& c, Rm m, Rn n) { c.r[n.value] &= c.r[m.value]; }
inline void and_imm(State& c, Uimm imm) { c.r[0] &= imm.value; }
inline void or_(State& c, Rm m, Rn n) { c.r[n.value] |= c.r[m.value]; }
inline void or_imm(State& c, Uimm imm) { c.r[0] |= imm.value; }
inline void xor_(State& c, Rm m, Rn n) { c.r[n.value] ^= c.r[m.value]; }
inline void xor_imm(State& c, Uimm imm) { c.r[0] ^= imm.value; }
inline void not_(State& c, Rm m, Rn n) { c.r[n.value] = ~c.r[m.value]; }
inline void tst(State& c, Rm m, Rn n) { c.t = (c.r[n.value] & c.r[m.value]) == 0; }
inline void tst_imm(State& c, Uimm imm) { c.t = (c.r[0] & imm.value) == 0; }

// --- shifts

template <unsigned count> inline void shift_left(State& c, Rn n) { c.r[n.value] <<= count; }
template <unsigned count> inline void shift_right(State& c, Rn n) { c.r[n.value] >>= count; }
inline void shll(State& c, Rn n) {
    c.t = c.r[n.value] >> 31;
    c.r[n.value] <<= 1;
}
inline void shlr(State& c, Rn n) {
    c.t = c.r[n.value] & 1;
    c.r[n.value] >>= 1;
}
inline void shar(State& c, Rn n) {
    c.t = c.r[n.value] & 1;
    c.r[n.value] = static_cast<u32>(as_signed(c.r[n.value]) >> 1);
}
inline void rotl(State& c, Rn n) {
    c.r[n.value] = std::rotl(c.r[n.value], 1);
    c.t = c.r[n.value] & 1;
}
inline void rotr(State& c, Rn n) {
    c.t = c.r[n.value] & 1;
    c.r[n.value] = std::rotr(c.r[n.value], 1);
}
inline void rotcl(State& c, Rn n) {
    u32 out = c.r[n.value] >> 31;
    c.r[n.value] = c.r[n.value] << 1 | c.t;
    c.t = out;
}
inline void rotcr(State& c, Rn n) {
    u32 out = c.r[n.value] & 1;
    c.r[n.value] = c.r[n.value] >> 1 | c.t << 31;
    c.t = out;
}
/// By Rm: to the left by its low five bits, or, where it is negative, to the right by 32 minus those.
inline void shad(State& c, Rm m, Rn n) {
    u32 by = c.r[m.value], count = by & 31;
    i32 value = as_signed(c.r[n.value]);
    if (as_signed(by) >= 0) c.r[n.value] <<= count;
    else c.r[n.value] = static_cast<u32>(count ? value >> (32 - count) : value >> 31);
}
inline void shld(State& c, Rm m, Rn n) {
    u32 by = c.r[m.value], count = by & 31;
    if (as_signed(by) >= 0) c.r[n.value] <<= count;
    else c.r[n.value] = count ? c.r[n.value] >> (32 - count) : 0;
}

// --- flags

inline void clrt(State& c) { c.t = 0; }
inline void sett(State& c) { c.t = 1; }
inline void clrs(State& c) { c.s = 0; }
inline void sets(State& c) { c.s = 1; }
inline void clrmac(State& c) { c.mach = c.macl = 0; }
inline void nop(State&) {}

}  // namespace postern::sh
