// The registers of the ABI's table.
#include "cpu/sh/core.hpp"

#include <charconv>

namespace postern::sh {

namespace {

/// The number behind `prefix`; nothing: the name is another one, or the number is none of a register.
std::optional<u8> number_after(std::string_view name, std::string_view prefix) {
    if (!name.starts_with(prefix)) return std::nullopt;
    u8 number = 0;
    const char* end = name.data() + name.size();
    auto [rest, error] = std::from_chars(name.data() + prefix.size(), end, number);
    if (error != std::errc{} || rest != end || number > 15) return std::nullopt;
    return number;
}

}  // namespace

std::optional<Core::Place> Core::place_of(std::string_view register_name) {
    static constexpr std::pair<std::string_view, Home> words[] = {
        {"pc", Home::pc},     {"pr", Home::pr},     {"sr", Home::sr},     {"gbr", Home::gbr},
        {"mach", Home::mach}, {"macl", Home::macl}, {"fpul", Home::fpul}, {"fpscr", Home::fpscr}};
    static constexpr std::pair<std::string_view, Home> files[] = {
        {"r", Home::general}, {"fr", Home::bank0}, {"xf", Home::bank1}};
    for (auto [known, home] : words)
        if (register_name == known) return Place{home};
    for (auto [prefix, home] : files)
        if (auto number = number_after(register_name, prefix)) return Place{home, *number};
    return std::nullopt;
}

const u32* Core::word(Place place) const {
    bool swapped = state_.fpscr & fpscr::other_bank;
    switch (place.home) {
        case Home::general: return &state_.r[place.number];
        case Home::pc: return &state_.pc;
        case Home::pr: return &state_.pr;
        case Home::gbr: return &state_.gbr;
        case Home::mach: return &state_.mach;
        case Home::macl: return &state_.macl;
        case Home::fpul: return &state_.fpul;
        case Home::bank0: return &state_.fr[place.number + (swapped ? 16 : 0)];
        case Home::bank1: return &state_.fr[place.number + (swapped ? 0 : 16)];
        case Home::sr:
        case Home::fpscr: break;
    }
    return nullptr;
}

u64 Core::get(RegisterIndex index) const {
    Place place = places_[index];
    if (place.home == Home::sr) return state_.sr();
    if (place.home == Home::fpscr) return state_.fpscr;
    return *word(place);
}

void Core::set(RegisterIndex index, u64 value) {
    Place place = places_[index];
    auto low = static_cast<u32>(value);
    if (place.home == Home::sr) return state_.set_sr(low);
    if (place.home == Home::fpscr) return state_.set_fpscr(low);
    *const_cast<u32*>(word(place)) = low;
}

void Core::reset() {
    for (RegisterIndex index = 0; index < places_.size(); ++index) set(index, 0);
    state_.set_fpscr(fpscr::at_start);
}

}  // namespace postern::sh
