#include "cpu/unicorn/flat_access.hpp"

#include "base/endian.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <sys/mman.h>

namespace postern::unicorn {

using namespace host;

namespace {


/// Of an address below 2 GiB.
u32 low_half(const void* address) { return static_cast<u32>(reinterpret_cast<std::uintptr_t>(address)); }

/// Instructions on the lower halves of registers. Idle instructions would cost as much as others, so
/// bytes that are too many become prefixes without meaning.
class Writer {
public:
    void instruction(std::initializer_list<u8> bytes) {
        starts_[count_++] = size_;
        for (u8 byte : bytes) code_[size_++] = byte;
    }
    /// opcode, from a register to another or with a displacement.
    void from(u8 source, u8 opcode, Mode mode, u8 target) {
        auto form = static_cast<u8>(mode << 6 | target << 3 | (source & 7));
        if (source >= 8) instruction({0x40 | extends_rm, opcode, form});
        else instruction({opcode, form});
    }
    void operand(u32 value) {
        store(reinterpret_cast<std::byte*>(&code_[size_]), value, ByteOrder::little);
        size_ += 4;
    }
    void operand(u8 value) { code_[size_++] = value; }
    std::size_t size() const { return size_; }

    /// Whether fill() can make it as long as this.
    bool fits(std::size_t size) const { return size >= size_ && size - size_ <= most_prefixes * (count_ - 2); }
    /// The last two instructions, a jump and what is behind it, get no prefixes.
    void fill(std::span<u8> out) const {
        std::size_t padding = out.size() - size_, at = 0;
        for (std::size_t i = 0; i < count_; ++i) {
            for (unsigned n = 0; n < most_prefixes && padding > 0; ++n, --padding) out[at++] = data_segment;
            std::size_t end = i + 1 < count_ ? starts_[i + 1] : size_;
            std::memcpy(&out[at], &code_[starts_[i]], end - starts_[i]);
            at += end - starts_[i];
        }
    }

private:
    static constexpr u8 data_segment = 0x3e;
    static constexpr unsigned most_prefixes = 4;

    std::array<u8, 64> code_;
    std::array<std::size_t, 16> starts_;
    std::size_t size_ = 0, count_ = 0;
};

}  // namespace

std::unique_ptr<FlatAccess> FlatAccess::create(std::byte* arena_base, Check check) {
#if defined(__x86_64__)
    auto base = reinterpret_cast<std::uintptr_t>(arena_base);
    if (!std::has_single_bit(base) || base < u64{1} << 32) return nullptr;
    void* table = ::mmap(nullptr, page_count * sizeof(Entry), PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_32BIT, -1, 0);
    if (table == MAP_FAILED) return nullptr;
    auto entries = static_cast<Entry*>(table);
    return std::unique_ptr<FlatAccess>(new FlatAccess(entries, static_cast<u8>(std::countr_zero(base)), check));
#else
    (void)arena_base, (void)check;
    return nullptr;
#endif
}

FlatAccess::FlatAccess(Entry* table, u8 base_bit, Check check)
    : table_(table), base_bit_(base_bit), check_(check), has_code_(page_count) {
    table_[0] = nothing(0);
}

FlatAccess::~FlatAccess() {
    ::munmap(table_, page_count * sizeof(Entry));
}


// --- the table

/// What no access to the page passes. Pages that were never touched hold zeros, which is the same
/// for all but the first.
FlatAccess::Entry FlatAccess::nothing(u64 page) const {
    u32 none = check_ == Check::page && page == 0 ? ~u32{0} : 0;
    return {none, none};
}

/// What the page's accesses compare with; the end of the last page, 0, is what nothing is below of.
u32 FlatAccess::everything(u64 page) const {
    return static_cast<u32>((page + (check_ == Check::end)) << page_bits);
}

void FlatAccess::granted_read(u64 address) {
    u64 page = page_of(address);
    if (table_[page].read == nothing(page).read) touched_.push_back(page);
    table_[page].read = everything(page);
}

void FlatAccess::granted_write(u64 address) {
    u64 page = page_of(address);
    if (!has_code_[page]) table_[page].write = everything(page);
}

void FlatAccess::granted_execution(u64 address) {
    u64 page = page_of(address);
    if (has_code_[page]) return;
    has_code_[page] = true;
    code_pages_.push_back(page);
    table_[page].write = nothing(page).write;
}

void FlatAccess::forget_grants() {
    for (u64 page : touched_) table_[page] = nothing(page);
    touched_.clear();
}

void FlatAccess::forget_code() {
    for (u64 page : code_pages_) has_code_[page] = false;
    code_pages_.clear();
}

// --- translated blocks

void FlatAccess::rewrite(std::span<u8> code) const {
    constexpr std::array<u8, 3> shift{0xc1, 0xef, 0x06};   // shr $6, %edi
    for (std::size_t from = 0; from < code.size();) {
        auto* place = static_cast<u8*>(::memmem(code.data() + from, code.size() - from, shift.data(), shift.size()));
        if (!place) return;
        auto at = static_cast<std::size_t>(place - code.data());
        from = at + shift.size();
        if (auto lookup = read_tlb_lookup(code, at)) rewrite(code.subspan(lookup->start, lookup->size), *lookup);
    }
}

void FlatAccess::rewrite(std::span<u8> code, const TlbLookup& lookup) const {
    if (check_ == Check::end && lookup.mask != page_mask) return;   // it asks for alignment, too
    Writer quick;
    quick.from(lookup.address_register, move, plain_register, edi);
    quick.instruction({0xc1, 0xef, page_bits});              // shr $12, %edi
    if (lookup.last_byte != 0) {
        quick.from(lookup.address_register, load_address, byte_displacement, esi);
        if ((lookup.address_register & 7) == needs_index_byte) quick.operand(no_index);
        quick.operand(lookup.last_byte);
    } else {
        quick.from(lookup.address_register, move, plain_register, esi);
    }
    if (check_ == Check::page) {
        quick.instruction({0x81, 0xe6});                     // and $mask, %esi
        quick.operand(lookup.mask);
    }
    quick.instruction({0x3b, 0x34, 0xfd});                   // cmp table(, %rdi, 8), %esi
    quick.operand(low_half(lookup.is_store ? &table_->write : &table_->read));
    quick.from(lookup.address_register, move, plain_register, esi);
    constexpr u8 not_equal = 0x85, not_below = 0x83;
    quick.instruction({0x0f, check_ == Check::page ? not_equal : not_below});
    quick.operand(u32{0});                                   // filled in below
    quick.instruction({operand_64bit, 0x0f, 0xba, 0xee, base_bit_});   // bts $base, %rsi
    std::size_t setting_size = 5;
    if (!quick.fits(code.size())) return;
    u32 moved = static_cast<u32>(lookup.jump_end) - static_cast<u32>(code.size() - setting_size);
    quick.fill(code);
    store(reinterpret_cast<std::byte*>(&code[code.size() - setting_size - sizeof moved]), lookup.slow_path + moved,
          ByteOrder::little);
}

/// The host code of a block begins a little behind its description, which points to it.
static std::span<u8> code_of(void* block, int size) {
    constexpr std::size_t description_size = 0x60;
    constexpr std::uintptr_t farthest = 0x400;
    for (std::size_t at = 0; at + sizeof(std::uintptr_t) <= description_size; at += sizeof(std::uintptr_t)) {
        std::uintptr_t word;
        std::memcpy(&word, static_cast<std::byte*>(block) + at, sizeof word);
        if (word - reinterpret_cast<std::uintptr_t>(block) - description_size < farthest)
            return {reinterpret_cast<u8*>(word), static_cast<std::size_t>(size)};
    }
    return {};
}

static void after_translation(void* block, int size) {
    FlatAccess* access = FlatAccess::entered();
    if (access && size > 0) access->rewrite(code_of(block, size));
}

}  // namespace postern::unicorn

// Unicorn's `int tcg_gen_code(TCGContext*, TranslationBlock*)`, of which every machine has one;
// the result is the size of the host code, or negative.
#define POSTERN_REWRITE(machine)                                                \
    extern "C" int __real_tcg_gen_code_##machine(void* context, void* block);   \
    extern "C" int __wrap_tcg_gen_code_##machine(void* context, void* block);   \
    int __wrap_tcg_gen_code_##machine(void* context, void* block) {             \
        int size = __real_tcg_gen_code_##machine(context, block);               \
        postern::unicorn::after_translation(block, size);                       \
        return size;                                                            \
    }
POSTERN_REWRITE(x86_64)
POSTERN_REWRITE(arm)
POSTERN_REWRITE(mips)
POSTERN_REWRITE(mipsel)
POSTERN_REWRITE(ppc64)
POSTERN_REWRITE(riscv32)
#undef POSTERN_REWRITE
