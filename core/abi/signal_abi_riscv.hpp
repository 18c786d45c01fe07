// Signals of riscv64 and riscv32. One kind of frame. The floating-point area is as large as quad
// precision needs; what D does not use is zero, and sigreturn demands that of its last three words.
// Source: Linux 6.1, arch/riscv/kernel/signal.c, include/uapi/asm/{ucontext,sigcontext,ptrace}.h.
#pragma once

#include "abi/signal_abi.hpp"

namespace postern::riscv {

using enum SignalSource;

inline constexpr u64 all = ~u64{0};
inline constexpr u16 context_offset = 128;   ///< of struct ucontext: behind the siginfo

/// struct rt_sigframe with words of `word` bytes: the registers begin at `context`, the
/// floating-point area behind its 32 words.
#define POSTERN_RISCV_FRAME(word, context)                                          \
    {0, 128, siginfo},                                                              \
    {128, word, constant},                     /* uc_flags */                       \
    {128 + (word), word, constant},            /* uc_link */                        \
    {128 + 2 * (word), word, stack_base, {}, 1, 0, 0, all, all},                    \
    {128 + 3 * (word), 4, stack_flags, {}, 1, 0, 0, all, all},                      \
    {128 + 4 * (word), word, stack_size, {}, 1, 0, 0, all, all},                    \
    {128 + 5 * (word), 8, mask, {}, 1, 0, 0, all, all},                             \
    {(context), word, reg, "pc", 1, 0, 0, all, all},                                \
    {(context) + (word), word, reg, "x1", 31, 0, 0, all, all},                      \
    {(context) + 32 * (word), 8, bytes, "f0", 32, 0, 0, all, all},                  \
    {(context) + 32 * (word) + 256, 4, reg, "fcsr", 1, 0, 0, all, all},             \
    {(context) + 32 * (word) + 516, 4, constant, {}, 1, 0, 0, all, all},            \
    {(context) + 32 * (word) + 520, 4, constant, {}, 1, 0, 0, all, all},            \
    {(context) + 32 * (word) + 524, 4, constant, {}, 1, 0, 0, all, all}

inline constexpr FrameRow frame_rows64[] = {POSTERN_RISCV_FRAME(8, 304)};
inline constexpr FrameRow frame_rows32[] = {POSTERN_RISCV_FRAME(4, 288)};
#undef POSTERN_RISCV_FRAME

inline constexpr EntryRow entry_rows[] = {
    {"x10", signal},
    {"x11", frame, 0},
    {"x12", frame, context_offset},
    {"x1", return_address},
    {"x2", frame, 0},
    {"pc", handler},
};

/// ILL_ILLOPC 1, TRAP_BRKPT 1, BUS_ADRALN 1 (kernel: traps.c).
inline constexpr FaultRule faults[] = {
    {FaultCause::unmapped, 11, 1, FaultAddress::data},
    {FaultCause::protection, 11, 2, FaultAddress::data},
    {FaultCause::beyond_file, 7, 2, FaultAddress::data},
    {FaultCause::illegal_instruction, 4, 1, FaultAddress::instruction},
    {FaultCause::privileged_instruction, 4, 1, FaultAddress::instruction},
    {FaultCause::breakpoint, 5, 1, FaultAddress::instruction},
    {FaultCause::alignment, 7, 1, FaultAddress::instruction},
    {FaultCause::illegal_trap, 4, 4, FaultAddress::instruction},
    {FaultCause::unknown, 4, 1, FaultAddress::instruction},
};

consteval SignalAbi signal_abi(std::span<const FrameRow> rows, u16 size) {
    return {.rt = {.size = size, .alignment = 16, .rows = rows, .entry = entry_rows, .vdso_return = "rt_sigreturn"},
            .old = {},
            .state = {},
            .minimum_stack = 2048,
            .faults = faults};
}

}  // namespace postern::riscv
