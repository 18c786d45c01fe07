// Branches, the gateway, system registers, and what programs may not execute.
#pragma once

#include "abi/parisc.hpp"
#include "cpu/host_counter.hpp"
#include "cpu/parisc/integer.hpp"

namespace postern::parisc {

// --- to a label

template <u8 bits>
inline Go bl(State& c, N n, Label<bits>, RT t, Link link) {
    c.r[t.value] = link.value | c.privilege;
    return {n.value != 0};
}
/// As the others with 22 bits, which link to r2.
inline Go bl_long(State& c, N n, Label<22>, Link link) {
    c.r[2] = link.value | c.privilege;
    return {n.value != 0};
}
/// On the gateway page, what it goes to has the highest privilege. It is no instruction for a slot: the translator knows.
inline Jump gate(State& c, N n, Target label, RT t, Here here) {
    c.r[t.value] = (c.r[t.value % no_register] & ~3u) | c.privilege;
    bool is_gateway = here.value - gateway_page < Tlb::page_size;
    return {label.value | (is_gateway ? 0 : c.privilege), n.value != 0, is_gateway};
}

template <u32 negated>
inline Branch cmpb(State& c, Half<CompareCondition, negated> condition, N n, RA a, RB b, Label<12>) {
    return {holds(CompareCondition(condition).value, subtract(c.r[a.value], c.r[b.value])), n.value != 0};
}
template <u32 negated>
inline Branch cmpib(State& c, Half<CompareCondition, negated> condition, N n, Immediate<5> imm, RB b, Label<12>) {
    return {holds(CompareCondition(condition).value, subtract(static_cast<u32>(imm.value), c.r[b.value])), n.value != 0};
}
[[gnu::always_inline]] inline Branch add_and_branch(State& c, AddCondition condition, N n, u32 first, RB b) {
    Sum sum = add_with_carry(first, c.r[b.value], 0);
    c.r[b.value == 0 ? no_register : b.value] = sum.value;
    return {holds(condition.value, sum), n.value != 0};
}
template <u32 negated>
inline Branch addb(State& c, Half<AddCondition, negated> condition, N n, RA a, RB b, Label<12>) {
    return add_and_branch(c, condition, n, c.r[a.value], b);
}
template <u32 negated>
inline Branch addib(State& c, Half<AddCondition, negated> condition, N n, Immediate<5> imm, RB b, Label<12>) {
    return add_and_branch(c, condition, n, static_cast<u32>(imm.value), b);
}
inline Branch movb(State& c, ShiftCondition condition, N n, RA a, RB b, Label<12>) {
    u32 value = c.r[a.value];
    c.r[b.value == 0 ? no_register : b.value] = value;
    return {holds(condition, value), n.value != 0};
}
inline Branch movib(State& c, ShiftCondition condition, N n, Immediate<5> imm, RB b, Label<12>) {
    c.r[b.value == 0 ? no_register : b.value] = static_cast<u32>(imm.value);
    return {holds(condition, static_cast<u32>(imm.value)), n.value != 0};
}
[[gnu::always_inline]] inline Branch branch_on_bit(const State& c, BitCondition condition, N n, RR r, u32 position) {
    return {(c.r[r.value] >> (31 - position) & 1) != condition.value, n.value != 0};
}
inline Branch bb(State& c, BitCondition condition, N n, RR r, Position pos, Label<12>) {
    return branch_on_bit(c, condition, n, r, pos.value);
}
inline Branch bb_variable(State& c, BitCondition condition, N n, RR r, Label<12>) {
    return branch_on_bit(c, condition, n, r, c.sar);
}

// --- by register

inline Jump blr(State& c, N n, RX x, RT t, Here here, Link link) {
    u32 target = here.value + 8 + (c.r[x.value] << 3);
    c.r[t.value] = link.value | c.privilege;
    return {target | c.privilege, n.value != 0};
}
inline Jump bv(State& c, N n, RX x, Base b) { return {c.r[b.value] + (c.r[x.value] << 3), n.value != 0}; }
inline Jump bve(State& c, N n, Base b) { return {c.r[b.value], n.value != 0}; }
inline Jump bve_link(State& c, N n, Base b, Link link) {
    u32 target = c.r[b.value];
    c.r[2] = link.value | c.privilege;
    return {target, n.value != 0};
}

/// Where an address of a space is in the flat address space: the gateway page at its own place, and nothing behind it,
/// where what other spaces have is looked for.
inline u32 flat_address(u32 space, u32 address) {
    if (space == own_space) return address;
    bool is_gateway = space == gateway_space && address < Tlb::page_size;
    return static_cast<u32>(gateway_page) + (is_gateway ? address : static_cast<u32>(Tlb::page_size) | (address & 3));
}
inline Jump be(State& c, N n, BranchDisplacement disp, SR s, Base b) {
    return {flat_address(c.spaces[s.value], c.r[b.value] + static_cast<u32>(disp.value)), n.value != 0};
}
inline Jump be_link(State& c, N n, BranchDisplacement disp, SR s, Base b, Here here, Link link) {
    u32 target = flat_address(c.spaces[s.value], c.r[b.value] + static_cast<u32>(disp.value));
    c.spaces[0] = here.value < gateway_page ? own_space : gateway_space;
    c.r[31] = link.value | c.privilege;
    return {target, n.value != 0};
}

// --- traps

template <typename... Operands> inline bool privileged(State& c, Operands...) { return c.raise(TrapKind::privileged_instruction); }

POSTERN_PARISC_OPERAND(Code13, 'j', 13, "im13", decode_field, print_number);
POSTERN_PARISC_OPERAND(Code26, 'i', 26, "code", decode_field, print_address);
inline bool break_(State& c, Code5, Code13) { return c.raise(TrapKind::breakpoint); }

/// What the gateway page ends with: with the highest privilege, its own code is the system call. It goes on where
/// r31 says, as a program.
inline Exit diag(State& c, Code26 code) {
    constexpr u32 reserved_trap = 0x53'7401;
    if (c.privilege != 0 || code.value != reserved_trap) {
        c.raise(TrapKind::privileged_instruction);
        return Exit::trap;
    }
    c.privilege = user_privilege;
    c.go_to(c.r[31] & ~3u);
    return Exit::system_call;
}

// --- system registers

POSTERN_PARISC_OPERAND(ControlTarget, 't', 5, "cr", decode_field, [](i64 value) { return fmt::format("%cr{}", value); });
POSTERN_PARISC_OPERAND(ControlSource, 'c', 5, "cr", decode_field, [](i64 value) { return fmt::format("%cr{}", value); });
inline constexpr u32 control_sar = 11, control_timer = 16, control_thread = 27, control_temporary = 26;

/// Programs may write the shift amount only.
inline bool mtctl(State& c, RR r, ControlTarget t) {
    if (t.value == control_sar) c.sar = c.r[r.value] & 31;
    else if (c.privilege != 0) return c.raise(TrapKind::privileged_instruction);
    else if (t.value == control_thread) c.thread_pointer = c.r[r.value];
    return true;
}
inline bool mfctl(State& c, ControlSource from, RT t) {
    switch (from.value) {
        case control_sar: c.r[t.value] = c.sar; return true;
        case control_timer: c.r[t.value] = static_cast<u32>(host_counter()); return true;
        case control_thread: c.r[t.value] = c.thread_pointer; return true;
        case control_temporary: c.r[t.value] = 0; return true;
        default: return c.raise(TrapKind::privileged_instruction);
    }
}
inline bool mfctl_w(State& c, RT t) { return mfctl(c, {control_sar}, t); }
inline void mtsarcm(State& c, RR r) { c.sar = ~c.r[r.value] & 31; }
inline void mfia(State& c, RT t, Here here) { c.r[t.value] = here.value | c.privilege; }

/// The upper four space registers are the kernel's to write.
inline bool mtsp(State& c, RR r, SR s) {
    if (s.value >= 4 && c.privilege != 0) return c.raise(TrapKind::privileged_instruction);
    c.spaces[s.value] = c.r[r.value];
    return true;
}
inline void mfsp(State& c, SR s, RT t) { c.r[t.value] = c.spaces[s.value]; }
inline void ldsid(State& c, Space s, Base b, RT t) { c.r[t.value] = c.spaces[s.value ? s.value : 4 + (c.r[b.value] >> 30)]; }

}  // namespace postern::parisc
