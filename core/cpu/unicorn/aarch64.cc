// aarch64: EL0, FP and SIMD on, the EL0-visible system registers as Linux opens them.
#include "cpu/unicorn/engine.hpp"

#include <array>

namespace postern::unicorn {

namespace {

#define X(n) {"x" #n, UC_ARM64_REG_X##n}
#define V(n) {"v" #n, UC_ARM64_REG_V##n}
constexpr std::array names = std::to_array<RegisterName>({
    X(0), X(1), X(2), X(3), X(4), X(5), X(6), X(7), X(8), X(9), X(10), X(11), X(12), X(13), X(14), X(15),
    X(16), X(17), X(18), X(19), X(20), X(21), X(22), X(23), X(24), X(25), X(26), X(27), X(28), X(29), X(30),
    {"sp", UC_ARM64_REG_SP}, {"pc", UC_ARM64_REG_PC}, {"pstate", special_register},
    {"tpidr_el0", UC_ARM64_REG_TPIDR_EL0},
    V(0), V(1), V(2), V(3), V(4), V(5), V(6), V(7), V(8), V(9), V(10), V(11), V(12), V(13), V(14), V(15),
    V(16), V(17), V(18), V(19), V(20), V(21), V(22), V(23), V(24), V(25), V(26), V(27), V(28), V(29), V(30), V(31),
    {"fpsr", UC_ARM64_REG_FPSR}, {"fpcr", UC_ARM64_REG_FPCR},
});
#undef X
#undef V

enum Exception : u32 { undefined = 1, supervisor_call = 2, breakpoint = 7 };

// SCTLR_EL1 bits that Linux sets for user space: DC ZVA, CTR_EL0, WFI, WFE and cache
// maintenance by address are allowed at EL0, the stack pointer must be 16-byte aligned.
constexpr u64 user_controls = u64{1} << 4 | u64{1} << 14 | u64{1} << 15 | u64{1} << 16 | u64{1} << 18 | u64{1} << 26;
// PSTATE bits that are a user process' own: condition flags and BTYPE.
constexpr u64 user_flags = 0xf0000c00;
// ID_AA64PFR0_EL1: FP and AdvSIMD; neither SVE nor anything of other exception levels.
constexpr u64 visible_features = 0x00ff0000;
constexpr u64 page_address = ~u64{0} - 0xfff;   // no guest's address
// CNTKCTL_EL1: EL0 may read the virtual counter and its frequency.
constexpr u64 counter_controls = 3;

}  // namespace

class Aarch64Cpu final : public UnicornCpu {
public:
    using UnicornCpu::UnicornCpu;

    Result<void> start() {
        POSTERN_TRY(open({UC_ARCH_ARM64, UC_MODE_ARM, UC_CPU_ARM64_MAX}, names));
        change_system_register(14, 1, 0, 0, counter_controls);   // CNTKCTL_EL1
        first_general_ = abi().register_index("x0");
        map_private_page({page_address});
        return {};
    }

    void forget_reservation() override {
        constexpr u8 code[] = {0x5f, 0x3f, 0x03, 0xd5, 0x01, 0x00, 0x00, 0xd4};   // clrex, svc 0
        run_aside(0, code, {});
    }

private:
    bool read_id_register();
    u32 load_instruction();
    u64 system_register(u32 crn, u32 crm, u32 op1, u32 op2) {
        uc_arm64_cp_reg reg{.crn = crn, .crm = crm, .op0 = 3, .op1 = op1, .op2 = op2, .val = 0};
        uc_reg_read(engine_, UC_ARM64_REG_CP_REG, &reg);
        return reg.val;
    }
    void change_system_register(u32 crn, u32 crm, u32 op1, u32 op2, u64 set_bits) {
        u64 value = system_register(crn, crm, op1, op2) | set_bits;
        uc_arm64_cp_reg reg{.crn = crn, .crm = crm, .op0 = 3, .op1 = op1, .op2 = op2, .val = value};
        uc_reg_write(engine_, UC_ARM64_REG_CP_REG, &reg);
    }

    void reset_machine() override {
        raw_set(UC_ARM64_REG_CPACR_EL1, 3 << 20);
        raw_set(UC_ARM64_REG_PSTATE, 0);   // EL0t; SP is banked, so it comes after
        // Also makes the engine notice the exception level: a write of PSTATE alone leaves
        // the cached one in force.
        change_system_register(1, 0, 0, 0, user_controls);   // SCTLR_EL1
        raw_set(UC_ARM64_REG_SP, 0);
    }

    u64 get_special(RegisterIndex) const override { return raw_get(UC_ARM64_REG_PSTATE) & user_flags; }
    void set_special(RegisterIndex, u64 value) override { raw_set(UC_ARM64_REG_PSTATE, value & user_flags); }

    void interrupt(u32 number) override {
        switch (number) {
            case supervisor_call: return serve_system_call();
            case breakpoint: return leave_with_trap(TrapKind::breakpoint, {pc()});
            case undefined:
                if (!read_id_register()) leave_with_trap(TrapKind::illegal_instruction, {pc()});
                return;
            default: return leave_with_trap(TrapKind::unknown, {pc()}, number);
        }
    }

    RegisterIndex first_general_ = 0;
};

/// `mrs` of an identification register, which Linux serves for user space (HWCAP_CPUID):
/// op0 = 3, op1 = 0, CRn = 0. What is no feature of ours reads as zero.
bool Aarch64Cpu::read_id_register() {
    auto word = load_instruction();
    if ((word & 0xfffff000) != 0xd5380000) return false;
    u32 crm = word >> 8 & 15, op2 = word >> 5 & 7, target = word & 31;
    u64 value = 0;
    if (crm == 0 && op2 == 0) value = system_register(0, 0, 0, 0);        // MIDR_EL1
    else if (crm == 0 && op2 == 5) value = u64{1} << 31;                  // MPIDR_EL1
    else if (crm == 0 && op2 != 6) return false;                          // (REVIDR_EL1 = 0)
    else if (crm == 4 && op2 == 0) value = system_register(0, 4, 0, 0) & visible_features;   // ID_AA64PFR0_EL1
    else if (crm == 6 && op2 <= 1) value = system_register(0, 6, 0, op2);   // ID_AA64ISAR0/1_EL1
    if (target != 31) set(static_cast<RegisterIndex>(first_general_ + target), value);
    resume_at(pc() + 4);
    return true;
}

u32 Aarch64Cpu::load_instruction() {
    std::byte bytes[4] = {};
    (void)memory_.peek({pc()}, bytes);
    return load<u32>(bytes, ByteOrder::little);
}

Result<std::unique_ptr<Cpu>> create_aarch64(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler) {
    auto cpu = std::make_unique<Aarch64Cpu>(abi, memory, handler);
    POSTERN_TRY(cpu->start());
    return cpu;
}

}  // namespace postern::unicorn
