// arm: user mode, VFP and NEON on, Thumb state in bit 0 of the program counter.
#include "cpu/unicorn/engine.hpp"

#include <array>

namespace postern::unicorn {

namespace {

#define R(n) {"r" #n, UC_ARM_REG_R##n}
#define D(n) {"d" #n, UC_ARM_REG_D##n}
constexpr std::array names = std::to_array<RegisterName>({
    R(0), R(1), R(2), R(3), R(4), R(5), R(6), R(7), R(8), R(9), R(10), R(11), R(12),
    {"sp", UC_ARM_REG_SP}, {"lr", UC_ARM_REG_LR}, {"pc", UC_ARM_REG_PC}, {"cpsr", special_register},
    {"tpidruro", UC_ARM_REG_C13_C0_3},
    D(0), D(1), D(2), D(3), D(4), D(5), D(6), D(7), D(8), D(9), D(10), D(11), D(12), D(13), D(14), D(15),
    D(16), D(17), D(18), D(19), D(20), D(21), D(22), D(23), D(24), D(25), D(26), D(27), D(28), D(29), D(30), D(31),
    {"fpscr", UC_ARM_REG_FPSCR},
});
#undef R
#undef D

enum Exception : u32 { undefined = 1, supervisor_call = 2, breakpoint = 7 };

constexpr u64 page_address = 0xffff'f000;   // no guest's address
constexpr u32 user_mode = 0x10;
constexpr u32 thumb_bit = 0x20;
// CPSR bits that are a user process' own: N Z C V Q, GE, IT, T.
constexpr u32 user_flags = 0xf80f0000 | 0x0600fc00 | thumb_bit;

}  // namespace

class ArmCpu final : public UnicornCpu {
public:
    using UnicornCpu::UnicornCpu;

    Result<void> start() {
        POSTERN_TRY(open({UC_ARCH_ARM, UC_MODE_ARM, UC_CPU_ARM_MAX}, names));
        // CNTKCTL: user mode may read the virtual counter and its frequency.
        uc_arm_cp_reg reg{.cp = 15, .is64 = 0, .sec = 0, .crn = 14, .crm = 1, .opc1 = 0, .opc2 = 0, .val = 3};
        uc_reg_write(engine_, UC_ARM_REG_CP_REG, &reg);
        map_private_page({page_address});
        return {};
    }

    void forget_reservation() override {
        constexpr u8 code[] = {0x1f, 0xf0, 0x7f, 0xf5, 0x00, 0x00, 0x00, 0xef};   // clrex, svc 0
        run_aside(0, code, {UC_ARM_REG_CPSR});
    }

private:
    void reset_machine() override {
        raw_set(UC_ARM_REG_CPSR, user_mode);   // SP and LR are banked, so they come after
        raw_set(UC_ARM_REG_SP, 0);
        raw_set(UC_ARM_REG_LR, 0);
        raw_set(UC_ARM_REG_C1_C0_2, 0xf00000);
        raw_set(UC_ARM_REG_FPEXC, 0x40000000);
    }

    void stopping_before(u64 address) override { set_pc(address | (raw_get(UC_ARM_REG_CPSR) & thumb_bit ? 1 : 0)); }
    u64 start_address() const override { return pc() | (raw_get(UC_ARM_REG_CPSR) & thumb_bit ? 1 : 0); }

    u64 get_special(RegisterIndex) const override { return (raw_get(UC_ARM_REG_CPSR) & user_flags) | user_mode; }
    void set_special(RegisterIndex, u64 value) override { raw_set(UC_ARM_REG_CPSR, (value & user_flags) | user_mode); }

    void interrupt(u32 number) override {
        switch (number) {
            case supervisor_call: return serve_system_call();
            case breakpoint: return leave_with_trap(TrapKind::breakpoint, {pc()});
            case undefined: return leave_with_trap(TrapKind::illegal_instruction, {pc()});
            default: return leave_with_trap(TrapKind::unknown, {pc()}, number);
        }
    }
};

Result<std::unique_ptr<Cpu>> create_arm(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler) {
    auto cpu = std::make_unique<ArmCpu>(abi, memory, handler);
    POSTERN_TRY(cpu->start());
    return cpu;
}

}  // namespace postern::unicorn
