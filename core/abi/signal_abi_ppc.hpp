// What the signal frames of the PowerPC ABIs share. Only for signal_abi_ppc*.cc.
// Source: Linux 6.1, arch/powerpc/kernel/{signal,signal_32,signal_64,traps,process}.c,
// arch/powerpc/mm/fault.c, include/uapi/asm/{ptrace,reg,elf}.h.
#pragma once

#include "abi/signal_abi.hpp"

namespace postern::ppc {

// Exception vectors, as frames and siginfo's neighbours show them.
inline constexpr u16 data_storage = 0x300, alignment = 0x600, program = 0x700, system_call = 0xc00;

inline constexpr u64 msr_vector = 0x02000000, msr_vsx = 0x00800000;

// pt_regs as an array of words: r0 ... r31, then nip, msr, orig_r3, ctr, link, xer, ccr, softe,
// trap, dar, dsisr, result. MSR belongs to the kernel: sigreturn takes nothing of it, since the
// byte order cannot change on the way.
#define POSTERN_PPC_GENERAL(word, msr_shown)                                                             \
    FrameRow{0, word, SignalSource::reg, "r0", 32, 0, 0, ~u64{0}, ~u64{0}},                              \
    FrameRow{32 * word, word, SignalSource::reg, "pc", 1, 0, 0, ~u64{0}, ~u64{0}},                       \
    FrameRow{33 * word, word, SignalSource::reg, "msr", 1, 0, msr_shown},                                \
    FrameRow{34 * word, word, SignalSource::reg, "r3"},                                                  \
    FrameRow{35 * word, word, SignalSource::reg, "ctr", 1, 0, 0, ~u64{0}, ~u64{0}},                      \
    FrameRow{36 * word, word, SignalSource::reg, "lr", 1, 0, 0, ~u64{0}, ~u64{0}},                       \
    FrameRow{37 * word, word, SignalSource::reg, "xer", 1, 0, 0, ~u64{0}, ~u64{0}},                      \
    FrameRow{38 * word, word, SignalSource::reg, "cr", 1, 0, 0, ~u64{0}, ~u64{0}},                       \
    FrameRow{39 * word, word, SignalSource::constant, {}, 1, 0, word == 8},                              \
    FrameRow{40 * word, word, SignalSource::constant, {}, 1, 0, ppc::system_call},                       \
    FrameRow{40 * word, word, SignalSource::trap_number, {}, 1, 0, 0, ~u64{0}, 0, SignalCondition::after_fault},   \
    FrameRow{41 * word, word, SignalSource::fault_address, {}, 1, 0, 0, ~u64{0}, 0, SignalCondition::after_fault}, \
    FrameRow{42 * word, word, SignalSource::error_code, {}, 1, 0, 0, ~u64{0}, 0, SignalCondition::after_fault}

// Thirty-two floating-point registers and FPSCR, behind forty-eight words of general ones.
#define POSTERN_PPC_FLOATING(word)                                                                       \
    FrameRow{48 * word, 8, SignalSource::reg, "f0", 32, 0, 0, ~u64{0}, ~u64{0}},                         \
    FrameRow{48 * word + 256, 8, SignalSource::reg, "fpscr", 1, 0, 0, ~u64{0}, ~u64{0}}

// Generic signal numbers and si_code.
inline constexpr FaultRule faults[] = {
    {FaultCause::unmapped, 11, 1, FaultAddress::data, data_storage},
    {FaultCause::protection, 11, 2, FaultAddress::data, data_storage},
    {FaultCause::beyond_file, 7, 2, FaultAddress::data, data_storage},
    {FaultCause::illegal_instruction, 4, 1, FaultAddress::instruction, program, 0x80000},
    {FaultCause::privileged_instruction, 4, 5, FaultAddress::instruction, program, 0x40000},
    {FaultCause::breakpoint, 5, 1, FaultAddress::instruction, program, 0x20000},
    {FaultCause::floating_point, 8, 0, FaultAddress::instruction, program, 0x100000},
    {FaultCause::alignment, 7, 1, FaultAddress::data, alignment},
    {FaultCause::unknown, 4, 1, FaultAddress::instruction, program},
};

// DSISR after a refused access: no translation, or one that protects; and whether it was a store.
inline constexpr FaultError fault_error{.unmapped = 0x40000000, .protection = 0x08000000,
                                        .write_adds = 0x02000000};

}  // namespace postern::ppc
