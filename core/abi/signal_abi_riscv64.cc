// Signals of riscv64. One kind of frame. The floating-point area is as large as quad precision
// needs; what D does not use is zero, and sigreturn demands that of its last three words.
// Source: Linux 6.1, arch/riscv/kernel/signal.c, include/uapi/asm/{ucontext,sigcontext,ptrace}.h.
#include "abi/signal_abi.hpp"

namespace postern {
namespace {

using enum SignalSource;

constexpr u64 all = ~u64{0};

constexpr FrameRow frame_rows[] = {
    {0, 128, siginfo},
    {128, 8, constant},               // uc_flags
    {136, 8, constant},               // uc_link
    {144, 8, stack_base, {}, 1, 0, 0, all, all},
    {152, 4, stack_flags, {}, 1, 0, 0, all, all},
    {160, 8, stack_size, {}, 1, 0, 0, all, all},
    {168, 8, mask, {}, 1, 0, 0, all, all},
    {304, 8, reg, "pc", 1, 0, 0, all, all},
    {312, 8, reg, "x1", 31, 0, 0, all, all},
    {560, 8, bytes, "f0", 32, 0, 0, all, all},
    {816, 4, reg, "fcsr", 1, 0, 0, all, all},
    {1076, 4, constant, {}, 1, 0, 0, all, all},
    {1080, 4, constant, {}, 1, 0, 0, all, all},
    {1084, 4, constant, {}, 1, 0, 0, all, all},
};

constexpr EntryRow entry_rows[] = {
    {"x10", signal},
    {"x11", frame, 0},
    {"x12", frame, 128},
    {"x1", return_address},
    {"x2", frame, 0},
    {"pc", handler},
};

// ILL_ILLOPC 1, TRAP_BRKPT 1, BUS_ADRALN 1 (kernel: traps.c).
constexpr FaultRule faults[] = {
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

}  // namespace

extern const SignalAbi riscv64_signals;
constinit const SignalAbi riscv64_signals{
    .rt = {.size = 1088, .alignment = 16, .rows = frame_rows, .entry = entry_rows,
           .vdso_return = "rt_sigreturn"},
    .old = {},
    .state = {},
    .minimum_stack = 2048,
    .faults = faults,
};

}  // namespace postern
