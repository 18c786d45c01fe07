// Signals of parisc, whose frames lie above the stack pointer. The general registers of the frame begin with
// the PSW in the place of r0. A frame never says that it interrupted a system call: behind one, the
// program counter is where the call returns to, and returning there needs nothing else.
// Source: Linux 6.1, arch/parisc/kernel/signal.c, traps.c, include/asm/rt_sigframe.h, include/uapi/asm/sigcontext.h.
#include "abi/parisc.hpp"
#include "abi/signal_abi.hpp"

namespace postern {
namespace {

using enum SignalSource;

constexpr u64 all = ~u64{0};
constexpr u64 privilege = 3;             // of programs, in code addresses
constexpr u64 user_status = 0x0022'ff00;   // PSW: N, V, C/B
constexpr u64 kernel_status = 0x0004'000f;   // C, Q, P, D, I, as programs run
constexpr u16 frame_size = 584, frame_step = 768;   // the step has room for a call's own frame

constexpr FrameRow rt_rows[] = {
    {8, 128, siginfo},
    {136, 4, constant},                      // uc_flags
    {140, 4, constant},                      // uc_link
    {144, 4, stack_base, {}, 1, 0, 0, all, all},
    {148, 4, stack_flags, {}, 1, 0, 0, all, all},
    {152, 4, stack_size, {}, 1, 0, 0, all, all},
    {160, 4, on_stack, {}, 1, 0, 1},         // sc_flags: PARISC_SC_FLAG_ONSTACK
    // The program counter first: setting it touches the next one and the PSW.
    {560, 4, reg, "iaoq0", 1, 0, privilege, ~privilege, ~privilege},
    {564, 4, reg, "iaoq1", 1, 0, privilege, ~privilege, ~privilege},
    {164, 4, reg, "psw", 1, 0, kernel_status, user_status, user_status},
    {168, 4, reg, "r1", 31, 0, 0, all, all},
    {296, 8, reg, "fr0", 32, 0, 0, all, all},
    {568, 4, reg, "sar", 1, 0, 0, all, all},
    {576, 8, mask, {}, 1, 0, 0, all, all},
};

constexpr EntryRow rt_entry[] = {
    {"r26", signal},    {"r25", frame, 8},           {"r24", frame, 136},     {"r2", return_address},
    {"r19", handler_data}, {"r30", frame, frame_step}, {"iaoq0", handler_code}, {"psw", constant, 0},
};

// TRAP_BRKPT 1, ILL_PRVOPC 5, FPE_CONDTRAP 15, which the compiler's library has for a division by zero.
constexpr FaultRule faults[] = {
    {FaultCause::unmapped, 11, 1, FaultAddress::data},
    {FaultCause::protection, 11, 2, FaultAddress::data},
    {FaultCause::beyond_file, 7, 2, FaultAddress::data},
    {FaultCause::illegal_instruction, 4, 1, FaultAddress::instruction},
    {FaultCause::privileged_instruction, 4, 5, FaultAddress::instruction},
    {FaultCause::breakpoint, 5, 1, FaultAddress::instruction},
    {FaultCause::integer_divide, 8, 15, FaultAddress::instruction},
    {FaultCause::integer_overflow, 8, 2, FaultAddress::instruction},
    {FaultCause::floating_point, 8, 0, FaultAddress::instruction},
    {FaultCause::alignment, 7, 1, FaultAddress::data},
    {FaultCause::unknown, 4, 1, FaultAddress::instruction},
};

constexpr RestartRange restart_ranges[] = {
#define GATEWAY_ENTRY(name, offset)
#define GATEWAY_RESTART(name, first, last, restart) \
    {parisc::gateway_page + first, parisc::gateway_page + last, parisc::gateway_page + restart},
#define GATEWAY_FAULT(first, last, resume)
#include "abi/vdso/parisc-gateway.def"
#undef GATEWAY_RESTART
#undef GATEWAY_FAULT
};

constexpr RestartRange fault_ranges[] = {
#define GATEWAY_RESTART(name, first, last, restart)
#define GATEWAY_FAULT(first, last, resume) \
    {parisc::gateway_page + first, parisc::gateway_page + last, parisc::gateway_page + resume},
#include "abi/vdso/parisc-gateway.def"
#undef GATEWAY_ENTRY
#undef GATEWAY_RESTART
#undef GATEWAY_FAULT
};

}  // namespace

extern const SignalAbi parisc_signals;
constinit const SignalAbi parisc_signals{
    .rt = {.size = frame_size, .alignment = 2, .rows = rt_rows, .entry = rt_entry, .vdso_return = "rt_sigreturn",
           .sigreturn_distance = frame_step},
    .old = {},
    .state = {},
    .alternate_start = AlternateStart{.bias = 0x7f, .alignment = 64},
    .minimum_stack = 2048,
    .takes_restorer = false,
    .faults = faults,
    .vdso_restart = "restart_syscall",
    .restart_return_on_stack = true,
    .restart_ranges = restart_ranges,
    .fault_ranges = fault_ranges,
};

}  // namespace postern
