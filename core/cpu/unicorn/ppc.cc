// PowerPC, 32 and 64 bits, both byte orders, always the engine's 64-bit machine (its 32-bit one
// calls floating-point functions of the other: README.md): problem state with floating point and vectors on, and
// the registers that Unicorn's interface lacks or splits (AltiVec, the other halves of VSX, VRSAVE,
// VSCR, XER), which a few guest instructions in the private page save and load.
#include "cpu/unicorn/engine.hpp"
#include "cpu/unicorn/ppc_instructions.hpp"

#include <array>
#include <bitset>
#include <cstring>
#include <vector>

namespace postern::unicorn {

namespace {

#define R(n) {"r" #n, UC_PPC_REG_##n}
#define F(n) {"f" #n, UC_PPC_REG_FPR##n}
#define V(n) {"v" #n, special_register}
#define L(n) {"vsl" #n, special_register}
constexpr std::array names = std::to_array<RegisterName>({
    R(0), R(1), R(2), R(3), R(4), R(5), R(6), R(7), R(8), R(9), R(10), R(11), R(12), R(13), R(14), R(15),
    R(16), R(17), R(18), R(19), R(20), R(21), R(22), R(23), R(24), R(25), R(26), R(27), R(28), R(29), R(30), R(31),
    {"pc", UC_PPC_REG_PC}, {"msr", special_register}, {"ctr", UC_PPC_REG_CTR}, {"lr", UC_PPC_REG_LR},
    {"xer", special_register}, {"cr", UC_PPC_REG_CR}, {"fpscr", UC_PPC_REG_FPSCR},
    F(0), F(1), F(2), F(3), F(4), F(5), F(6), F(7), F(8), F(9), F(10), F(11), F(12), F(13), F(14), F(15),
    F(16), F(17), F(18), F(19), F(20), F(21), F(22), F(23), F(24), F(25), F(26), F(27), F(28), F(29), F(30), F(31),
    V(0), V(1), V(2), V(3), V(4), V(5), V(6), V(7), V(8), V(9), V(10), V(11), V(12), V(13), V(14), V(15),
    V(16), V(17), V(18), V(19), V(20), V(21), V(22), V(23), V(24), V(25), V(26), V(27), V(28), V(29), V(30), V(31),
    {"vscr", special_register}, {"vrsave", special_register},
    L(0), L(1), L(2), L(3), L(4), L(5), L(6), L(7), L(8), L(9), L(10), L(11), L(12), L(13), L(14), L(15),
    L(16), L(17), L(18), L(19), L(20), L(21), L(22), L(23), L(24), L(25), L(26), L(27), L(28), L(29), L(30), L(31),
});
#undef R
#undef F
#undef V
#undef L

// Exceptions as the engine numbers them; any other one of these machines is an instruction that
// they do not have, or whose facility is off.
enum Exception : u32 { machine_check = 1, alignment = 5, program = 6, system_call = 8, trace = 12 };

// Machine state register. A user process has problem state, and exact floating-point exceptions.
enum Msr : u64 {
    little_endian = 1, data_translation = 0x10, instruction_translation = 0x20, fp_exact = 0x900,
    machine_checks = 0x1000, floating_point = 0x2000, problem = 0x4000, external = 0x8000,
    vsx = 0x0080'0000, vectors = 0x0200'0000, sixty_four = u64{1} << 63,
};
// What a frame shows of it: kernels have FE0 and FE1 in there only while floating point is in use.
constexpr u64 shown_msr = external | problem | floating_point | machine_checks | instruction_translation |
                          data_translation | 2;

// The private page: code at the start, then what the code saves and loads, in guest byte order.
constexpr u64 save_code_offset = 0;
constexpr u64 load_code_offset = 0x300;
constexpr u64 enable_code_offset = 0x600;
constexpr u64 reservation_code_offset = 0x680;
constexpr u64 data_offset = 0x800;
constexpr unsigned vscr_image = 512;       // behind thirty-two vectors
constexpr unsigned vsx_offset = 528;       // thirty-two whole VSX registers
constexpr unsigned xer_offset = 1040;
constexpr unsigned vrsave_offset = 1048;
constexpr unsigned state_size = 1056;

constexpr unsigned base = 3, index_register = 4;   // what the code in the page works with

// FSCR: the facilities that a process may use at once (TAR, DSCR), without event-based branches and
// transactions.
constexpr u32 facilities = 1u << 8 | 1u << 2;
constexpr unsigned spr_fscr = 153;

struct Variant {
    GuestAddr private_page;
    u32 processor_version;   ///< PVR, as AT_PLATFORM has it
};
constexpr Variant variant_64{{0xffff'ffff'8000'0000}, 0x004e1200}, variant_32{{0xffff'f000}, 0x80040201};
// Unicorn's default machine, which has no number that may be asked for: POWER9's instructions,
// POWER10's name.
constexpr UnicornCpu::Model model{UC_ARCH_PPC, UC_MODE_PPC64 | UC_MODE_BIG_ENDIAN, -1};

}  // namespace

class PpcCpu final : public UnicornCpu {
public:
    using UnicornCpu::UnicornCpu;

    Result<void> start();
    /// In 32-bit mode the upper halves of registers hold whatever computing left there.
    u64 get(RegisterIndex index) const override {
        u64 value = UnicornCpu::get(index);
        return abi().registers[index].width == 4 ? value & 0xffffffff : value;
    }
    void forget_reservation() override;

private:
    const Variant& variant() const { return abi().is_64bit() ? variant_64 : variant_32; }
    std::vector<u8> assemble(std::span<const u32> words) const;
    std::vector<u32> state_code(bool save) const;
    void enable_facilities();
    void run_with_state(u64 offset, std::span<const u8> code) const;
    void learn_state() const;
    u64 user_msr() const;

    void reset_machine() override;
    void before_entry() override;
    void interrupt(u32 number) override;
    void program_interrupt(GuestAddr address, u32 word);
    bool emulate(u32 word);
    u32 instruction_at(GuestAddr address) const;
    u64 general(unsigned number) const { return raw_get(UC_PPC_REG_0 + static_cast<int>(number)); }
    u64 effective_address(u32 word) const;

    struct Place { unsigned offset, width; };
    Place place_of(RegisterIndex index) const;
    u64 get_special(RegisterIndex index) const override;
    void set_special(RegisterIndex index, u64 value) override;
    void get_special_bytes(RegisterIndex index, std::span<std::byte> out) const override;
    void set_special_bytes(RegisterIndex index, std::span<const std::byte> in) override;

    std::vector<u8> save_code_, load_code_;
    RegisterIndex msr_ = 0, xer_ = 0, vscr_ = 0, vrsave_ = 0, first_vector_ = 0, first_half_ = 0;
    // Copy of the unreachable registers while the guest stands still: which of its bytes are
    // true, and whether some are newer than the machine's.
    mutable std::array<std::byte, state_size> state_{};
    mutable std::bitset<state_size> known_;
    bool changed_ = false;
};

Result<void> PpcCpu::start() {
    POSTERN_TRY(open(model, names));
    msr_ = abi().register_index("msr");
    xer_ = abi().register_index("xer");
    vscr_ = abi().register_index("vscr");
    vrsave_ = abi().register_index("vrsave");
    first_vector_ = abi().register_index("v0");
    first_half_ = abi().find_register("vsl0").value_or(0);
    map_private_page(variant().private_page);
    save_code_ = assemble(state_code(true));
    load_code_ = assemble(state_code(false));
    enable_facilities();
    return {};
}

std::vector<u8> PpcCpu::assemble(std::span<const u32> words) const {
    std::vector<u8> code(words.size() * 4);
    for (std::size_t i = 0; i < words.size(); ++i)
        store(reinterpret_cast<std::byte*>(&code[4 * i]), words[i], abi().byte_order);
    return code;
}

/// Between the state and memory at `base`; the vector status register passes through v0.
std::vector<u32> PpcCpu::state_code(bool save) const {
    using namespace ppc;
    std::vector<u32> code;
    auto vector = [&](unsigned number, unsigned offset) {
        code.push_back(load_immediate(index_register, offset));
        code.push_back(indexed(save ? stvx : lvx, number, base, index_register));
    };
    if (!save) {
        vector(0, vscr_image);
        code.push_back(mtvscr(0));
    }
    for (unsigned i = 0; i < 32; ++i) vector(i, 16 * i);
    if (save) {
        code.push_back(mfvscr(0));
        vector(0, vscr_image);
        code.push_back(load_immediate(index_register, 0));
        code.push_back(indexed(lvx, 0, base, index_register));
    }
    for (unsigned i = 0; abi().is_64bit() && i < 32; ++i) {
        code.push_back(load_immediate(index_register, vsx_offset + 16 * i));
        code.push_back(indexed(save ? stxvd2x : lxvd2x, i, base, index_register));
    }
    auto special = [&](unsigned spr, unsigned offset, bool wide) {
        u32 memory = wide ? (save ? std_ : ld) : (save ? stw : lwz);
        if (save) code.push_back(mfspr(index_register, spr));
        code.push_back(displaced(memory, index_register, base, offset));
        if (!save) code.push_back(mtspr(index_register, spr));
    };
    special(spr_xer, xer_offset, abi().is_64bit());
    special(spr_vrsave, vrsave_offset, false);
    code.push_back(sc);
    return code;
}

/// Runs code that addresses the data area through `base`, and leaves registers as they were.
void PpcCpu::run_with_state(u64 offset, std::span<const u8> code) const {
    auto& self = const_cast<PpcCpu&>(*this);
    u64 first = general(base), second = general(index_register), address = raw_get(UC_PPC_REG_PC);
    self.raw_set(UC_PPC_REG_0 + base, variant().private_page.value + data_offset);
    self.run_private_code(offset, code);
    self.raw_set(UC_PPC_REG_0 + base, first);
    self.raw_set(UC_PPC_REG_0 + index_register, second);
    self.raw_set(UC_PPC_REG_PC, address);
}

/// Only supervisor state can say what facilities problem state has.
void PpcCpu::enable_facilities() {
    if (!abi().is_64bit()) return;
    using namespace ppc;
    raw_set(UC_PPC_REG_MSR, user_msr() & ~u64{problem});
    run_with_state(enable_code_offset, assemble(std::to_array<u32>({
        load_immediate(index_register, facilities), mtspr(index_register, spr_fscr), sc})));
}

/// A store-conditional elsewhere ends it and fails.
void PpcCpu::forget_reservation() {
    auto code = assemble(std::to_array<u32>({ppc::indexed(ppc::stwcx, base, 0, base), ppc::sc}));
    run_aside(reservation_code_offset, code, {UC_PPC_REG_CR, UC_PPC_REG_0 + base},
              [this] { raw_set(UC_PPC_REG_0 + base, variant().private_page.value + data_offset); });
}

u64 PpcCpu::user_msr() const {
    u64 value = problem | floating_point | fp_exact | vectors | machine_checks;
    if (abi().is_64bit()) value |= sixty_four | vsx;
    if (abi().byte_order == ByteOrder::little) value |= little_endian;
    return value;
}

/// VSCR starts without Java mode, as the kernel has it: in the last word of what it loads, which
/// little-endian does not read.
void PpcCpu::reset_machine() {
    raw_set(UC_PPC_REG_MSR, user_msr());
    state_.fill(std::byte{});
    if (abi().byte_order == ByteOrder::big)
        store(&state_[vscr_image + 12], u32{0x00010000}, ByteOrder::big);
    known_.set();
    changed_ = true;
}

/// Fills in what the copy does not hold yet. Needs the engine to stand still.
void PpcCpu::learn_state() const {
    if (known_.all()) return;
    run_with_state(save_code_offset, save_code_);
    const std::byte* saved = private_page() + data_offset;
    for (unsigned i = 0; i < state_size; ++i) {
        if (!known_[i]) state_[i] = saved[i];
    }
    known_.set();
}

/// A whole VSX register is loaded, so the halves that are floating-point registers go along.
void PpcCpu::before_entry() {
    if (changed_) {
        learn_state();
        for (unsigned i = 0; abi().is_64bit() && i < 32; ++i)
            store(&state_[vsx_offset + 16 * i], raw_get(UC_PPC_REG_FPR0 + static_cast<int>(i)), abi().byte_order);
        std::memcpy(private_page() + data_offset, state_.data(), state_size);
        run_with_state(load_code_offset, load_code_);
    }
    known_.reset();
    changed_ = false;
}

// --- registers

PpcCpu::Place PpcCpu::place_of(RegisterIndex index) const {
    if (index == xer_) return {xer_offset, abi().word_size};
    if (index == vrsave_) return {vrsave_offset, 4};
    if (index == vscr_) return {vscr_image + (abi().byte_order == ByteOrder::big ? 12u : 0u), 4};
    if (index >= first_vector_ && index < first_vector_ + 32) return {(index - first_vector_) * 16u, 16};
    return {vsx_offset + (index - first_half_) * 16u + 8, 8};
}

void PpcCpu::get_special_bytes(RegisterIndex index, std::span<std::byte> out) const {
    if (index == msr_) return store_unsigned(out.data(), get_special(index), abi().word_size, abi().byte_order);
    Place place = place_of(index);
    if (!known_[place.offset]) learn_state();
    std::memcpy(out.data(), &state_[place.offset], place.width);
}

/// Inside a system call this only notes the value: it takes effect at the next entry, so the
/// translated block has to be left.
void PpcCpu::set_special_bytes(RegisterIndex index, std::span<const std::byte> in) {
    if (index == msr_) return;   // all of it is the kernel's
    Place place = place_of(index);
    std::memcpy(&state_[place.offset], in.data(), place.width);
    for (unsigned i = 0; i < place.width; ++i) known_.set(place.offset + i);
    changed_ = true;
    request_entry();
}

u64 PpcCpu::get_special(RegisterIndex index) const {
    if (index == msr_) return shown_msr | (user_msr() & (sixty_four | little_endian));
    std::byte bytes[16];
    get_special_bytes(index, bytes);
    return load_unsigned(bytes, place_of(index).width, abi().byte_order);
}

void PpcCpu::set_special(RegisterIndex index, u64 value) {
    if (index == msr_) return;
    std::byte bytes[8];
    store_unsigned(bytes, value, place_of(index).width, abi().byte_order);
    set_special_bytes(index, bytes);
}

// --- exceptions

u32 PpcCpu::instruction_at(GuestAddr address) const {
    std::byte bytes[4] = {};
    (void)memory_.peek(address, bytes);
    return load<u32>(bytes, abi().byte_order);
}

/// Of a load or store: by displacement, or with an index where the opcode says so.
u64 PpcCpu::effective_address(u32 word) const {
    unsigned first = word >> 16 & 31, second = word >> 11 & 31;
    u64 address = first ? general(first) : 0;
    address += word >> 26 == 31 ? general(second) : static_cast<u64>(static_cast<i16>(word));
    return address & abi().word_mask();
}

/// The engine has the program counter behind the instruction, whatever it stopped for.
void PpcCpu::interrupt(u32 number) {
    if (number == system_call) return serve_system_call();
    GuestAddr address{(raw_get(UC_PPC_REG_PC) - 4) & abi().word_mask()};
    u32 word = instruction_at(address);
    if (number != alignment && emulate(word)) return resume_at(address.value + 4);
    set_pc(address.value);
    switch (number) {
        case alignment: return leave_with_trap(TrapKind::alignment, {effective_address(word)});
        case program: return program_interrupt(address, word);
        case machine_check:
        case trace: return leave_with_trap(TrapKind::unknown, address, number);
        default: return leave_with_trap(TrapKind::illegal_instruction, address);
    }
}

/// Three reasons share this interrupt; the engine keeps to itself which it was.
void PpcCpu::program_interrupt(GuestAddr address, u32 word) {
    if (ppc::is_trap(word)) return leave_with_trap(TrapKind::breakpoint, address);
    if (ppc::is_floating_point(word)) {
        auto status = static_cast<u32>(raw_get(UC_PPC_REG_FPSCR));
        return leave_with_trap(TrapKind::floating_point, address, ppc::exception_code(status));
    }
    leave_with_trap(TrapKind::privileged_instruction, address);
}

/// What the kernel does for user space: `mfspr rD, PVR`, and `dcba` where the processor lacks it
/// (arch/powerpc/kernel/traps.c, emulate_instruction).
bool PpcCpu::emulate(u32 word) {
    if (!ppc::is_mfspr(word, ppc::spr_pvr)) return ppc::is_dcba(word);
    raw_set(UC_PPC_REG_0 + static_cast<int>(word >> 21 & 31), variant().processor_version);
    return true;
}

Result<std::unique_ptr<Cpu>> create_ppc(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler) {
    auto cpu = std::make_unique<PpcCpu>(abi, memory, handler);
    POSTERN_TRY(cpu->start());
    return cpu;
}

}  // namespace postern::unicorn
