// Signals of s390, 31 bits: s390x's frames with 32-bit words and a save area of 96 bytes, and with
// the upper halves of the registers at the end. No vector facility: frames end behind those.
// Source: Linux, arch/s390/kernel/compat_signal.c and the headers for user space; block sizes are those
// of 6.1.
#include "abi/signal_abi.hpp"
#include "abi/signal_abi_s390.hpp"

namespace postern {
namespace {

using enum SignalSource;

constexpr u64 all = ~u64{0};
// First word of the PSW: what frames show whatever the engine runs with, what is the program's own,
// and what sigreturn takes. The top bit of the second is the addressing mode.
constexpr u64 user_mask = 0x070d0000;
constexpr u64 changeable = 0x0000ff00;
constexpr u64 restored_mask = 0x00003f00;
constexpr u64 addressing_mode = 0x80000000;
constexpr u64 address_bits = 0x7fffffff;

#define POSTERN_S390_REGISTERS(base)                                                              \
    FrameRow{base + 0, 4, reg, "psw_mask", 1, 0, user_mask, changeable, restored_mask},           \
    FrameRow{base + 4, 4, reg, "psw_addr", 1, 0, addressing_mode, address_bits, address_bits},    \
    FrameRow{base + 8, 4, reg, "r0", 16, 0, 0, all, all},                                         \
    FrameRow{base + 72, 4, reg, "a0", 16, 0, 0, all, all},                                        \
    FrameRow{base + 136, 4, reg, "fpc", 1, 0, 0, all, all},                                       \
    FrameRow{base + 144, 8, bytes, "f0", 16, 0, 0, all, all}

constexpr FrameRow old_rows[] = {
    {0, 4, reg, "r15"},                          // back chain
    {96, 8, mask, {}, 1, 0, 0, all, all},
    {104, 4, frame, {}, 1, 0, 112},
    POSTERN_S390_REGISTERS(112),
    {384, 4, reg, "r2"},                         // signo: the kernel stores the interrupted r2
    {392, 4, reg, "h0", 16, 0, 0, all, all},     // after the lower halves, whose return clears them
};

constexpr FrameRow rt_rows[] = {
    {0, 4, reg, "r15"},
    {100, 128, siginfo},
    {232, 4, constant, {}, 1, 0, 1},             // uc_flags: the upper halves are there
    {236, 4, constant},                          // uc_link
    {240, 4, stack_base, {}, 1, 0, 0, all, all},
    {244, 4, stack_flags, {}, 1, 0, 0, all, all},
    {248, 4, stack_size, {}, 1, 0, 0, all, all},
    POSTERN_S390_REGISTERS(256),
    {528, 8, mask, {}, 1, 0, 0, all, all},
    {656, 4, reg, "h0", 16, 0, 0, all, all},
};

constexpr EntryRow old_entry[] = {
    {"r2", signal},
    {"r3", frame, 96},
    {"r4", trap_number, 0, 0, 1, SignalCondition::after_fault},
    {"r5", fault_address, 0, 0, 1, SignalCondition::after_fault},
    {"r14", return_address},
    {"r15", frame, 0},
    {"psw_addr", handler},
};

constexpr EntryRow rt_entry[] = {
    {"r2", signal},
    {"r3", frame, 100},
    {"r4", frame, 232},
    {"r14", return_address},
    {"r15", frame, 0},
    {"psw_addr", handler},
};

}  // namespace

extern const SignalAbi s390_signals;
constinit const SignalAbi s390_signals{
    .rt = {.size = 720, .alignment = 8, .rows = rt_rows, .entry = rt_entry, .vdso_return = "rt_sigreturn"},
    .old = SignalFrame{.size = 464, .alignment = 8, .rows = old_rows, .entry = old_entry,
                       .vdso_return = "sigreturn"},
    .state = {},
    .minimum_stack = 2048,
    .faults = s390::faults,
    .fault_address_mask = 0x7ffff000,
    .vdso_restart = "restart_syscall",
};

}  // namespace postern
