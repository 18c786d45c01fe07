// Signals of ppc32 on a 32-bit kernel, a machine with AltiVec. Both frames start with a called
// function's frame, whose first word is the back chain; the kernel's structs come behind it (64
// bytes, with siginfo 80) and 224 bytes for functions that write below their stack pointer end
// them. SA_RESTORER means nothing: handlers return to the vDSO.
// Source: Linux 6.1, arch/powerpc/kernel/signal_32.c, include/asm/ucontext.h.
#include "abi/signal_abi_ppc.hpp"

namespace postern {
namespace {

using enum SignalSource;

constexpr u64 all = ~u64{0};
constexpr u16 context_size = 48 * 4 + 33 * 8 + 8 + 33 * 16;   // struct mcontext

// struct mcontext; the last vector slot holds VRSAVE and VSCR, with room between them.
constexpr FrameRow context_rows[] = {
    POSTERN_PPC_GENERAL(4, ppc::msr_vector),
    POSTERN_PPC_FLOATING(4),
    {464, 16, bytes, "v0", 32, 0, 0, all, all},
    {976, 4, reg, "vrsave", 1, 0, 0, all, all},
    {988, 4, reg, "vscr", 1, 0, 0, all, all},
};

constexpr FrameRow old_rows[] = {
    {0, 4, reg, "r1"},
    {76, 4, mask, {}, 1, 0, 1, all, all},        // struct sigcontext: upper half of the mask,
    {80, 4, signal},
    {84, 4, handler},
    {88, 4, mask, {}, 1, 0, 0, all, all},        // lower half
    {92, 4, frame, {}, 1, 0, 96},
};
constexpr PointedBlock old_blocks[] = {{92, 96, context_size, context_rows}};

constexpr FrameRow rt_rows[] = {
    {0, 4, reg, "r1"},
    {80, 128, siginfo},
    {208, 4, constant},                          // uc_flags
    {212, 4, constant},                          // uc_link
    {216, 4, stack_base, {}, 1, 0, 0, all, all},
    {220, 4, stack_flags, {}, 1, 0, 0, all, all},
    {224, 4, stack_size, {}, 1, 0, 0, all, all},
    {256, 4, frame, {}, 1, 0, 400},              // uc_regs
    {260, 8, mask, {}, 1, 0, 0, all, all},
};
constexpr PointedBlock rt_blocks[] = {{256, 400, context_size, context_rows}};

constexpr EntryRow old_entry[] = {
    {"r3", signal},
    {"r4", frame, 64},
    {"r1", frame, 0},
    {"fpscr", constant, 0},
    {"lr", return_address},
    {"pc", handler},
};

constexpr EntryRow rt_entry[] = {
    {"r3", signal},
    {"r4", frame, 80},
    {"r5", frame, 208},
    {"r6", frame, 80},
    {"r1", frame, 0},
    {"fpscr", constant, 0},
    {"lr", return_address},
    {"pc", handler},
};

}  // namespace

extern const SignalAbi ppc32_signals;
constinit const SignalAbi ppc32_signals{
    .rt = {.size = 80 + 1536, .alignment = 16, .gap = 224, .rows = rt_rows, .entry = rt_entry, .blocks = rt_blocks,
           .vdso_return = "rt_sigreturn"},
    .old = SignalFrame{.size = 64 + 1248, .alignment = 16, .gap = 224, .rows = old_rows, .entry = old_entry,
                       .blocks = old_blocks, .vdso_return = "sigreturn"},
    .state = {},
    .minimum_stack = 2048,
    .context_offset = 208,
    .takes_restorer = false,
    .faults = ppc::faults,
    .fault_error = ppc::fault_error,
};

}  // namespace postern
