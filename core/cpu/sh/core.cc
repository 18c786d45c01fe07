#include "cpu/sh/core.hpp"

namespace postern::sh {

namespace {

constexpr u32 first_sequence_stack = 0xc000'0000;   ///< Linux: both upper bits of r15 are set

}  // namespace

Result<std::unique_ptr<Cpu>> Core::create(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler) {
    std::vector<Place> places;
    for (const Register& wanted : abi.registers) {
        auto place = place_of(wanted.name);
        if (!place || wanted.width != 4) {
            return fail(ErrorKind::internal, fmt::format("{}: the engine has no register {}", abi.name, wanted.name));
        }
        places.push_back(*place);
    }
    return std::unique_ptr<Cpu>(new Core(abi, memory, handler, std::move(places)));
}

Core::Core(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler, std::vector<Place> places)
    : blocks::Core(abi, memory, handler, state_, 2), places_(std::move(places)),
      state_(memory, *this, *this, abi.byte_order != host_byte_order) {}

/// Inside a sequence r15 is its length, negative, r0 its end and r1 the stack pointer. Whatever enters the
/// kernel then sets the program counter to the instruction that has put the length into r15, the one
/// before the sequence, and restores the stack pointer (Linux: arch/sh/kernel/cpu/sh3/entry.S).
void Core::interrupt() {
    auto& r = state_.r;
    if (r[15] < first_sequence_stack) return;
    if (state_.pc < r[0]) state_.pc = r[0] + r[15] - 2;
    r[15] = r[1];
}

}  // namespace postern::sh
