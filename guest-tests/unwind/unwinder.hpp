// Unwinds from where a guest is, through code with frame descriptions, to whoever called that.
#pragma once

#include "cpu/cpu.hpp"
#include "unwind/frame_rules.hpp"
#include "unwind/registers.hpp"

#include <array>
#include <string>
#include <unordered_map>

namespace postern::unwinding {

/// What is known of the registers of one frame, by DWARF number.
using Frame = std::array<std::optional<u64>, 128>;

/// Code with frame descriptions in a guest's memory.
struct DescribedCode {
    std::string name;
    std::vector<std::byte> file;                ///< ELF
    tools::FrameDescriptions descriptions;
    std::vector<std::pair<u64, u64>> ranges;    ///< executable, start and size as linked
    u64 bias = 0;                               ///< guest address - linked address

    /// Error: the file has no frame descriptions, or they cannot be read.
    static Result<DescribedCode> read(std::string name, std::vector<std::byte> file, u64 bias);
    bool contains(u64 guest_address) const;
};

class Unwinder {
public:
    Unwinder(const Abi& abi, Cpu& cpu, const memory::AddressSpace& memory);

    /// The guest's registers now. `floating_point`: s390x, those that hold other registers.
    Frame current(const std::array<std::optional<u64>, 16>& floating_point) const;
    /// The frame that called `code`, and its program counter. `is_exact`: `pc` is an instruction
    /// about to execute, not where a call returns to. Error: why there is none.
    struct Caller {
        Frame frame;
        u64 pc;
        u64 stack_pointer;        ///< by the CFA alone, whatever rule there is for the register
        bool has_signal_frame;    ///< some frame on the way was a signal's
        std::vector<u64> described;   ///< numbers for which the last frame had a rule
    };
    Result<Caller> caller(const DescribedCode& code, Frame frame, u64 pc, bool is_exact);
    /// Is there a description at all for that place?
    bool describes(const DescribedCode& code, u64 pc) const { return code.descriptions.describes(pc - code.bias); }

    const MachineRegisters& machine() const { return machine_; }
    /// The Abi's name of a DWARF number; empty: none.
    std::string name_of(u64 number) const;
    /// DWARF number by the Abi's name, or asserts.
    u64 number_of(std::string_view name) const;
    bool is_program_counter(u64 number) const {
        return number < indices_.size() && indices_[number] == std::optional(abi_.program_counter);
    }
    /// Bits that count in a register.
    u64 mask_of(u64 number) const;
    u64 frame_bias() const { return abi_.word_size == 8 ? machine_.frame_bias : machine_.frame_bias_32; }

private:
    struct Step {
        Frame frame;
        u64 stack_pointer;
    };
    Result<Step> step(const FrameRules& rules, const Frame& frame);
    Result<std::optional<u64>> apply(const RegisterRule& rule, u64 number, u64 cfa, const Frame& frame,
                                     const FrameReader& reader) const;
    std::optional<u64> load(u64 address, unsigned width) const;

    const Abi& abi_;
    Cpu& cpu_;
    const memory::AddressSpace& memory_;
    const MachineRegisters& machine_;
    std::array<std::optional<RegisterIndex>, 128> indices_ = {};
    std::map<std::pair<const DescribedCode*, u64>, std::optional<FrameRules>> known_;
};

}  // namespace postern::unwinding
