// The floating-point unit. Numbers and results are IEEE 754's; of a NaN, the first bit of the fraction means
// *signalling*, and quieting clears it and sets the second.
#pragma once

#include "cpu/blocks/access.hpp"
#include "cpu/blocks/host_float.hpp"
#include "cpu/parisc/memory.hpp"

#include <limits>

namespace postern::parisc {

namespace float_exception = blocks::float_exception;

// --- registers: operands are indices into State::f

inline constexpr u32 zero_word = 64, dropped_word = 66;   ///< what register 0 is as an operand, and as a result

enum class FloatRole : u8 { source, result, moved };   ///< moved: loads and stores, to which register 0 is the status

constexpr i64 float_index(u64 number, u64 right, FloatRole role) {
    if (number == 0 && role == FloatRole::source) return zero_word;
    if (number == 0 && role == FloatRole::result) return dropped_word;
    return State::float_word(static_cast<u32>(number), static_cast<u32>(right));
}
inline std::string print_float(i64 value) {
    if (value >= zero_word) return "%fr0";
    auto word = static_cast<u32>(value);
    return fmt::format("%fr{}{}", word / 2, word == State::float_word(word / 2, 1) ? "R" : "");
}
inline std::string print_double(i64 value) { return value >= zero_word ? "%fr0" : fmt::format("%fr{}", value / 2); }

/// The place of a number: 5 bits; the last, or the first, of 6 says which half; or 5 bits of which the first does,
/// of the upper registers.
enum class FloatField : u8 { whole, left, half_last, half_first, upper };

template <FloatField field, FloatRole role>
constexpr i64 decode_float(u64 bits, u64) {
    switch (field) {
        case FloatField::whole: return float_index(bits, 0, role) & ~i64{1};
        case FloatField::left: return float_index(bits, 0, role);
        case FloatField::half_last: return float_index(bits >> 1, bits & 1, role);
        case FloatField::half_first: return float_index(bits & 31, bits >> 5, role);
        case FloatField::upper: return float_index(16 + (bits & 15), bits >> 4, role);
    }
    return 0;
}

struct FloatA { static constexpr char letter = 'a'; static constexpr std::string_view name = "fr1"; };
struct FloatB { static constexpr char letter = 'b'; static constexpr std::string_view name = "fr2"; };
struct FloatC { static constexpr char letter = 'c'; static constexpr std::string_view name = "fra"; };
struct FloatM { static constexpr char letter = 'm'; static constexpr std::string_view name = "frm"; };
struct FloatT { static constexpr char letter = 't'; static constexpr std::string_view name = "frt"; };

template <typename Which, FloatField field, FloatRole role>
struct FloatOperand {
    static constexpr decode::OperandKind kind{Which::letter, field == FloatField::half_last || field == FloatField::half_first ? u8{6} : u8{5},
                                              Which::name, decode_float<field, role>,
                                              field == FloatField::whole ? print_double : print_float};
    u32 value;
};

template <typename T, FloatField field> using SourceA = FloatOperand<FloatA, std::same_as<T, float> ? field : FloatField::whole, FloatRole::source>;
template <typename T, FloatField field> using SourceB = FloatOperand<FloatB, std::same_as<T, float> ? field : FloatField::whole, FloatRole::source>;
template <typename T, FloatField field> using SourceC = FloatOperand<FloatC, std::same_as<T, float> ? field : FloatField::whole, FloatRole::source>;
template <typename T, FloatField field> using ResultT = FloatOperand<FloatT, std::same_as<T, float> ? field : FloatField::whole, FloatRole::result>;
template <typename T, FloatField field> using ResultM = FloatOperand<FloatM, std::same_as<T, float> ? field : FloatField::whole, FloatRole::result>;
template <typename T, FloatField field> using MovedT = FloatOperand<FloatT, std::same_as<T, float> ? field : FloatField::whole, FloatRole::moved>;

/// The bits of a number, or of an integer of the same size.
template <typename T> using BitsOf = std::conditional_t<sizeof(T) == 4, u32, u64>;

template <typename T>
[[gnu::always_inline]] inline BitsOf<T> get_bits(const State& c, u32 word) {
    BitsOf<T> bits;
    std::memcpy(&bits, &c.f[word], sizeof bits);
    return bits;
}
template <typename T>
[[gnu::always_inline]] inline void set_bits(State& c, u32 word, BitsOf<T> bits) { std::memcpy(&c.f[word], &bits, sizeof bits); }
template <typename T>
[[gnu::always_inline]] inline T get_number(const State& c, u32 word) { return std::bit_cast<T>(get_bits<T>(c, word)); }

// --- not numbers

template <typename T> struct FloatFormat;
template <> struct FloatFormat<float> {
    static constexpr u32 infinity = 0x7f80'0000, signalling = 1u << 22, quiet = 1u << 21, nan = infinity | quiet;
};
template <> struct FloatFormat<double> {
    static constexpr u64 infinity = u64{0x7ff} << 52, signalling = u64{1} << 51, quiet = u64{1} << 50, nan = infinity | quiet;
};

template <typename T> inline bool is_nan(BitsOf<T> bits) { return bits << 1 > FloatFormat<T>::infinity << 1; }
template <typename T> inline bool is_signalling(BitsOf<T> bits) { return is_nan<T>(bits) && (bits & FloatFormat<T>::signalling); }
template <typename T> inline BitsOf<T> quieted(BitsOf<T> bits) {
    return is_signalling<T>(bits) ? (bits & ~FloatFormat<T>::signalling) | FloatFormat<T>::quiet : bits;
}

/// A result, as bits: the compiler makes a NaN of the guest's another one where it sees a number.
template <typename T>
struct Outcome {
    BitsOf<T> bits;
    u32 exceptions;
};

/// The first signalling one among operands, else the first.
template <typename T>
inline Outcome<T> propagate(std::initializer_list<BitsOf<T>> operands) {
    for (auto bits : operands)
        if (is_signalling<T>(bits)) return {quieted<T>(bits), float_exception::invalid};
    for (auto bits : operands)
        if (is_nan<T>(bits)) return {bits, 0};
    return {FloatFormat<T>::nan, 0};
}

// --- the status register

inline blocks::FloatMode float_mode(const State& c) {
    return {.rounding = static_cast<blocks::Rounding>(c.fpsr() >> fpsr::rounding_shift & 3),
            .denormals_zero = (c.fpsr() & fpsr::denormals_zero) != 0};
}

/// FPE_FLTINV, FPE_FLTDIV, FPE_FLTOVF, FPE_FLTUND, FPE_FLTRES.
inline u32 signal_code(u32 exceptions) {
    if (exceptions & float_exception::invalid) return 7;
    if (exceptions & float_exception::divide) return 3;
    if (exceptions & float_exception::overflow) return 4;
    return exceptions & float_exception::underflow ? 5 : 6;
}
/// Enters the exceptions of an operation. False: a trap is enabled for one of them.
[[gnu::always_inline]] inline bool enter_exceptions(State& c, u32 exceptions) {
    if (u32 enabled = exceptions & c.fpsr() & fpsr::enables) [[unlikely]] return c.raise(TrapKind::floating_point, 0, signal_code(enabled));
    c.fpsr() |= exceptions << fpsr::flag_shift;
    return true;
}
template <typename T>
[[gnu::always_inline]] inline bool deliver(State& c, u32 word, const Outcome<T>& outcome) {
    if (!enter_exceptions(c, outcome.exceptions)) return false;
    set_bits<T>(c, word, outcome.bits);
    return true;
}

/// The result of operation(values...), which are no NaNs.
template <typename Operation, typename... T>
[[gnu::always_inline]] inline auto calculate(blocks::FloatMode mode, Operation operation, T... values) {
    using Result = decltype(operation(values...));
    auto [value, exceptions] = blocks::compute(mode, operation, values...);
    auto bits = std::bit_cast<BitsOf<Result>>(value);
    return Outcome<Result>{is_nan<Result>(bits) ? FloatFormat<Result>::nan : bits, exceptions};
}
/// The same of registers, which may hold NaNs.
template <typename T, typename Operation, typename... Words>
[[gnu::always_inline]] inline Outcome<T> evaluate(const State& c, Operation operation, Words... words) {
    if ((is_nan<T>(get_bits<T>(c, words)) || ...)) [[unlikely]] return propagate<T>({get_bits<T>(c, words)...});
    return calculate(float_mode(c), operation, get_number<T>(c, words)...);
}

// --- arithmetic

inline constexpr auto plus = [](auto a, auto b) { return a + b; };
inline constexpr auto minus = [](auto a, auto b) { return a - b; };
inline constexpr auto times = [](auto a, auto b) { return a * b; };
inline constexpr auto divided = [](auto a, auto b) { return a / b; };
inline constexpr auto square_root = [](auto a) { return std::sqrt(a); };
/// As the present way of rounding says; the compiler's own rint knows only the usual one.
inline constexpr auto round_to_integer = []<typename T>(T a) {
    const T integers = std::copysign(std::ldexp(T{1}, std::numeric_limits<T>::digits - 1), a);   // from there on
    return std::abs(a) < std::abs(integers) ? std::copysign((a + integers) - integers, a) : a;
};

/// Results have the half's bit first where operands have it last.
template <typename T, FloatField field> using Result = ResultT<T, field == FloatField::half_last ? FloatField::half_first : field>;

template <typename T, FloatField field, auto operation>
inline bool binary(State& c, SourceA<T, field> a, SourceB<T, field> b, Result<T, field> t) {
    return deliver(c, t.value, evaluate<T>(c, operation, a.value, b.value));
}

template <typename T, FloatField field, auto operation>
inline bool unary(State& c, SourceA<T, field> a, Result<T, field> t) {
    return deliver(c, t.value, evaluate<T>(c, operation, a.value));
}

/// Of the sign bit alone, whatever the number is: fcpy, fabs, fneg, fnegabs.
enum class Sign : u8 { copied, cleared, inverted, set };
template <typename T, FloatField field, Sign sign>
inline void with_sign(State& c, SourceA<T, field> a, Result<T, field> t) {
    constexpr auto bit = BitsOf<T>{1} << (sizeof(T) * 8 - 1);
    auto bits = get_bits<T>(c, a.value);
    if constexpr (sign == Sign::cleared) bits &= ~bit;
    if constexpr (sign == Sign::inverted) bits ^= bit;
    if constexpr (sign == Sign::set) bits |= bit;
    set_bits<T>(c, t.value, bits);
}

/// A product of unsigned words, in a double's place.
inline void xmpyu(State& c, SourceA<float, FloatField::half_last> a, SourceB<float, FloatField::half_last> b, ResultT<double, FloatField::whole> t) {
    set_bits<double>(c, t.value, u64{c.f[a.value]} * c.f[b.value]);
}

/// frm = fr1 * fr2 beside frt = frt + fra (or - fra).
template <typename T, auto operation>
inline bool multiply_beside(State& c, SourceA<T, FloatField::upper> a, SourceB<T, FloatField::upper> b, ResultT<T, FloatField::upper> t,
                            SourceC<T, FloatField::upper> other, ResultM<T, FloatField::upper> m) {
    Outcome<T> product = evaluate<T>(c, times, a.value, b.value), sum = evaluate<T>(c, operation, t.value, other.value);
    if (!enter_exceptions(c, product.exceptions | sum.exceptions)) return false;
    set_bits<T>(c, m.value, product.bits);
    set_bits<T>(c, t.value, sum.bits);
    return true;
}
/// frt = fr1 * fr2 + fra, rounded once; or with the product's sign inverted.
template <typename T, bool negated>
inline bool fmpyfadd(State& c, SourceA<T, FloatField::half_last> a, SourceB<T, FloatField::half_last> b, SourceC<T, FloatField::half_last> sum,
                     ResultT<T, FloatField::half_first> t) {
    auto fused = [](T x, T y, T z) { return std::fma(negated ? -x : x, y, z); };
    return deliver(c, t.value, evaluate<T>(c, fused, a.value, b.value, sum.value));
}

// --- conversions

template <typename From, typename To, FloatField from, FloatField to>
inline bool convert_float(State& c, SourceA<From, from> a, ResultT<To, to> t) {
    auto bits = get_bits<From>(c, a.value);
    if (!is_nan<From>(bits)) return deliver(c, t.value, calculate(float_mode(c), [](From x) { return static_cast<To>(x); }, get_number<From>(c, a.value)));
    // Of a NaN, sign and the first bits of the fraction; it stays one.
    Outcome<From> quiet = propagate<From>({bits});
    u64 wide = sizeof(From) == 8 ? quiet.bits << 1 >> 1 : u64{quiet.bits << 1 >> 1} << 29;
    wide &= FloatFormat<double>::signalling * 2 - 1;
    u64 sign = quiet.bits >> (sizeof(From) * 8 - 1);
    auto fraction = static_cast<BitsOf<To>>(sizeof(To) == 8 ? wide : wide >> 29);
    if (fraction == 0) fraction = FloatFormat<To>::quiet;
    auto result = static_cast<BitsOf<To>>(static_cast<BitsOf<To>>(sign) << (sizeof(To) * 8 - 1) | FloatFormat<To>::infinity | fraction);
    return deliver(c, t.value, Outcome<To>{result, quiet.exceptions});
}

template <typename Integer> using IntegerPlace = std::conditional_t<sizeof(Integer) == 4, float, double>;

template <typename Integer, typename To, FloatField from, FloatField to>
inline bool from_integer(State& c, SourceA<IntegerPlace<Integer>, from> a, ResultT<To, to> t) {
    auto value = static_cast<Integer>(get_bits<Integer>(c, a.value));
    auto rounded = [&] {
        // 32 bits are exact as a double, so that rounding is the conversion's.
        if constexpr (sizeof(Integer) == 4) return calculate(float_mode(c), [](double x) { return static_cast<To>(x); }, static_cast<double>(value));
        else return calculate(float_mode(c), [](Integer x) { return static_cast<To>(x); }, value);
    };
    return deliver(c, t.value, rounded());
}

/// Outside of the range: its end, by the sign, which a NaN has, too.
template <typename From, typename Integer, bool truncates, FloatField from, FloatField to>
inline bool to_integer(State& c, SourceA<From, from> a, ResultT<IntegerPlace<Integer>, to> t) {
    using Limits = std::numeric_limits<Integer>;
    auto bits = get_bits<From>(c, a.value);
    bool negative = bits >> (sizeof(From) * 8 - 1);
    auto deliver_bits = [&](Integer value, u32 exceptions) {
        return deliver(c, t.value, Outcome<IntegerPlace<Integer>>{static_cast<BitsOf<Integer>>(value), exceptions});
    };
    Integer end = negative ? Limits::min() : Limits::max();
    if (is_nan<From>(bits)) return deliver_bits(end, float_exception::invalid);
    blocks::FloatMode mode = float_mode(c);
    if (truncates) mode.rounding = blocks::Rounding::to_zero;
    auto [value, exceptions] = blocks::compute(mode, round_to_integer, get_number<From>(c, a.value));
    From limit = std::ldexp(From{1}, Limits::digits);   // behind the largest
    bool fits = value < limit && value >= (std::is_signed_v<Integer> ? -limit : From{0});
    if (!fits) return deliver_bits(end, float_exception::invalid);
    return deliver_bits(static_cast<Integer>(value), exceptions);
}

// --- comparisons and what is asked of them

struct FloatCondition {
    static constexpr std::string_view texts[] = {
        ",false?", ",false", ",?", ",!<=>", ",=", ",=t", ",?=", ",!<>", ",!?>=", ",<", ",?<", ",!>=", ",!?>", ",<=", ",?<=", ",!>",
        ",!?<=", ",>", ",?>", ",!<=", ",!?<", ",>=", ",?>=", ",!<", ",!?=", ",<>", ",!=", ",!=t", ",!?", ",<=>", ",true?", ",true"};
    static constexpr decode::OperandKind kind{'c', 5, "{,cond}", decode_field, [](i64 value) { return std::string(texts[value]); }};
    u32 value;
};
/// 0: the result is C, and what C was goes into the queue. Else the bit of the queue that it is.
struct CompareTarget {
    static constexpr decode::OperandKind kind{'y', 3, "{,target}", decode_field,
                                              [](i64 value) { return value ? fmt::format(",{}", value - 1) : std::string(); }};
    u32 value;
};

inline void enter_comparison(State& c, u32 target, bool result) {
    u32& status = c.fpsr();
    u32 bit = u32{result};
    if (target != 0) {
        u32 place = fpsr::queue_first - (target - 1);
        status = (status & ~(1u << place)) | bit << place;
        return;
    }
    constexpr u32 queue_mask = ((1u << fpsr::queue_size) - 1) << fpsr::queue_shift;
    u32 last = (status & fpsr::compare) != 0;
    u32 queue = (status & queue_mask) >> 1 & queue_mask;
    status = (status & ~(queue_mask | fpsr::compare)) | queue | last << fpsr::queue_first | (result ? fpsr::compare : 0);
}
/// The bits of a condition say for which relations it holds, and whether a NaN is invalid.
template <typename T, FloatField field>
inline bool fcmp(State& c, CompareTarget target, FloatCondition condition, SourceA<T, field> a, SourceB<T, field> b) {
    auto first = get_bits<T>(c, a.value), second = get_bits<T>(c, b.value);
    T x = std::bit_cast<T>(first), y = std::bit_cast<T>(second);
    bool unordered = is_nan<T>(first) || is_nan<T>(second);
    bool invalid = is_signalling<T>(first) || is_signalling<T>(second) || (unordered && (condition.value & 1));
    if (invalid && !enter_exceptions(c, float_exception::invalid)) return false;
    u32 relation = unordered ? 1 : x == y ? 2 : x < y ? 3 : 4;
    enter_comparison(c, target.value, condition.value >> relation & 1);
    return true;
}

/// Skips the next instruction: C alone; all of some newest results false (acc) or true (rej).
struct TestCondition {
    static constexpr decode::OperandKind kind{'c', 5, "{,test}", decode_field, [](i64 value) -> std::string {
        switch (value) {
            case 0: return "";
            case 1: return ",acc";
            case 2: return ",rej";
            case 5: return ",acc8";
            case 6: return ",rej8";
            case 9: return ",acc6";
            case 13: return ",acc4";
            case 17: return ",acc2";
            default: return fmt::format(",{}", value);
        }
    }};
    u32 value;
};
/// 0: what the condition says. Else, of PA-RISC 2.0, one bit of the queue.
struct TestTarget {
    static constexpr decode::OperandKind kind{'y', 3, "{,target}", [](u64 field, u64) { return static_cast<i64>(field ^ 1); },
                                              [](i64 value) { return value ? fmt::format(",{}", value - 1) : std::string(); }};
    u32 value;
};
inline Step ftest(State& c, TestTarget target, TestCondition condition) {
    if (target.value != 0) return c.fpsr() >> (fpsr::queue_first + 1 - target.value) & 1 ? Step::skip : Step::on;
    // C and the newest ones of the queue.
    auto newest = [](u32 count) { return fpsr::compare | ((1u << count) - 1) << (fpsr::queue_first + 1 - count); };
    u32 mask;
    switch (condition.value) {
        case 0: return c.fpsr() & fpsr::compare ? Step::skip : Step::on;
        case 1:
        case 2: mask = newest(fpsr::queue_size); break;
        case 5:
        case 6: mask = newest(7); break;
        case 9: mask = newest(5); break;
        case 13: mask = newest(3); break;
        case 17: mask = newest(1); break;
        default: return c.raise(TrapKind::illegal_instruction), Step::failed;
    }
    bool rejects = condition.value == 2 || condition.value == 6;
    return (c.fpsr() & mask) == (rejects ? mask : 0) ? Step::skip : Step::on;
}

}  // namespace postern::parisc
