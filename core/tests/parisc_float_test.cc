// PA-RISC's floating point: numbers, NaNs, exceptions, comparisons and their queue.
#include "parisc_machine.hpp"

#include <cmath>
#include <limits>

using namespace parisc_test;

namespace {

constexpr u32 I = 1u << 27, U = 2u << 27, O = 4u << 27, Z = 8u << 27, V = 16u << 27, C = 1u << 26;

/// fr4 and fr5 to fr6; of doubles, or of single numbers in their left halves.
struct Case {
    const char* text;
    u64 a, b, result;
    u32 status = 0;       // flags that come
    u32 before = 0;       // FPSR
};
constexpr u64 bits(double value) { return std::bit_cast<u64>(value); }
constexpr u64 left(float value) { return u64{std::bit_cast<u32>(value)} << 32; }
constexpr u64 infinity = u64{0x7ff} << 52, quiet_nan = 0x7ff4'0000'0000'0000, minimum = 1;
constexpr u64 sign = u64{1} << 63, signalling = 0x7ff8'0000'0000'0001;

const Case cases[] = {
    {"fadd,dbl %fr4,%fr5,%fr6", bits(1.5), bits(2.25), bits(3.75)},
    {"fsub,dbl %fr4,%fr5,%fr6", bits(1), bits(3), bits(-2)},
    {"fmpy,dbl %fr4,%fr5,%fr6", bits(-0.0), bits(3), sign},
    {"fdiv,dbl %fr4,%fr5,%fr6", bits(1), bits(3), bits(1.0 / 3), I},
    {"fdiv,dbl %fr4,%fr5,%fr6", bits(1), bits(0), infinity, Z},
    {"fdiv,dbl %fr4,%fr5,%fr6", bits(0), bits(0), quiet_nan, V},
    {"fmpy,dbl %fr4,%fr5,%fr6", bits(1e308), bits(10), infinity, O | I},
    {"fmpy,dbl %fr4,%fr5,%fr6", bits(1e308), bits(10), bits(std::numeric_limits<double>::max()), O | I, 1 << 9},   // towards zero
    {"fmpy,dbl %fr4,%fr5,%fr6", minimum, bits(0.5), 0, U | I},
    {"fmpy,dbl %fr4,%fr5,%fr6", minimum, bits(0.5), minimum, U | I, 2 << 9},                                       // up
    {"fmpy,dbl %fr4,%fr5,%fr6", minimum | sign, bits(0.5), minimum | sign, U | I, 3 << 9},                         // down
    {"fadd,dbl %fr4,%fr5,%fr6", minimum, minimum, 2},                                                              // exact denormals
    {"fadd,dbl %fr4,%fr5,%fr6", infinity, infinity | sign, quiet_nan, V},
    {"fadd,dbl %fr4,%fr5,%fr6", 0x7ff0'0000'0000'0005, bits(1), 0x7ff0'0000'0000'0005},                            // quiet, goes through
    {"fadd,dbl %fr4,%fr5,%fr6", bits(1), signalling, 0x7ff4'0000'0000'0001, V},
    {"fadd,dbl %fr4,%fr5,%fr6", 0x7ff0'0000'0000'0005, signalling, 0x7ff4'0000'0000'0001, V},                      // the signalling one
    {"fadd,dbl %fr4,%fr0,%fr6", bits(7), 0, bits(7)},                                                              // fr0 is 0
    {"fsqrt,dbl %fr4,%fr6", bits(9), 0, bits(3)},
    {"fsqrt,dbl %fr4,%fr6", bits(-1), 0, quiet_nan, V},
    {"fabs,dbl %fr4,%fr6", bits(-2), 0, bits(2)},
    {"fneg,dbl %fr4,%fr6", signalling, 0, signalling | sign},
    {"fnegabs,dbl %fr4,%fr6", bits(2), 0, bits(-2)},
    {"fcpy,dbl %fr4,%fr6", signalling, 0, signalling},
    {"frnd,dbl %fr4,%fr6", bits(2.5), 0, bits(2), I},
    {"frnd,dbl %fr4,%fr6", bits(2.5), 0, bits(3), I, 2 << 9},
    {"fadd,sgl %fr4,%fr5,%fr6", left(1.5f), left(2.25f), left(3.75f)},
    {"fmpy,sgl %fr4,%fr5,%fr6", left(1e38f), left(10), u64{0x7f80'0000} << 32, O | I},
    {"fdiv,sgl %fr4,%fr5,%fr6", left(0), left(0), u64{0x7fa0'0000} << 32, V},
    {"fsqrt,sgl %fr4,%fr6", left(2), 0, left(std::sqrt(2.0f)), I},
    {"fcnv,sgl,dbl %fr4,%fr6", left(1.5f), 0, bits(1.5)},
    {"fcnv,dbl,sgl %fr4,%fr6", bits(1.0 / 3), 0, left(1.0f / 3), I},
    {"fcnv,dbl,sgl %fr4,%fr6", bits(1e300), 0, u64{0x7f80'0000} << 32, O | I},
    {"fcnv,sgl,dbl %fr4,%fr6", u64{0x7fc0'0001} << 32, 0, 0x7ff4'0000'2000'0000, V},
    {"fcnv,dbl,sgl %fr4,%fr6", signalling | sign, 0, u64{0xffa0'0000} << 32, V},
    {"fcnv,w,dbl %fr4,%fr6", u64{0xffff'fffb} << 32, 0, bits(-5)},
    {"fcnv,uw,dbl %fr4,%fr6", u64{0xffff'fffb} << 32, 0, bits(4294967291.0)},
    {"fcnv,w,sgl %fr4,%fr6", u64{0x7fff'ffff} << 32, 0, left(2147483648.0f), I},
    {"fcnv,dw,dbl %fr4,%fr6", 0u - u64{5}, 0, bits(-5)},
    {"fcnv,dw,dbl %fr4,%fr6", 0x7fff'ffff'ffff'ffff, 0, bits(9223372036854775808.0), I},
    {"fcnv,udw,dbl %fr4,%fr6", 0u - u64{1}, 0, bits(18446744073709551616.0), I},
    {"fcnv,dbl,w %fr4,%fr6", bits(2.5), 0, u64{2} << 32, I},
    {"fcnv,dbl,w %fr4,%fr6", bits(-2.5), 0, u64{0xffff'fffd} << 32, I, 3 << 9},
    {"fcnv,t,dbl,w %fr4,%fr6", bits(-2.9), 0, u64{0xffff'fffe} << 32, I},
    {"fcnv,t,dbl,w %fr4,%fr6", bits(3e9), 0, u64{0x7fff'ffff} << 32, V},
    {"fcnv,t,dbl,w %fr4,%fr6", bits(-3e9), 0, u64{0x8000'0000} << 32, V},
    {"fcnv,t,dbl,w %fr4,%fr6", quiet_nan, 0, u64{0x7fff'ffff} << 32, V},
    {"fcnv,t,dbl,uw %fr4,%fr6", bits(3e9), 0, u64{3'000'000'000} << 32},
    {"fcnv,t,dbl,dw %fr4,%fr6", bits(-1e18), 0, 0u - u64{1'000'000'000'000'000'000}},
    {"fcnv,t,sgl,w %fr4,%fr6", left(7.9f), 0, u64{7} << 32, I},
    {"xmpyu %fr4,%fr5,%fr6", u64{0xffff'ffff} << 32, u64{0xffff'ffff} << 32, 0xffff'fffe'0000'0001},
    {"fmpyfadd,dbl %fr4,%fr5,%fr0,%fr6", bits(3), bits(4), bits(12)},
    {"fmpynfadd,dbl %fr4,%fr5,%fr4,%fr6", bits(3), bits(4), bits(-9)},
};

}  // namespace

TEST_CASE("parisc: floating-point instructions, NaNs and flags") {
    PariscMachine machine;
    for (const Case& row : cases) {
        CAPTURE(std::string(row.text));
        CAPTURE(row.a);
        CAPTURE(row.b);
        machine.set_wide(0, u64{row.before} << 32);
        machine.set_wide(4, row.a);
        machine.set_wide(5, row.b);
        machine.set_wide(6, 0);
        machine.execute({row.text});
        CHECK(machine.get_wide(6) == row.result);
        CHECK((machine.get_wide(0) >> 32) == (row.before | row.status));
    }
}

TEST_CASE("parisc: an enabled exception is a trap, and changes nothing") {
    PariscMachine machine;
    const struct { const char* text; double a, b; u32 enable, code; } traps[] = {
        {"fdiv,dbl %fr4,%fr5,%fr6", 1, 0, 8, 3},   {"fdiv,dbl %fr4,%fr5,%fr6", 0, 0, 16, 7}, {"fmpy,dbl %fr4,%fr5,%fr6", 1e308, 10, 4, 4},
        {"fmpy,dbl %fr4,%fr5,%fr6", 1e-308, 1e-10, 2, 5}, {"fdiv,dbl %fr4,%fr5,%fr6", 1, 3, 1, 6},
    };
    for (const auto& row : traps) {
        CAPTURE(row.code);
        machine.set_wide(0, u64{row.enable} << 32);
        machine.set_double(4, row.a);
        machine.set_double(5, row.b);
        machine.set_double(6, 99);
        Stop stop = machine.run({"nop", row.text});
        CHECK(stop.trap == TrapKind::floating_point);
        CHECK(stop.detail == row.code);
        CHECK(machine.get("iaoq0") == code_page + 4);
        CHECK(machine.get_double(6) == 99);
        CHECK((machine.get_wide(0) >> 32) == row.enable);
    }
}

TEST_CASE("parisc: comparisons, their queue, and tests") {
    PariscMachine machine;
    const struct { const char* condition; double a, b; bool holds; u32 flags; } comparisons[] = {
        {",=", 1, 1, true, 0}, {",=", 1, 2, false, 0}, {",<", 1, 2, true, 0}, {",<=", 2, 2, true, 0}, {",>", 1, 2, false, 0}, {",>=", 3, 2, true, 0},
        {",<>", 1, 2, true, 0}, {",=", -0.0, 0.0, true, 0},
        {",?", 1, NAN, true, 0}, {",!?", 1, NAN, false, 0}, {",<", 1, NAN, false, V}, {",?<", 1, NAN, true, 0}, {",!<", 1, NAN, true, V},
        {",true", 1, 1, true, 0}, {",false?", 1, 1, false, 0},
    };
    for (const auto& row : comparisons) {
        CAPTURE(std::string(row.condition));
        CAPTURE(row.a);
        machine.set_wide(0, 0);
        machine.set_double(4, row.a);
        machine.set_wide(5, std::isnan(row.b) ? quiet_nan : bits(row.b));
        machine.execute({fmt::format("fcmp,dbl{} %fr4,%fr5", row.condition), "ftest", "ldo 1(%r0),%r6", "ldo 2(%r0),%r7"});
        CHECK((machine.get_wide(0) >> 32) == ((row.holds ? C : 0) | row.flags));
        CHECK(machine.get("r6") == (row.holds ? 0 : 1));
        machine.set("r6", 0);
    }
    // true, false, true: the newest is C, the older ones are behind it.
    machine.set_wide(0, 0);
    machine.execute({"fcmp,dbl,true %fr4,%fr4", "fcmp,dbl,false? %fr4,%fr4", "fcmp,dbl,true %fr4,%fr4"});
    CHECK((machine.get_wide(0) >> 32) == (C | 1u << 20));
    machine.set("r6", 0);
    machine.execute({"ftest,acc2", "ldo 1(%r6),%r6", "ftest,rej", "ldo 1(%r6),%r6", "ftest,acc", "ldo 1(%r6),%r6"});
    CHECK(machine.get("r6") == 3);
    machine.set_wide(0, 0);
    machine.execute({"ftest,acc", "ldo 1(%r6),%r6", "fcmp,dbl,true,2 %fr4,%fr4", "ftest,2", "ldo 1(%r6),%r6"});
    CHECK((machine.get_wide(0) >> 32) == (1u << 19));
    CHECK(machine.get("r6") == 3);
}

TEST_CASE("parisc: two operations at once, and halves of registers") {
    PariscMachine machine;
    machine.set_double(20, 3);
    machine.set_double(21, 4);
    machine.set_double(22, 10);
    machine.execute({"fmpyadd,dbl %fr20,%fr21,%fr23,%fr20,%fr22"});
    CHECK(machine.get_double(23) == 12);
    CHECK(machine.get_double(22) == 13);
    machine.execute({"fmpysub,dbl %fr20,%fr21,%fr23,%fr20,%fr22"});
    CHECK(machine.get_double(22) == 10);
    machine.set_wide(24, left(2) | std::bit_cast<u32>(3.0f));
    machine.execute({"fadd,sgl %fr24,%fr24R,%fr25R", "fmpyadd,sgl %fr24,%fr24R,%fr26R,%fr24R,%fr24"});
    CHECK(machine.get_wide(25) == std::bit_cast<u32>(5.0f));
    CHECK(machine.get_wide(26) == std::bit_cast<u32>(6.0f));
    CHECK(machine.get_wide(24) == (left(5) | std::bit_cast<u32>(3.0f)));
}

TEST_CASE("parisc: floating-point loads and stores") {
    PariscMachine machine;
    machine.poke(data_page, bits(1.5));
    machine.set("r4", data_page);
    machine.set("r5", 1);
    machine.execute({"fldd 0(%r4),%fr4", "fldw 4(%r4),%fr5R", "fldw,ma 4(%r4),%fr6", "fstd %fr4,12(%r4)", "fldd,s %r5(%r4),%fr7", "fstw %fr6,-4(%r4)"});
    CHECK(machine.get_double(4) == 1.5);
    CHECK(machine.get_wide(5) == static_cast<u32>(bits(1.5)));
    CHECK(machine.get_wide(6) == (bits(1.5) >> 32 << 32));
    CHECK(machine.peek<u64>(data_page + 16) == bits(1.5));
    CHECK(machine.get("r4") == data_page + 4);
    // Register 0 is the status, and a program sets the way of rounding so.
    machine.poke(data_page + 32, u64{1} << 41);
    machine.set("r4", data_page + 32);
    machine.execute({"fldd 0(%r4),%fr0", "fdiv,dbl %fr4,%fr4,%fr4", "fstd %fr0,8(%r4)", "fstd %fr4,0(%r4)"});
    CHECK(machine.peek<u64>(data_page + 40) == (u64{1} << 41));
    CHECK(machine.get_double(4) == 1);
    machine.set("r4", unmapped);
    CHECK(machine.run({"fldd,ma 8(%r4),%fr4"}).kind == Stop::Kind::fault);
    CHECK(machine.get("r4") == unmapped);
}
