// A MIPS processor on Unicorn, of either word size: what mips.cc and mips_exceptions.cc share.
#pragma once

#include "cpu/unicorn/engine.hpp"
#include "cpu/unicorn/mips_instruction.hpp"

#include <array>
#include <bitset>

namespace postern::unicorn {

/// User mode, floating point on, and what Unicorn's interface keeps to itself: the floating-point
/// registers, the state between a branch and its delay slot, and the program counter of every
/// exception but a system call. The 64-bit machine (n32, n64) starts a little differently:
/// mips_model.hpp, start_engine.
class MipsCpu final : public UnicornCpu {
public:
    using UnicornCpu::UnicornCpu;

    Result<void> start();
    void forget_reservation() override;

private:
    void reset_machine() override;
    void before_entry() override;
    void interrupt(u32 number) override;
    bool settle(Stop& stop) override;
    bool may_stop_before(u64 address) const override;
    u64 get_special(RegisterIndex index) const override;
    void set_special(RegisterIndex index, u64 value) override;
    uc_err start_engine(u64 address) override;
    uc_prot private_permissions(u64 address) const override;
    std::optional<u64> accessed_address() const override;

    // --- the machine
    bool is_wide() const { return abi().machine == Machine::mips64; }
    u64 page_address() const;
    u64 user_status() const;
    Result<void> check_width();
    void enable_hardware_registers();
    void fill_translation_buffer();
    bool in_kernel_mode() const;
    u64 general(unsigned number) const { return number ? raw_get(UC_MIPS_REG_0 + static_cast<int>(number)) : 0; }
    void set_general(unsigned number, u64 value) { raw_set(UC_MIPS_REG_0 + static_cast<int>(number), value); }
    uc_err run_words(u64 offset, std::span<const u32> words) const;
    void store_words(u64 offset, std::span<const u32> words) const;

    // --- floating-point registers: sixteen pairs (FR = 0), or 32 (FR = 1), and FCSR behind them
    static constexpr unsigned most_floats = 32, state_size = most_floats * 8 + 4;
    unsigned float_count() const { return is_wide() ? most_floats : most_floats / 2; }
    unsigned register_step() const { return is_wide() ? 1 : 2; }
    unsigned control_offset() const { return float_count() * 8; }
    unsigned state_number(RegisterIndex index) const { return index == fcsr_ ? float_count() : index - first_float_; }
    bool state_is_known() const;
    void learn_state() const;
    void load_state();

    // --- exceptions (mips_exceptions.cc)
    mips::Instruction instruction_at(u64 address) const;
    mips::RegisterReader reader() const;
    u64 canonical(u64 address) const;
    std::optional<u64> leave_delay_slot();
    bool carry_out(u64 address, Stop& stop);
    u64 stored_value(const mips::MemoryAccess& access) const;
    void take_value(const mips::MemoryAccess& access, u64 value);

    RegisterIndex first_float_ = 0, fcsr_ = 0;
    // Copy of the floating-point registers while the guest stands still, in the guest's byte order:
    // which of them are true, and whether some are newer than the machine's.
    mutable std::array<std::byte, state_size> state_{};
    mutable std::bitset<most_floats + 1> known_;
    bool changed_ = false;
};

}  // namespace postern::unicorn
