// The registers of threads that take turns on one engine, on every ABI.
#include "cpu/cpu.hpp"
#include "memory/address_space.hpp"

#include <algorithm>
#include <array>
#include <doctest/doctest.h>
#include <vector>

using namespace postern;

namespace {

class NoCalls final : public SyscallHandler {
    bool system_call() override { return false; }
};

/// Those that hold any bits: no modes, no segments, no controls of floating point.
bool holds_any_bits(std::string_view name) {
    static constexpr std::string_view others[] = {
        "pc", "eip", "rip", "iaoq0", "iaoq1", "cpsr", "pstate", "eflags", "psw", "pswm", "msr", "sr", "cs", "ss", "ds", "es", "fs",
        "gs", "fs_base", "gs_base", "fpcw", "fpsw", "fptag", "mxcsr", "fcsr", "fpscr", "fpc", "vscr", "xer", "fr0"};
    return std::ranges::find(others, name) == std::end(others);
}

using Values = std::vector<std::array<std::byte, 16>>;

void fill(Cpu& cpu, u8 seed) {
    for (RegisterIndex i = 0; i < cpu.abi().registers.size(); ++i) {
        if (!holds_any_bits(cpu.abi().registers[i].name)) continue;
        std::array<std::byte, 16> value;
        for (unsigned byte = 0; byte < value.size(); ++byte) value[byte] = static_cast<std::byte>((seed + i * 7 + byte * 3) & 0x3f);
        cpu.set_bytes(i, std::span(value).first(cpu.abi().registers[i].width));
    }
}

/// As they are read: some have fewer bits than were written.
Values values_of(const Cpu& cpu) {
    Values values(cpu.abi().registers.size());
    for (RegisterIndex i = 0; i < values.size(); ++i) cpu.get_bytes(i, std::span(values[i]).first(cpu.abi().registers[i].width));
    return values;
}

}  // namespace

TEST_CASE("a context is all registers of a thread") {
    for (const Abi* abi : all_abis()) {
        CAPTURE(abi->name);
        auto memory = memory::AddressSpace::create(*abi);
        REQUIRE(memory);
        NoCalls handler;
        auto cpu = create_cpu(*abi, **memory, handler);
        REQUIRE(cpu);
        (*cpu)->reset();
        auto first = (*cpu)->make_context(), second = (*cpu)->make_context();

        fill(**cpu, 1);
        (*cpu)->set_pc(0x10000);
        Values first_values = values_of(**cpu);
        (*cpu)->save(*first);
        fill(**cpu, 0x21);
        (*cpu)->set_pc(0x10100);
        Values second_values = values_of(**cpu);
        CHECK(first_values != second_values);
        (*cpu)->save(*second);
        CHECK(values_of(**cpu) == second_values);

        for (int turn = 0; turn < 2; ++turn) {
            (*cpu)->restore(*first);
            CHECK(values_of(**cpu) == first_values);
            CHECK((*cpu)->pc() == 0x10000);
            (*cpu)->forget_reservation();
            CHECK(values_of(**cpu) == first_values);
            (*cpu)->restore(*second);
            CHECK(values_of(**cpu) == second_values);
        }
    }
}
