// Signals of s390x, a machine without the vector facility: frames end before the extension.
// Both kinds start with the 160-byte save area of a called function, whose first doubleword is
// the back chain. si_addr names only the page of a fault. A timed call continues in the vDSO.
// Source: Linux 6.1, arch/s390/kernel/signal.c, traps.c, include/asm/ptrace.h.
#include "abi/signal_abi.hpp"
#include "abi/signal_abi_s390.hpp"

namespace postern {
namespace {

using enum SignalSource;

constexpr u64 all = ~u64{0};
// PSW mask that frames show whatever the engine runs with, and the bits that are the program's
// own: address space control, condition code, program mask, addressing mode.
constexpr u64 user_mask = 0x0705000180000000;
constexpr u64 changeable = 0x0000ff0180000000;
constexpr u64 addressing_mode = 0x0000000180000000;
// Sigreturn takes condition code and program mask: the others have one value here.
constexpr u64 restored_mask = 0x00003f0000000000;

#define POSTERN_S390X_REGISTERS(base)                                                             \
    FrameRow{base + 0, 8, reg, "psw_mask", 1, 0, user_mask, changeable, restored_mask},           \
    FrameRow{base + 8, 8, reg, "psw_addr", 1, 0, 0, all, all},                                    \
    FrameRow{base + 16, 8, reg, "r0", 16, 0, 0, all, all},                                        \
    FrameRow{base + 144, 4, reg, "a0", 16, 0, 0, all, all},                                       \
    FrameRow{base + 208, 4, reg, "fpc", 1, 0, 0, all, all},                                       \
    FrameRow{base + 216, 8, bytes, "f0", 16, 0, 0, all, all}

constexpr FrameRow old_rows[] = {
    {0, 8, reg, "r15"},                          // back chain
    {160, 8, mask, {}, 1, 0, 0, all, all},
    {168, 8, frame, {}, 1, 0, 176},
    POSTERN_S390X_REGISTERS(176),
    {520, 4, reg, "r2"},                         // signo: the kernel stores the interrupted r2
};

constexpr FrameRow rt_rows[] = {
    {0, 8, reg, "r15"},
    {168, 128, siginfo},
    {296, 8, constant},                          // uc_flags
    {304, 8, constant},                          // uc_link
    {312, 8, stack_base, {}, 1, 0, 0, all, all},
    {320, 4, stack_flags, {}, 1, 0, 0, all, all},
    {328, 8, stack_size, {}, 1, 0, 0, all, all},
    POSTERN_S390X_REGISTERS(336),
    {680, 8, mask, {}, 1, 0, 0, all, all},
};

constexpr EntryRow old_entry[] = {
    {"r2", signal},
    {"r3", frame, 160},
    {"r4", trap_number, 0, 0, 1, SignalCondition::after_fault},
    {"r5", fault_address, 0, 0, 1, SignalCondition::after_fault},
    {"r14", return_address},
    {"r15", frame, 0},
    {"psw_mask", constant, addressing_mode, ~addressing_mode},
    {"psw_addr", handler},
};

constexpr EntryRow rt_entry[] = {
    {"r2", signal},
    {"r3", frame, 168},
    {"r4", frame, 296},
    {"r14", return_address},
    {"r15", frame, 0},
    {"psw_mask", constant, addressing_mode, ~addressing_mode},
    {"psw_addr", handler},
};

}  // namespace

extern const SignalAbi s390x_signals;
constinit const SignalAbi s390x_signals{
    .rt = {.size = 808, .alignment = 8, .rows = rt_rows, .entry = rt_entry, .vdso_return = "rt_sigreturn"},
    .old = SignalFrame{.size = 536, .alignment = 8, .rows = old_rows, .entry = old_entry,
                       .vdso_return = "sigreturn"},
    .state = {},
    .minimum_stack = 2048,
    .faults = s390::faults,
    .fault_address_mask = ~u64{0xfff},
    .vdso_restart = "restart_syscall",
};

}  // namespace postern
