#include "cpu/unicorn/mips.hpp"

#include "cpu/unicorn/mips_model.hpp"

#include <cstring>
#include <vector>

namespace postern::unicorn {

namespace {

#define R(n) {"r" #n, UC_MIPS_REG_##n}
#define S(name) {name, special_register}
#define D(n) S("d" #n)
#define F(n) S("f" #n)
constexpr std::array names = std::to_array<RegisterName>({
    {"pc", UC_MIPS_REG_PC},
    R(1), R(2), R(3), R(4), R(5), R(6), R(7), R(8), R(9), R(10), R(11), R(12), R(13), R(14), R(15), R(16), R(17),
    R(18), R(19), R(20), R(21), R(22), R(23), R(24), R(25), R(26), R(27), R(28), R(29), R(30), R(31),
    {"hi", UC_MIPS_REG_HI}, {"lo", UC_MIPS_REG_LO}, {"userlocal", UC_MIPS_REG_CP0_USERLOCAL},
    D(0), D(1), D(2), D(3), D(4), D(5), D(6), D(7), D(8), D(9), D(10), D(11), D(12), D(13), D(14), D(15),
    F(0), F(1), F(2), F(3), F(4), F(5), F(6), F(7), F(8), F(9), F(10), F(11), F(12), F(13), F(14), F(15), F(16),
    F(17), F(18), F(19), F(20), F(21), F(22), F(23), F(24), F(25), F(26), F(27), F(28), F(29), F(30), F(31),
    S("fcsr"),
});
#undef R
#undef S
#undef D
#undef F

constexpr u64 status_floating_point = 1 << 29;   // CU1
constexpr u64 status_wide_floats = 1 << 26;      // FR
constexpr u64 status_wide_instructions = 1 << 23;   // PX
constexpr u64 status_wide_addresses = 1 << 5;    // UX
constexpr u64 status_user = 2 << 3;              // KSU
constexpr u64 status_exception_level = 1 << 1;   // EXL: kernel mode, whatever KSU says
/// CPU number, SYNCI step, counter, its resolution, user-local register.
constexpr u64 readable_hardware = 0x2000'000f;
constexpr u64 config3_user_local = 1 << 13;

constexpr u64 enable_code_offset = 0, slot_code_offset = 0x40, entry_code_offset = 0x60, width_code_offset = 0x80,
              reservation_code_offset = 0xc0, save_code_offset = 0x100, load_code_offset = 0x200, translation_code_offset = 0x300;
constexpr u64 data_offset = 0x800;
constexpr unsigned k0 = 26, k1 = 27;   // the kernel's: no program expects anything of them

constexpr u32 trap_word = 0x0000000c;                                    // syscall
constexpr u32 with_offset(u32 opcode, u32 target, u32 offset) { return opcode << 26 | k0 << 21 | target << 16 | offset; }
constexpr u32 load_linked = 48, load_word = 35, store_word = 43, load_double = 53, store_double = 61;
constexpr u32 control_from = 0x4440'f800 | k1 << 16, control_to = 0x44c0'f800 | k1 << 16;   // cfc1, ctc1 $31
constexpr u32 enable_hardware = 0x4080'3800 | k1 << 16;                  // mtc0 k1, HWREna
constexpr u32 translation_write = 0x4200'0002;                           // tlbwi
constexpr u32 to_index = 0x4080'0000 | k1 << 16, to_entry_low_0 = 0x4080'1000 | k1 << 16,
              to_entry_low_1 = 0x4080'1800 | k1 << 16, to_page_mask = 0x4080'2800 | k1 << 16,
              to_entry_high = 0x4080'5000 | k1 << 16;                     // mtc0 k1, ...
constexpr u32 return_address_from_k0 = 0x40a0'7000 | k0 << 16, exception_return = 0x4200'0018;   // dmtc0 k0, EPC; eret
constexpr u32 all_ones = 0x6400'ffff | k1 << 16, lower_half = 0x0000'003e | k1 << 16 | k1 << 11;   // daddiu, dsrl32
constexpr u32 upper_immediate(u32 value) { return 0x3c00'0000 | k1 << 16 | value; }       // lui k1
constexpr u32 lower_immediate(u32 value) { return 0x3400'0000 | k1 << 16 | value; }       // ori k1, $0
constexpr u32 added_immediate(u32 value) { return 0x3400'0000 | k1 << 21 | k1 << 16 | value; }   // ori k1, k1

/// Cause bits (12 to 16) of exceptions that are enabled (7 to 11), and of the one that always is
/// (17): loading them would raise one.
u32 without_raised_causes(u32 fcsr) { return fcsr & ~((fcsr & 0xf80) << 5 | 0x20000); }

}  // namespace

// --- the machine

Result<void> MipsCpu::start() {
    int mode = is_wide() ? UC_MODE_MIPS64 : UC_MODE_MIPS32;
    if (abi().byte_order == ByteOrder::big) mode |= static_cast<int>(UC_MODE_BIG_ENDIAN);
    POSTERN_TRY(open({UC_ARCH_MIPS, mode, UC_CPU_MIPS32_24KF}, names));
    if (is_wide()) POSTERN_TRY(mips::widen_24kf(engine_));
    first_float_ = abi().register_index(is_wide() ? "f0" : "d0");
    fcsr_ = abi().register_index("fcsr");
    map_private_page({page_address()});
    store_words(entry_code_offset, std::to_array<u32>({return_address_from_k0, exception_return}));
    if (is_wide()) POSTERN_TRY(check_width());
    enable_hardware_registers();
    fill_translation_buffer();
    return {};
}

/// Above user space, and in the arena of a 32-bit guest.
u64 MipsCpu::page_address() const { return is_wide() ? 0x7fff'f000 : 0xffff'f000; }

/// As qemu-user sets it: addresses of n32 are computed with 32 bits.
u64 MipsCpu::user_status() const {
    u64 wide = status_wide_floats | status_wide_instructions | (abi().is_64bit() ? status_wide_addresses : 0);
    return status_floating_point | status_user | (is_wide() ? wide : 0);
}

void MipsCpu::reset_machine() {
    raw_set(UC_MIPS_REG_CP0_STATUS, user_status());
    state_.fill(std::byte{});
    known_.set();
    changed_ = true;
}

/// Whether the instructions of a 64-bit machine now exist and use 64 bits.
Result<void> MipsCpu::check_width() {
    run_words(width_code_offset, std::to_array<u32>({all_ones, lower_half, trap_word}));
    if (general(k1) == 0xffff'ffff) return {};
    return fail(ErrorKind::internal, "Unicorn: its MIPS machine does not execute 64-bit instructions");
}

void MipsCpu::enable_hardware_registers() {
    raw_set(UC_MIPS_REG_CP0_CONFIG3, raw_get(UC_MIPS_REG_CP0_CONFIG3) | config3_user_local);
    set_general(k1, readable_hardware);
    run_words(enable_code_offset, std::to_array<u32>({enable_hardware, trap_word}));
}

/// `ll` alone asks the machine's own translation buffer for its address, and only whether it is
/// there: pairs of the largest pages, 256 MiB each, global, writable and valid, for all of user
/// space. On the 64-bit machine one is enough (mips_model.hpp).
void MipsCpu::fill_translation_buffer() {
    constexpr u32 pair_bits = 29, valid = 7;
    u64 end = is_wide() ? 1 : abi().layout.task_size;
    std::vector<u32> words{upper_immediate(0x1fff), added_immediate(0xe000), to_page_mask,
                           lower_immediate(valid), to_entry_low_0, to_entry_low_1};
    for (u32 entry = 0; u64{entry} << pair_bits < end; ++entry)
        words.insert(words.end(), {lower_immediate(entry), to_index, upper_immediate(entry << (pair_bits - 16)),
                                   to_entry_high, translation_write});
    words.push_back(trap_word);
    run_words(translation_code_offset, words);
}

/// Only another load-linked ends one. It is noted before it loads, so it need not succeed.
void MipsCpu::forget_reservation() {
    constexpr u64 nobodys_word = 4;
    std::array<u8, 8> code;
    auto* bytes = reinterpret_cast<std::byte*>(code.data());
    store(bytes, with_offset(load_linked, k1, 0), abi().byte_order);
    store(bytes + 4, trap_word, abi().byte_order);
    run_aside(reservation_code_offset, code, {UC_MIPS_REG_K0, UC_MIPS_REG_K1}, [this] { set_general(k0, nobodys_word); });
}

bool MipsCpu::in_kernel_mode() const { return raw_get(UC_MIPS_REG_CP0_STATUS) & status_exception_level; }

/// Code of ours runs in kernel mode, which has page grants of its own.
///
/// What 2.1.1 does with the upper half of an address to start a 64-bit machine at is anybody's
/// guess, so the guest is entered through the private page, which is there for every upper half
/// while in kernel mode: by a return from an exception, at the address in k0.
uc_err MipsCpu::start_engine(u64 address) {
    raw_set(UC_MIPS_REG_CP0_STATUS, user_status() | (is_wide() || runs_private_code() ? status_exception_level : 0));
    if (is_wide() && !runs_private_code()) {
        set_general(k0, address);
        address = page_address() + entry_code_offset;
    }
    uc_err error = uc_emu_start(engine_, address, 0, 0, 0);
    if (in_kernel_mode()) raw_set(UC_MIPS_REG_CP0_STATUS, user_status());
    return error;
}

uc_prot MipsCpu::private_permissions(u64 address) const {
    if (!is_wide()) return UnicornCpu::private_permissions(address);
    bool is_page = ((address ^ page_address()) & 0xffff'ffff) < private_page_size;
    return is_page && in_kernel_mode() ? UC_PROT_ALL : UC_PROT_NONE;
}

/// What stands between a branch and its delay slot cannot be saved. In kernel mode it is our
/// code that is under way.
bool MipsCpu::may_stop_before(u64 address) const {
    return !mips::has_delay_slot(instruction_at(address - 4)) && !in_kernel_mode();
}

void MipsCpu::store_words(u64 offset, std::span<const u32> words) const {
    for (u32 word : words) {
        store(private_page() + offset, word, abi().byte_order);
        offset += sizeof word;
    }
}

/// Runs guest instructions in the private page, which may use k0 and k1. The program counter and
/// the registers that they change are the caller's to restore. Error: they ended otherwise than
/// by their trap.
uc_err MipsCpu::run_words(u64 offset, std::span<const u32> words) const {
    auto& self = const_cast<MipsCpu&>(*this);
    std::vector<u8> code(words.size() * 4);
    for (std::size_t i = 0; i < words.size(); ++i)
        store(reinterpret_cast<std::byte*>(code.data()) + i * 4, words[i], abi().byte_order);
    return self.run_private_code(offset, code);
}

// --- floating-point registers

bool MipsCpu::state_is_known() const {
    for (unsigned i = 0; i <= float_count(); ++i)
        if (!known_[i]) return false;
    return true;
}

/// Fills in what the copy does not hold yet. Needs the engine to stand still.
void MipsCpu::learn_state() const {
    if (state_is_known()) return;
    std::vector<u32> words;
    for (u32 i = 0; i < float_count(); ++i) words.push_back(with_offset(store_double, i * register_step(), i * 8));
    words.insert(words.end(), {control_from, with_offset(store_word, k1, control_offset()), trap_word});
    auto& self = const_cast<MipsCpu&>(*this);
    u64 address = raw_get(UC_MIPS_REG_PC), old_k0 = general(k0), old_k1 = general(k1);
    self.set_general(k0, page_address() + data_offset);
    run_words(save_code_offset, words);
    for (unsigned i = 0; i <= float_count(); ++i)
        if (!known_[i]) std::memcpy(&state_[i * 8], private_page() + data_offset + i * 8, i < float_count() ? 8 : 4);
    self.set_general(k0, old_k0);
    self.set_general(k1, old_k1);
    self.raw_set(UC_MIPS_REG_PC, address);
    known_.set();
}

void MipsCpu::load_state() {
    learn_state();
    std::vector<u32> words{with_offset(load_word, k1, control_offset()), control_to};
    for (u32 i = 0; i < float_count(); ++i) words.push_back(with_offset(load_double, i * register_step(), i * 8));
    words.push_back(trap_word);
    u64 address = raw_get(UC_MIPS_REG_PC), old_k0 = general(k0), old_k1 = general(k1);
    std::memcpy(private_page() + data_offset, state_.data(), state_size);
    set_general(k0, page_address() + data_offset);
    run_words(load_code_offset, words);
    set_general(k0, old_k0);
    set_general(k1, old_k1);
    raw_set(UC_MIPS_REG_PC, address);
}

void MipsCpu::before_entry() {
    if (changed_) load_state();
    known_.reset();
    changed_ = false;
}

u64 MipsCpu::get_special(RegisterIndex index) const {
    if (!known_[state_number(index)]) learn_state();
    return load_unsigned(&state_[state_number(index) * 8], index == fcsr_ ? 4 : 8, abi().byte_order);
}

/// Takes effect at the next entry: inside a system call the translated block has to be left.
void MipsCpu::set_special(RegisterIndex index, u64 value) {
    if (index == fcsr_) value = without_raised_causes(static_cast<u32>(value));
    store_unsigned(&state_[state_number(index) * 8], value, index == fcsr_ ? 4 : 8, abi().byte_order);
    known_.set(state_number(index));
    changed_ = true;
    request_entry();
}

/// Ends the state between a branch and its delay slot, if the engine stands there: the target of
/// the branch when it is taken, whose fetch our page refuses. One that is not taken goes on behind
/// the slot like any instruction.
std::optional<u64> MipsCpu::leave_delay_slot() {
    constexpr u32 nothing = 0;
    if (run_words(slot_code_offset, std::to_array<u32>({nothing, trap_word})) == UC_ERR_OK) return std::nullopt;
    return raw_get(UC_MIPS_REG_PC);
}

Result<std::unique_ptr<Cpu>> create_mips(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler) {
    auto cpu = std::make_unique<MipsCpu>(abi, memory, handler);
    POSTERN_TRY(cpu->start());
    return cpu;
}

}  // namespace postern::unicorn
