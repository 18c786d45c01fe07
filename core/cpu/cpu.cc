#include "cpu/cpu.hpp"

#include "cpu/instruction_text.hpp"
#include "cpu/parisc/core.hpp"
#include "cpu/sh/core.hpp"
#include "cpu/unicorn/engine.hpp"

#include <fmt/format.h>

namespace postern {

bool Cpu::set_segment(unsigned, u32, u32, u32) { return false; }

std::optional<Cpu::Segment> Cpu::segment(unsigned) const { return std::nullopt; }

Result<std::unique_ptr<Cpu>> create_cpu(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler) {
    switch (abi.machine) {
        case Machine::x86_64:
        case Machine::i386: return unicorn::create_x86(abi, memory, handler);
        case Machine::aarch64: return unicorn::create_aarch64(abi, memory, handler);
        case Machine::arm: return unicorn::create_arm(abi, memory, handler);
        case Machine::s390x: return unicorn::create_s390x(abi, memory, handler);
        case Machine::mips32:
        case Machine::mips64: return unicorn::create_mips(abi, memory, handler);
        case Machine::ppc32:
        case Machine::ppc64: return unicorn::create_ppc(abi, memory, handler);
        case Machine::riscv32:
        case Machine::riscv64: return unicorn::create_riscv(abi, memory, handler);
        case Machine::parisc: return parisc::Core::create(abi, memory, handler);
        case Machine::sh4: return sh::Core::create(abi, memory, handler);
        default: break;
    }
    return fail(ErrorKind::not_runnable, fmt::format("no engine runs {} programs", abi.name));
}

std::optional<InstructionPrinter> instruction_printer(const Abi& abi) {
    if (abi.machine == Machine::sh4) return InstructionPrinter{.unit = 2, .print = sh::print_start_of};
    if (abi.machine == Machine::parisc) return InstructionPrinter{.unit = 4, .print = parisc::print_start_of};
    return std::nullopt;
}

std::string engine_for(const Abi& abi) {
    if (abi.machine == Machine::parisc) return std::string(parisc::Core::name);
    return abi.machine == Machine::sh4 ? std::string(sh::Core::name) : unicorn::engine_version();
}

}  // namespace postern
