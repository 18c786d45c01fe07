// Signals of sh4 and sh4eb. 64 bytes below the stack pointer stay as they are on either stack. A handler begins with
// initial floating-point state; the frame says that its own is there (sc_ownedfp). The return code that
// frames have room for is Linux's where there is no vDSO; here it is left out.
// Source: Linux 6.1, arch/sh/kernel/signal_32.c, traps.c, traps_32.c, cpu/sh3/entry.S, cpu/sh4/fpu.c.
#include "abi/signal_abi.hpp"

namespace postern {
namespace {

using enum SignalSource;

constexpr u64 all = ~u64{0};
constexpr u64 user_status = 0x303;   // T, S, Q, M
constexpr u64 initial_fpscr = 0x0008'0000;
constexpr u16 unwind_guard = 64;

/// struct sigcontext at `at`.
#define POSTERN_SH4_CONTEXT(at, mask_restored)                                \
    {(at) + 0, 4, mask, {}, 1, 0, 0, all, mask_restored},                     \
    {(at) + 4, 4, reg, "r0", 16, 0, 0, all, all},                             \
    {(at) + 68, 4, reg, "pc", 1, 0, 0, all, all},                             \
    {(at) + 72, 4, reg, "pr", 1, 0, 0, all, all},                             \
    {(at) + 76, 4, reg, "sr", 1, 0, 0, user_status, user_status},             \
    {(at) + 80, 4, reg, "gbr", 1, 0, 0, all, all},                            \
    {(at) + 84, 4, reg, "mach", 1, 0, 0, all, all},                           \
    {(at) + 88, 4, reg, "macl", 1, 0, 0, all, all},                           \
    {(at) + 92, 4, reg, "fr0", 16, 0, 0, all, all},                           \
    {(at) + 156, 4, reg, "xf0", 16, 0, 0, all, all},                          \
    {(at) + 220, 4, reg, "fpscr", 1, 0, 0, all, all},                         \
    {(at) + 224, 4, reg, "fpul", 1, 0, 0, all, all},                          \
    {(at) + 228, 4, constant, {}, 1, 0, 1}

constexpr FrameRow old_rows[] = {
    POSTERN_SH4_CONTEXT(0, all),
    {232, 4, mask, {}, 1, 0, 1, all, all},    // its upper half
};
constexpr FrameRow rt_rows[] = {
    {0, 128, siginfo},
    {128, 4, constant},                       // uc_flags
    {132, 4, constant},                       // uc_link
    {136, 4, stack_base, {}, 1, 0, 0, all, all},
    {140, 4, stack_flags, {}, 1, 0, 0, all, all},
    {144, 4, stack_size, {}, 1, 0, 0, all, all},
    POSTERN_SH4_CONTEXT(148, 0),
    {380, 8, mask, {}, 1, 0, 0, all, all},
};
#undef POSTERN_SH4_CONTEXT

#define POSTERN_SH4_ENTRY                                                     \
    {"r4", signal}, {"r15", frame, 0}, {"pr", return_address}, {"pc", handler},   \
    {"fr0", constant, 0, 0, 16}, {"xf0", constant, 0, 0, 16}, {"fpul", constant},   \
    {"fpscr", constant, initial_fpscr}
constexpr EntryRow old_entry[] = {POSTERN_SH4_ENTRY, {"r5", constant}, {"r6", frame, 0}};
constexpr EntryRow rt_entry[] = {POSTERN_SH4_ENTRY, {"r5", frame, 0}, {"r6", frame, 128}};
#undef POSTERN_SH4_ENTRY

/// SI_KERNEL (0x80) with no address where the kernel only forces the signal.
constexpr FaultRule faults[] = {
    {FaultCause::unmapped, 11, 1, FaultAddress::data},
    {FaultCause::protection, 11, 2, FaultAddress::data},
    {FaultCause::beyond_file, 7, 2, FaultAddress::data},
    {FaultCause::illegal_instruction, 4, 0x80, FaultAddress::none},
    {FaultCause::privileged_instruction, 4, 0x80, FaultAddress::none},
    {FaultCause::breakpoint, 5, 0x80, FaultAddress::none},
    {FaultCause::illegal_trap, 5, 0x80, FaultAddress::none},   // trapa of 0x20 and more
    {FaultCause::floating_point, 8, 0x80, FaultAddress::none},
    {FaultCause::alignment, 7, 1, FaultAddress::data},
    {FaultCause::unknown, 4, 0x80, FaultAddress::none},
};

constexpr SignalAbi signal_abi{
    .rt = {.size = 404 + unwind_guard, .alignment = 8, .gap = unwind_guard, .rows = rt_rows, .entry = rt_entry,
           .vdso_return = "rt_sigreturn"},
    .old = SignalFrame{.size = 252 + unwind_guard, .alignment = 8, .gap = unwind_guard, .rows = old_rows,
                       .entry = old_entry, .vdso_return = "sigreturn"},
    .state = {},
    .minimum_stack = 2048,
    .faults = faults,
    .marked_sequences = StackMarkedSequences{.first_mark = 0xc000'0000, .end = "r0", .saved_stack = "r1", .before = 2},
};

}  // namespace

extern const SignalAbi sh4_signals, sh4eb_signals;
constinit const SignalAbi sh4_signals = signal_abi;
constinit const SignalAbi sh4eb_signals = signal_abi;

}  // namespace postern
