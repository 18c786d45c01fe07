// SH-4 instructions, with results as its programming manual has them.
#include "sh_machine.hpp"

using namespace sh_test;

namespace {

/// One instruction on r1 (Rm) and r2 (Rn).
struct Case {
    const char* text;
    u32 m, n, sr;                     // before
    u32 result;                       // r2
    u32 sr_after;
};

constexpr u32 T = 1, S = 2, Q = 0x100, M = 0x200;

const Case cases[] = {
    {"add r1,r2", 0xffff'ffff, 1, 0, 0, 0},
    {"add #-128,r2", 0, 5, 0, 0xffff'ff85, 0},
    {"addc r1,r2", 0xffff'ffff, 0, T, 0, T},
    {"addc r1,r2", 0xffff'fffe, 0, T, 0xffff'ffff, 0},
    {"addv r1,r2", 1, 0x7fff'ffff, 0, 0x8000'0000, T},
    {"addv r1,r2", 1, 0xffff'ffff, T, 0, 0},
    {"subc r1,r2", 0, 0, T, 0xffff'ffff, T},
    {"subc r1,r2", 1, 2, 0, 1, 0},
    {"subv r1,r2", 1, 0x8000'0000, 0, 0x7fff'ffff, T},
    {"subv r1,r2", 0xffff'ffff, 0x7fff'ffff, 0, 0x8000'0000, T},
    {"neg r1,r2", 5, 0, 0, 0xffff'fffb, 0},
    {"negc r1,r2", 0, 9, T, 0xffff'ffff, T},
    {"negc r1,r2", 0, 9, 0, 0, 0},
    {"dt r2", 0, 1, 0, 0, T},
    {"dt r2", 0, 0, T, 0xffff'ffff, 0},
    {"cmp/hs r1,r2", 0x8000'0000, 1, T, 1, 0},
    {"cmp/ge r1,r2", 0x8000'0000, 1, 0, 1, T},
    {"cmp/hi r1,r2", 1, 1, T, 1, 0},
    {"cmp/gt r1,r2", 0xffff'ffff, 0, 0, 0, T},
    {"cmp/pz r2", 0, 0x8000'0000, T, 0x8000'0000, 0},
    {"cmp/pl r2", 0, 0, T, 0, 0},
    {"cmp/str r1,r2", 0x1122'3344, 0x4411'3322, 0, 0x4411'3322, T},
    {"cmp/str r1,r2", 0x1122'3344, 0x4411'2233, T, 0x4411'2233, 0},
    {"cmp/str r1,r2", 0x1122'3344, 0x1200'0000, T, 0x1200'0000, 0},
    {"exts.b r1,r2", 0x1280, 0, 0, 0xffff'ff80, 0},
    {"exts.w r1,r2", 0x1'8000, 0, 0, 0xffff'8000, 0},
    {"extu.b r1,r2", 0x1280, 0, 0, 0x80, 0},
    {"extu.w r1,r2", 0x1'8000, 0, 0, 0x8000, 0},
    {"swap.b r1,r2", 0x1122'3344, 0, 0, 0x1122'4433, 0},
    {"swap.w r1,r2", 0x1122'3344, 0, 0, 0x3344'1122, 0},
    {"xtrct r1,r2", 0x1122'3344, 0x5566'7788, 0, 0x3344'5566, 0},
    {"movt r2", 0, 9, T, 1, T},
    {"not r1,r2", 0x0f0f'0f0f, 0, 0, 0xf0f0'f0f0, 0},
    {"tst r1,r2", 0xf0, 0x0f, 0, 0x0f, T},
    {"rotl r2", 0, 0x8000'0001, 0, 3, T},
    {"rotr r2", 0, 0x8000'0001, 0, 0xc000'0000, T},
    {"rotcl r2", 0, 0x8000'0000, T, 1, T},
    {"rotcr r2", 0, 2, T, 0x8000'0001, 0},
    {"shal r2", 0, 0xc000'0000, 0, 0x8000'0000, T},
    {"shar r2", 0, 0x8000'0001, 0, 0xc000'0000, T},
    {"shlr r2", 0, 0x8000'0001, 0, 0x4000'0000, T},
    {"shll16 r2", 0, 0x1234'5678, T, 0x5678'0000, T},
    {"shlr8 r2", 0, 0x1234'5678, T, 0x12'3456, T},
    {"shad r1,r2", 4, 0xf000'0001, 0, 0x10, 0},
    {"shad r1,r2", 0xffff'fffc, 0x8000'0000, 0, 0xf800'0000, 0},
    {"shad r1,r2", 0xffff'ffe0, 0x8000'0000, 0, 0xffff'ffff, 0},     // by 32
    {"shad r1,r2", 0x8000'0000, 0x7fff'ffff, 0, 0, 0},
    {"shad r1,r2", 32, 5, 0, 5, 0},
    {"shld r1,r2", 0xffff'fffc, 0x8000'0000, 0, 0x0800'0000, 0},
    {"shld r1,r2", 0xffff'ffe0, 0x8000'0000, 0, 0, 0},
    {"div0s r1,r2", 0x8000'0000, 1, 0, 1, M | T},
    {"div0s r1,r2", 1, 0x8000'0000, S, 0x8000'0000, S | Q | T},
    {"div0s r1,r2", 0x8000'0000, 0x8000'0000, T, 0x8000'0000, M | Q},
    {"div0u", 0, 7, T | M | Q, 7, 0},
    {"div1 r1,r2", 3, 1, T, 0, T},                                    // 2 * 1 + 1 - 3
    {"div1 r1,r2", 5, 1, 0, 0xffff'fffd, Q},                          // 2 - 5: below zero
    {"div1 r1,r2", 5, 0xffff'fffd, Q, 0xffff'ffff, Q},                // -6 + 5
    {"sets", 0, 0, 0, 0, S},
    {"clrs", 0, 0, S | T, 0, T},
};

}  // namespace

TEST_CASE("sh: integer instructions and flags") {
    ShMachine machine;
    for (const Case& row : cases) {
        CAPTURE(std::string(row.text));
        CAPTURE(row.m);
        CAPTURE(row.n);
        machine.set("r1", row.m);
        machine.set("r2", row.n);
        machine.set("sr", row.sr);
        machine.execute({row.text});
        CHECK(machine.get("r2") == row.result);
        CHECK(machine.get("sr") == row.sr_after);
    }
}

TEST_CASE("sh: division by steps") {
    ShMachine machine;
    // Unsigned 32 by 16 bits, as the manual shows it: divisor in the upper half of r0, dividend in r1.
    machine.set("r0", 1000 << 16);
    machine.set("r1", 1'234'567);
    machine.execute({"div0u", "div1 r0,r1", "div1 r0,r1", "div1 r0,r1", "div1 r0,r1", "div1 r0,r1", "div1 r0,r1", "div1 r0,r1",
                     "div1 r0,r1", "div1 r0,r1", "div1 r0,r1", "div1 r0,r1", "div1 r0,r1", "div1 r0,r1", "div1 r0,r1", "div1 r0,r1",
                     "div1 r0,r1", "rotcl r1", "extu.w r1,r1"});
    CHECK(machine.get("r1") == 1234);

    // Signed 32 by 32 bits, truncated: r2:r1 / r0.
    for (auto [dividend, divisor] : {std::pair{7, 2}, {-7, 2}, {7, -2}, {-7, -2}, {-2147483647, 3}, {1000000007, -9973}}) {
        CAPTURE(dividend);
        CAPTURE(divisor);
        machine.set("r0", static_cast<u32>(divisor));
        machine.set("r1", static_cast<u32>(dividend));
        machine.write({"mov r1,r3", "rotcl r3", "subc r2,r2", "xor r3,r3", "subc r3,r1", "div0s r0,r2"});
        u32 at = code_page + 12;
        for (int i = 0; i < 32; ++i, at += 4) machine.write({"rotcl r1", "div1 r0,r2"}, at);
        machine.write({"rotcl r1", "addc r3,r1", "trapa #60"}, at);
        machine.set("pc", code_page);
        machine.cpu->run();
        CHECK(static_cast<i32>(machine.get("r1")) == dividend / divisor);
    }
}

TEST_CASE("sh: multiplication") {
    ShMachine machine;
    machine.set("r1", 0xffff'fffe);
    machine.set("r2", 0x8000'0003);
    machine.execute({"dmuls.l r1,r2"});
    CHECK(machine.get("mach") == 0);
    CHECK(machine.get("macl") == 0xffff'fffa);
    machine.execute({"dmulu.l r1,r2"});
    CHECK(machine.get("mach") == 0x8000'0001);
    CHECK(machine.get("macl") == 0xffff'fffa);
    machine.execute({"muls.w r1,r2"});
    CHECK(machine.get("macl") == 0xffff'fffa);
    machine.execute({"mulu.w r1,r2"});
    CHECK(machine.get("macl") == 0x2'fffa);
    machine.execute({"mul.l r1,r2"});
    CHECK(machine.get("macl") == 0xffff'fffa);
}

TEST_CASE("sh: multiply and accumulate, with saturation") {
    struct Sum { const char* text; u32 a, b, s, mach, macl, mach_after, macl_after; };
    for (const Sum& row : {
             Sum{"mac.l @r1+,@r2+", 0x7fff'ffff, 0x7fff'ffff, 0, 0, 0, 0x3fff'ffff, 1},
             {"mac.l @r1+,@r2+", 2, 0xffff'ffff, 0, 0, 1, 0xffff'ffff, 0xffff'ffff},
             {"mac.l @r1+,@r2+", 0x7fff'ffff, 0x7fff'ffff, S, 0, 0, 0x7fff, 0xffff'ffff},
             {"mac.l @r1+,@r2+", 0x7fff'ffff, 0x8000'0000, S, 0, 0, 0xffff'8000, 0},
             {"mac.l @r1+,@r2+", 3, 4, S, 0, 5, 0, 17},
             {"mac.w @r1+,@r2+", 0x7fff'0000, 0x7fff'0000, 0, 0, 0xffff'ffff, 1, 0x3fff'0000},
             {"mac.w @r1+,@r2+", 0x8000'0000, 0x0001'0000, 0, 0, 0, 0xffff'ffff, 0xffff'8000},
             {"mac.w @r1+,@r2+", 0x7fff'0000, 0x7fff'0000, S, 0, 0x7fff'0000, 1, 0x7fff'ffff},
             {"mac.w @r1+,@r2+", 0x8000'0000, 0x7fff'0000, S, 5, 0x8000'0000, 1, 0x8000'0000},
             {"mac.w @r1+,@r2+", 0x0002'0000, 0x0003'0000, S, 5, 0xffff'fff0, 5, 0xffff'fff6}}) {
        CAPTURE(std::string(row.text));
        CAPTURE(row.a);
        CAPTURE(row.s);
        ShMachine machine(ByteOrder::big);   // so that words are the upper halves of longs
        machine.poke(data_page, row.a);
        machine.poke(data_page + 16, row.b);
        machine.set("r1", data_page);
        machine.set("r2", data_page + 16);
        machine.set("sr", row.s);
        machine.set("mach", row.mach);
        machine.set("macl", row.macl);
        machine.execute({row.text});
        CHECK(machine.get("mach") == row.mach_after);
        CHECK(machine.get("macl") == row.macl_after);
        CHECK(machine.get("r1") == data_page + (row.text[4] == 'l' ? 4 : 2));
    }
    ShMachine machine;
    machine.poke(data_page, 6u);
    machine.poke(data_page + 4, 7u);
    machine.set("r1", data_page);
    machine.execute({"clrmac", "mac.l @r1+,@r1+"});
    CHECK(machine.get("macl") == 42);
    CHECK(machine.get("r1") == data_page + 8);
}

TEST_CASE("sh: loads and stores, in both byte orders") {
    for (ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
        ShMachine machine(order);
        machine.poke(data_page, 0x8182'8384u);
        machine.set("r1", data_page);
        machine.execute({"mov.b @r1,r2", "mov.w @r1,r3", "mov.l @r1+,r4", "mov.l @r1,r1"});
        bool little = order == ByteOrder::little;
        CHECK(machine.get("r2") == (little ? 0xffff'ff84 : 0xffff'ff81));
        CHECK(machine.get("r3") == (little ? 0xffff'8384 : 0xffff'8182));
        CHECK(machine.get("r4") == 0x8182'8384);
        CHECK(machine.get("r1") == 0);
        machine.set("r0", 8);
        machine.set("r1", data_page + 16);
        machine.set("gbr", data_page);
        machine.execute({"mov.l r4,@-r1", "mov.w r4,@(r0,r1)", "mov.l @(r0,r1),r5", "mov.l @(12,gbr),r0", "mov r1,r6"});
        CHECK(machine.get("r6") == data_page + 12);
        CHECK(machine.get("r0") == 0x8182'8384);
        CHECK(machine.get("r5") == (little ? 0x8384 : 0x8384'0000));
        machine.set("r1", data_page + 32);
        machine.execute({"mov.l r1,@-r1"});
        CHECK(machine.peek<u32>(data_page + 28) == data_page + 32);
        machine.set("r1", data_page + 32);
        machine.poke(data_page + 32, 77u);
        machine.execute({"mov.l @r1+,r1"});
        CHECK(machine.get("r1") == 77);
    }
}

TEST_CASE_TEMPLATE("sh: literals count from behind the next instruction, longs from a multiple of four", Order, Little, Big) {
    ShMachine machine(Order::value);
    machine.poke(code_page + 0x100, 0x1122'3344u);
    machine.execute({"mov.l @(.+256),r1", "mov.l @(.+254),r2", "mov.w @(.+252),r3", "mova .+250,r0"});
    CHECK(machine.get("r1") == 0x1122'3344);
    CHECK(machine.get("r2") == 0x1122'3344);
    CHECK(machine.get("r3") == (Order::value == ByteOrder::little ? 0x3344 : 0x1122));
    CHECK(machine.get("r0") == code_page + 0x100);
}

TEST_CASE_TEMPLATE("sh: bytes at GBR, tas, the cache", Order, Little, Big) {
    ShMachine machine(Order::value);
    machine.set("gbr", data_page);
    machine.set("r0", 3);
    machine.poke(data_page + 3, u8{0x5a});
    machine.execute({"and.b #243,@(r0,gbr)", "or.b #1,@(r0,gbr)", "xor.b #255,@(r0,gbr)", "tst.b #83,@(r0,gbr)"});
    CHECK(machine.peek<u8>(data_page + 3) == 0xac);
    CHECK(machine.t());
    machine.set("r1", data_page + 8);
    machine.execute({"tas.b @r1", "movt r2", "tas.b @r1"});
    CHECK(machine.get("r2") == 1);
    CHECK_FALSE(machine.t());
    CHECK(machine.peek<u8>(data_page + 8) == 0x80);
    machine.set("r0", 0x1234);
    machine.execute({"movca.l r0,@r1", "ocbi @r1", "ocbp @r1", "ocbwb @r1", "pref @r1"});
    CHECK(machine.peek<u32>(data_page + 8) == 0x1234);
    machine.set("r1", unmapped);
    machine.execute({"pref @r1"});
    CHECK(machine.run({"ocbwb @r1"}).access == Access::read);
    CHECK(machine.run({"ocbi @r1"}).access == Access::write);
}

TEST_CASE_TEMPLATE("sh: system registers", Order, Little, Big) {
    ShMachine machine(Order::value);
    for (const char* name : {"pr", "gbr", "mach", "macl", "fpul"}) {
        CAPTURE(std::string(name));
        std::string to = std::string(name == std::string_view("gbr") ? "ldc" : "lds");
        std::string from = std::string(name == std::string_view("gbr") ? "stc" : "sts");
        machine.set("r1", 0x8765'4321);
        machine.set("r2", data_page + 8);
        machine.execute({to + " r1," + name, from + " " + name + ",r3", from + ".l " + name + ",@-r2", "mov.l @r2,r4",
                         "add #1,r4", "mov.l r4,@r2", to + ".l @r2+," + name});
        CHECK(machine.get("r3") == 0x8765'4321);
        CHECK(machine.get(name) == 0x8765'4322);
        CHECK(machine.get("r2") == data_page + 8);
    }
}

TEST_CASE("sh: every instruction of the SH-4 is implemented") {
    std::string table = sh::coverage_table();
    auto [implemented, rows] = sh::coverage();
    CHECK(rows - implemented == 8);   // those of the SH-4A
    for (const char* name : {"movli.l", "movco.l", "movua.l @Rm,", "movua.l @Rm+", "icbi", "prefi", "synco", "fpchg"}) {
        CAPTURE(std::string(name));
        auto at = table.find(name);
        REQUIRE(at != table.npos);
        CHECK(table.compare(table.rfind('\n', at) + 1, 2, "no") == 0);
    }
}
