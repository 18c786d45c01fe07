#include "cpu/unicorn/tlb_lookup.hpp"

#include "base/endian.hpp"

#include <initializer_list>

namespace postern::unicorn {

using namespace host;

namespace {

/// Reads instructions front to back; false once one is not what was expected.
class Reader {
public:
    Reader(std::span<const u8> code, std::size_t at, bool wide) : code_(code), at_(at), wide_(wide) {}

    std::size_t at() const { return at_; }
    /// An instruction's first bytes, behind REX.W where the machine's addresses have 64 bits.
    bool sized(std::initializer_list<u8> bytes) { return wide_ ? byte(operand_64bit) && these(bytes) : these(bytes); }
    bool these(std::initializer_list<u8> bytes) {
        for (u8 wanted : bytes)
            if (!byte(wanted)) return false;
        return true;
    }
    std::optional<u8> any_byte() { return at_ < code_.size() ? std::optional(code_[at_++]) : std::nullopt; }
    std::optional<u32> any_word() {
        if (code_.size() - at_ < 4) return std::nullopt;
        at_ += 4;
        return load<u32>(reinterpret_cast<const std::byte*>(&code_[at_ - 4]), ByteOrder::little);
    }
    /// op disp(%rbp), %edi, with either size of displacement.
    bool from_state(u8 opcode) {
        if (!byte(opcode)) return false;
        auto form = any_byte();
        if (form == 0x7d) return any_byte().has_value();
        return form == 0xbd && any_word();
    }
    /// The register that an instruction with this opcode reads, from a modrm byte that says
    /// `mode` and `target`.
    std::optional<u8> source(u8 opcode, u8 mode, u8 target) {
        u8 prefix = wide_ ? operand_64bit : 0;
        if (at_ < code_.size() && (code_[at_] & ~extends_rm) == (wide_ ? operand_64bit : 0x40)) prefix = code_[at_++];
        if (wide_ && prefix == 0) return std::nullopt;
        if (!byte(opcode)) return std::nullopt;
        auto form = any_byte();
        if (!form || (*form & 0xf8) != (mode << 6 | target << 3)) return std::nullopt;
        return static_cast<u8>((*form & 7) | (prefix & extends_rm) << 3);
    }

private:
    bool byte(u8 wanted) { return at_ < code_.size() && code_[at_++] == wanted; }

    std::span<const u8> code_;
    std::size_t at_;
    bool wide_;
};

/// lea size-1(A), esi or mov A, esi; and $M, esi.
bool read_address(Reader& reader, std::span<const u8> code, bool wide, TlbLookup& found) {
    std::size_t start = reader.at();
    auto address = reader.source(load_address, byte_displacement, esi);
    if (address) {
        if ((*address & 7) == needs_index_byte && !reader.these({no_index})) return false;
        found.last_byte = reader.any_byte().value_or(0);
        if (found.last_byte == 0) return false;
    } else {
        reader = Reader(code, start, wide);
        address = reader.source(move, plain_register, esi);
        if (!address) return false;
    }
    found.address_register = *address;
    if (!reader.sized({0x81, 0xe6})) return false;
    found.mask = reader.any_word().value_or(0);
    return found.mask >= page_mask;
}

/// cmp (rdi), esi; mov A, esi; jne slow.
bool read_comparison(Reader& reader, TlbLookup& found) {
    if (!reader.sized({0x3b})) return false;
    auto compared = reader.any_byte();
    found.is_store = compared == 0x77;   // with a displacement
    if (found.is_store ? !reader.any_byte() : compared != 0x37) return false;
    if (reader.source(move, plain_register, esi) != found.address_register || !reader.these({0x0f, 0x85})) return false;
    auto slow_path = reader.any_word();
    found.slow_path = slow_path.value_or(0);
    return slow_path.has_value();
}

}  // namespace

std::optional<TlbLookup> read_tlb_lookup(std::span<const u8> code, std::size_t shift) {
    bool wide = shift > 0 && code[shift - 1] == operand_64bit;
    constexpr std::size_t shift_size = 3;
    Reader reader(code, shift + shift_size, wide);
    TlbLookup found{};
    if (!reader.sized({}) || !reader.from_state(0x23) || !reader.these({operand_64bit}) || !reader.from_state(0x03))
        return std::nullopt;   // and TLB-mask, add TLB
    if (!read_address(reader, code, wide, found) || !read_comparison(reader, found)) return std::nullopt;
    std::size_t jump_end = reader.at();
    if (!reader.these({operand_64bit, 0x03, 0x77}) || !reader.any_byte()) return std::nullopt;

    std::size_t shift_start = shift - wide, move_size = wide || found.address_register >= 8 ? 3 : 2;
    if (shift_start < move_size) return std::nullopt;
    found.start = shift_start - move_size;
    found.size = reader.at() - found.start;
    found.jump_end = jump_end - found.start;
    Reader first(code, found.start, wide);
    bool starts_so = first.source(move, plain_register, edi) == found.address_register && first.at() == shift_start;
    return starts_so ? std::optional(found) : std::nullopt;
}

}  // namespace postern::unicorn
