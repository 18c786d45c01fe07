// IBM Z, with 64-bit and with 31-bit addresses: problem state, floating point on, and the registers
// that Unicorn's interface cannot reach (floating point, access registers), which a few guest
// instructions save and load.
#include "cpu/unicorn/engine.hpp"
#include "cpu/unicorn/s390x_instructions.hpp"

#include <array>
#include <bitset>
#include <cstring>
#include <sys/mman.h>
#include <unordered_map>
#include <vector>

namespace postern::unicorn {

namespace {

#define R(n) {"r" #n, UC_S390X_REG_R##n}
#define S(name) {name, special_register}
constexpr std::array names = std::to_array<RegisterName>({
    R(0), R(1), R(2), R(3), R(4), R(5), R(6), R(7), R(8), R(9), R(10), R(11), R(12), R(13), R(14), R(15),
    S("psw_mask"), {"psw_addr", UC_S390X_REG_PC},
    S("a0"), S("a1"), S("a2"), S("a3"), S("a4"), S("a5"), S("a6"), S("a7"),
    S("a8"), S("a9"), S("a10"), S("a11"), S("a12"), S("a13"), S("a14"), S("a15"),
    S("f0"), S("f1"), S("f2"), S("f3"), S("f4"), S("f5"), S("f6"), S("f7"),
    S("f8"), S("f9"), S("f10"), S("f11"), S("f12"), S("f13"), S("f14"), S("f15"), S("fpc"),
    S("h0"), S("h1"), S("h2"), S("h3"), S("h4"), S("h5"), S("h6"), S("h7"),
    S("h8"), S("h9"), S("h10"), S("h11"), S("h12"), S("h13"), S("h14"), S("h15"),
});
#undef R
#undef S

enum Exception : u32 { supervisor_call = 2, program = 3 };

// PSW mask: DAT, I/O, external, machine check, problem state, 31-bit addressing, and what makes
// that 64-bit addressing; what a user process may change is the condition code, the program mask
// and the address-space control.
constexpr u64 user_mask = 0x0705'0000'8000'0000;
constexpr u64 wide_addressing = 0x0000'0001'0000'0000;
constexpr u64 changeable_mask = 0x0000'3f00'0000'0000;
constexpr u64 supervisor_mask = 0x0000'0001'8000'0000;

// The private page: code at the start, then what the code saves and loads. It always runs with
// 64-bit addressing: there is no room for it below 2 GiB.
constexpr u64 page_address = 0xffff'ffff'8000'0000, narrow_page_address = 0xffff'f000;
constexpr u64 save_code_offset = 0;
constexpr u64 load_code_offset = 0x100;
constexpr u64 enable_code_offset = 0x200;
constexpr u64 data_offset = 0x800;
constexpr unsigned access_offset = 128;   // after sixteen floating-point registers
constexpr unsigned fpc_offset = 192;
constexpr unsigned state_size = 196;

/// Sixteen `std`/`ld`, one `stam`/`lam`, one `stfpc`/`lfpc`, all relative to r1; then `svc 0`.
std::vector<u8> state_code(u8 fp_opcode, u8 access_opcode, u8 fpc_opcode) {
    std::vector<u8> code;
    for (u8 i = 0; i < 16; ++i) code.insert(code.end(), {fp_opcode, u8(i << 4), 0x10, u8(i * 8)});
    code.insert(code.end(), {access_opcode, 0x0f, 0x10, access_offset});
    code.insert(code.end(), {0xb2, fpc_opcode, 0x10, fpc_offset});
    code.insert(code.end(), {0x0a, 0x00});
    return code;
}

}  // namespace

class S390xCpu final : public UnicornCpu {
public:
    using UnicornCpu::UnicornCpu;

    Result<void> start() {
        POSTERN_TRY(open({UC_ARCH_S390X, UC_MODE_BIG_ENDIAN, -1}, names));
        first_access_ = abi().register_index("a0");
        first_fp_ = abi().register_index("f0");
        fpc_ = abi().register_index("fpc");
        first_half_ = abi().find_register("h0");
        map_private_page({abi().is_64bit() ? page_address : narrow_page_address});
        if (abi().is_64bit()) map_low_memory();
        enable_floating_point();
        return {};
    }

    u64 system_call_number() const override { return number_; }
    /// Registers always have 64 bits, and a branch takes all of them over into the PSW.
    u64 get(RegisterIndex index) const override {
        u64 value = UnicornCpu::get(index);
        if (index == abi().program_counter) return value & abi().address_mask();
        return abi().is_64bit() || abi().registers[index].width != 4 ? value : value & 0xffffffff;
    }

private:
    void enable_floating_point();
    void run_with_state(u64 offset, std::span<const u8> code) const;
    void learn_state() const;

    void reset_machine() override {
        raw_set(UC_S390X_REG_PSWM, fixed_mask());
        state_.fill(std::byte{});
        known_.set();
        changed_ = true;
    }

    void before_entry() override;
    u64 fixed_mask() const { return user_mask | (abi().is_64bit() ? wide_addressing : 0); }
    bool is_half(RegisterIndex index) const { return first_half_ && index >= *first_half_; }
    int whole_of(RegisterIndex half) const { return UC_S390X_REG_R0 + half - *first_half_; }

    void map_low_memory();
    void interrupt(u32 number) override;
    void before_translation(u64 page_address, std::span<const std::byte> page) override;
    bool settle(Stop& stop) override;
    bool branch_and_set_mode();
    std::array<std::byte, 6> instruction_at(u64 address) const;
    bool stands_on_system_call() const override { return true; }
    bool may_stop_before(u64 address) const override;
    u64 get_special(RegisterIndex index) const override;
    void set_special(RegisterIndex index, u64 value) override;
    unsigned state_offset(RegisterIndex index) const {
        if (index == fpc_) return fpc_offset;
        if (index >= first_fp_) return (index - first_fp_) * 8u;
        return access_offset + (index - first_access_) * 4u;
    }
    unsigned state_width(RegisterIndex index) const { return index >= first_fp_ && index != fpc_ ? 8 : 4; }

    const std::vector<u8> save_code_ = state_code(0x60, 0x9b, 0x9c);
    const std::vector<u8> load_code_ = state_code(0x68, 0x9a, 0x9d);
    RegisterIndex first_access_ = 0, first_fp_ = 0, fpc_ = 0;
    std::optional<RegisterIndex> first_half_;   // the upper ones of general registers, on s390
    u64 number_ = 0;
    static void on_refused(uc_engine*, u64 address, u32 size, void* user);
    std::unordered_map<u64, uc_hook> refused_;   // by the address of what may be `csst`
    std::optional<u64> function_code_;           // r0 of a refused instruction
    // Copy of the unreachable registers while the guest stands still: which of its bytes are
    // true, and whether some are newer than the machine's.
    mutable std::array<std::byte, state_size> state_{};
    mutable std::bitset<state_size> known_;
    bool changed_ = false;
};

/// Control register 0 decides whether user space has all sixteen floating-point registers
/// (AFP) and the vector facility; only `lctlg` in supervisor state can set it on 2.1.1.
void S390xCpu::enable_floating_point() {
    raw_set(UC_S390X_REG_PSWM, supervisor_mask);
    store(private_page() + data_offset, u64{0x40000 | 0x20000}, ByteOrder::big);
    run_with_state(enable_code_offset, std::to_array<u8>({0xeb, 0x00, 0x10, 0x00, 0x00, 0x2f, 0x0a, 0x00}));
}

/// Runs code that addresses the data area through r1, and leaves registers as they were.
void S390xCpu::run_with_state(u64 offset, std::span<const u8> code) const {
    auto& self = const_cast<S390xCpu&>(*this);
    u64 r1 = raw_get(UC_S390X_REG_R1), address = raw_get(UC_S390X_REG_PC), mask = raw_get(UC_S390X_REG_PSWM);
    self.raw_set(UC_S390X_REG_R1, private_page_address() + data_offset);
    if (!(mask & wide_addressing)) self.raw_set(UC_S390X_REG_PSWM, mask | wide_addressing);
    self.run_private_code(offset, code);
    if (!(mask & wide_addressing)) self.raw_set(UC_S390X_REG_PSWM, mask);
    self.raw_set(UC_S390X_REG_R1, r1);
    self.raw_set(UC_S390X_REG_PC, address);
}

/// Fills in what the copy does not hold yet. Needs the engine to stand still.
void S390xCpu::learn_state() const {
    if (known_.all()) return;
    run_with_state(save_code_offset, save_code_);
    const std::byte* saved = const_cast<S390xCpu*>(this)->private_page() + data_offset;
    for (unsigned i = 0; i < state_size; ++i) {
        if (!known_[i]) state_[i] = saved[i];
    }
    known_.set();
}

void S390xCpu::before_entry() {
    if (changed_) {
        learn_state();
        std::memcpy(private_page() + data_offset, state_.data(), state_size);
        run_with_state(load_code_offset, load_code_);
    }
    known_.reset();
    changed_ = false;
}

u64 S390xCpu::get_special(RegisterIndex index) const {
    if (is_half(index)) return raw_get(whole_of(index)) >> 32;
    if (index < first_access_) {
        u64 mask = (raw_get(UC_S390X_REG_PSWM) & changeable_mask) | fixed_mask();
        return abi().is_64bit() ? mask : mask >> 32;
    }
    if (!known_[state_offset(index)]) learn_state();
    return load_unsigned(state_.data() + state_offset(index), state_width(index), ByteOrder::big);
}

/// Inside a system call this only notes the value: it takes effect at the next entry, so the
/// translated block has to be left.
void S390xCpu::set_special(RegisterIndex index, u64 value) {
    if (is_half(index)) return raw_set(whole_of(index), value << 32 | (raw_get(whole_of(index)) & 0xffffffff));
    if (index < first_access_) {
        if (!abi().is_64bit()) value <<= 32;
        return raw_set(UC_S390X_REG_PSWM, (value & changeable_mask) | fixed_mask());
    }
    unsigned offset = state_offset(index), width = state_width(index);
    store_unsigned(state_.data() + offset, value, width, ByteOrder::big);
    for (unsigned i = 0; i < width; ++i) known_.set(offset + i);
    changed_ = true;
    request_entry();
}

/// The target of an EXECUTE runs as a block of its own, at the address of the EXECUTE, and the
/// engine keeps it in a place we cannot save.
bool S390xCpu::may_stop_before(u64 address) const {
    std::byte code[2] = {};
    (void)memory_.peek({address}, code);
    bool execute = code[0] == std::byte{0x44};
    bool execute_relative = code[0] == std::byte{0xc6} && (code[1] & std::byte{0x0f}) == std::byte{0};
    return !execute && !execute_relative;
}

void S390xCpu::interrupt(u32 number) {
    if (number == supervisor_call) {
        // `svc n`; n = 0 means that r1 holds the number.
        number_ = memory_.peek(GuestPtr<u16>{{step_over(2) & abi().address_mask()}}).value_or(0) & 0xff;
        if (number_ == 0) number_ = get(abi().syscall.number) & 0xffffffff;
        return serve_system_call();
    }
    u64 address = raw_get(UC_S390X_REG_PC) & abi().address_mask();
    if (function_code_) raw_set(UC_S390X_REG_R0, *function_code_);
    function_code_.reset();
    if (number == program) return leave_with_trap(s390x::classify(instruction_at(address)), {address});
    leave_with_trap(TrapKind::unknown, {address}, number);
}

std::array<std::byte, 6> S390xCpu::instruction_at(u64 address) const {
    std::array<std::byte, 6> code{};
    for (std::size_t i = 0; i < code.size(); i += 2)
        if (!memory_.peek({address + i}, std::span{code}.subspan(i, 2))) break;
    return code;
}

/// The engine stores the reason of a data exception at its physical address 0x90, where the
/// arena has nothing for a guest.
void S390xCpu::map_low_memory() {
    void* page = ::mmap(memory_.arena_base(), 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    POSTERN_ASSERT(page != MAP_FAILED);
}

/// The engine's own code for `csst` ends the process. With a function code that does not exist it
/// raises a specification exception before, so the guest gets a signal instead. What only looks like
/// it, an instruction's second half or data, is rare among code: one in sixty pages of a C library.
void S390xCpu::before_translation(u64 page_address, std::span<const std::byte> page) {
    for (std::size_t i = 0; i < page.size(); i += 2) {
        if (!s390x::is_compare_swap_and_store(page.subspan(i, 2))) continue;
        u64 address = page_address + i;
        auto [hook, is_new] = refused_.try_emplace(address);
        if (!is_new) continue;
        uc_hook_add(engine_, &hook->second, UC_HOOK_CODE, reinterpret_cast<void*>(on_refused), this, address, address);
    }
}

void S390xCpu::on_refused(uc_engine*, u64 address, u32, void* user) {
    S390xCpu& cpu = *static_cast<S390xCpu*>(user);
    if (!s390x::is_compare_swap_and_store(cpu.instruction_at(address))) return;   // other code by now
    constexpr u64 no_function = 0xff;
    cpu.function_code_ = cpu.raw_get(UC_S390X_REG_R0);
    cpu.raw_set(UC_S390X_REG_R0, *cpu.function_code_ | no_function);
}

/// The engine stands still: which floating-point exception it was, and instructions that it lacks.
bool S390xCpu::settle(Stop& stop) {
    if (stop.kind != Stop::Kind::trap) return false;
    if (stop.trap == TrapKind::illegal_instruction) return branch_and_set_mode();
    if (stop.trap != TrapKind::floating_point) return false;
    auto reason = static_cast<u8>(get_special(fpc_) >> 8);
    if (reason == 0) stop.trap = TrapKind::illegal_instruction;
    stop.detail = s390x::floating_point_code(reason);
    return false;
}

/// `bsm` and `bassm`, as long as they stay in the addressing mode of the ABI.
bool S390xCpu::branch_and_set_mode() {
    u64 address = pc();
    auto code = instruction_at(address);
    auto branch = s390x::mode_branch(code);
    if (!branch) return false;
    u64 target = raw_get(UC_S390X_REG_R0 + static_cast<int>(branch->target));
    bool wide = abi().is_64bit(), to_wide = target & 1, to_31 = target & 0x8000'0000;
    if (branch->target != 0 && (wide ? !to_wide : to_wide || !to_31)) return false;
    if (branch->link != 0) {
        int link = UC_S390X_REG_R0 + static_cast<int>(branch->link);
        u64 old = raw_get(link), value = branch->saves_address ? address + 2 : old;
        raw_set(link, wide ? value | 1 : (old & ~u64{0xffff'ffff}) | (value & 0x7fff'ffff) | 0x8000'0000);
    }
    set_pc(branch->target == 0 ? address + 2 : target & (wide ? ~u64{1} : u64{0x7fff'ffff}));
    return true;
}

Result<std::unique_ptr<Cpu>> create_s390x(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler) {
    auto cpu = std::make_unique<S390xCpu>(abi, memory, handler);
    POSTERN_TRY(cpu->start());
    return cpu;
}

}  // namespace postern::unicorn
