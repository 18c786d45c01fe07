// Arithmetic on the host's floating-point unit as FPSCR asks, and the exceptions that it raised.
#pragma once

#include "cpu/sh/state.hpp"

#include <cfenv>
#include <cmath>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace postern::sh {

template <typename T>
struct Computed {
    T value;
    u32 exceptions;   ///< bits as in the fields of FPSCR
};

#if defined(__SSE2__)

namespace detail {

/// All exceptions masked and clear; denormals are zeros both ways with DN, which raises underflow and
/// inexact where a result goes to zero, as on the SH-4.
inline u32 host_control(u32 fpscr) {
    return 0x1f80u | (fpscr & fpscr::rounding_mode ? 0x6000u : 0) | (fpscr & fpscr::denormals_zero ? 0x8040u : 0);
}

/// The value is known here, and what is computed from it comes later.
template <typename T>
[[gnu::always_inline]] inline void pin(T& value) { asm volatile("" : "+x"(value)); }

/// MXCSR: invalid, denormal, divide, overflow, underflow, inexact from bit 0; FPSCR has them the other
/// way round and without denormal.
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
[[gnu::always_inline]] inline auto compute(u32 fpscr, Operation operation, T... values) {
    _mm_setcsr(detail::host_control(fpscr));
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
    return (raised & FE_INVALID ? fpscr::invalid : 0) | (raised & FE_DIVBYZERO ? fpscr::divide : 0) |
           (raised & FE_OVERFLOW ? fpscr::overflow : 0) | (raised & FE_UNDERFLOW ? fpscr::underflow : 0) |
           (raised & FE_INEXACT ? fpscr::inexact : 0);
}

template <typename T>
inline void pin(T& value) { asm volatile("" : "+m"(value)); }

template <typename T>
T without_denormal(T value) { return std::fpclassify(value) == FP_SUBNORMAL ? std::copysign(T{0}, value) : value; }

}  // namespace detail

template <typename Operation, typename... T>
inline auto compute(u32 fpscr, Operation operation, T... values) {
    bool flush = fpscr & fpscr::denormals_zero;
    if (flush) ((values = detail::without_denormal(values)), ...);
    std::fesetround(fpscr & fpscr::rounding_mode ? FE_TOWARDZERO : FE_TONEAREST);
    std::feclearexcept(FE_ALL_EXCEPT);
    (detail::pin(values), ...);
    auto result = operation(values...);
    detail::pin(result);
    u32 exceptions = detail::raised_exceptions();
    if (flush && std::fpclassify(result) == FP_SUBNORMAL) {
        result = detail::without_denormal(result);
        exceptions |= fpscr::underflow | fpscr::inexact;
    }
    return Computed<decltype(result)>{result, exceptions};
}

#endif

}  // namespace postern::sh
