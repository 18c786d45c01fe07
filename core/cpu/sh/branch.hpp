// Branches, traps, and what user mode may not execute.
#pragma once

#include "cpu/sh/integer.hpp"

namespace postern::sh {

inline Fork bf(State& c, Label8) { return {c.t == 0}; }
inline Fork bt(State& c, Label8) { return {c.t != 0}; }
inline GotoIf bf_s(State& c, Label8) { return {c.t == 0}; }
inline GotoIf bt_s(State& c, Label8) { return {c.t != 0}; }
inline Goto bra(State&, Label12) { return {}; }
inline GotoRegister braf(State& c, Rn n, BehindSlot behind) { return {c.r[n.value] + behind.value}; }
inline GotoRegister jmp(State& c, Rn n) { return {c.r[n.value]}; }
inline GotoRegister rts(State& c) { return {c.pr}; }

// The slot of a call sees the new PR.
inline Goto bsr(State& c, Label12, BehindSlot behind) {
    c.pr = behind.value;
    return {};
}
inline GotoRegister bsrf(State& c, Rn n, BehindSlot behind) {
    c.pr = behind.value;
    return {c.r[n.value] + behind.value};
}
inline GotoRegister jsr(State& c, Rn n, BehindSlot behind) {
    c.pr = behind.value;
    return {c.r[n.value]};
}

/// Linux takes numbers below 0x20 for system calls and all others for breakpoints, at which the program
/// counter is set back (arch/sh/kernel/entry-common.S, traps.c).
inline Exit trapa(State& c, Uimm imm, Here here) {
    constexpr u32 first_breakpoint = 0x20;
    if (imm.value >= first_breakpoint) {
        c.raise(TrapKind::breakpoint, here.value);
        c.trapped = false;
        c.pc = here.value;
        return Exit::trap;
    }
    c.pc = here.value + 2;
    return Exit::system_call;
}

template <typename... Operands> inline bool privileged(State& c, Operands...) { return c.raise(TrapKind::privileged_instruction); }

}  // namespace postern::sh
