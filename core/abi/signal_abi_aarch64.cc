// Signals of aarch64. One kind of frame; a frame record {x29, x30} stands above it so that
// unwinders can step over. The state records start with FPSIMD, which sigreturn demands; after
// a fault the syndrome record follows; a zero header ends the list.
// Source: Linux 6.1, arch/arm64/kernel/signal.c, include/uapi/asm/sigcontext.h.
#include "abi/signal_abi.hpp"

namespace postern {
namespace {

using enum SignalSource;

constexpr u64 all = ~u64{0};
constexpr u64 condition_flags = 0xf0000000;   // N Z C V
constexpr u64 privileged_state = 0x3df;       // mode, 32-bit state, interrupt masks: 0 in user mode
constexpr u16 records = 592;          // uc_mcontext.__reserved
constexpr u16 frame_record = 4688;

constexpr FrameRow frame_rows[] = {
    {0, 128, siginfo},
    {128, 8, constant},               // uc_flags
    {136, 8, constant},               // uc_link
    {144, 8, stack_base, {}, 1, 0, 0, all, all},
    {152, 4, stack_flags, {}, 1, 0, 0, all, all},
    {160, 8, stack_size, {}, 1, 0, 0, all, all},
    {168, 8, mask, {}, 1, 0, 0, all, all},
    {304, 8, fault_address},
    {312, 8, reg, "x0", 31, 0, 0, all, all},
    {560, 8, reg, "sp", 1, 0, 0, all, all},
    {568, 8, reg, "pc", 1, 0, 0, all, all},
    {576, 8, constant, {}, 1, 0, 0, all, privileged_state},
    {576, 8, reg, "pstate", 1, 0, 0, ~privileged_state, condition_flags},
    {records, 4, constant, {}, 1, 0, 0x46508001, all, all},
    {records + 4, 4, constant, {}, 1, 0, 528, all, all},
    {records + 8, 4, reg, "fpsr", 1, 0, 0, all, all},
    {records + 12, 4, reg, "fpcr", 1, 0, 0, all, all},
    {records + 16, 16, bytes, "v0", 32, 0, 0, all, all},
    {records + 528, 4, constant, {}, 1, 0, 0x45535201, all, 0, SignalCondition::after_fault},
    {records + 532, 4, constant, {}, 1, 0, 16, all, 0, SignalCondition::after_fault},
    {records + 536, 8, error_code, {}, 1, 0, 0, all, 0, SignalCondition::after_fault},
    {frame_record, 8, reg, "x29"},
    {frame_record + 8, 8, reg, "x30"},
};

constexpr EntryRow entry_rows[] = {
    {"x0", signal},
    {"x1", frame, 0, 0, 1, SignalCondition::wants_siginfo},
    {"x2", frame, 128, 0, 1, SignalCondition::wants_siginfo},
    {"x29", frame, frame_record},
    {"x30", return_address},
    {"sp", frame, 0},
    {"pc", handler},
};

// ILL_ILLOPC 1, TRAP_BRKPT 1, BUS_ADRALN 1. The syndrome's exception class: data abort from
// below 0x24, instruction abort 0x20, breakpoint instruction 0x3c.
constexpr FaultRule faults[] = {
    {FaultCause::unmapped, 11, 1, FaultAddress::data},
    {FaultCause::protection, 11, 2, FaultAddress::data},
    {FaultCause::beyond_file, 7, 2, FaultAddress::data},
    {FaultCause::illegal_instruction, 4, 1, FaultAddress::instruction, 0, 0x02000000},
    {FaultCause::privileged_instruction, 4, 1, FaultAddress::instruction, 0, 0x02000000},
    {FaultCause::illegal_trap, 4, 1, FaultAddress::instruction, 0, 0x02000000},
    {FaultCause::breakpoint, 5, 1, FaultAddress::instruction, 0, 0xf2000000},
    {FaultCause::alignment, 7, 1, FaultAddress::data, 0, 0x92000021},
    {FaultCause::floating_point, 8, 0, FaultAddress::instruction, 0, 0xb2000000},
    {FaultCause::unknown, 4, 1, FaultAddress::instruction, 0, 0x02000000},
};

}  // namespace

extern const SignalAbi aarch64_signals;
constinit const SignalAbi aarch64_signals{
    .rt = {.size = frame_record + 16, .alignment = 16, .rows = frame_rows, .entry = entry_rows,
           .vdso_return = "rt_sigreturn", .sigreturn_alignment = 16},
    .old = {},
    .state = {},
    .minimum_stack = 5120,
    .faults = faults,
    // Level-3 translation 7 and permission 0xf; write 0x40; a fetch has class 0x20, not 0x24.
    .fault_error = {.unmapped = 0x92000007, .protection = 0x9200000f, .write_adds = 0x40,
                    .execute_adds = 0xf0000000},
};

}  // namespace postern
