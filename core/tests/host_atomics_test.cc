// The library that is linked keeps the marks of a block where its functions are looked through for them.
#include "cpu/unicorn/host_atomics.hpp"

#include "base/types.hpp"

#include <array>
#include <doctest/doctest.h>

#if defined(__x86_64__)

extern "C" void tcg_gen_atomic_cmpxchg_i32_x86_64();
extern "C" void tcg_gen_atomic_cmpxchg_i32_arm();
extern "C" void tcg_gen_atomic_cmpxchg_i32_s390x();

namespace postern::unicorn {

TEST_CASE("a block's marks are found by the question for CF_PARALLEL") {
    for (auto function : {tcg_gen_atomic_cmpxchg_i32_x86_64, tcg_gen_atomic_cmpxchg_i32_arm, tcg_gen_atomic_cmpxchg_i32_s390x})
        CHECK(find_block_marks(reinterpret_cast<const void*>(function)) != 0);
    std::array<u8, 96> code{};
    CHECK(find_block_marks(code.data()) == 0);
    code[92] = 0xf6, code[93] = 0x43, code[94] = 0x66, code[95] = 8;   // testb $8, 0x66(%rbx)
    CHECK(find_block_marks(code.data()) == 0x64);
    code[95] = 4;
    CHECK(find_block_marks(code.data()) == 0);
}

}  // namespace postern::unicorn

#endif
