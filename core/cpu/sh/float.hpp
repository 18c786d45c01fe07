// The floating-point unit. Numbers and results are IEEE 754's; NaNs are not: the first bit of the
// fraction means *signalling*, and every NaN that an operation makes is the same one.
#pragma once

#include "cpu/blocks/access.hpp"
#include "cpu/blocks/host_float.hpp"
#include "cpu/sh/integer.hpp"

#include <numbers>

namespace postern::sh {

namespace float_exception = blocks::float_exception;
using blocks::compute;

/// How FPSCR wants numbers to be computed.
inline blocks::FloatMode mode_of(u32 fpscr) {
    return {.rounding = fpscr & fpscr::rounding_mode ? blocks::Rounding::to_zero : blocks::Rounding::to_nearest,
            .denormals_zero = (fpscr & fpscr::denormals_zero) != 0};
}

namespace detail {

template <typename T> struct FloatFormat;
template <> struct FloatFormat<float> {
    using Bits = u32;
    static constexpr Bits infinity = 0x7f80'0000, signalling = 0x0040'0000, nan = 0x7fbf'ffff;
};
template <> struct FloatFormat<double> {
    using Bits = u64;
    static constexpr Bits infinity = u64{0x7ff} << 52, signalling = u64{1} << 51, nan = 0x7ff7'ffff'ffff'ffff;
};
template <typename T> using BitsOf = typename FloatFormat<T>::Bits;

template <typename T> inline bool is_nan(T value) {
    auto magnitude = std::bit_cast<BitsOf<T>>(value) << 1 >> 1;
    return magnitude > FloatFormat<T>::infinity;
}
template <typename T> inline bool is_signalling(T value) {
    return is_nan(value) && (std::bit_cast<BitsOf<T>>(value) & FloatFormat<T>::signalling);
}

}  // namespace detail

// --- registers. A double is a pair, its upper half in the first.

template <typename T> [[gnu::always_inline]] inline T get_float(const State& c, u32 n) {
    if constexpr (std::same_as<T, float>) return std::bit_cast<float>(c.fr[n]);
    else return std::bit_cast<double>(u64{c.fr[n]} << 32 | c.fr[n + 1]);
}
[[gnu::always_inline]] inline void set_bits(State& c, u32 n, u32 bits) { c.fr[n] = bits; }
[[gnu::always_inline]] inline void set_bits(State& c, u32 n, u64 bits) {
    c.fr[n] = static_cast<u32>(bits >> 32);
    c.fr[n + 1] = static_cast<u32>(bits);
}

/// Enters the exceptions of an operation. False: a trap is enabled for one of them.
[[gnu::always_inline]] inline bool enter_exceptions(State& c, u32 exceptions) {
    c.fpscr = (c.fpscr & ~fpscr::all_causes) | exceptions << fpscr::cause_shift | exceptions << fpscr::flag_shift;
    if (exceptions & (c.fpscr >> fpscr::enable_shift)) [[unlikely]] return c.raise(TrapKind::floating_point);
    return true;
}

/// A result, as bits: the compiler makes a NaN of the guest's another one where it sees a number.
template <typename T>
struct Outcome {
    detail::BitsOf<T> bits;
    u32 exceptions;
};

/// The result of operation(values...) as the guest sees it: NaNs are never the host's affair.
template <typename Operation, typename... T>
[[gnu::always_inline]] inline auto evaluate(const State& c, Operation operation, T... values) {
    using Result = decltype(operation(values...));
    constexpr auto nan = detail::FloatFormat<Result>::nan;
    if ((detail::is_nan(values) || ...)) [[unlikely]] {
        return Outcome<Result>{nan, (detail::is_signalling(values) || ...) ? float_exception::invalid : 0};
    }
    auto [value, exceptions] = compute(mode_of(c.fpscr), operation, values...);
    return Outcome<Result>{detail::is_nan(value) ? nan : std::bit_cast<detail::BitsOf<Result>>(value), exceptions};
}

/// Puts a result where it belongs, unless it traps.
template <typename T>
[[gnu::always_inline]] inline bool deliver(State& c, u32 n, const Outcome<T>& outcome) {
    if (!enter_exceptions(c, outcome.exceptions)) return false;
    set_bits(c, n, outcome.bits);
    return true;
}

// --- arithmetic, for FR (float) and DR (double) operands

inline constexpr auto plus = [](auto a, auto b) { return a + b; };
inline constexpr auto minus = [](auto a, auto b) { return a - b; };
inline constexpr auto times = [](auto a, auto b) { return a * b; };
inline constexpr auto divided = [](auto a, auto b) { return a / b; };
inline constexpr auto square_root = [](auto a) { return std::sqrt(a); };

template <typename T> using N = std::conditional_t<std::same_as<T, float>, FRn, DRn>;
template <typename T> using M = std::conditional_t<std::same_as<T, float>, FRm, DRm>;

template <typename T, auto operation> inline bool binary(State& c, M<T> m, N<T> n) {
    return deliver(c, n.value, evaluate(c, operation, get_float<T>(c, n.value), get_float<T>(c, m.value)));
}
template <typename T> inline bool fsqrt(State& c, N<T> n) {
    return deliver(c, n.value, evaluate(c, square_root, get_float<T>(c, n.value)));
}
inline bool fmac(State& c, FRm m, FRn n) {
    auto fused = [](float a, float b, float sum) { return std::fma(a, b, sum); };
    return deliver(c, n.value, evaluate(c, fused, get_float<float>(c, 0), get_float<float>(c, m.value), get_float<float>(c, n.value)));
}
template <typename T> inline void fneg(State& c, N<T> n) { c.fr[n.value] ^= 0x8000'0000; }
template <typename T> inline void fabs(State& c, N<T> n) { c.fr[n.value] &= 0x7fff'ffff; }
inline void fldi0(State& c, FRn n) { c.fr[n.value] = 0; }
inline void fldi1(State& c, FRn n) { c.fr[n.value] = std::bit_cast<u32>(1.0f); }

/// Equality is quiet, order is not: there every NaN is invalid.
template <typename T> inline bool fcmp_eq(State& c, M<T> m, N<T> n) {
    T a = get_float<T>(c, n.value), b = get_float<T>(c, m.value);
    bool invalid = detail::is_signalling(a) || detail::is_signalling(b);
    if (!enter_exceptions(c, invalid ? float_exception::invalid : 0)) return false;
    c.t = !detail::is_nan(a) && !detail::is_nan(b) && compute(mode_of(c.fpscr), [](T x, T y) { return x == y ? T{1} : T{0}; }, a, b).value != 0;
    return true;
}
template <typename T> inline bool fcmp_gt(State& c, M<T> m, N<T> n) {
    T a = get_float<T>(c, n.value), b = get_float<T>(c, m.value);
    bool invalid = detail::is_nan(a) || detail::is_nan(b);
    if (!enter_exceptions(c, invalid ? float_exception::invalid : 0)) return false;
    c.t = !invalid && compute(mode_of(c.fpscr), [](T x, T y) { return x > y ? T{1} : T{0}; }, a, b).value != 0;
    return true;
}

// --- conversions, through FPUL

template <typename T> inline bool float_(State& c, N<T> n) {
    // Exact as a double, so that rounding is the conversion's.
    auto number = static_cast<double>(as_signed(c.fpul));
    return deliver(c, n.value, evaluate(c, [](double x) { return static_cast<T>(x); }, number));
}
/// Towards zero. Outside of the range: its nearest end; NaN: the lower end.
template <typename T> inline bool ftrc(State& c, M<T> m) {
    T value = get_float<T>(c, m.value);
    double number = value;
    bool too_large = number >= 0x1p31, too_small = !(number > -0x1p31 - 1);
    if (!enter_exceptions(c, too_large || too_small ? float_exception::invalid : 0)) return false;
    c.fpul = too_large ? 0x7fff'ffff : too_small ? 0x8000'0000 : static_cast<u32>(static_cast<i32>(number));
    return true;
}
inline bool fcnvsd(State& c, DRn n) {
    return deliver(c, n.value, evaluate(c, [](float x) { return static_cast<double>(x); }, std::bit_cast<float>(c.fpul)));
}
inline bool fcnvds(State& c, DRm m) {
    auto single = evaluate(c, [](double x) { return static_cast<float>(x); }, get_float<double>(c, m.value));
    if (!enter_exceptions(c, single.exceptions)) return false;
    c.fpul = single.bits;
    return true;
}

// --- graphics: sums of products are rounded once (hardware promises less), approximations are exact

namespace detail {

inline constexpr auto inner_product = [](float a0, float a1, float a2, float a3, float b0, float b1, float b2, float b3) {
    return static_cast<float>(double{a0} * b0 + double{a1} * b1 + double{a2} * b2 + double{a3} * b3);
};

/// Of fr[a], fr[a + 1] ... and fr[b], fr[b + stride] ...
inline Outcome<float> product_of(const State& c, u32 a, u32 b, u32 stride) {
    auto f = [&](u32 n) { return get_float<float>(c, n); };
    return evaluate(c, inner_product, f(a), f(a + 1), f(a + 2), f(a + 3), f(b), f(b + stride), f(b + 2 * stride),
                    f(b + 3 * stride));
}

}  // namespace detail

inline bool fipr(State& c, FVm m, FVn n) { return deliver(c, n.value + 3, detail::product_of(c, n.value, m.value, 1)); }
/// The matrix is the other bank, by columns.
inline bool ftrv(State& c, FVn n) {
    Outcome<float> rows[4];
    u32 exceptions = 0;
    for (u32 i = 0; i < 4; ++i) {
        rows[i] = detail::product_of(c, n.value, 16 + i, 4);
        exceptions |= rows[i].exceptions;
    }
    if (!enter_exceptions(c, exceptions)) return false;
    for (u32 i = 0; i < 4; ++i) set_bits(c, n.value + i, rows[i].bits);
    return true;
}
inline bool fsrra(State& c, FRn n) {
    auto root = evaluate(c, [](float x) { return static_cast<float>(1 / std::sqrt(double{x})); }, get_float<float>(c, n.value));
    if (!(root.exceptions & (float_exception::invalid | float_exception::divide))) root.exceptions = float_exception::inexact;
    return deliver(c, n.value, root);
}
/// Sine and cosine of FPUL as 65536ths of a turn.
inline bool fsca(State& c, DRn n) {
    double angle = (c.fpul & 0xffff) * (std::numbers::pi / 32768);
    if (!enter_exceptions(c, float_exception::inexact)) return false;
    c.fr[n.value] = std::bit_cast<u32>(static_cast<float>(std::sin(angle)));
    c.fr[n.value + 1] = std::bit_cast<u32>(static_cast<float>(std::cos(angle)));
    return true;
}

// --- moves

inline void flds(State& c, FRm m) { c.fpul = c.fr[m.value]; }
inline void fsts(State& c, FRn n) { c.fr[n.value] = c.fpul; }
inline void frchg(State& c) { c.set_fpscr(c.fpscr ^ fpscr::other_bank); }
inline void fschg(State& c) { c.set_fpscr(c.fpscr ^ fpscr::pair_size); }

/// One register (FRn, FRm) or a pair (XDn, XDm).
template <typename Register> inline constexpr u32 register_size = 4;
template <> inline constexpr u32 register_size<XDn> = 8;
template <> inline constexpr u32 register_size<XDm> = 8;

namespace detail {

/// In memory the first register of a pair comes first. With PR set, which the SH-4 leaves undefined,
/// a pair is a 64-bit number in the guest's byte order.
inline bool first_is_low(const State& c) {
    bool little = (host_byte_order == ByteOrder::little) != c.swap;
    return little && !(c.fpscr & fpscr::double_precision);
}

template <typename Register> inline bool load_float(State& c, u32 address, Register n) {
    if constexpr (register_size<Register> == 4) return load(c, address, c.fr[n.value]);
    u64 pair;
    if (!load(c, address, pair)) return false;
    c.fr[n.value + !first_is_low(c)] = static_cast<u32>(pair);
    c.fr[n.value + first_is_low(c)] = static_cast<u32>(pair >> 32);
    return true;
}
template <typename Register> inline bool store_float(State& c, u32 address, Register m) {
    if constexpr (register_size<Register> == 4) return store(c, address, c.fr[m.value]);
    u64 low = c.fr[m.value + !first_is_low(c)], high = c.fr[m.value + first_is_low(c)];
    return store(c, address, high << 32 | low);
}

}  // namespace detail

template <typename To, typename From> inline void fmov(State& c, From m, To n) {
    c.fr[n.value] = c.fr[m.value];
    if constexpr (register_size<To> == 8) c.fr[n.value + 1] = c.fr[m.value + 1];
}
template <typename To> inline bool fmov_load(State& c, Rm m, To n) { return detail::load_float(c, c.r[m.value], n); }
template <typename To> inline bool fmov_load_after(State& c, Rm m, To n) {
    if (!detail::load_float(c, c.r[m.value], n)) return false;
    c.r[m.value] += register_size<To>;
    return true;
}
template <typename To> inline bool fmov_load_indexed(State& c, Rm m, To n) {
    return detail::load_float(c, c.r[0] + c.r[m.value], n);
}
template <typename From> inline bool fmov_store(State& c, From m, Rn n) { return detail::store_float(c, c.r[n.value], m); }
template <typename From> inline bool fmov_store_before(State& c, From m, Rn n) {
    if (!detail::store_float(c, c.r[n.value] - register_size<From>, m)) return false;
    c.r[n.value] -= register_size<From>;
    return true;
}
template <typename From> inline bool fmov_store_indexed(State& c, From m, Rn n) {
    return detail::store_float(c, c.r[0] + c.r[n.value], m);
}

}  // namespace postern::sh
