// The rewritten lookups do what the comment in flat_access.hpp says: they are run on this host.
#include "cpu/unicorn/flat_access.hpp"

#include "base/result.hpp"
#include "memory/arena.hpp"

#include <algorithm>
#include <cstring>
#include <doctest/doctest.h>
#include <random>
#include <sys/mman.h>

#if defined(__x86_64__)

namespace postern::unicorn {
namespace {

using Code = std::vector<u8>;

/// A flat guest of which two pages have memory, and code that reads a 32-bit word of it.
class Flat {
public:
    static constexpr u64 first = 0x10'0000, second = first + 0x1000;

    explicit Flat(FlatAccess::Check check) : arena_(*memory::Arena::reserve(true)) {
        std::byte* base = arena_.base();
        access = FlatAccess::create(base, check);
        POSTERN_ASSERT(::mprotect(base + first, 0x2000, PROT_READ | PROT_WRITE) == 0);
        std::memset(base + first, 0x11, 0x1000);
        std::memset(base + second, 0x22, 0x1000);
        code_ = static_cast<u8*>(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        POSTERN_ASSERT(code_ != MAP_FAILED);
    }
    ~Flat() { ::munmap(code_, 4096); }
    /// What the code returns for a guest address; the slow path returns all ones.
    u64 run(std::span<const u8> code, u64 address) const {
        std::memcpy(code_, code.data(), code.size());
        return reinterpret_cast<u64 (*)(u64, u64)>(code_)(0, address);
    }
    std::unique_ptr<FlatAccess> access;

private:
    memory::Arena arena_;
    u8* code_ = nullptr;
};

/// push %rbp, the lookup of a 32-bit read at %r8d as Unicorn writes it, the access, pop, ret. `mask`:
/// low byte of the page mask.
Code lookup(bool wide, u8 mask) {
    Code code;
    code.reserve(80);
    auto add = [&](std::initializer_list<u8> narrow, std::initializer_list<u8> wide_form) {
        for (u8 byte : wide ? wide_form : narrow) code.push_back(byte);
    };
    add({0x55, 0x41, 0x89, 0xf0}, {0x55, 0x41, 0x89, 0xf0});                 // push rbp; mov esi, r8d
    add({0x41, 0x8b, 0xf8}, {0x49, 0x8b, 0xf8});                             // mov r8, rdi
    add({0xc1, 0xef, 0x06}, {0x48, 0xc1, 0xef, 0x06});
    add({0x23, 0x7d, 0xb0}, {0x48, 0x23, 0xbd, 0x50, 0xff, 0xff, 0xff});     // either displacement
    add({0x48, 0x03, 0x7d, 0xb8}, {0x48, 0x03, 0xbd, 0x58, 0xff, 0xff, 0xff});
    if (mask) add({0x41, 0x8b, 0xf0}, {0x49, 0x8b, 0xf0});                   // mov r8, rsi
    else add({0x41, 0x8d, 0x70, 0x03}, {0x49, 0x8d, 0x70, 0x03});            // lea 3(r8), rsi
    add({0x81, 0xe6, mask, 0xf0, 0xff, 0xff}, {0x48, 0x81, 0xe6, mask, 0xf0, 0xff, 0xff});
    add({0x3b, 0x37}, {0x48, 0x3b, 0x37});
    add({0x41, 0x8b, 0xf0}, {0x49, 0x8b, 0xf0});
    add({0x0f, 0x85, 0x08, 0x00, 0x00, 0x00}, {0x0f, 0x85, 0x08, 0x00, 0x00, 0x00});
    add({0x48, 0x03, 0x77, 0x10}, {0x48, 0x03, 0x77, 0x20});
    add({0x8b, 0x06, 0x5d, 0xc3}, {0x8b, 0x06, 0x5d, 0xc3});                 // mov (%rsi), %eax
    add({0x48, 0x83, 0xc8, 0xff, 0x5d, 0xc3}, {0x48, 0x83, 0xc8, 0xff, 0x5d, 0xc3});   // or $-1, %rax
    return code;
}

constexpr u64 slow = ~u64{0};

}  // namespace

TEST_CASE("flat access: a read is quick where it is granted, and nowhere else") {
    Flat flat(FlatAccess::Check::end);
    REQUIRE(flat.access);
    for (bool wide : {false, true}) {
        CAPTURE(wide);
        Code code = lookup(wide, 0);
        const Code before = code;
        flat.access->forget_grants();
        flat.access->rewrite(code);
        REQUIRE(code != before);
        CHECK(flat.run(code, Flat::first) == slow);
        flat.access->granted_read(Flat::first);
        CHECK(flat.run(code, Flat::first) == 0x11111111);
        CHECK(flat.run(code, Flat::first + 0xffc) == 0x11111111);
        CHECK(flat.run(code, Flat::first + 0xffd) == slow);   // leaves the page
        CHECK(flat.run(code, Flat::first - 1) == slow);
        CHECK(flat.run(code, Flat::second) == slow);
        flat.access->granted_write(Flat::second);
        CHECK(flat.run(code, Flat::second) == slow);
        flat.access->granted_read(Flat::second);
        CHECK(flat.run(code, Flat::second) == 0x22222222);
        for (u64 address : {u64{0}, u64{1}, u64{0xfff}, u64{0xffff'f000}, u64{0xffff'fffd}, u64{0xffff'ffff}})
            CHECK(flat.run(code, address) == slow);
        flat.access->forget_grants();
        CHECK(flat.run(code, Flat::first) == slow);
    }
}

TEST_CASE("flat access: where accesses have to be aligned, others are slow") {
    Flat flat(FlatAccess::Check::page);
    REQUIRE(flat.access);
    Code code = lookup(false, 3);
    flat.access->rewrite(code);
    CHECK(flat.run(code, 0) == slow);
    flat.access->granted_read(Flat::first);
    CHECK(flat.run(code, Flat::first + 4) == 0x11111111);
    for (u64 offset : {1, 2, 3}) CHECK(flat.run(code, Flat::first + offset) == slow);
    flat.access->forget_grants();
    CHECK(flat.run(code, Flat::first + 4) == slow);
    CHECK(flat.run(code, 0) == slow);

    Flat other(FlatAccess::Check::end);   // which cannot express it
    REQUIRE(other.access);
    Code left = lookup(false, 3), before = left;
    other.access->rewrite(left);
    CHECK(left == before);
}

TEST_CASE("flat access: a page that may have translations is written slowly") {
    Flat flat(FlatAccess::Check::end);
    REQUIRE(flat.access);
    Code code = lookup(false, 0);
    auto compared = std::ranges::search(code, std::to_array<u8>({0x3b, 0x37}));
    code[static_cast<std::size_t>(compared.begin() - code.begin()) + 1] = 0x77;   // cmp 4(rdi), esi: a store
    code.insert(compared.begin() + 2, 0x04);
    flat.access->rewrite(code);
    auto quick = [&] { return flat.run(code, Flat::first) != slow; };
    flat.access->granted_read(Flat::first);
    CHECK_FALSE(quick());
    flat.access->granted_write(Flat::first);
    CHECK(quick());
    flat.access->granted_execution(Flat::first + 8);
    CHECK_FALSE(quick());
    flat.access->granted_write(Flat::first);
    CHECK_FALSE(quick());
    flat.access->forget_grants();
    flat.access->granted_write(Flat::first);
    CHECK_FALSE(quick());
    flat.access->forget_code();
    flat.access->granted_read(Flat::first);
    flat.access->granted_write(Flat::first);
    CHECK(quick());
}

TEST_CASE("flat access: what is not such a lookup stays") {
    Flat flat(FlatAccess::Check::end);
    REQUIRE(flat.access);
    for (bool wide : {false, true}) {
        const Code whole = lookup(wide, 0);
        Code rewritten = whole;
        flat.access->rewrite(rewritten);
        CHECK(rewritten != whole);
        std::size_t first = 4, last = whole.size() - 10;   // of the bytes that make it one
        for (std::size_t at = first; at < last; ++at) {
            Code cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(at));
            const Code before = cut;
            flat.access->rewrite(cut);
            CHECK(cut == before);
        }
        std::mt19937 random(1);
        for (unsigned round = 0; round < 20'000; ++round) {
            Code changed = whole;
            for (unsigned n = random() % 3 + 1; n > 0; --n) changed[random() % whole.size()] = static_cast<u8>(random());
            Code before = changed;
            flat.access->rewrite(changed);   // within its bounds, whatever it finds
            CHECK(changed.size() == before.size());
        }
    }
}

}  // namespace postern::unicorn

#endif
