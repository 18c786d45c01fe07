// Loads and stores of general registers, the semaphore, and what asks for pages.
#pragma once

#include "cpu/blocks/access.hpp"
#include "cpu/parisc/integer.hpp"

namespace postern::parisc {

using blocks::load;
using blocks::store;
using blocks::update;

// --- addresses

/// False: the space register names another space than the program's, which has no data for it.
[[gnu::always_inline]] inline bool is_own(State& c, Space space, u32 address, Access access) {
    if (space.value == 0 || c.spaces[space.value] == own_space) [[likely]] return true;
    c.tlb.refuse(address, access);
    return false;
}

/// Where an access is, and what the base register becomes. A base that is r0 stays 0.
struct Place {
    u32 address, base;
    bool modifies;

    [[gnu::always_inline]] void finish(State& c, Base b) const {
        if (modifies && b.value != 0) c.r[b.value] = base;
    }
};

[[gnu::always_inline]] inline Place displaced(const State& c, Base b, i32 displacement) {
    return {c.r[b.value] + static_cast<u32>(displacement), 0, false};
}
/// Modified before a negative displacement, after another one.
[[gnu::always_inline]] inline Place modified(const State& c, Base b, i32 displacement) {
    u32 base = c.r[b.value], sum = base + static_cast<u32>(displacement);
    return {displacement < 0 ? sum : base, sum, true};
}
[[gnu::always_inline]] inline Place modified(const State& c, Base b, i32 displacement, ModifyShort how) {
    u32 base = c.r[b.value], sum = base + static_cast<u32>(displacement);
    return {how.value == 1 ? base : sum, sum, (how.value & 1) != 0};
}
template <u32 size>
[[gnu::always_inline]] inline Place indexed(const State& c, Base b, RX x, ModifyIndexed how) {
    u32 base = c.r[b.value], sum = base + (how.value & 2 ? c.r[x.value] * size : c.r[x.value]);
    return {how.value & 1 ? base : sum, sum, (how.value & 1) != 0};
}

// --- loads and stores. Loaded into the register that is also the base, the value wins.

template <std::unsigned_integral T>
[[gnu::always_inline]] inline bool load_register(State& c, Space space, const Place& place, Base b, RT t) {
    T value;
    if (!is_own(c, space, place.address, Access::read) || !load(c, place.address, value, Misaligned::carried_out)) return false;
    place.finish(c, b);
    c.r[t.value] = value;
    return true;
}
template <std::unsigned_integral T>
[[gnu::always_inline]] inline bool store_register(State& c, Space space, const Place& place, Base b, RR r) {
    if (!is_own(c, space, place.address, Access::write)) return false;
    if (!store(c, place.address, static_cast<T>(c.r[r.value]), Misaligned::carried_out)) return false;
    place.finish(c, b);
    return true;
}

template <typename T> inline bool load_displaced(State& c, Displacement<14> disp, Space s, Base b, RT t) {
    return load_register<T>(c, s, displaced(c, b, disp.value), b, t);
}
inline bool load_modify(State& c, Displacement<14> disp, Space s, Base b, RT t) {
    return load_register<u32>(c, s, modified(c, b, disp.value), b, t);
}
/// The other way round: before a positive displacement, after a negative one.
inline bool load_modify_long(State& c, WordDisplacement disp, Space s, Base b, RT t) {
    auto place = modified(c, b, static_cast<i32>(disp.value), {as_signed(disp.value) < 0 ? 1u : 3u});
    return load_register<u32>(c, s, place, b, t);
}
template <typename T> inline bool load_short(State& c, ModifyShort m, LoadHint, Immediate<5> imm, Space s, Base b, RT t) {
    return load_register<T>(c, s, modified(c, b, imm.value, m), b, t);
}
template <typename T> inline bool load_indexed(State& c, ModifyIndexed m, LoadHint, RX x, Space s, Base b, RT t) {
    return load_register<T>(c, s, indexed<sizeof(T)>(c, b, x, m), b, t);
}
template <typename T> inline bool store_displaced(State& c, RR r, Displacement<14> disp, Space s, Base b) {
    return store_register<T>(c, s, displaced(c, b, disp.value), b, r);
}
inline bool store_modify(State& c, RR r, Displacement<14> disp, Space s, Base b) {
    return store_register<u32>(c, s, modified(c, b, disp.value), b, r);
}
inline bool store_modify_long(State& c, RR r, WordDisplacement disp, Space s, Base b) {
    auto place = modified(c, b, static_cast<i32>(disp.value), {as_signed(disp.value) < 0 ? 1u : 3u});
    return store_register<u32>(c, s, place, b, r);
}
template <typename T> inline bool store_short(State& c, ModifyShort m, StoreHint, RR r, Immediate<5> imm, Space s, Base b) {
    return store_register<T>(c, s, modified(c, b, imm.value, m), b, r);
}

// --- the semaphore: a word becomes 0

[[gnu::always_inline]] inline bool load_and_clear(State& c, Space space, const Place& place, Base b, RT t) {
    u32 value;
    if (!is_own(c, space, place.address, Access::write) || !update(c, place.address, value, [](u32) { return u32{0}; })) return false;
    place.finish(c, b);
    c.r[t.value] = value;
    return true;
}
inline bool ldcw_short(State& c, ModifyShort m, SemaphoreHint, Immediate<5> imm, Space s, Base b, RT t) {
    return load_and_clear(c, s, modified(c, b, imm.value, m), b, t);
}
inline bool ldcw_indexed(State& c, ModifyIndexed m, SemaphoreHint, RX x, Space s, Base b, RT t) {
    return load_and_clear(c, s, indexed<4>(c, b, x, m), b, t);
}

// --- the beginning of a string of bytes, or its end: the part of a word that is from the address on, or in front of it

inline bool stby(State& c, BytesCompleter how, StoreHint, RR r, Immediate<5> imm, Space s, Base b) {
    bool ends = how.value & 2, modifies = how.value & 1;
    u32 base = c.r[b.value], sum = base + static_cast<u32>(imm.value), address = modifies ? base : sum;
    u32 first = ends ? address & ~3u : address, last = ends ? address : (address & ~3u) + 4, value = c.r[r.value];
    if (!is_own(c, s, address, Access::write)) return false;
    if (first == last && !blocks::probe(c, address, Access::write)) return false;
    for (u32 at = first; at != last; ++at)
        if (!store(c, at, static_cast<u8>(value >> (3 - at % 4) * 8))) return false;
    if (modifies && b.value != 0) c.r[b.value] = sum & ~3u;
    return true;
}

// --- questions about pages, and the cache, which is coherent: nothing is to be done

template <Access access>
inline void probe_page(State& c, Space s, Base b, RT t) {
    bool own = s.value == 0 || c.spaces[s.value] == own_space;
    c.r[t.value] = own && c.space.translate({c.r[b.value]}, access).has_value();
}
template <Access access> inline void probe_by_register(State& c, Space s, Base b, RR, RT t) { probe_page<access>(c, s, b, t); }
template <Access access> inline void probe_by_constant(State& c, Space s, Base b, Code5, RT t) { probe_page<access>(c, s, b, t); }

struct ModifyCache {
    static constexpr bool selects = true;
    static constexpr decode::OperandKind kind{'m', 1, "{,m}", decode_field, [](i64 value) { return std::string(value ? ",m" : ""); }};
    u32 value;
};
inline void flush(State& c, ModifyCache m, RX x, AnySpace, Base b) {
    if (m.value && b.value != 0) c.r[b.value] += c.r[x.value];
}
/// Three bits of a space register, which nothing is done with.
struct CodeSpace {
    static constexpr bool silent = true;
    static constexpr decode::OperandKind kind{'s', 3, "sr", SR::kind.decode, SR::kind.print};
    u32 value = 0;
};
inline void flush_code(State& c, ModifyCache m, RX x, CodeSpace, Base b) { flush(c, m, x, {}, b); }
inline void flush_at(State&, Immediate<5>, AnySpace, Base) {}
inline void sync(State&) {}

}  // namespace postern::parisc
