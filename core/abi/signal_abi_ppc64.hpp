// The frame of the two 64-bit PowerPC ABIs, which differ in byte order and in how a handler is
// entered. Only for signal_abi_ppc64*.cc.
//
// The kernel's struct rt_sigframe (with room for a transaction's second context, 4096 bytes, of
// which the last 512 are for functions that write below their stack pointer) lies behind a called
// function's frame of 128 bytes; offsets here count from that. Handlers are not entered
// directly: the vDSO's `bctrl` calls what is in ctr, so that their return address is in the
// trampoline. Vector registers are found through a pointer, as are no others.
// Source: Linux 6.1, arch/powerpc/kernel/signal_64.c, include/uapi/asm/sigcontext.h.
#pragma once

#include "abi/signal_abi_ppc.hpp"

#include <array>

namespace postern::ppc {

inline constexpr u16 caller_frame = 128;
inline constexpr u16 frame_size = caller_frame + 4096;
inline constexpr u16 context = caller_frame, machine_context = context + 168, general = machine_context + 64;
inline constexpr u16 vector_pointer = general + 48 * 8 + 33 * 8, vectors = vector_pointer + 16;
inline constexpr u16 info = caller_frame + 3456;
inline constexpr u16 vectors_size = 34 * 16 + 32 * 8;

// The registers that start the sigcontext's array, moved to where it lies.
template <std::size_t count>
consteval std::array<FrameRow, count> moved(std::array<FrameRow, count> rows, u16 distance) {
    for (FrameRow& row : rows) row.offset = static_cast<u16>(row.offset + distance);
    return rows;
}

template <std::size_t first, std::size_t second>
consteval std::array<FrameRow, first + second> joined(const std::array<FrameRow, first>& a,
                                                      const std::array<FrameRow, second>& b) {
    std::array<FrameRow, first + second> rows{};
    for (std::size_t i = 0; i < first; ++i) rows[i] = a[i];
    for (std::size_t i = 0; i < second; ++i) rows[first + i] = b[i];
    return rows;
}

inline constexpr auto register_rows = moved(std::to_array<FrameRow>({
    POSTERN_PPC_GENERAL(8, msr_vector | msr_vsx),
    POSTERN_PPC_FLOATING(8),
}), general);

inline constexpr auto frame_rows = joined(std::to_array<FrameRow>({
    {0, 8, SignalSource::reg, "r1"},
    {context + 0, 8, SignalSource::constant},            // uc_flags
    {context + 8, 8, SignalSource::constant},            // uc_link: no transaction
    {context + 16, 8, SignalSource::stack_base, {}, 1, 0, 0, ~u64{0}, ~u64{0}},
    {context + 24, 4, SignalSource::stack_flags, {}, 1, 0, 0, ~u64{0}, ~u64{0}},
    {context + 32, 8, SignalSource::stack_size, {}, 1, 0, 0, ~u64{0}, ~u64{0}},
    {context + 40, 8, SignalSource::mask, {}, 1, 0, 0, ~u64{0}, ~u64{0}},
    {machine_context + 32, 4, SignalSource::signal},
    {machine_context + 40, 8, SignalSource::handler},
    {machine_context + 56, 8, SignalSource::frame, {}, 1, 0, general},
    {vector_pointer, 8, SignalSource::frame, {}, 1, 0, vectors},
    {caller_frame + 3440, 8, SignalSource::frame, {}, 1, 0, info},
    {caller_frame + 3448, 8, SignalSource::frame, {}, 1, 0, context},
    {info, 128, SignalSource::siginfo},
}), register_rows);

// Thirty-two vectors, VSCR, VRSAVE (each in 16 bytes), and the halves of the first thirty-two
// VSX registers that are not floating-point registers. VSCR is a vector as stvx writes it, so its
// place among those bytes depends on the byte order.
template <u16 vscr_offset>
inline constexpr FrameRow vector_rows[] = {
    {0, 16, SignalSource::bytes, "v0", 32, 0, 0, ~u64{0}, ~u64{0}},
    {vscr_offset, 4, SignalSource::reg, "vscr", 1, 0, 0, ~u64{0}, ~u64{0}},
    {33 * 16, 4, SignalSource::reg, "vrsave", 1, 0, 0, ~u64{0}, ~u64{0}},
    {34 * 16, 8, SignalSource::reg, "vsl0", 32, 0, 0, ~u64{0}, ~u64{0}},
};
template <u16 vscr_offset>
inline constexpr PointedBlock blocks[] = {{vector_pointer, vectors, vectors_size, vector_rows<vscr_offset>}};

#define POSTERN_PPC64_ENTRY                                                                         \
    EntryRow{"r3", SignalSource::signal},                                                           \
    EntryRow{"r4", SignalSource::frame, ppc::machine_context},                                      \
    EntryRow{"r4", SignalSource::frame, ppc::info, 0, 1, SignalCondition::wants_siginfo},           \
    EntryRow{"r5", SignalSource::frame, ppc::context, 0, 1, SignalCondition::wants_siginfo},        \
    EntryRow{"r6", SignalSource::frame, ppc::caller_frame, 0, 1, SignalCondition::wants_siginfo},   \
    EntryRow{"r1", SignalSource::frame, 0},                                                         \
    EntryRow{"fpscr", SignalSource::constant, 0},                                                   \
    EntryRow{"pc", SignalSource::return_address}

}  // namespace postern::ppc
