// `yield` and `wfe` of arm, led past us by the linker: the library leaves translated code for them by an exception
// that it takes for an undefined instruction. This one it knows as a plain way out, and the run goes on behind it.
#include <cstdint>

extern "C" {
void helper_exception_internal_arm(void* state, std::uint32_t exception);
void __wrap_helper_yield_arm(void* state);
void __wrap_helper_wfe_arm(void* state);
}

namespace {
constexpr std::uint32_t interrupted = 0x10000;   // EXCP_INTERRUPT
}

void __wrap_helper_yield_arm(void* state) { helper_exception_internal_arm(state, interrupted); }
void __wrap_helper_wfe_arm(void* state) { helper_exception_internal_arm(state, interrupted); }
