// Registers by index of the ABI's table.
#include "cpu/unicorn/engine.hpp"

#include <algorithm>
#include <cstring>
#include <set>

namespace postern::unicorn {

u64 UnicornCpu::raw_get(int unicorn_id) const {
    u64 value = 0;
    uc_reg_read(engine_, unicorn_id, &value);
    return value;
}

void UnicornCpu::raw_set(int unicorn_id, u64 value) { uc_reg_write(engine_, unicorn_id, &value); }

/// Those that system calls need. Not the program counter unless it is needed: writing it
/// changes other state, such as the instruction set of arm.
void UnicornCpu::find_registers() {
    const SyscallConvention& convention = abi_.syscall;
    std::set<RegisterIndex> wanted{convention.number, convention.result, abi_.stack_pointer};
    wanted.insert(convention.arguments.begin(), convention.arguments.end());
    if (stands_on_system_call()) wanted.insert(abi_.program_counter);
    std::vector<int> ids;
    for (RegisterIndex index : wanted) ids.push_back(ids_[index]);
    auto found = find_register_words(engine_, ids);
    std::size_t next = 0;
    for (RegisterIndex index : wanted) words_[index] = found[next++];
}

u64 UnicornCpu::step_over(unsigned length) {
    RegisterIndex index = abi_.program_counter;
    RegisterWord at = words_[index];
    u64 address = at ? load_unsigned(at.word, at.width, host_byte_order) : raw_get(ids_[index]);
    if (at) store_unsigned(at.word, address + length, at.width, host_byte_order);
    else raw_set(ids_[index], address + length);
    return address;
}

u64 UnicornCpu::get(RegisterIndex index) const {
    int id = ids_[index];
    if (index == abi_.program_counter) return pending_pc_ ? *pending_pc_ : raw_get(id) + pc_bias_;
    if (RegisterWord at = words_[index]) return load_unsigned(at.word, at.width, host_byte_order);
    return id == special_register ? get_special(index) : raw_get(id);
}

void UnicornCpu::set(RegisterIndex index, u64 value) {
    if (index == abi_.program_counter) {
        // Written when the engine is entered again: a write from inside a hook would be
        // overtaken by what the engine does after the hook.
        pending_pc_ = value;
        return;
    }
    int id = ids_[index];
    if (RegisterWord at = words_[index]) store_unsigned(at.word, value, at.width, host_byte_order);
    else if (id == special_register) set_special(index, value);
    else raw_set(id, value);
}

void UnicornCpu::get_bytes(RegisterIndex index, std::span<std::byte> out) const {
    unsigned width = abi_.registers[index].width;
    if (ids_[index] == special_register) return get_special_bytes(index, out);
    if (width <= 8) return store_unsigned(out.data(), get(index), width, abi_.byte_order);
    std::byte value[64] = {};
    uc_reg_read(engine_, ids_[index], value);
    std::memcpy(out.data(), value, width);
    if (abi_.byte_order != host_byte_order) std::reverse(out.data(), out.data() + width);
}

void UnicornCpu::set_bytes(RegisterIndex index, std::span<const std::byte> in) {
    unsigned width = abi_.registers[index].width;
    if (ids_[index] == special_register) return set_special_bytes(index, in);
    if (width <= 8) return set(index, load_unsigned(in.data(), width, abi_.byte_order));
    std::byte value[64] = {};
    std::memcpy(value, in.data(), width);
    if (abi_.byte_order != host_byte_order) std::reverse(value, value + width);
    uc_reg_write(engine_, ids_[index], value);
}

u64 UnicornCpu::get_special(RegisterIndex) const { POSTERN_ASSERT(!"a special register without a reader"); }
void UnicornCpu::set_special(RegisterIndex, u64) { POSTERN_ASSERT(!"a special register without a writer"); }

void UnicornCpu::get_special_bytes(RegisterIndex index, std::span<std::byte> out) const {
    store_unsigned(out.data(), get_special(index), abi_.registers[index].width, abi_.byte_order);
}

void UnicornCpu::set_special_bytes(RegisterIndex index, std::span<const std::byte> in) {
    set_special(index, load_unsigned(in.data(), abi_.registers[index].width, abi_.byte_order));
}

void UnicornCpu::reset() {
    const std::byte zeros[16] = {};
    for (RegisterIndex index = 0; index < abi_.registers.size(); ++index) {
        if (ids_[index] != special_register) set_bytes(index, std::span{zeros, abi_.registers[index].width});
    }
    reset_machine();
}

}  // namespace postern::unicorn
