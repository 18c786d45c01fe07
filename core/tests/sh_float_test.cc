// The SH-4's floating-point unit: modes, NaNs, denormals, exceptions.
#include "sh_machine.hpp"

#include <cmath>
#include <limits>

using namespace sh_test;

namespace {

constexpr u32 PR = 1 << 19, SZ = 1 << 20, FR = 1 << 21, DN = 1 << 18;
constexpr u32 quiet_nan = 0x7fbf'ffff, signalling_nan = 0x7fc0'0000;   // the other way round than elsewhere
constexpr u32 I = 1, U = 2, O = 4, Z = 8, V = 16;
constexpr u32 infinity = 0x7f80'0000, smallest = 1, largest = 0x7f7f'ffff;

constexpr u32 raised(u32 exceptions) { return exceptions << 12 | exceptions << 2; }
u32 bits(float value) { return std::bit_cast<u32>(value); }

/// One instruction on fr1 (FRm), fr2 (FRn) and fr0.
struct Case {
    const char* text;
    u32 m, n;
    u32 mode;                         // of FPSCR
    u32 result, exceptions;
};

const Case cases[] = {
    {"fadd fr1,fr2", bits(1), bits(2), 0, bits(3), 0},
    {"fadd fr1,fr2", bits(1), bits(0x1p-24f), 0, bits(1), I},
    {"fsub fr1,fr2", infinity, infinity, 0, quiet_nan, V},
    {"fadd fr1,fr2", quiet_nan, bits(1), 0, quiet_nan, 0},
    {"fadd fr1,fr2", 0x7f80'0001, bits(1), 0, quiet_nan, 0},          // quiet; the result is always the same
    {"fadd fr1,fr2", signalling_nan, bits(1), 0, quiet_nan, V},
    {"fmul fr1,fr2", 0xff80'0001, signalling_nan, 0, quiet_nan, V},
    {"fmul fr1,fr2", largest, largest, 0, infinity, O | I},
    {"fmul fr1,fr2", largest, largest, 1, largest, O | I},            // towards zero
    {"fmul fr1,fr2", infinity, 0, 0, quiet_nan, V},
    {"fdiv fr1,fr2", bits(3), bits(1), 0, 0x3eaa'aaab, I},
    {"fdiv fr1,fr2", bits(3), bits(1), 1, 0x3eaa'aaaa, I},
    {"fdiv fr1,fr2", 0, bits(-1), 0, infinity | 0x8000'0000, Z},
    {"fdiv fr1,fr2", 0, 0, 0, quiet_nan, V},
    {"fmul fr1,fr2", 0x0080'0000, bits(0.5f), 0, 0x0040'0000, 0},     // an exact denormal
    {"fmul fr1,fr2", 0x0080'0001, bits(0.5f), 0, 0x0040'0000, U | I},
    {"fmul fr1,fr2", 0x0080'0000, bits(0.5f), DN, 0, U | I},
    {"fmul fr1,fr2", 0x8080'0000, bits(0.5f), DN, 0x8000'0000, U | I},
    {"fadd fr1,fr2", smallest, smallest, 0, 2, 0},
    {"fadd fr1,fr2", smallest, bits(1), DN, bits(1), 0},              // a denormal operand is zero
    {"fadd fr1,fr2", smallest, smallest, DN, 0, 0},
    {"fdiv fr1,fr2", smallest, bits(1), DN, infinity, Z},
    {"fsqrt fr2", 0, bits(9), 0, bits(3), 0},
    {"fsqrt fr2", 0, bits(2), 0, 0x3fb5'04f3, I},
    {"fsqrt fr2", 0, bits(-1), 0, quiet_nan, V},
    {"fsqrt fr2", 0, 0x8000'0000, 0, 0x8000'0000, 0},
    {"fsrra fr2", 0, bits(4), 0, bits(0.5f), I},
    {"fsrra fr2", 0, 0, 0, infinity, Z},
    {"fsrra fr2", 0, bits(-4), 0, quiet_nan, V},
    {"fmac fr0,fr1,fr2", bits(1 + 0x1p-12f), bits(-1), 0, bits(0x1p-11f + 0x1p-24f), 0},   // rounded once; fr0 = fr1
};

}  // namespace

TEST_CASE("sh: single-precision arithmetic") {
    ShMachine machine;
    for (const Case& row : cases) {
        CAPTURE(std::string(row.text));
        CAPTURE(row.m);
        CAPTURE(row.n);
        CAPTURE(row.mode);
        machine.set("fpscr", row.mode);
        machine.set("fr0", row.m);
        machine.set("fr1", row.m);
        machine.set("fr2", row.n);
        machine.execute({row.text});
        CHECK(machine.get("fr2") == row.result);
        CHECK(machine.get("fpscr") == (row.mode | raised(row.exceptions)));
    }
}

TEST_CASE("sh: causes are of the last operation, flags of all") {
    ShMachine machine;
    machine.set("fpscr", 0);
    machine.set_float(1, 3);
    machine.set_float(2, 1);
    machine.execute({"fdiv fr1,fr2", "fadd fr1,fr1", "fneg fr1"});
    CHECK(machine.get("fpscr") == I << 2);
    CHECK(machine.get_float(1) == -6);
    machine.set("r1", 0x0060'0001);
    machine.execute({"lds r1,fpscr", "sts fpscr,r2"});
    CHECK(machine.get("r2") == 0x0020'0001);   // writable bits
}

TEST_CASE("sh: an enabled exception traps, and changes no register") {
    ShMachine machine;
    machine.set("fpscr", Z << 7);
    machine.set_float(1, 0);
    machine.set_float(2, 1);
    Stop stop = machine.run({"nop", "fdiv fr1,fr2"});
    CHECK(stop.kind == Stop::Kind::trap);
    CHECK(stop.trap == TrapKind::floating_point);
    CHECK(machine.get("pc") == code_page + 2);
    CHECK(machine.get_float(2) == 1);
    CHECK(machine.get("fpscr") == (Z << 7 | raised(Z)));
}

TEST_CASE("sh: comparisons") {
    ShMachine machine;
    struct Comparison { u32 m, n; bool equal, greater; u32 equal_raises, greater_raises; };
    for (const Comparison& row : {Comparison{bits(1), bits(2), false, true, 0, 0},
                                  {bits(-1), bits(-1), true, false, 0, 0},
                                  {0, 0x8000'0000, true, false, 0, 0},
                                  {quiet_nan, bits(1), false, false, 0, V},
                                  {bits(1), signalling_nan, false, false, V, V}}) {
        CAPTURE(row.m);
        CAPTURE(row.n);
        machine.set("fr1", row.m);
        machine.set("fr2", row.n);
        machine.set("fpscr", 0);
        machine.execute({"fcmp/eq fr1,fr2"});
        CHECK(machine.t() == row.equal);
        CHECK(machine.get("fpscr") == raised(row.equal_raises));
        machine.set("fpscr", 0);
        machine.execute({"fcmp/gt fr1,fr2"});
        CHECK(machine.t() == row.greater);
        CHECK(machine.get("fpscr") == raised(row.greater_raises));
    }
}

TEST_CASE("sh: double precision is in pairs, the upper half first") {
    ShMachine machine;
    CHECK(machine.get("fpscr") == PR);   // as execve(2) leaves it
    machine.set_double(2, 1.0);
    machine.set_double(4, 3.0);
    CHECK(machine.get("fr2") == 0x3ff0'0000);
    machine.execute({"fdiv dr4,dr2"});
    CHECK(machine.get_double(2) == 1.0 / 3.0);
    CHECK(machine.get("fpscr") == (PR | raised(I)));
    machine.set("fpul", 0x8000'0000);
    machine.execute({"float fpul,dr2", "fneg dr2", "fsqrt dr2", "ftrc dr2,fpul", "fcmp/gt dr4,dr2"});
    CHECK(machine.get_double(2) == std::sqrt(2147483648.0));
    CHECK(machine.get("fpul") == 46340);
    CHECK(machine.t());
    machine.set_double(2, -std::numeric_limits<double>::denorm_min());
    machine.execute({"fadd dr2,dr2"});
    CHECK(machine.get_double(2) == -2 * std::numeric_limits<double>::denorm_min());
}

TEST_CASE("sh: conversions") {
    ShMachine machine;
    struct Truncation { double value; u32 result, exceptions; };
    for (const Truncation& row : {Truncation{-1.75, 0xffff'ffff, 0},
                                  {2147483647.5, 0x7fff'ffff, 0},
                                  {2147483648.0, 0x7fff'ffff, V},
                                  {-2147483648.75, 0x8000'0000, 0},
                                  {-2147483649.0, 0x8000'0000, V},
                                  {std::numeric_limits<double>::quiet_NaN(), 0x8000'0000, V},
                                  {std::numeric_limits<double>::infinity(), 0x7fff'ffff, V}}) {
        CAPTURE(row.value);
        machine.set("fpscr", PR);
        machine.set_double(0, row.value);
        machine.execute({"ftrc dr0,fpul"});
        CHECK(machine.get("fpul") == row.result);
        CHECK(machine.get("fpscr") == (PR | raised(row.exceptions)));
    }
    machine.set("fpscr", PR);
    machine.set_double(0, 1e300);
    machine.execute({"fcnvds dr0,fpul"});
    CHECK(machine.get("fpul") == infinity);
    CHECK(machine.get("fpscr") == (PR | raised(O | I)));
    machine.set("fpul", smallest);
    machine.execute({"fcnvsd fpul,dr0"});
    CHECK(machine.get_double(0) == 0x1p-149);
    machine.set("fpscr", PR | DN);
    machine.execute({"fcnvsd fpul,dr0"});
    CHECK(machine.get_double(0) == 0);
    machine.set("fpscr", 0);
    machine.set("fpul", 16777217);
    machine.execute({"float fpul,fr1"});
    CHECK(machine.get_float(1) == 16777216);
    CHECK(machine.get("fpscr") == raised(I));
}

TEST_CASE("sh: inner product and transformation") {
    ShMachine machine;
    machine.set("fpscr", 0);
    for (int i = 0; i < 4; ++i) {
        machine.set_float(i, static_cast<float>(i + 1));         // fv0 = 1 2 3 4
        machine.set_float(4 + i, static_cast<float>(10 * i));    // fv4 = 0 10 20 30
        machine.set_float(8 + i, 1);
    }
    machine.execute({"fipr fv0,fv4"});
    CHECK(machine.get_float(7) == 1 * 0 + 2 * 10 + 3 * 20 + 4 * 30);
    for (int i = 0; i < 16; ++i) machine.set("xf" + std::to_string(i), bits(static_cast<float>(i)));
    machine.execute({"ftrv xmtrx,fv0"});                           // the matrix by columns
    CHECK(machine.get_float(0) == 0 * 1 + 4 * 2 + 8 * 3 + 12 * 4);
    CHECK(machine.get_float(3) == 3 * 1 + 7 * 2 + 11 * 3 + 15 * 4);
    machine.set("fpul", 0x1'4000);                                  // a quarter of a turn
    machine.execute({"fsca fpul,dr8"});
    CHECK(machine.get_float(8) == 1);
    CHECK(std::abs(machine.get_float(9)) < 1e-7f);
}

TEST_CASE("sh: banks") {
    ShMachine machine;
    machine.set("fpscr", 0);
    machine.set_float(3, 3);
    machine.set("xf3", bits(33));
    machine.execute({"frchg", "fldi1 fr3", "fmov fr3,fr4"});
    CHECK(machine.get("fpscr") == FR);
    CHECK(machine.get_float(3) == 3);             // registers are named by physical bank
    CHECK(machine.get("xf3") == bits(1));
    CHECK(machine.get("xf4") == bits(1));
    machine.set("fpscr", 0);
    CHECK(machine.get("xf4") == bits(1));
    machine.execute({"fschg"});
    machine.execute({"fmov xd4,dr6"});
    CHECK(machine.get("fpscr") == SZ);
    CHECK(machine.get("fr6") == bits(1));
}

TEST_CASE("sh: moves of pairs, in both byte orders") {
    for (ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
        ShMachine machine(order);
        machine.set("fpscr", SZ);
        machine.poke(data_page, 0x1111'1111u);
        machine.poke(data_page + 4, 0x2222'2222u);
        machine.set("r1", data_page);
        machine.set("r0", 16);
        machine.execute({"fmov @r1+,dr2", "fmov dr2,@(r0,r1)", "fmov @r1,xd4", "fmov dr2,@-r1"});
        CHECK(machine.get("fr2") == 0x1111'1111);   // the first register comes first
        CHECK(machine.get("fr3") == 0x2222'2222);
        CHECK(machine.peek<u32>(data_page + 24) == 0x1111'1111);
        CHECK(machine.peek<u32>(data_page + 28) == 0x2222'2222);
        CHECK(machine.get("r1") == data_page);
        machine.set("r1", data_page + 4);
        CHECK(machine.run({"fmov @r1,dr2"}).trap == TrapKind::alignment);
    }
}

TEST_CASE("sh: a change of mode changes what the same words mean") {
    ShMachine machine;
    // In a loop that is executed in both modes: r5 counts, fr2 and dr2 are halved.
    machine.set("fpscr", 0);
    machine.write({"fadd fr4,fr2", "sts fpscr,r1", "xor r6,r1", "dt r5", "bf.s .-8", "lds r1,fpscr", "trapa #60"});
    machine.set("r5", 3);
    machine.set("r6", PR);
    machine.set("fr2", bits(1));
    machine.set("fr3", 0);
    machine.set_double(4, 1.0);                    // as a float: fr4 = 1.875
    machine.set("pc", code_page);
    CHECK(machine.cpu->run().trap == TrapKind::breakpoint);
    float once = 1 + 1.875f;
    double twice = std::bit_cast<double>(u64{bits(once)} << 32) + 1.0;
    u32 upper = bits(std::bit_cast<float>(static_cast<u32>(std::bit_cast<u64>(twice) >> 32)) + 1.875f);
    CHECK(machine.get("fr2") == upper);
    CHECK((machine.get("fpscr") & PR) == PR);
}

TEST_CASE("sh: the host's floating-point settings are its own after a run, and in a call") {
    ShMachine machine;
    machine.set("fpscr", 1 | DN);
    machine.set_float(1, 3);
    machine.set_float(2, 1);
    float in_call = 0;
    volatile float one = 1, three = 3;
    machine.on_call = [&] { in_call = one / three; return true; };
    machine.execute({"fdiv fr1,fr2", "trapa #19"});
    CHECK(in_call == 0x1.555556p-2f);
    CHECK(one / three == 0x1.555556p-2f);
}

TEST_CASE("sh: a slot may change the mode of what follows") {
    ShMachine machine;
    for (const char* branch : {"bra .+6", "jmp @r1", "bt.s .+6", "bf.s .+6"}) {
        CAPTURE(std::string(branch));
        bool taken = branch[1] != 'f';
        machine.set("fpscr", 0);
        // Behind the branch both ways lead to the same word: fadd of singles before, of doubles now.
        machine.write({"sett", branch, "lds r2,fpscr", "nop"});
        u16 sum = assemble("fadd dr2,dr4", 0, {.double_precision = true, .pairs = false});
        for (u32 address : {code_page + 6, code_page + 8}) machine.poke(address, sum);
        machine.poke(code_page + 10, u16{0xc33c});
        machine.set_double(2, 0.1);
        machine.set_double(4, 0.2);
        machine.set("r1", code_page + 8);
        machine.set("r2", PR);
        machine.set("pc", code_page);
        CHECK(machine.cpu->run().trap == TrapKind::breakpoint);
        CHECK(machine.get_double(4) == (taken ? 0.1 + 0.2 : 0.1 + (0.1 + 0.2)));
    }
}
