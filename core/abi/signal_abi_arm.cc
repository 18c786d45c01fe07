// Signals of arm (EABI). Old frames are a ucontext and return code, new ones have a siginfo in
// front. Handlers and interrupted code may be in ARM or Thumb state; without SA_RESTORER they
// return to code in the signal page, of which the frame holds a copy.
// Source: Linux 6.1, arch/arm/kernel/signal.c, sigreturn_codes.S, include/asm/ucontext.h.
#include "abi/signal_abi.hpp"

namespace postern {
namespace {

using enum SignalSource;

constexpr u64 all = ~u64{0};
constexpr u64 old_frame_flags = 0x5ac3c35a;
// Bits of cpsr that user code may change: N Z C V Q, IT, GE, E, T.
constexpr u64 user_status = 0xfe0ffe20;
constexpr u64 mode_bits = 0x9f;   // I and the mode, which must be user mode
constexpr u64 user_mode = 0x10;

#define POSTERN_ARM_UCONTEXT(base, flags, uc_stack_restored)                         \
    FrameRow{base + 0, 4, constant, {}, 1, 0, flags},                                \
    FrameRow{base + 4, 4, constant},                                                 \
    FrameRow{base + 8, 4, stack_base, {}, 1, 0, 0, all, uc_stack_restored},          \
    FrameRow{base + 12, 4, stack_flags, {}, 1, 0, 0, all, uc_stack_restored},        \
    FrameRow{base + 16, 4, stack_size, {}, 1, 0, 0, all, uc_stack_restored},         \
    FrameRow{base + 20, 4, trap_number},                                             \
    FrameRow{base + 24, 4, error_code},                                              \
    FrameRow{base + 28, 4, mask},                                                    \
    FrameRow{base + 32, 4, reg, "r0", 13, 0, 0, all, all},                           \
    FrameRow{base + 84, 4, reg, "sp", 1, 0, 0, all, all},                            \
    FrameRow{base + 88, 4, reg, "lr", 1, 0, 0, all, all},                            \
    FrameRow{base + 96, 4, constant, {}, 1, 0, user_mode, all, mode_bits},           \
    FrameRow{base + 96, 4, reg, "cpsr", 1, 0, user_mode, ~mode_bits, user_status},   \
    FrameRow{base + 92, 4, reg, "pc", 1, 0, 0, ~u64{1}, all},                        \
    FrameRow{base + 100, 4, fault_address},                                          \
    FrameRow{base + 104, 8, mask, {}, 1, 0, 0, all, all},                            \
    FrameRow{base + 232, 4, constant, {}, 1, 0, 0x56465001, all, all},               \
    FrameRow{base + 236, 4, constant, {}, 1, 0, 288, all, all},                      \
    FrameRow{base + 240, 8, bytes, "d0", 32, 0, 0, all, all},                        \
    FrameRow{base + 496, 4, reg, "fpscr", 1, 0, 0, all, all},                        \
    FrameRow{base + 504, 4, constant, {}, 1, 0, 0x40000000},                         \
    FrameRow{base + 744, 8, return_code}

constexpr FrameRow old_rows[] = {POSTERN_ARM_UCONTEXT(0, old_frame_flags, 0)};
constexpr FrameRow rt_rows[] = {{0, 128, siginfo}, POSTERN_ARM_UCONTEXT(128, 0, all)};

// IT (bits 10-15, 25-26) and F (bit 6) are cleared, E (bit 9) is little-endian; T and J are set
// with the program counter.
constexpr u64 status_kept = ~u64{0x0700fe60};

constexpr EntryRow old_entry[] = {
    {"r0", signal},          {"sp", frame, 0},   {"lr", return_address},
    {"cpsr", constant, 0, status_kept}, {"pc", handler},
};

constexpr EntryRow rt_entry[] = {
    {"r0", signal},   {"r1", frame, 0},         {"r2", frame, 128},
    {"sp", frame, 0}, {"lr", return_address},   {"cpsr", constant, 0, status_kept},
    {"pc", handler},
};

// ILL_ILLOPC 1, ILL_ILLTRP 4, TRAP_BRKPT 1, BUS_ADRALN 1.
constexpr FaultRule faults[] = {
    {FaultCause::unmapped, 11, 1, FaultAddress::data, 14},
    {FaultCause::protection, 11, 2, FaultAddress::data, 14},
    {FaultCause::beyond_file, 7, 2, FaultAddress::data, 14},
    {FaultCause::illegal_instruction, 4, 1, FaultAddress::instruction, 6},
    {FaultCause::privileged_instruction, 4, 1, FaultAddress::instruction, 6},
    {FaultCause::illegal_trap, 4, 4, FaultAddress::trap_instruction, 6},
    {FaultCause::breakpoint, 5, 1, FaultAddress::instruction},
    {FaultCause::alignment, 7, 1, FaultAddress::data, 0, 1},
    {FaultCause::floating_point, 8, 0, FaultAddress::instruction, 6},
    {FaultCause::unknown, 4, 1, FaultAddress::instruction, 6},
};

// The kuser page's compare-and-exchange helpers: atomic because they start over.
constexpr u64 kuser_page = 0xffff0000;
constexpr RestartRange restart_ranges[] = {
#define KUSER_ENTRY(name, offset)
#define KUSER_RESTART(name, first, last, restart) {kuser_page + first, kuser_page + last, kuser_page + restart},
#include "abi/vdso/arm-kuser.def"
#undef KUSER_ENTRY
#undef KUSER_RESTART
};

}  // namespace

extern const SignalAbi arm_signals;
constinit const SignalAbi arm_signals{
    // In the page: ARM sigreturn at 0, Thumb at 8; ARM rt_sigreturn at 12, Thumb at 20.
    .rt = {.size = 888, .alignment = 8, .rows = rt_rows, .entry = rt_entry,
           .page_return = ReturnCode{12, 8}, .sigreturn_alignment = 8},
    .old = SignalFrame{.size = 760, .alignment = 8, .rows = old_rows, .entry = old_entry,
                       .page_return = ReturnCode{0, 8}, .sigreturn_alignment = 8},
    .state = {},
    .minimum_stack = 2048,
    .known_flags = 0xde000807,   // SA_THIRTYTWO too
    .return_page = "[sigpage]",
    .faults = faults,
    // Fault status: domain 1, page translation 7 or page permission 0xf, write 0x800;
    // a fetch has the bit that the kernel adds for prefetch aborts.
    .fault_error = {.unmapped = 0x17, .protection = 0x1f, .write_adds = 0x800, .execute_adds = 0x80000000},
    .restart_ranges = restart_ranges,
    .state_register = "cpsr",
    .state_bit = 0x20,
};

}  // namespace postern
