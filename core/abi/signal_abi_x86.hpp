// What the two x86 ABIs' signal frames share. Only for signal_abi_{x86_64,i386}.cc.
// Source: Linux 6.1, arch/x86/kernel/fpu/{signal,regset}.c, traps.c, mm/fault.c.
#pragma once

#include "abi/signal_abi.hpp"

namespace postern::x86 {

// The image of an x87+SSE machine with XSAVE: 512 bytes as FXSAVE stores them, a header of
// 64 and the closing magic word.
inline constexpr u16 xstate_size = 576;
inline constexpr u16 image_size = xstate_size + 4;
inline constexpr u32 xstate_magic1 = 0x46505853;
inline constexpr u32 xstate_magic2 = 0x46505845;
inline constexpr u64 xstate_features = 3;   // x87, SSE

// Bits of EFLAGS that user code may change: AC RF OF DF TF SF ZF AF PF CF.
inline constexpr u64 user_flags = 0x50dd5;
// Cleared at handler entry: DF, RF, TF.
inline constexpr u64 flags_kept = ~u64{0x10500};

// Where a program wants the x87 state of a frame read from differs: 64-bit frames have it in
// the FXSAVE image, 32-bit ones in the older FSAVE image in front of it.
#define POSTERN_X86_IMAGE(base, x87_restored, xmm_count, extended)                                        \
    FrameRow{base + 0, 2, SignalSource::reg, "fpcw", 1, 0, 0, ~u64{0}, x87_restored},                     \
    FrameRow{base + 2, 2, SignalSource::reg, "fpsw", 1, 0, 0, ~u64{0}, x87_restored},                     \
    FrameRow{base + 4, 1, SignalSource::reg, "fptag", 1, 0, 0, ~u64{0}, x87_restored},                    \
    FrameRow{base + 24, 4, SignalSource::reg, "mxcsr", 1, 0, 0, 0xffff, 0xffff},                          \
    FrameRow{base + 28, 4, SignalSource::constant, {}, 1, 0, 0xffff},                                     \
    FrameRow{base + 32, 10, SignalSource::bytes, "st0", 8, 16, 0, ~u64{0}, x87_restored},                 \
    FrameRow{base + 160, 16, SignalSource::bytes, "xmm0", xmm_count, 0, 0, ~u64{0}, ~u64{0}},             \
    FrameRow{base + 464, 4, SignalSource::constant, {}, 1, 0, x86::xstate_magic1},                        \
    FrameRow{base + 468, 4, SignalSource::constant, {}, 1, 0, extended},                                  \
    FrameRow{base + 472, 8, SignalSource::constant, {}, 1, 0, x86::xstate_features},                      \
    FrameRow{base + 480, 4, SignalSource::constant, {}, 1, 0, x86::xstate_size},                          \
    FrameRow{base + 512, 8, SignalSource::constant, {}, 1, 0, x86::xstate_features},                      \
    FrameRow{base + 576, 4, SignalSource::constant, {}, 1, 0, x86::xstate_magic2}

#define POSTERN_X86_INITIAL_STATE(xmm_count)                                                              \
    EntryRow{"fpcw", SignalSource::constant, 0x37f},                                                      \
    EntryRow{"fpsw", SignalSource::constant, 0},                                                          \
    EntryRow{"fptag", SignalSource::constant, 0},                                                         \
    EntryRow{"mxcsr", SignalSource::constant, 0x1f80},                                                    \
    EntryRow{"st0", SignalSource::bytes, 0, 0, 8},                                                        \
    EntryRow{"xmm0", SignalSource::bytes, 0, 0, xmm_count}

// Generic signal numbers, si_code and trap vectors.
inline constexpr FaultRule faults[] = {
    {FaultCause::unmapped, 11, 1, FaultAddress::data, 14},
    {FaultCause::protection, 11, 2, FaultAddress::data, 14},
    {FaultCause::beyond_file, 7, 2, FaultAddress::data, 14},
    {FaultCause::illegal_instruction, 4, 2, FaultAddress::instruction, 6},
    {FaultCause::privileged_instruction, 11, 0x80, FaultAddress::none, 13},
    {FaultCause::general_protection, 11, 0x80, FaultAddress::none, 13},
    {FaultCause::breakpoint, 5, 0x80, FaultAddress::none, 3},
    {FaultCause::integer_divide, 8, 1, FaultAddress::instruction, 0},
    {FaultCause::integer_overflow, 11, 0x80, FaultAddress::none, 4},
    {FaultCause::floating_point, 8, 0, FaultAddress::instruction, 16},
    {FaultCause::alignment, 7, 1, FaultAddress::none, 17},
    {FaultCause::illegal_trap, 11, 0x80, FaultAddress::none, 13},
    {FaultCause::unknown, 11, 0x80, FaultAddress::none, 13},
};

// Page-fault error code: present 1, write 2, user 4, instruction fetch 16.
inline constexpr FaultError fault_error{.unmapped = 4, .protection = 5, .write_adds = 2, .execute_adds = 16};

}  // namespace postern::x86
