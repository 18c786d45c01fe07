// Signal frames: from an ABI's rows to guest memory and registers, and back.
#pragma once

#include "abi/signal_abi.hpp"
#include "kernel/signals.hpp"
#include "vdso/image.hpp"

namespace postern::kernel {

/// What frames are made from, and what handlers change.
struct FrameContext {
    const Abi& abi;
    Cpu& cpu;
    memory::AddressSpace& memory;
    TaskSignals& signals;
    const vdso::Placement& placement;
    const vdso::Image* image;       ///< of the vDSO; null = none
};
FrameContext frame_context(Task& task);

enum class FrameKind : u8 { rt, old };

/// Builds the frame for one signal and points the registers at its handler. `mask` is what
/// sigreturn will restore. False: there is no place for the frame, or no way back from the
/// handler; registers have not changed.
[[nodiscard]] bool enter_handler(const FrameContext& context, const SignalInfo& info, const SignalAction& action,
                                 SignalSet mask);

/// Whether a handler has somewhere to return to: SA_RESTORER, or code of the vDSO or a helper page.
bool has_way_back(const FrameContext& context, const SignalAction& action);

/// sigreturn / rt_sigreturn: registers and alternate stack come back from the frame that the
/// stack pointer points to. The mask to restore, or nothing: that is no valid frame.
[[nodiscard]] std::optional<SignalSet> leave_handler(const FrameContext& context, FrameKind kind);

/// swapcontext(2), on ABIs with `SignalAbi::context_offset`: puts registers and `mask` into the
/// struct ucontext at `address`, or takes registers from it (the thread pointer stays) and gives
/// its mask. False, nothing: memory that is not there.
[[nodiscard]] bool save_context(const FrameContext& context, GuestAddr address, SignalSet mask);
[[nodiscard]] std::optional<SignalSet> load_context(const FrameContext& context, GuestAddr address);

/// True if `stack_pointer` lies on the enabled alternate stack.
bool on_alternate_stack(const Abi& abi, const AlternateStack& stack, u64 stack_pointer);

/// The register indexes of a run ("x0" and up).
std::span<const RegisterIndex> register_run(const Abi& abi, std::string_view first, unsigned count);

/// Whether the guest runs in the second instruction-set state (ARM: Thumb).
bool in_alternate_state(const Cpu& cpu);

}  // namespace postern::kernel
