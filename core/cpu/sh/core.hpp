// An SH-4 in user mode behind the Cpu contract.
#pragma once

#include "cpu/blocks/context.hpp"
#include "cpu/blocks/core.hpp"
#include "cpu/sh/translate.hpp"

namespace postern::sh {

/// The registers of the ABI's table are found by name: r0 to r15, pc, pr, sr, gbr, mach, macl, fpul,
/// fpscr, fr0 to fr15 and xf0 to xf15. fr are those of bank 0 and xf those of bank 1 whatever FPSCR.FR
/// says, as signal frames have them.
///
/// Like Linux, whatever interrupts an atomic sequence ("gUSA") makes it begin again: after run() and in
/// a system call the registers are those of its first instruction.
class Core final : public blocks::Core {
public:
    static constexpr std::string_view name = "Postern SH-4";

    /// Error: the ABI has a register of another name.
    static Result<std::unique_ptr<Cpu>> create(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler);

    u64 get(RegisterIndex index) const override;
    void set(RegisterIndex index, u64 value) override;
    std::unique_ptr<CpuContext> make_context() const override { return blocks::make_context(state_); }
    void save(CpuContext& context) override { blocks::save(state_, context); }
    void restore(const CpuContext& context) override { blocks::restore(state_, context); }
    void reset() override;
    std::string_view engine_name() const override { return name; }

private:
    /// What a register of the ABI's table is.
    enum class Home : u8 { general, pc, pr, sr, gbr, mach, macl, fpul, fpscr, bank0, bank1 };
    struct Place {
        Home home;
        u8 number = 0;
    };

    Core(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler, std::vector<Place> places);

    static std::optional<Place> place_of(std::string_view register_name);
    /// Registers that are words; null: SR and FPSCR.
    const u32* word(Place place) const;

    u32 settle() override { return Mode::of(state_.fpscr).number(); }
    blocks::Block* translate(blocks::BlockCache& cache) override {
        return sh::translate(state_, cache, Mode::of(state_.fpscr));
    }
    void interrupt() override;

    std::vector<Place> places_;            // by register index
    State state_;
};

}  // namespace postern::sh
