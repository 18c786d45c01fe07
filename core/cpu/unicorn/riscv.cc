// riscv: user mode, floating point on, `rdtime` carried out as the kernel lets programs see it.
#include "cpu/unicorn/engine.hpp"

#include <array>
#include <time.h>

namespace postern::unicorn {

namespace {

#define X(n) {"x" #n, UC_RISCV_REG_X##n}
#define F(n) {"f" #n, UC_RISCV_REG_F##n}
constexpr std::array names = std::to_array<RegisterName>({
    {"pc", UC_RISCV_REG_PC},
    X(1), X(2), X(3), X(4), X(5), X(6), X(7), X(8), X(9), X(10), X(11), X(12), X(13), X(14), X(15), X(16),
    X(17), X(18), X(19), X(20), X(21), X(22), X(23), X(24), X(25), X(26), X(27), X(28), X(29), X(30), X(31),
    F(0), F(1), F(2), F(3), F(4), F(5), F(6), F(7), F(8), F(9), F(10), F(11), F(12), F(13), F(14), F(15), F(16),
    F(17), F(18), F(19), F(20), F(21), F(22), F(23), F(24), F(25), F(26), F(27), F(28), F(29), F(30), F(31),
    {"fcsr", UC_RISCV_REG_FCSR},
});
#undef X
#undef F

// Causes of the privileged architecture (mcause).
enum Exception : u32 {
    fetch_misaligned = 0, illegal_instruction = 2, breakpoint = 3, load_misaligned = 4, store_misaligned = 6,
    user_call = 8,
};

constexpr u64 fp_clean = 2 << 13;            // mstatus.FS; user mode in MPP is 0
constexpr u64 user_page = 0xffff'f000;       // of the 32-bit machine: no guest's address
constexpr unsigned code_offset = 0, reservation_code_offset = 0x100, data_offset = 0x800;
/// Before the interrupt hook the engine adds this to the program counter, whatever the exception.
constexpr u64 engine_step = 4;

constexpr u32 long_breakpoint = 0x00100073, short_breakpoint = 0x9002;   // ebreak, c.ebreak

/// rdtime, rdtimeh: `csrrs rd, time, x0`.
constexpr u32 read_time = 0xc0102073, read_time_high = 0xc8102073, without_target = ~(31u << 7);
constexpr u64 nanoseconds_per_tick = 100;    // 10 MHz

u64 ticks() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec)) / nanoseconds_per_tick;
}

}  // namespace

class RiscvCpu final : public UnicornCpu {
public:
    using UnicornCpu::UnicornCpu;

    Result<void> start() {
        bool wide = abi().machine == Machine::riscv64;
        POSTERN_TRY(open({UC_ARCH_RISCV, wide ? UC_MODE_RISCV64 : UC_MODE_RISCV32, -1}, names));
        map_private_page({wide ? ~u64{0} - 0xfff : user_page});
        first_general_ = abi().register_index("x1");
        return {};
    }

    /// A store-conditional to our page fails and ends the reservation.
    void forget_reservation() override {
        constexpr u8 code[] = {0x2f, 0xa0, 0x00, 0x18, 0x73, 0x00, 0x00, 0x00};   // sc.w x0, x0, (x1); ecall
        run_aside(reservation_code_offset, code, {UC_RISCV_REG_X1},
                  [this] { raw_set(UC_RISCV_REG_X1, private_page_address() + data_offset); });
    }

private:
    void reset_machine() override { enter_user_mode(); }
    /// `mret` to an `ecall`: 2.1.1 refuses to write the privilege level itself.
    void enter_user_mode() {
        constexpr u8 code[] = {0x73, 0x00, 0x20, 0x30, 0x73, 0x00, 0x00, 0x00};
        raw_set(UC_RISCV_REG_MSTATUS, fp_clean);
        raw_set(UC_RISCV_REG_MEPC, private_page_address() + code_offset + 4);
        run_private_code(code_offset, code);
        raw_set(UC_RISCV_REG_PC, 0);
    }

    /// Breakpoints leave this way too, with the program counter on them.
    Stop invalid_instruction() override {
        u32 word = load_instruction(pc());
        bool is_breakpoint = word == long_breakpoint || (word & 0xffff) == short_breakpoint;
        return {.kind = Stop::Kind::trap,
                .trap = is_breakpoint ? TrapKind::breakpoint : TrapKind::illegal_instruction,
                .address = {pc()}};
    }

    bool serve_time(u64 address);
    u32 load_instruction(u64 address) const;

    void interrupt(u32 number) override {
        if (number == user_call) return serve_system_call();
        if (number == illegal_instruction && serve_time(pc() - engine_step)) return;
        set_pc(pc() - engine_step);
        switch (number) {
            case illegal_instruction: return leave_with_trap(TrapKind::illegal_instruction, {pc()});
            case breakpoint: return leave_with_trap(TrapKind::breakpoint, {pc()});
            case fetch_misaligned:
            case load_misaligned:
            case store_misaligned: return leave_with_trap(TrapKind::alignment, {pc()});
            default: return leave_with_trap(TrapKind::unknown, {pc()}, number);
        }
    }

    RegisterIndex first_general_ = 0;
};

u32 RiscvCpu::load_instruction(u64 address) const {
    std::byte bytes[4] = {};
    (void)memory_.peek({address}, bytes);
    return load<u32>(bytes, ByteOrder::little);
}

/// The engine has no time source: `rdtime` is illegal there.
bool RiscvCpu::serve_time(u64 address) {
    u32 word = load_instruction(address);
    bool low = (word & without_target) == read_time;
    bool high = (word & without_target) == read_time_high && abi().machine == Machine::riscv32;
    if (!low && !high) return false;
    u32 target = word >> 7 & 31;
    u64 value = high ? ticks() >> 32 : ticks() & abi().word_mask();
    if (target != 0) set(static_cast<RegisterIndex>(first_general_ + target - 1), value);
    resume_at(address + 4);
    return true;
}

Result<std::unique_ptr<Cpu>> create_riscv(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler) {
    auto cpu = std::make_unique<RiscvCpu>(abi, memory, handler);
    POSTERN_TRY(cpu->start());
    return cpu;
}

}  // namespace postern::unicorn
