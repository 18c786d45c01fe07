#include "cpu/parisc/core.hpp"

#include <charconv>
#include <fmt/format.h>

namespace postern::parisc {

Result<std::unique_ptr<Cpu>> Core::create(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler) {
    std::vector<Place> places;
    for (const Register& wanted : abi.registers) {
        auto place = place_of(wanted.name);
        if (!place || wanted.width != (place->home == Home::floating ? 8 : 4)) {
            return fail(ErrorKind::internal, fmt::format("{}: the engine has no register {}", abi.name, wanted.name));
        }
        places.push_back(*place);
    }
    return std::unique_ptr<Cpu>(new Core(abi, memory, handler, std::move(places)));
}

Core::Core(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler, std::vector<Place> places)
    : blocks::Core(abi, memory, handler, state_, 4), places_(std::move(places)),
      state_(memory, *this, *this) {
    POSTERN_ASSERT(abi.byte_order == ByteOrder::big);
}

/// An instruction that is to be skipped is not fetched.
u32 Core::settle() {
    if (std::exchange(state_.nullify, false)) state_.advance();
    return Mode::of(state_).number();
}

std::optional<Core::Place> Core::place_of(std::string_view register_name) {
    static constexpr std::pair<std::string_view, Home> words[] = {{"psw", Home::psw},     {"iaoq0", Home::pc},
                                                                  {"iaoq1", Home::next_pc}, {"sar", Home::sar},
                                                                  {"cr27", Home::thread_pointer}};
    for (auto [known, home] : words)
        if (register_name == known) return Place{home};
    Home home = register_name.starts_with("fr") ? Home::floating : Home::general;
    std::string_view digits = register_name.substr(home == Home::floating ? 2 : 1);
    u8 number = 0;
    auto [rest, error] = std::from_chars(digits.begin(), digits.end(), number);
    bool is_number = error == std::errc{} && rest == digits.end() && number < 32;
    if (!is_number || (home == Home::general && (register_name[0] != 'r' || number == 0))) return std::nullopt;
    return Place{home, number};
}

u64 Core::get(RegisterIndex index) const {
    Place place = places_[index];
    switch (place.home) {
        case Home::general: return state_.r[place.number];
        case Home::psw: return state_.psw();
        case Home::pc: return state_.pc;
        case Home::next_pc: return state_.next_pc;
        case Home::sar: return state_.sar;
        case Home::thread_pointer: return state_.thread_pointer;
        case Home::floating: break;
    }
    u64 word = state_.f[State::float_word(place.number, 0)];
    return word << 32 | state_.f[State::float_word(place.number, 1)];
}

void Core::set(RegisterIndex index, u64 value) {
    Place place = places_[index];
    auto low = static_cast<u32>(value);
    switch (place.home) {
        case Home::general: state_.r[place.number] = low; return;
        case Home::psw: state_.set_psw(low); return;
        case Home::pc:
            state_.privilege = user_privilege;
            state_.nullify = false;
            state_.go_to(low & ~3u);
            return;
        case Home::next_pc: state_.next_pc = low & ~3u; return;
        case Home::sar: state_.sar = low & 31; return;
        case Home::thread_pointer: state_.thread_pointer = low; return;
        case Home::floating: break;
    }
    state_.f[State::float_word(place.number, 0)] = static_cast<u32>(value >> 32);
    state_.f[State::float_word(place.number, 1)] = low;
}

}  // namespace postern::parisc
