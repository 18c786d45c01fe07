// What an exception of the MIPS machine means: which instruction raised it, what it accessed, and
// what Linux does about it.
#include "cpu/unicorn/mips.hpp"
#include "cpu/unicorn/recovered_pc.hpp"

namespace postern::unicorn {

namespace {

using mips::Instruction;
using mips::MemoryAccess;

/// Cause codes as the engine numbers them.
enum Exception : u32 {
    address_load = 12, address_store = 13, system_call = 17, breakpoint = 18, coprocessor_unusable = 19,
    reserved_instruction = 20, overflow = 21, conditional_trap = 22, floating_point = 23,
};

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

Instruction MipsCpu::instruction_at(u64 address) const {
    std::byte bytes[4] = {};
    (void)memory_.peek({address & abi().word_mask()}, bytes);
    return {load<u32>(bytes, abi().byte_order)};
}

/// General registers as the machine computes with them.
mips::RegisterReader MipsCpu::reader() const {
    return [this](unsigned number) {
        return is_wide() ? general(number) : static_cast<u64>(static_cast<i32>(general(number)));
    };
}

/// An address as accesses have it: of n32 sign-extended.
u64 MipsCpu::canonical(u64 address) const {
    u64 cut = address & abi().word_mask();
    return is_wide() ? static_cast<u64>(abi().sign_extend_word(cut)) : cut;
}

/// Of a fault: the registers tell, since nothing has been loaded yet.
std::optional<u64> MipsCpu::accessed_address() const {
    auto access = mips::memory_access(instruction_at(pc()), reader());
    if (!access) return std::nullopt;
    return canonical(access->address);
}

// --- accesses that are not aligned, which Linux carries out for programs

/// What the store would write: the low bytes count.
u64 MipsCpu::stored_value(const MemoryAccess& access) const {
    if (!access.is_float) return general(access.data_register);
    u64 value = get_special(static_cast<RegisterIndex>(first_float_ + access.data_register / register_step()));
    return access.size == 4 && access.data_register % register_step() ? value >> 32 : value;
}

/// Puts what the load read where it belongs.
void MipsCpu::take_value(const MemoryAccess& access, u64 value) {
    auto float_index = static_cast<RegisterIndex>(first_float_ + access.data_register / register_step());
    if (access.is_float && access.size == 4) {
        unsigned shift = access.data_register % register_step() ? 32 : 0;
        u64 other = get_special(float_index) & ~(u64{0xffff'ffff} << shift);
        set_special(float_index, other | value << shift);
    } else if (access.is_float) {
        set_special(float_index, value);
    } else if (access.data_register != 0) {
        unsigned unused = 64 - access.size * 8;
        u64 extended = static_cast<u64>(static_cast<i64>(value << unused) >> unused);
        set_general(access.data_register, access.is_signed ? extended : value);
    }
}

/// False: `stop` says what comes of the access instead.
bool MipsCpu::carry_out(u64 address, Stop& stop) {
    if (address % 4 != 0) return false;   // it is the fetch that is not aligned
    auto access = mips::memory_access(instruction_at(address), reader());
    if (!access || access->is_atomic || !access->wants_alignment) return false;
    std::array<std::byte, 8> bytes{};
    auto field = std::span(bytes).first(access->size);
    GuestAddr place{canonical(access->address)};
    stop = {.kind = Stop::Kind::fault, .address = place, .access = access->is_store ? Access::write : Access::read};
    if (access->is_store) {
        u64 value = stored_value(*access) & (~u64{0} >> (64 - access->size * 8));
        store_unsigned(field.data(), value, access->size, abi().byte_order);
        return memory_.write(place, field);
    }
    if (!memory_.read(place, field)) return false;
    take_value(*access, load_unsigned(field.data(), access->size, abi().byte_order));
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
    u64 address = recovered_pc();
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

}  // namespace postern::unicorn
