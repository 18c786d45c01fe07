#include "cpu/unicorn/target_page.hpp"

#include "base/endian.hpp"
#include "cpu/unicorn/private_memory.hpp"

#include <cstddef>
#include <cstring>
#include <malloc.h>
#include <span>

namespace postern::unicorn {

namespace {

/// Unicorn's TargetPageBits, whose mask has the machine's width: the lower half of it.
struct PageBits {
    u32 decided;
    u32 bits;
    u32 mask;
    bool operator==(const PageBits&) const = default;
};

constexpr PageBits smallest{1, 10, ~u32{0} << 10};

/// Whether `bits` lie at this address, where there may be no memory.
bool lies_at(std::uintptr_t address, const PageBits& bits) {
    PageBits found{};
    return read_carefully(address, std::as_writable_bytes(std::span(&found, 1))) == sizeof found && found == bits;
}

}  // namespace

void enlarge_target_pages(uc_engine* engine) {
    constexpr PageBits wanted{1, target_page_bits, ~u32{0} << target_page_bits};
    std::span words{reinterpret_cast<const std::byte*>(engine), malloc_usable_size(engine)};
    for (std::size_t at = 0; at + sizeof(std::uintptr_t) <= words.size(); at += sizeof(std::uintptr_t)) {
        auto candidate = load<std::uintptr_t>(words.data() + at, host_byte_order);
        if (candidate == 0 || candidate % alignof(std::max_align_t) != 0 || !lies_at(candidate, smallest)) continue;
        std::memcpy(reinterpret_cast<void*>(candidate), &wanted, sizeof wanted);
        return;
    }
}

}  // namespace postern::unicorn

// Unicorn's `void finalize_target_page_bits(struct uc_struct*)`, called once while an engine is
// initialised, of the two machines whose pages have no fixed size.
#define POSTERN_ENLARGE(machine)                                                      \
    extern "C" void __real_finalize_target_page_bits_##machine(uc_engine* engine);    \
    extern "C" void __wrap_finalize_target_page_bits_##machine(uc_engine* engine);    \
    void __wrap_finalize_target_page_bits_##machine(uc_engine* engine) {              \
        __real_finalize_target_page_bits_##machine(engine);                           \
        postern::unicorn::enlarge_target_pages(engine);                               \
    }
POSTERN_ENLARGE(arm)
POSTERN_ENLARGE(aarch64)
#undef POSTERN_ENLARGE
