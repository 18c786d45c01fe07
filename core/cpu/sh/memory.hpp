// What touches memory: moves, read-modify-write on bytes, system registers, the cache.
#pragma once

#include "cpu/blocks/access.hpp"
#include "cpu/sh/integer.hpp"

namespace postern::sh {

using blocks::load;
using blocks::probe;
using blocks::store;
using blocks::update;

/// Loads extend the sign.
template <typename T>
[[gnu::always_inline]] inline bool load_register(State& c, u32 address, u32 n, Misaligned rule = Misaligned::carried_out) {
    T value;
    if (!load(c, address, value, rule)) return false;
    c.r[n] = static_cast<u32>(value);
    return true;
}
template <typename T>
[[gnu::always_inline]] inline bool store_register(State& c, u32 address, u32 m, Misaligned rule = Misaligned::carried_out) {
    return store(c, address, static_cast<T>(c.r[m]), rule);
}

// --- mov

template <typename T> inline bool store_at(State& c, Rm m, Rn n) { return store_register<T>(c, c.r[n.value], m.value); }
template <typename T> inline bool load_at(State& c, Rm m, Rn n) { return load_register<T>(c, c.r[m.value], n.value); }
template <typename T> inline bool store_before(State& c, Rm m, Rn n) {
    u32 address = c.r[n.value] - sizeof(T);
    if (!store_register<T>(c, address, m.value)) return false;
    c.r[n.value] = address;
    return true;
}
/// Loaded into the register that is also the address, the value wins.
template <typename T> inline bool load_after(State& c, Rm m, Rn n) {
    u32 address = c.r[m.value];
    if (!load_register<T>(c, address, n.value)) return false;
    if (m.value != n.value) c.r[m.value] = address + sizeof(T);
    return true;
}
template <typename T> inline bool store_disp_r0(State& c, Disp4<sizeof(T)> disp, Rn n) {
    return store_register<T>(c, c.r[n.value] + disp.value, 0);
}
template <typename T> inline bool load_disp_r0(State& c, Disp4<sizeof(T)> disp, Rm m) {
    return load_register<T>(c, c.r[m.value] + disp.value, 0);
}
inline bool store_disp(State& c, Rm m, Disp4<4> disp, Rn n) { return store_register<i32>(c, c.r[n.value] + disp.value, m.value); }
inline bool load_disp(State& c, Disp4<4> disp, Rm m, Rn n) { return load_register<i32>(c, c.r[m.value] + disp.value, n.value); }
template <typename T> inline bool store_indexed(State& c, Rm m, Rn n) {
    return store_register<T>(c, c.r[0] + c.r[n.value], m.value);
}
template <typename T> inline bool load_indexed(State& c, Rm m, Rn n) {
    return load_register<T>(c, c.r[0] + c.r[m.value], n.value);
}
template <typename T> inline bool store_gbr(State& c, Disp8<sizeof(T)> disp) {
    return store_register<T>(c, c.gbr + disp.value, 0, Misaligned::refused);
}
template <typename T> inline bool load_gbr(State& c, Disp8<sizeof(T)> disp) {
    return load_register<T>(c, c.gbr + disp.value, 0, Misaligned::refused);
}
template <typename T> inline bool load_literal(State& c, Literal<sizeof(T)> literal, Rn n) {
    return load_register<T>(c, literal.value, n.value);
}

// --- multiply and accumulate: Rn is read first

template <typename T, auto accumulate> inline bool mac(State& c, Rm m, Rn n) {
    T first, second;
    u32 first_address = c.r[n.value];
    u32 second_address = c.r[m.value] + (m.value == n.value ? sizeof(T) : 0);
    if (!load(c, first_address, first) || !load(c, second_address, second)) return false;
    c.r[n.value] = first_address + sizeof(T);
    c.r[m.value] = second_address + sizeof(T);
    accumulate(c, second, first);
    return true;
}

// --- bytes at (R0 + GBR), and the semaphore

template <auto operation> inline bool modify_byte(State& c, Uimm imm) {
    u8 value;
    u32 address = c.r[0] + c.gbr;
    return load(c, address, value) && store(c, address, static_cast<u8>(operation(u32{value}, imm.value)));
}
inline bool tst_b(State& c, Uimm imm) {
    u8 value;
    if (!load(c, c.r[0] + c.gbr, value)) return false;
    c.t = (value & imm.value) == 0;
    return true;
}
inline bool tas_b(State& c, Rn n) {
    u8 value;
    if (!update(c, c.r[n.value], value, [](u8 byte) { return static_cast<u8>(byte | 0x80); })) return false;
    c.t = value == 0;
    return true;
}

// --- system registers

template <auto member> inline void to_system(State& c, Rm m) { c.*member = c.r[m.value]; }
template <auto member> inline void from_system(State& c, Rn n) { c.r[n.value] = c.*member; }
template <auto member> inline bool load_system(State& c, Rm m) {
    u32 value;
    if (!load(c, c.r[m.value], value)) return false;
    c.r[m.value] += 4;
    c.*member = value;
    return true;
}
template <auto member> inline bool store_system(State& c, Rn n) {
    u32 address = c.r[n.value] - 4;
    if (!store(c, address, c.*member)) return false;
    c.r[n.value] = address;
    return true;
}
inline void lds_fpscr(State& c, Rm m) { c.set_fpscr(c.r[m.value]); }
inline bool lds_l_fpscr(State& c, Rm m) {
    u32 value;
    if (!load(c, c.r[m.value], value)) return false;
    c.r[m.value] += 4;
    c.set_fpscr(value);
    return true;
}

// --- the cache, of which a program sees nothing but its faults: memory is coherent, so that neither
//     an invalidated nor an allocated line loses what it held

inline bool movca_l(State& c, Rn n) { return store_register<i32>(c, c.r[n.value], 0, Misaligned::refused); }
inline bool ocbi(State& c, Rn n) { return probe(c, c.r[n.value], Access::write); }
inline bool ocbp(State& c, Rn n) { return probe(c, c.r[n.value], Access::read); }
inline void pref(State&, Rn) {}

}  // namespace postern::sh
