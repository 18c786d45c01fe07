// What x86 guests are promised in AT_HWCAP is what their processor says.
#include "cpu/cpu.hpp"
#include "memory/address_space.hpp"

#include <array>
#include <doctest/doctest.h>

using namespace postern;

namespace {

class NoCalls final : public SyscallHandler {
    bool system_call() override { return false; }
};

}  // namespace

TEST_CASE("x86: AT_HWCAP is what CPUID has in EDX, bit by bit") {
    constexpr std::array<u8, 9> code{0xb8, 1, 0, 0, 0, 0x0f, 0xa2, 0x0f, 0x0b};   // mov $1,%eax; cpuid; ud2
    constexpr GuestAddr page{0x10000};
    for (std::string_view name : {"x86-64", "x32", "i386"}) {
        CAPTURE(name);
        const Abi& abi = *find_abi(name);
        auto memory = std::move(*memory::AddressSpace::create(abi));
        NoCalls handler;
        auto cpu = std::move(*create_cpu(abi, *memory, handler));
        cpu->reset();
        REQUIRE(memory->map_special(page, 0x1000, read_execute, true, "code"));
        REQUIRE(memory->poke(page, std::as_bytes(std::span{code})));
        cpu->set_pc(page.value);
        CHECK(cpu->run().trap == TrapKind::illegal_instruction);
        u64 features = cpu->get(abi.register_index(name == "i386" ? "edx" : "rdx"));
        CHECK(static_cast<u32>(features) == abi.start.hwcap);
    }
}
