// mips: user mode, floating point on, and what Unicorn's interface keeps to itself: the
// floating-point registers, the state between a branch and its delay slot, and the program counter
// of every exception but a system call.
#include "cpu/unicorn/engine.hpp"
#include "cpu/unicorn/mips_instruction.hpp"

#include <array>
#include <bitset>
#include <cstring>
#include <vector>

namespace postern::unicorn {

namespace {

using mips::Instruction;

#define R(n) {"r" #n, UC_MIPS_REG_##n}
#define S(name) {name, special_register}
constexpr std::array names = std::to_array<RegisterName>({
    {"pc", UC_MIPS_REG_PC},
    R(1), R(2), R(3), R(4), R(5), R(6), R(7), R(8), R(9), R(10), R(11), R(12), R(13), R(14), R(15), R(16), R(17),
    R(18), R(19), R(20), R(21), R(22), R(23), R(24), R(25), R(26), R(27), R(28), R(29), R(30), R(31),
    {"hi", UC_MIPS_REG_HI}, {"lo", UC_MIPS_REG_LO}, {"userlocal", UC_MIPS_REG_CP0_USERLOCAL},
    S("d0"), S("d1"), S("d2"), S("d3"), S("d4"), S("d5"), S("d6"), S("d7"), S("d8"), S("d9"), S("d10"), S("d11"),
    S("d12"), S("d13"), S("d14"), S("d15"), S("fcsr"),
});
#undef R
#undef S

/// Cause codes as the engine numbers them.
enum Exception : u32 {
    address_load = 12, address_store = 13, system_call = 17, breakpoint = 18, coprocessor_unusable = 19,
    reserved_instruction = 20, overflow = 21, conditional_trap = 22, floating_point = 23,
};

constexpr u64 status_floating_point = 1 << 29;   // CU1
constexpr u64 status_kernel = 1 << 28;           // CU0
constexpr u64 status_user = 2 << 3;              // KSU
/// CPU number, SYNCI step, counter, its resolution, user-local register.
constexpr u64 readable_hardware = 0x2000'000f;
constexpr u64 config3_user_local = 1 << 13;

// Above user space, and in the arena of a 32-bit guest.
constexpr u64 page_address = 0xffff'f000;
constexpr u64 enable_code_offset = 0, slot_code_offset = 0x40, save_code_offset = 0x100, load_code_offset = 0x200,
              translation_code_offset = 0x300;
constexpr u64 data_offset = 0x800;
constexpr unsigned pair_count = 16, fcsr_offset = pair_count * 8, state_size = fcsr_offset + 4;
constexpr unsigned k0 = 26, k1 = 27;   // the kernel's: no program expects anything of them

constexpr u32 trap_word = 0x0000000c;                                    // syscall
constexpr u32 with_offset(u32 opcode, u32 target, u32 offset) { return opcode << 26 | k0 << 21 | target << 16 | offset; }
constexpr u32 load_word = 35, store_word = 43, load_double = 53, store_double = 61;
constexpr u32 control_from = 0x4440'f800 | k1 << 16, control_to = 0x44c0'f800 | k1 << 16;   // cfc1, ctc1 $31
constexpr u32 enable_hardware = 0x4080'3800 | k1 << 16;                  // mtc0 k1, HWREna
constexpr u32 translation_write = 0x4200'0002;                           // tlbwi
constexpr u32 to_index = 0x4080'0000 | k1 << 16, to_entry_low_0 = 0x4080'1000 | k1 << 16,
              to_entry_low_1 = 0x4080'1800 | k1 << 16, to_page_mask = 0x4080'2800 | k1 << 16,
              to_entry_high = 0x4080'5000 | k1 << 16;                     // mtc0 k1, ...
constexpr u32 upper_immediate(u32 value) { return 0x3c00'0000 | k1 << 16 | value; }       // lui k1
constexpr u32 lower_immediate(u32 value) { return 0x3400'0000 | k1 << 16 | value; }       // ori k1, $0
constexpr u32 added_immediate(u32 value) { return 0x3400'0000 | k1 << 21 | k1 << 16 | value; }   // ori k1, k1

/// Cause bits (12 to 16) of exceptions that are enabled (7 to 11), and of the one that always is
/// (17): loading them would raise one.
u32 without_raised_causes(u32 fcsr) { return fcsr & ~((fcsr & 0xf80) << 5 | 0x20000); }

/// FPE_* of the most important cause that is enabled (kernel: force_fcr31_sig).
u32 float_code(u32 fcsr) {
    u32 raised = fcsr >> 12 & fcsr >> 7 & 0x1f;
    if (raised & 0x10) return 7;   // FPE_FLTINV
    if (raised & 0x08) return 3;   // FPE_FLTDIV
    if (raised & 0x04) return 4;   // FPE_FLTOVF
    if (raised & 0x02) return 5;   // FPE_FLTUND
    return raised & 0x01 ? 6 : 14; // FPE_FLTRES, FPE_FLTUNK
}

}  // namespace

class MipsCpu final : public UnicornCpu {
public:
    using UnicornCpu::UnicornCpu;

    Result<void> start();

private:
    void reset_machine() override {
        raw_set(UC_MIPS_REG_CP0_STATUS, status_floating_point | status_user);
        state_.fill(std::byte{});
        known_.set();
        changed_ = true;
    }
    void before_entry() override;
    void interrupt(u32 number) override;
    bool settle(Stop& stop) override;
    /// What stands between a branch and its delay slot cannot be saved.
    bool may_stop_before(u64 address) const override { return !mips::has_delay_slot(instruction_at(address - 4)); }
    u64 get_special(RegisterIndex index) const override;
    void set_special(RegisterIndex index, u64 value) override;

    static void on_block_start(uc_engine*, u64 address, u32 size, void* user) {
        auto& cpu = *static_cast<MipsCpu*>(user);
        cpu.block_ = address;
        cpu.block_size_ = size;
    }

    Instruction instruction_at(u64 address) const;
    u64 general(unsigned number) const { return number ? raw_get(UC_MIPS_REG_0 + static_cast<int>(number)) : 0; }
    mips::RegisterReader reader() const {
        return [this](unsigned number) { return static_cast<u64>(abi().sign_extend_word(general(number))); };
    }
    bool raises(Instruction instruction, u32 exception) const;
    u64 find_instruction(u32 exception) const;
    void run_words(u64 offset, std::span<const u32> words) const;
    void fill_translation_buffer();
    std::optional<u64> leave_delay_slot();
    bool carry_out(u64 address, Stop& stop);
    void learn_state() const;
    unsigned state_number(RegisterIndex index) const { return index == fcsr_ ? pair_count : index - first_pair_; }
    unsigned state_offset(RegisterIndex index) const { return state_number(index) * 8; }

    u64 block_ = 0;
    u32 block_size_ = 0;
    RegisterIndex first_pair_ = 0, fcsr_ = 0;
    // Copy of the floating-point registers while the guest stands still: which of them (the pairs,
    // then FCSR) are true, and whether some are newer than the machine's.
    mutable std::array<std::byte, state_size> state_{};
    mutable std::bitset<pair_count + 1> known_;
    bool changed_ = false;
};

Result<void> MipsCpu::start() {
    int mode = UC_MODE_MIPS32 | (abi().byte_order == ByteOrder::big ? static_cast<int>(UC_MODE_BIG_ENDIAN) : 0);
    POSTERN_TRY(open({UC_ARCH_MIPS, mode, UC_CPU_MIPS32_24KF}, names));
    uc_hook hook;
    if (uc_hook_add(engine_, &hook, UC_HOOK_BLOCK, reinterpret_cast<void*>(on_block_start), this, 1, 0) != UC_ERR_OK)
        return fail(ErrorKind::internal, "Unicorn: cannot hook blocks");
    first_pair_ = abi().register_index("d0");
    fcsr_ = abi().register_index("fcsr");
    map_private_page({page_address});
    raw_set(UC_MIPS_REG_CP0_CONFIG3, raw_get(UC_MIPS_REG_CP0_CONFIG3) | config3_user_local);
    raw_set(UC_MIPS_REG_CP0_STATUS, status_kernel | status_floating_point);
    raw_set(UC_MIPS_REG_0 + k1, readable_hardware);
    run_words(enable_code_offset, std::to_array<u32>({enable_hardware, trap_word}));
    fill_translation_buffer();
    return {};
}

/// `ll` alone asks the machine's own translation buffer for its address, and only whether it is
/// there: pairs of the largest pages, 256 MiB each, global, writable and valid, for all of user space.
void MipsCpu::fill_translation_buffer() {
    constexpr u32 pair_bits = 29, valid = 7;
    std::vector<u32> words{upper_immediate(0x1fff), added_immediate(0xe000), to_page_mask,
                           lower_immediate(valid), to_entry_low_0, to_entry_low_1};
    for (u32 entry = 0; entry << pair_bits < abi().layout.task_size; ++entry)
        words.insert(words.end(), {lower_immediate(entry), to_index, upper_immediate(entry << (pair_bits - 16)),
                                   to_entry_high, translation_write});
    words.push_back(trap_word);
    run_words(translation_code_offset, words);
}

/// Runs guest instructions in the private page, which may use k0 and k1. The program counter and
/// the registers that they change are the caller's to restore.
void MipsCpu::run_words(u64 offset, std::span<const u32> words) const {
    auto& self = const_cast<MipsCpu&>(*this);
    std::vector<u8> code(words.size() * 4);
    for (std::size_t i = 0; i < words.size(); ++i)
        store(reinterpret_cast<std::byte*>(code.data()) + i * 4, words[i], abi().byte_order);
    self.run_private_code(offset, code);
}

Instruction MipsCpu::instruction_at(u64 address) const {
    std::byte bytes[4] = {};
    (void)memory_.peek({address & abi().word_mask()}, bytes);
    return {load<u32>(bytes, abi().byte_order)};
}

// --- floating-point registers

/// Fills in what the copy does not hold yet. Needs the engine to stand still.
void MipsCpu::learn_state() const {
    if (known_.all()) return;
    std::vector<u32> words;
    for (u32 i = 0; i < pair_count; ++i) words.push_back(with_offset(store_double, i * 2, i * 8));
    words.insert(words.end(), {control_from, with_offset(store_word, k1, fcsr_offset), trap_word});
    auto& self = const_cast<MipsCpu&>(*this);
    u64 address = raw_get(UC_MIPS_REG_PC), old_k0 = general(k0), old_k1 = general(k1);
    self.raw_set(UC_MIPS_REG_0 + k0, page_address + data_offset);
    run_words(save_code_offset, words);
    for (unsigned i = 0; i <= pair_count; ++i)
        if (!known_[i]) std::memcpy(&state_[i * 8], private_page() + data_offset + i * 8, i < pair_count ? 8 : 4);
    self.raw_set(UC_MIPS_REG_0 + k0, old_k0);
    self.raw_set(UC_MIPS_REG_0 + k1, old_k1);
    self.raw_set(UC_MIPS_REG_PC, address);
    known_.set();
}

void MipsCpu::before_entry() {
    if (changed_) {
        learn_state();
        std::vector<u32> words{with_offset(load_word, k1, fcsr_offset), control_to};
        for (u32 i = 0; i < pair_count; ++i) words.push_back(with_offset(load_double, i * 2, i * 8));
        words.push_back(trap_word);
        u64 address = raw_get(UC_MIPS_REG_PC), old_k0 = general(k0), old_k1 = general(k1);
        std::memcpy(private_page() + data_offset, state_.data(), state_size);
        raw_set(UC_MIPS_REG_0 + k0, page_address + data_offset);
        run_words(load_code_offset, words);
        raw_set(UC_MIPS_REG_0 + k0, old_k0);
        raw_set(UC_MIPS_REG_0 + k1, old_k1);
        raw_set(UC_MIPS_REG_PC, address);
    }
    known_.reset();
    changed_ = false;
}

u64 MipsCpu::get_special(RegisterIndex index) const {
    if (!known_[state_number(index)]) learn_state();
    return load_unsigned(state_.data() + state_offset(index), index == fcsr_ ? 4 : 8, abi().byte_order);
}

/// Takes effect at the next entry: inside a system call the translated block has to be left.
void MipsCpu::set_special(RegisterIndex index, u64 value) {
    if (index == fcsr_) value = without_raised_causes(static_cast<u32>(value));
    store_unsigned(state_.data() + state_offset(index), value, index == fcsr_ ? 4 : 8, abi().byte_order);
    known_.set(state_number(index));
    changed_ = true;
    request_entry();
}

// --- exceptions

/// Whether the instruction, with the registers as they are, raises the exception.
bool MipsCpu::raises(Instruction instruction, u32 exception) const {
    switch (exception) {
        case address_load:
        case address_store: {
            auto access = mips::memory_access(instruction, reader(), abi().word_mask());
            return access && access->is_store == (exception == address_store) && access->address % access->size != 0;
        }
        case overflow: return mips::overflows(instruction, reader());
        case conditional_trap: return mips::traps(instruction, reader());
        case floating_point: return mips::computes_float(instruction);
        default: return false;
    }
}

/// The engine forgets the program counter of exceptions. The block is known; breakpoints and
/// instructions that do not exist end it, and of the others it is the first that raises the
/// exception with the registers as they are now.
u64 MipsCpu::find_instruction(u32 exception) const {
    u64 last = block_ + (block_size_ >= 4 ? block_size_ - 4 : 0);
    if (exception == breakpoint || exception == reserved_instruction || exception == coprocessor_unusable) return last;
    if (block_ % 4 != 0) return block_;   // a jump to nowhere
    for (u64 address = block_; address <= last; address += 4)
        if (raises(instruction_at(address), exception)) return address;
    return last;
}

/// Ends the state between a branch and its delay slot, if the engine stands there: the target of
/// the branch when it is taken. One that is not taken goes on behind the slot like any instruction.
std::optional<u64> MipsCpu::leave_delay_slot() {
    constexpr u32 nothing = 0;
    run_words(slot_code_offset, std::to_array<u32>({nothing, trap_word}));
    u64 end = raw_get(UC_MIPS_REG_PC) & abi().word_mask();
    if (end == page_address + slot_code_offset + 8) return std::nullopt;
    return end;
}

/// Loads and stores that are not aligned, which Linux carries out for programs. False: `stop` says
/// what comes of it instead.
bool MipsCpu::carry_out(u64 address, Stop& stop) {
    Instruction instruction = instruction_at(address);
    auto access = mips::memory_access(instruction, reader(), abi().word_mask());
    if (!access || access->is_atomic) return false;
    std::array<std::byte, 8> bytes{};
    auto field = std::span(bytes).first(access->size);
    auto float_index = static_cast<RegisterIndex>(first_pair_ + instruction.rt() / 2);
    bool is_half = access->size == 4;
    unsigned half_shift = instruction.rt() % 2 * 32;
    ByteOrder order = abi().byte_order;
    stop = {.kind = Stop::Kind::fault, .address = {access->address},
            .access = access->is_store ? Access::write : Access::read};
    if (access->is_store) {
        u64 value = access->is_float ? get_special(float_index) >> (is_half ? half_shift : 0) : general(instruction.rt());
        store_unsigned(field.data(), value & (~u64{0} >> (64 - access->size * 8)), access->size, order);
        return memory_.write(GuestAddr{access->address}, field);
    }
    if (!memory_.read(GuestAddr{access->address}, field)) return false;
    u64 value = load_unsigned(field.data(), access->size, order);
    if (access->is_float && is_half) {
        u64 other = get_special(float_index) & ~(u64{0xffff'ffff} << half_shift);
        set_special(float_index, other | value << half_shift);
    } else if (access->is_float) {
        set_special(float_index, value);
    } else if (instruction.rt() != 0) {
        unsigned unused = 64 - access->size * 8;
        u64 extended = static_cast<u64>(static_cast<i64>(value << unused) >> unused);
        raw_set(UC_MIPS_REG_0 + static_cast<int>(instruction.rt()), access->is_signed ? extended : value);
    }
    return true;
}

/// The engine stands still: faults and traps in a delay slot belong to the branch in front of it.
bool MipsCpu::settle(Stop& stop) {
    if (stop.kind != Stop::Kind::fault && stop.kind != Stop::Kind::trap) return false;
    u64 address = pc();
    auto target = leave_delay_slot();   // before any other code of ours runs
    if (stop.kind == Stop::Kind::trap && stop.trap == TrapKind::alignment && carry_out(address, stop)) {
        set_pc(target.value_or(address + 4));
        return true;
    }
    set_pc(target ? address - 4 : address);
    if (stop.kind == Stop::Kind::trap && stop.trap == TrapKind::floating_point)
        stop.detail = float_code(static_cast<u32>(get_special(fcsr_)));
    if (stop.kind == Stop::Kind::trap) stop.address = {pc()};
    return false;
}

void MipsCpu::interrupt(u32 number) {
    if (number == system_call) return serve_system_call();
    u64 address = find_instruction(number);
    set_pc(address);
    Instruction instruction = instruction_at(address);
    constexpr u32 overflow_code = 6, divide_code = 7;
    switch (number) {
        case address_load:
        case address_store: return leave_with_trap(TrapKind::alignment, {address});
        case breakpoint:
        case conditional_trap: {
            u32 code = number == breakpoint ? mips::break_code(instruction) : mips::trap_code(instruction);
            if (code == overflow_code) return leave_with_trap(TrapKind::integer_overflow, {address});
            if (code == divide_code) return leave_with_trap(TrapKind::integer_divide, {address});
            return leave_with_trap(number == breakpoint ? TrapKind::breakpoint : TrapKind::illegal_trap, {address});
        }
        case overflow: return leave_with_trap(TrapKind::integer_overflow, {address});
        case floating_point: return leave_with_trap(TrapKind::floating_point, {address});
        case coprocessor_unusable: return leave_with_trap(TrapKind::privileged_instruction, {address});
        case reserved_instruction: return leave_with_trap(TrapKind::illegal_instruction, {address});
        default: return leave_with_trap(TrapKind::unknown, {address}, number);
    }
}

Result<std::unique_ptr<Cpu>> create_mips(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler) {
    auto cpu = std::make_unique<MipsCpu>(abi, memory, handler);
    POSTERN_TRY(cpu->start());
    return cpu;
}

}  // namespace postern::unicorn
