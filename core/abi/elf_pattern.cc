#include "abi/elf_pattern.hpp"

#include "base/endian.hpp"

namespace postern {
namespace {

// Offsets of the file header, in bytes (elf(5)). Up to e_version both classes have the same.
constexpr std::size_t os_abi_offset = 7, type_offset = 16, machine_offset = 18, version_offset = 20, size_to_version = 24;
constexpr std::size_t flags_offset_32 = 36, flags_offset_64 = 48;

class PatternWriter {
public:
    PatternWriter(ByteOrder byte_order, std::size_t size) : byte_order_(byte_order), pattern_{std::vector<u8>(size), std::vector<u8>(size)} {}

    void byte(std::size_t offset, u8 value, u8 mask = 0xff) { put(offset, value, mask, 1); }
    /// A number of `width` bytes in the file's byte order.
    void put(std::size_t offset, u64 value, u64 mask, unsigned width) {
        store(pattern_.magic, offset, value, width);
        store(pattern_.mask, offset, mask, width);
    }
    ElfPattern take() { return std::move(pattern_); }

private:
    void store(std::vector<u8>& bytes, std::size_t offset, u64 value, unsigned width) {
        store_unsigned(reinterpret_cast<std::byte*>(bytes.data() + offset), value, width, byte_order_);
    }

    ByteOrder byte_order_;
    ElfPattern pattern_;
};

}  // namespace

bool ElfPattern::matches(std::span<const std::byte> file) const {
    if (file.size() < magic.size()) return false;
    for (std::size_t i = 0; i < magic.size(); ++i)
        if ((std::to_integer<u8>(file[i]) & mask[i]) != magic[i]) return false;
    return true;
}

ElfPattern elf_pattern(const Abi& abi) {
    const ElfIdentity& elf = abi.elf;
    std::size_t flags_offset = elf.elf_class == 2 ? flags_offset_64 : flags_offset_32;
    PatternWriter out(abi.byte_order, elf.flags_mask ? flags_offset + 4 : size_to_version);
    const u8 identification[] = {0x7f, 'E', 'L', 'F', elf.elf_class, u8(abi.byte_order == ByteOrder::little ? 1 : 2), 1};
    for (std::size_t i = 0; i < std::size(identification); ++i) out.byte(i, identification[i]);
    out.byte(os_abi_offset, 0, 0xfc);
    out.put(type_offset, 2, 0xfffe, 2);   // ET_EXEC, and ET_DYN, which is 3
    out.put(machine_offset, elf.machine, 0xffff, 2);
    out.put(version_offset, 1, 0xffff'ffff, 4);
    if (elf.flags_mask) out.put(flags_offset, elf.flags_value, elf.flags_mask, 4);
    return out.take();
}

}  // namespace postern
