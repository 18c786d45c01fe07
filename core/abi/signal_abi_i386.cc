// Signals of i386. Two kinds of frame: the old one holds the mask in two places and a
// sigcontext, the new one a ucontext. Handler arguments stand on the stack and in registers.
// The floating-point area starts with an FSAVE image, the FXSAVE image follows 64-aligned.
// Source: Linux 6.1, arch/x86/kernel/signal.c, ia32/ia32_signal.c, fpu/signal.c.
#include "abi/signal_abi_x86.hpp"

namespace postern {
namespace {

using enum SignalSource;

constexpr u64 all = ~u64{0};
constexpr u16 legacy_size = 112;

#define POSTERN_I386_SIGCONTEXT(base)                                          \
    FrameRow{base + 0, 4, reg, "gs", 1, 0, 0, 0xffff, 0xffff},                 \
    FrameRow{base + 4, 4, reg, "fs", 1, 0, 0, 0xffff, 0xffff},                 \
    FrameRow{base + 8, 4, reg, "es", 1, 0, 0, 0xffff, 0xffff},                 \
    FrameRow{base + 12, 4, reg, "ds", 1, 0, 0, 0xffff, 0xffff},                \
    FrameRow{base + 16, 4, reg, "edi", 1, 0, 0, all, all},                     \
    FrameRow{base + 20, 4, reg, "esi", 1, 0, 0, all, all},                     \
    FrameRow{base + 24, 4, reg, "ebp", 1, 0, 0, all, all},                     \
    FrameRow{base + 28, 4, reg, "esp", 1, 0, 0, all, all},                     \
    FrameRow{base + 32, 4, reg, "ebx", 1, 0, 0, all, all},                     \
    FrameRow{base + 36, 4, reg, "edx", 1, 0, 0, all, all},                     \
    FrameRow{base + 40, 4, reg, "ecx", 1, 0, 0, all, all},                     \
    FrameRow{base + 44, 4, reg, "eax", 1, 0, 0, all, all},                     \
    FrameRow{base + 48, 4, trap_number},                                       \
    FrameRow{base + 52, 4, error_code},                                        \
    FrameRow{base + 56, 4, reg, "eip", 1, 0, 0, all, all},                     \
    FrameRow{base + 60, 4, reg, "cs", 1, 0, 0, 0xffff},                        \
    FrameRow{base + 64, 4, reg, "eflags", 1, 0, 0, all, x86::user_flags},      \
    FrameRow{base + 68, 4, reg, "esp"},                                        \
    FrameRow{base + 72, 4, reg, "ss", 1, 0, 0, 0xffff},                        \
    FrameRow{base + 76, 4, state, {}, 1, 0, 0, all, all}

constexpr FrameRow old_rows[] = {
    {0, 4, return_address},
    {4, 4, signal},
    POSTERN_I386_SIGCONTEXT(8),
    {88, 4, mask, {}, 1, 0, 0, all, all},
    {92, 4, fault_address},
    {720, 4, mask, {}, 1, 0, 1, all, all},
    {724, 8, constant, {}, 1, 0, 0x80cd00000077b858},   // pop eax; mov eax, 119; int 0x80
};

constexpr FrameRow rt_rows[] = {
    {0, 4, return_address},
    {4, 4, signal},
    {8, 4, frame, {}, 1, 0, 16},
    {12, 4, frame, {}, 1, 0, 144},
    {16, 128, siginfo},
    {144, 4, constant, {}, 1, 0, 1},   // uc_flags: extended state
    {148, 4, constant},                // uc_link
    {152, 4, stack_base, {}, 1, 0, 0, all, all},
    {156, 4, stack_flags, {}, 1, 0, 0, all, all},
    {160, 4, stack_size, {}, 1, 0, 0, all, all},
    POSTERN_I386_SIGCONTEXT(164),
    {244, 4, mask},
    {248, 4, fault_address},
    {252, 8, mask, {}, 1, 0, 0, all, all},
    {260, 8, constant, {}, 1, 0, 0x0080cd000000adb8},   // mov eax, 173; int 0x80
};

constexpr EntryRow old_entry[] = {
    {"eax", signal},
    {"edx", constant, 0},
    {"ecx", constant, 0},
    {"eflags", constant, 0, x86::flags_kept},
    {"esp", frame, 0},
    {"eip", handler},
};

constexpr EntryRow rt_entry[] = {
    {"eax", signal},
    {"edx", frame, 16},
    {"ecx", frame, 144},
    {"eflags", constant, 0, x86::flags_kept},
    {"esp", frame, 0},
    {"eip", handler},
};

// The FSAVE image in front: sigreturn takes the x87 state from it.
constexpr FrameRow state_rows[] = {
    {0, 4, reg, "fpcw", 1, 0, 0xffff0000, 0xffff, 0xffff},
    {4, 4, reg, "fpsw", 1, 0, 0xffff0000, 0xffff, 0xffff},
    {8, 4, x87_tags, "fptag", 1, 0, 0xffff0000, 0xffff, 0xffff},
    {16, 4, reg, "cs", 1, 0, 0, 0xffff},
    {24, 4, reg, "ds", 1, 0, 0xffff0000, 0xffff},
    {28, 10, bytes, "st0", 8, 0, 0, all, all},
    {108, 2, reg, "fpsw"},
    {110, 2, constant},   // magic 0: the FXSAVE image follows
    POSTERN_X86_IMAGE(legacy_size, 0, 8, x86::image_size + legacy_size),
};
constexpr EntryRow initial_state[] = {POSTERN_X86_INITIAL_STATE(8)};

}  // namespace

extern const SignalAbi i386_signals;
constinit const SignalAbi i386_signals{
    .rt = {.size = 268, .alignment = 16, .bias_before = 4, .bias_after = 4, .rows = rt_rows,
           .entry = rt_entry, .vdso_return = "rt_sigreturn", .sigreturn_distance = 4},
    .old = SignalFrame{.size = 732, .alignment = 16, .bias_before = 4, .bias_after = 4, .rows = old_rows,
                       .entry = old_entry, .vdso_return = "sigreturn", .sigreturn_distance = 8},
    .state = StateArea{x86::image_size, 64, legacy_size, state_rows, initial_state},
    .minimum_stack = 2048,
    .faults = x86::faults,
    .fault_error = x86::fault_error,
};

}  // namespace postern
