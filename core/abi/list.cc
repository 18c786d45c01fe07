// Every ABI, and how to find one.

#include "abi/define.hpp"
#include "base/result.hpp"

namespace postern {
namespace {

constexpr const Abi* known[] = {
#define POSTERN_ABI(name) &name##_abi,
#define POSTERN_ABI_WITHOUT_ENGINE(name) &name##_abi,
#include "abi/list.def"
#undef POSTERN_ABI
};

constexpr std::size_t executed_count = 0
#define POSTERN_ABI(name) +1
#include "abi/list.def"
#undef POSTERN_ABI
    ;

bool matches(const Abi& abi, u16 e_machine, u8 elf_class, ByteOrder byte_order, u32 e_flags) {
    const ElfIdentity& elf = abi.elf;
    bool machine = e_machine == elf.machine || (elf.alternative_machine && e_machine == elf.alternative_machine);
    return machine && elf_class == elf.elf_class && byte_order == abi.byte_order &&
           (e_flags & elf.flags_mask) == elf.flags_value;
}

}  // namespace

std::span<const Abi* const> all_abis() { return std::span(known).first<executed_count>(); }

std::span<const Abi* const> known_abis() { return known; }

const Abi* find_abi(std::string_view name) {
    for (const Abi* abi : known)
        if (abi->name == name) return abi;
    return nullptr;
}

const Abi* identify_abi(u16 e_machine, u8 elf_class, ByteOrder byte_order, u32 e_flags) {
    for (const Abi* abi : all_abis())
        if (matches(*abi, e_machine, elf_class, byte_order, e_flags)) return abi;
    return nullptr;
}

std::optional<RegisterIndex> Abi::find_register(std::string_view register_name) const {
    for (std::size_t i = 0; i < registers.size(); ++i)
        if (registers[i].name == register_name) return static_cast<RegisterIndex>(i);
    return std::nullopt;
}

RegisterIndex Abi::register_index(std::string_view register_name) const {
    auto index = find_register(register_name);
    POSTERN_ASSERT(index);
    return *index;
}

}  // namespace postern
