// Arithmetic on the host's floating-point unit as a guest's control register asks, and the exceptions that it
// raised.
#pragma once

#include "base/types.hpp"

#include <cfenv>
#include <cmath>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace postern::blocks {

/// Exceptions, each a bit.
namespace float_exception {
inline constexpr u32 inexact = 1, underflow = 2, overflow = 4, divide = 8, invalid = 16;
}

enum class Rounding : u8 { to_nearest, to_zero, up, down };

struct FloatMode {
    Rounding rounding = Rounding::to_nearest;
    bool denormals_zero = false;   ///< both ways; a result that goes to zero raises underflow and inexact
};

template <typename T>
struct Computed {
    T value;
    u32 exceptions;
};

#if defined(__SSE2__)

namespace detail {

/// MXCSR with all exceptions masked and clear. It numbers the ways of rounding from 0: to nearest, down, up, to zero.
inline u32 host_control(FloatMode mode) {
    return 0x1f80u | (0u - static_cast<u32>(mode.rounding)) % 4 << 13 | (mode.denormals_zero ? 0x8040u : 0);
}

/// The value is known here, and what is computed from it comes later.
template <typename T>
[[gnu::always_inline]] inline void pin(T& value) { asm volatile("" : "+x"(value)); }

/// MXCSR: invalid, denormal, divide, overflow, underflow, inexact from bit 0.
inline u32 exceptions_of(u32 control) {
    return (control & 1) << 4 | (control & 4) << 1 | (control & 8) >> 1 | (control & 16) >> 3 | (control & 32) >> 5;
}

}  // namespace detail

/// The host's settings, kept while guest code runs.
class HostFloatScope {
public:
    HostFloatScope() : control_(_mm_getcsr()) {}
    ~HostFloatScope() { _mm_setcsr(control_); }
    HostFloatScope(const HostFloatScope&) = delete;
    HostFloatScope& operator=(const HostFloatScope&) = delete;
    /// For calls out of guest code.
    void restore() const { _mm_setcsr(control_); }

private:
    u32 control_;
};

/// operation(values...), which must be arithmetic on these alone. The compiler moves arithmetic across
/// changes of the control register, so the values pass through empty instructions that it cannot.
template <typename Operation, typename... T>
[[gnu::always_inline]] inline auto compute(FloatMode mode, Operation operation, T... values) {
    _mm_setcsr(detail::host_control(mode));
    (detail::pin(values), ...);
    auto result = operation(values...);
    detail::pin(result);
    return Computed<decltype(result)>{result, detail::exceptions_of(_mm_getcsr())};
}

#else

class HostFloatScope {
public:
    HostFloatScope() { std::fegetenv(&environment_); }
    ~HostFloatScope() { restore(); }
    HostFloatScope(const HostFloatScope&) = delete;
    HostFloatScope& operator=(const HostFloatScope&) = delete;
    void restore() const { std::fesetenv(&environment_); }

private:
    std::fenv_t environment_;
};

namespace detail {

inline u32 raised_exceptions() {
    int raised = std::fetestexcept(FE_ALL_EXCEPT);
    return (raised & FE_INVALID ? float_exception::invalid : 0) | (raised & FE_DIVBYZERO ? float_exception::divide : 0) |
           (raised & FE_OVERFLOW ? float_exception::overflow : 0) | (raised & FE_UNDERFLOW ? float_exception::underflow : 0) |
           (raised & FE_INEXACT ? float_exception::inexact : 0);
}

template <typename T>
inline void pin(T& value) { asm volatile("" : "+m"(value)); }

template <typename T>
T without_denormal(T value) { return std::fpclassify(value) == FP_SUBNORMAL ? std::copysign(T{0}, value) : value; }

}  // namespace detail

template <typename Operation, typename... T>
inline auto compute(FloatMode mode, Operation operation, T... values) {
    bool flush = mode.denormals_zero;
    if (flush) ((values = detail::without_denormal(values)), ...);
    static constexpr int roundings[] = {FE_TONEAREST, FE_TOWARDZERO, FE_UPWARD, FE_DOWNWARD};
    std::fesetround(roundings[static_cast<int>(mode.rounding)]);
    std::feclearexcept(FE_ALL_EXCEPT);
    (detail::pin(values), ...);
    auto result = operation(values...);
    detail::pin(result);
    u32 exceptions = detail::raised_exceptions();
    if (flush && std::fpclassify(result) == FP_SUBNORMAL) {
        result = detail::without_denormal(result);
        exceptions |= float_exception::underflow | float_exception::inexact;
    }
    return Computed<decltype(result)>{result, exceptions};
}

#endif

}  // namespace postern::blocks
