// Signals of x32: x86-64's frame behind a ucontext with 32-bit pointers, which is 16 bytes shorter.
// The red zone and the mandatory SA_RESTORER are x86-64's; sigreturn has a number of its own.
// Source: Linux 6.1, arch/x86/kernel/signal.c (x32_setup_rt_frame), include/asm/sigframe.h.
#include "abi/signal_abi_x86.hpp"

namespace postern {
namespace {

using enum SignalSource;

constexpr u64 all = ~u64{0};

constexpr FrameRow frame_rows[] = {
    {0, 8, return_address},
    {8, 4, constant, {}, 1, 0, 7},   // uc_flags: extended state, ss saved, ss restored strictly
    {12, 4, constant},               // uc_link
    {16, 4, stack_base, {}, 1, 0, 0, all, all},
    {20, 4, stack_flags, {}, 1, 0, 0, all, all},
    {24, 4, stack_size, {}, 1, 0, 0, all, all},
    {32, 8, reg, "r8", 8, 0, 0, all, all},
    {96, 8, reg, "rdi", 1, 0, 0, all, all},
    {104, 8, reg, "rsi", 1, 0, 0, all, all},
    {112, 8, reg, "rbp", 1, 0, 0, all, all},
    {120, 8, reg, "rbx", 1, 0, 0, all, all},
    {128, 8, reg, "rdx", 1, 0, 0, all, all},
    {136, 8, reg, "rax", 1, 0, 0, all, all},
    {144, 8, reg, "rcx", 1, 0, 0, all, all},
    {152, 8, reg, "rsp", 1, 0, 0, all, all},
    {160, 8, reg, "rip", 1, 0, 0, all, all},
    {168, 8, reg, "eflags", 1, 0, 0, all, x86::user_flags},
    {176, 2, reg, "cs"},
    {182, 2, reg, "ss"},             // gs and fs stay 0
    {184, 8, error_code},
    {192, 8, trap_number},
    {200, 8, mask},
    {208, 8, fault_address},
    {216, 8, state, {}, 1, 0, 0, all, all},
    {288, 8, mask, {}, 1, 0, 0, all, all},
    {296, 128, siginfo},
};

constexpr EntryRow entry_rows[] = {
    {"rdi", signal},
    {"rsi", frame, 296},
    {"rdx", frame, 8},
    {"rax", constant, 0},
    {"eflags", constant, 0, x86::flags_kept},
    {"rsp", frame, 0},
    {"rip", handler},
};

constexpr FrameRow state_rows[] = {POSTERN_X86_IMAGE(0, all, 16, x86::image_size)};
constexpr EntryRow initial_state[] = {POSTERN_X86_INITIAL_STATE(16)};

}  // namespace

extern const SignalAbi x32_signals;
constinit const SignalAbi x32_signals{
    .rt = {.size = 424, .alignment = 16, .bias_after = 8, .rows = frame_rows, .entry = entry_rows,
           .sigreturn_distance = 8},
    .old = {},
    .state = StateArea{x86::image_size, 64, 0, state_rows, initial_state},
    .red_zone = 128,
    .minimum_stack = 2048,
    .faults = x86::faults,
    .fault_error = x86::fault_error,
    .canonical_bits = 48,
};

}  // namespace postern
