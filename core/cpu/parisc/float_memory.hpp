// Loads and stores of floating-point registers. Register 0 is the status there.
#pragma once

#include "cpu/parisc/float.hpp"

namespace postern::parisc {

POSTERN_PARISC_COMPLETER(ModifyLong, 'm', 2, "{,cmplt}", "", "", ",ma", ",mb");
POSTERN_PARISC_COMPLETER(ModifyAlways, 'm', 1, "{,cmplt}", ",ma", ",mb");

template <typename T>
[[gnu::always_inline]] inline bool load_float(State& c, Space space, const Place& place, Base b, u32 word) {
    BitsOf<T> bits;
    if (!is_own(c, space, place.address, Access::read) || !load(c, place.address, bits, Misaligned::carried_out)) return false;
    set_bits<T>(c, word, bits);
    place.finish(c, b);
    return true;
}
template <typename T>
[[gnu::always_inline]] inline bool store_float(State& c, Space space, const Place& place, Base b, u32 word) {
    if (!is_own(c, space, place.address, Access::write)) return false;
    if (!store(c, place.address, get_bits<T>(c, word), Misaligned::carried_out)) return false;
    place.finish(c, b);
    return true;
}
/// Loads and stores with the same addressing.
template <typename T, bool stores>
[[gnu::always_inline]] inline bool move_float(State& c, Space s, const Place& place, Base b, u32 word) {
    return stores ? store_float<T>(c, s, place, b, word) : load_float<T>(c, s, place, b, word);
}
template <typename T, bool stores>
inline bool move_float_indexed(State& c, ModifyIndexed m, LoadHint, RX x, Space s, Base b, MovedT<T, FloatField::half_first> t) {
    return move_float<T, stores>(c, s, indexed<sizeof(T)>(c, b, x, m), b, t.value);
}
template <typename T, bool stores>
inline bool move_float_short(State& c, ModifyShort m, LoadHint, Immediate<5> imm, Space s, Base b, MovedT<T, FloatField::half_first> t) {
    return move_float<T, stores>(c, s, modified(c, b, imm.value, m), b, t.value);
}
template <bool stores>
inline bool move_single_modify(State& c, ModifyAlways m, WordDisplacement disp, Space s, Base b, MovedT<float, FloatField::half_last> t) {
    return move_float<float, stores>(c, s, modified(c, b, as_signed(disp.value), {m.value ? 3u : 1u}), b, t.value);
}
template <bool stores>
inline bool move_single(State& c, WordDisplacement disp, Space s, Base b, MovedT<float, FloatField::half_last> t) {
    return move_float<float, stores>(c, s, displaced(c, b, as_signed(disp.value)), b, t.value);
}
template <bool stores>
inline bool move_double(State& c, ModifyLong m, DoubleDisplacement disp, Space s, Base b, MovedT<double, FloatField::whole> t) {
    Place place = m.value & 2 ? modified(c, b, as_signed(disp.value), {m.value & 1 ? 3u : 1u}) : displaced(c, b, as_signed(disp.value));
    return move_float<double, stores>(c, s, place, b, t.value);
}

}  // namespace postern::parisc
