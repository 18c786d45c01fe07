// A PA-RISC in user mode behind the Cpu contract.
#pragma once

#include "abi/parisc.hpp"
#include "cpu/blocks/context.hpp"
#include "cpu/blocks/core.hpp"
#include "cpu/parisc/translate.hpp"

namespace postern::parisc {

/// The registers of the ABI's table are found by name: psw, r1 to r31, iaoq0, iaoq1, sar, cr27, and fr0 to fr31.
///
/// Setting iaoq0 makes iaoq1 what follows it in memory, and the instruction there is not skipped, with the privilege
/// of programs; psw and iaoq1 may be set afterwards.
class Core final : public blocks::Core {
public:
    static constexpr std::string_view name = "Postern PA-RISC";

    /// Error: the ABI has a register of another name.
    static Result<std::unique_ptr<Cpu>> create(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler);

    u64 get(RegisterIndex index) const override;
    void set(RegisterIndex index, u64 value) override;
    std::unique_ptr<CpuContext> make_context() const override { return blocks::make_context(state_); }
    void save(CpuContext& context) override { blocks::save(state_, context); }
    void restore(const CpuContext& context) override { blocks::restore(state_, context); }
    void reset() override { state_.reset(); }
    std::string_view engine_name() const override { return name; }

private:
    /// What a register of the ABI's table is.
    enum class Home : u8 { general, psw, pc, next_pc, sar, thread_pointer, floating };
    struct Place {
        Home home;
        u8 number = 0;
    };

    Core(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler, std::vector<Place> places);

    static std::optional<Place> place_of(std::string_view register_name);

    u32 settle() override;
    blocks::Block* translate(blocks::BlockCache& cache) override {
        return parisc::translate(state_, cache, Mode::of(state_));
    }
    /// Once a system call is on the gateway page, it is made: Linux delivers no signal there.
    bool may_stop() const override {
        return state_.privilege != 0 && state_.pc - system_call_entry >= system_call_size;
    }
    static constexpr u32 system_call_entry = gateway_page + 0x100, system_call_size = 12;   // abi/vdso/parisc-gateway.def

    std::vector<Place> places_;            // by register index
    State state_;
};

}  // namespace postern::parisc
