#include "cpu/unicorn/code_buffer.hpp"

#include "base/types.hpp"

#include <cstring>
#include <malloc.h>

namespace postern::unicorn {

namespace {

/// The regions within TCGContext.
struct Regions {
    u64 start, start_aligned, end;   ///< addresses; behind the end a page without access
    u64 count, size, stride;         ///< the stride is a region's size and that page
    u64 taken, size_of_full;

    bool is_one_untouched() const {
        constexpr u64 page = 4096;
        return count == 1 && taken == 0 && size_of_full == 0 && stride - size == page &&
               start_aligned % page == 0 && start_aligned - start < page && start_aligned + size == end;
    }
};

}  // namespace

bool take_first_region(std::span<std::byte> context) {
    for (std::size_t at = 0; at + sizeof(Regions) <= context.size(); at += sizeof(u64)) {
        Regions regions;
        std::memcpy(&regions, &context[at], sizeof regions);
        if (!regions.is_one_untouched()) continue;
        regions.taken = 1;
        std::memcpy(&context[at], &regions, sizeof regions);
        return true;
    }
    return false;
}

}  // namespace postern::unicorn

struct TCGContext;

// Unicorn's `void tcg_region_init(TCGContext*)`, called once while an engine is initialised. Its function
// `tcg_region_reset_all` takes the first region, too, but it clears the buffer, and so touches all its memory.
#define POSTERN_TAKE_FIRST_REGION(machine)                                                              \
    extern "C" void __real_tcg_region_init_##machine(TCGContext* context);                              \
    extern "C" void __wrap_tcg_region_init_##machine(TCGContext* context);                              \
    extern "C" void tcg_region_reset_all_##machine(TCGContext* context);                                \
    void __wrap_tcg_region_init_##machine(TCGContext* context) {                                        \
        __real_tcg_region_init_##machine(context);                                                      \
        std::span bytes{reinterpret_cast<std::byte*>(context), malloc_usable_size(context)};            \
        if (!postern::unicorn::take_first_region(bytes)) tcg_region_reset_all_##machine(context);       \
    }
POSTERN_TAKE_FIRST_REGION(x86_64)
POSTERN_TAKE_FIRST_REGION(arm)
POSTERN_TAKE_FIRST_REGION(aarch64)
POSTERN_TAKE_FIRST_REGION(mips)
POSTERN_TAKE_FIRST_REGION(mipsel)
POSTERN_TAKE_FIRST_REGION(mips64)
POSTERN_TAKE_FIRST_REGION(mips64el)
POSTERN_TAKE_FIRST_REGION(ppc64)
POSTERN_TAKE_FIRST_REGION(riscv32)
POSTERN_TAKE_FIRST_REGION(riscv64)
POSTERN_TAKE_FIRST_REGION(s390x)
#undef POSTERN_TAKE_FIRST_REGION
