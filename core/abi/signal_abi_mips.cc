// Signals of the MIPS ABIs. A frame begins with room for the handler to save its arguments; the
// context holds 64-bit fields for every register, and the floating-point registers as pairs
// (FR = 0). The flag word of the floating-point state says "saved": nothing is kept of whether
// a program ever used it.
// Source: Linux 6.1, arch/mips/kernel/{signal,signal_o32,traps}.c, include/uapi/asm/sigcontext.h.
#include "abi/signal_abi.hpp"

namespace postern {
namespace {

using enum SignalSource;

constexpr u64 all = ~u64{0}, word = 0xffff'ffff;
constexpr u64 used_floating_point = 1, wide_floats = 2;

/// struct sigcontext of o32 at `at`, and the mask behind it.
#define POSTERN_MIPS_O32_CONTEXT(at)                                          \
    {(at) + 8, 8, reg, "pc", 1, 0, 0, word, word},                            \
    {(at) + 24, 8, reg, "r1", 31, 0, 0, word, word},                          \
    {(at) + 272, 8, bytes, "d0", 16, 16, 0, all, all},                        \
    {(at) + 532, 4, reg, "fcsr", 1, 0, 0, all, all},                    \
    {(at) + 540, 4, constant, {}, 1, 0, used_floating_point},                 \
    {(at) + 552, 8, reg, "hi", 1, 0, 0, word, word},                          \
    {(at) + 560, 8, reg, "lo", 1, 0, 0, word, word},                          \
    {(at) + 592, 16, mask, {}, 1, 0, 0, all, all}

constexpr FrameRow o32_old_rows[] = {POSTERN_MIPS_O32_CONTEXT(24)};
constexpr FrameRow o32_rt_rows[] = {
    {24, 128, siginfo},
    {152, 4, constant},               // uc_flags
    {156, 4, constant},               // uc_link
    {160, 4, stack_base, {}, 1, 0, 0, all, all},
    {164, 4, stack_size, {}, 1, 0, 0, all, all},
    {168, 4, stack_flags, {}, 1, 0, 0, all, all},
    POSTERN_MIPS_O32_CONTEXT(176),
};
#undef POSTERN_MIPS_O32_CONTEXT

/// struct sigcontext of n32 and n64 at `at`, and the mask behind it.
#define POSTERN_MIPS_WIDE_CONTEXT(at)                                         \
    {(at) + 8, 8, reg, "r1", 31, 0, 0, all, all},                             \
    {(at) + 256, 8, bytes, "f0", 32, 8, 0, all, all},                         \
    {(at) + 512, 8, reg, "hi", 1, 0, 0, all, all},                            \
    {(at) + 544, 8, reg, "lo", 1, 0, 0, all, all},                            \
    {(at) + 576, 8, reg, "pc", 1, 0, 0, all, all},                            \
    {(at) + 584, 4, reg, "fcsr", 1, 0, 0, all, all},                          \
    {(at) + 588, 4, constant, {}, 1, 0, used_floating_point | wide_floats},   \
    {(at) + 600, 16, mask, {}, 1, 0, 0, all, all}

constexpr FrameRow n64_rows[] = {
    {24, 128, siginfo},
    {152, 8, constant},               // uc_flags
    {160, 8, constant},               // uc_link
    {168, 8, stack_base, {}, 1, 0, 0, all, all},
    {176, 8, stack_size, {}, 1, 0, 0, all, all},
    {184, 4, stack_flags, {}, 1, 0, 0, all, all},
    POSTERN_MIPS_WIDE_CONTEXT(192),
};
constexpr FrameRow n32_rows[] = {
    {24, 128, siginfo},
    {152, 4, constant},               // uc_flags
    {156, 4, constant},               // uc_link
    {160, 4, stack_base, {}, 1, 0, 0, all, all},
    {164, 4, stack_size, {}, 1, 0, 0, all, all},
    {168, 4, stack_flags, {}, 1, 0, 0, all, all},
    POSTERN_MIPS_WIDE_CONTEXT(176),
};
#undef POSTERN_MIPS_WIDE_CONTEXT

/// Position-independent handlers find themselves by $25 (t9).
#define POSTERN_MIPS_ENTRY                                                    \
    {"r4", signal}, {"r29", frame, 0}, {"r31", return_address}, {"r25", handler}, {"pc", handler}
constexpr EntryRow o32_old_entry[] = {POSTERN_MIPS_ENTRY, {"r5", constant}, {"r6", frame, 24}};
constexpr EntryRow rt_entry[] = {POSTERN_MIPS_ENTRY, {"r5", frame, 24}, {"r6", frame, 152}};
#undef POSTERN_MIPS_ENTRY

/// SI_KERNEL (0x80) with no address where the kernel only forces the signal.
constexpr FaultRule faults[] = {
    {FaultCause::unmapped, 11, 1, FaultAddress::data},
    {FaultCause::protection, 11, 2, FaultAddress::data},
    {FaultCause::beyond_file, 7, 2, FaultAddress::data},
    {FaultCause::illegal_instruction, 4, 0x80, FaultAddress::none},
    {FaultCause::privileged_instruction, 4, 0x80, FaultAddress::none},
    {FaultCause::breakpoint, 5, 1, FaultAddress::instruction},
    {FaultCause::integer_divide, 8, 1, FaultAddress::instruction},
    {FaultCause::integer_overflow, 8, 2, FaultAddress::instruction},
    {FaultCause::floating_point, 8, 0, FaultAddress::instruction},
    {FaultCause::alignment, 7, 0x80, FaultAddress::none},
    {FaultCause::illegal_trap, 5, 0x80, FaultAddress::none},   // a trap with a code of nobody's
    {FaultCause::unknown, 4, 0x80, FaultAddress::none},
};

/// The place below the stack pointer that the kernel skips on the stack that is in use.
constexpr u8 skipped_bytes = 32;

constexpr SignalAbi o32_signal_abi{
    .rt = {.size = 784, .alignment = 8, .rows = o32_rt_rows, .entry = rt_entry, .vdso_return = "rt_sigreturn"},
    .old = SignalFrame{.size = 632, .alignment = 8, .rows = o32_old_rows, .entry = o32_old_entry,
                       .vdso_return = "sigreturn"},
    .state = {},
    .red_zone = skipped_bytes,
    .minimum_stack = 2048,
    .set_size = 16,
    .faults = faults,
};

/// The 64-bit ABIs have no frame without siginfo.
constexpr SignalAbi wide_signal_abi(std::span<const FrameRow> rows, u16 size) {
    return {.rt = {.size = size, .alignment = 16, .rows = rows, .entry = rt_entry, .vdso_return = "rt_sigreturn"},
            .old = {},
            .state = {},
            .red_zone = skipped_bytes,
            .minimum_stack = 2048,
            .set_size = 16,
            .faults = faults};
}

}  // namespace

extern const SignalAbi mips_o32_signals, mipsel_o32_signals, mips_n32_signals, mipsel_n32_signals, mips_n64_signals,
    mipsel_n64_signals;
constinit const SignalAbi mips_o32_signals = o32_signal_abi;
constinit const SignalAbi mipsel_o32_signals = o32_signal_abi;
constinit const SignalAbi mips_n32_signals = wide_signal_abi(n32_rows, 792);
constinit const SignalAbi mipsel_n32_signals = wide_signal_abi(n32_rows, 792);
constinit const SignalAbi mips_n64_signals = wide_signal_abi(n64_rows, 808);
constinit const SignalAbi mipsel_n64_signals = wide_signal_abi(n64_rows, 808);

}  // namespace postern
