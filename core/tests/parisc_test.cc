// PA-RISC's integer instructions, with results as its manual has them.
#include "parisc_machine.hpp"

using namespace parisc_test;

namespace {

/// One instruction on r4 and r5, whose result is r6.
struct Case {
    const char* text;
    u32 a, b, psw;        // before
    u32 result;
    u32 psw_after;
    bool skips = false;   // the next instruction
};

/// Carries out of all digits, of the last, of all but the last; V.
constexpr u32 all = 0xff00, top = 0x8000, V = 0x20000;

const Case cases[] = {
    {"add %r4,%r5,%r6", 0xffff'ffff, 1, 0, 0, all},
    {"add,= %r4,%r5,%r6", 0xffff'ffff, 1, 0, 0, all, true},
    {"add,<> %r4,%r5,%r6", 0xffff'ffff, 1, 0, 0, all},
    {"add,nuv %r4,%r5,%r6", 0xffff'ffff, 1, 0, 0, all},
    {"add,nuv %r4,%r5,%r6", 1, 1, all, 2, 0, true},
    {"add,uv %r4,%r5,%r6", 0x8000'0000, 0x8000'0000, 0, 0, top, true},
    {"add,znv %r4,%r5,%r6", 0x8000'0000, 0x8000'0000, 0, 0, top, true},
    {"add,vnz %r4,%r5,%r6", 0x8000'0000, 0x8000'0001, 0, 1, top, true},
    {"add,sv %r4,%r5,%r6", 0x7fff'ffff, 1, 0, 0x8000'0000, 0x7f00, true},
    {"add,nsv %r4,%r5,%r6", 0x7fff'ffff, 1, 0, 0x8000'0000, 0x7f00},
    {"add,< %r4,%r5,%r6", 0x7fff'ffff, 1, 0, 0x8000'0000, 0x7f00},               // the true sum is positive
    {"add,>= %r4,%r5,%r6", 0x7fff'ffff, 1, 0, 0x8000'0000, 0x7f00, true},
    {"add,< %r4,%r5,%r6", 0x8000'0000, 0xffff'ffff, 0, 0x7fff'ffff, top, true},
    {"add,<= %r4,%r5,%r6", 0, 0, 0, 0, 0, true},
    {"add,> %r4,%r5,%r6", 0, 1, 0, 1, 0, true},
    {"add,od %r4,%r5,%r6", 1, 2, 0, 3, 0, true},
    {"add,ev %r4,%r5,%r6", 1, 2, 0, 3, 0},
    {"add,tr %r4,%r5,%r6", 1, 2, 0, 3, 0, true},
    {"add,l %r4,%r5,%r6", 0xffff'ffff, 1, 0x1200, 0, 0x1200},
    {"add,c %r4,%r5,%r6", 1, 2, top, 4, 0},
    {"add,c %r4,%r5,%r6", 0xffff'ffff, 0, top, 0, all},
    {"add,c %r4,%r5,%r6", 1, 2, 0x7f00, 3, 0},                                   // only the last carry counts
    {"shladd %r4,1,%r5,%r6", 0x4000'0000, 5, 0, 0x8000'0005, 0},
    {"shladd,sv %r4,1,%r5,%r6", 0x4000'0000, 5, 0, 0x8000'0005, 0, true},        // the shift overflows
    {"shladd,l %r4,2,%r5,%r6", 3, 5, all, 17, all},
    {"shladd,l,uv %r4,3,%r5,%r6", 0x2000'0000, 5, all, 5, all, true},
    {"shladd %r4,3,%r5,%r6", 0x1fff'ffff, 8, 0, 0, all},
    {"sub %r4,%r5,%r6", 5, 3, 0, 2, all},
    {"sub %r4,%r5,%r6", 3, 5, 0, 0xffff'fffe, 0},                                // borrows: no carries
    {"sub,<< %r4,%r5,%r6", 3, 5, 0, 0xffff'fffe, 0, true},
    {"sub,>>= %r4,%r5,%r6", 3, 5, 0, 0xffff'fffe, 0},
    {"sub,<<= %r4,%r5,%r6", 5, 5, 0, 0, all, true},
    {"sub,>> %r4,%r5,%r6", 0x8000'0000, 1, 0, 0x7fff'ffff, top, true},
    {"sub,< %r4,%r5,%r6", 0x8000'0000, 1, 0, 0x7fff'ffff, top, true},
    {"sub,sv %r4,%r5,%r6", 0x8000'0000, 1, 0, 0x7fff'ffff, top, true},
    {"sub,b %r4,%r5,%r6", 5, 3, 0, 1, all},                                      // with a borrow
    {"sub,b %r4,%r5,%r6", 5, 3, top, 2, all},
    {"ds %r4,%r5,%r6", 0, 5, 0, 5, 0},                                           // adds, no carry: V = 0 ^ sign
    {"ds %r4,%r5,%r6", 0, 0xffff'fffb, 0, 0xffff'fffb, V},
    {"ds %r4,%r5,%r6", 3, 5, V, 1, V | all},                                         // 6 - 5, a bit of the quotient
    {"ds %r4,%r5,%r6", 2, 5, V | top, 0, V | all},                               // 2 * 2 + 1 - 5
    {"addi 5,%r4,%r6", 0xffff'fffe, 0, 0, 3, all},
    {"addi,< -1024,%r4,%r6", 0, 0, 0, 0xffff'fc00, 0, true},
    {"addi,tsv 1,%r4,%r6", 5, 0, all, 6, 0},
    {"addi,tc,= 1,%r4,%r6", 5, 0, all, 6, 0},
    {"subi 5,%r4,%r6", 7, 0, 0, 0xffff'fffe, 0},
    {"subi,= 7,%r4,%r6", 7, 0, 0, 0, all, true},
    {"cmpclr,= %r4,%r5,%r6", 7, 7, 0x1200, 0, 0x1200, true},
    {"cmpclr,< %r4,%r5,%r6", 7, 7, 0x1200, 0, 0x1200},
    {"cmpclr,<< %r4,%r5,%r6", 1, 0xffff'ffff, 0, 0, 0, true},
    {"cmpclr,< %r4,%r5,%r6", 1, 0xffff'ffff, 0, 0, 0},
    {"cmpiclr,> 5,%r4,%r6", 4, 0, 0, 0, 0, true},
    {"and %r4,%r5,%r6", 0xff00, 0x0ff0, all, 0x0f00, all},
    {"and,= %r4,%r5,%r6", 0xff, 0xff00, 0, 0, 0, true},
    {"andcm %r4,%r5,%r6", 0xff00, 0x0ff0, 0, 0xf000, 0},
    {"or,< %r4,%r5,%r6", 0x8000'0000, 1, 0, 0x8000'0001, 0, true},
    {"or,od %r4,%r5,%r6", 0x8000'0000, 1, 0, 0x8000'0001, 0, true},
    {"xor,<> %r4,%r5,%r6", 5, 5, 0, 0, 0},
    {"xor,ev %r4,%r5,%r6", 5, 5, 0, 0, 0, true},
    {"uxor,sbz %r4,%r5,%r6", 0x1122'3344, 0x1100'0000, 0, 0x0022'3344, 0, true},
    {"uxor,shz %r4,%r5,%r6", 0x1122'3344, 0x1100'0000, 0, 0x0022'3344, 0},
    {"uxor,nbz %r4,%r5,%r6", 0x1122'3344, 0, 0, 0x1122'3344, 0, true},
    {"uxor,shz %r4,%r5,%r6", 0x1122'3344, 0x1122'0000, 0, 0x0000'3344, 0, true},
    {"uaddcm %r4,%r5,%r6", 5, 3, all, 1, all},
    {"uaddcm,sbc %r4,%r5,%r6", 0x0000'0080, 0xffff'ff7f, 0, 0x0000'0100, 0, true},
    {"uaddcm,shc %r4,%r5,%r6", 0x0000'0080, 0xffff'ff7f, 0, 0x0000'0100, 0},
    {"uaddcm,sdc %r4,%r5,%r6", 0x0000'0008, 0xffff'fff7, 0, 0x0000'0010, 0, true},
    {"dcor %r5,%r6", 0, 0x6666'6666, 0, 0, 0},
    {"dcor %r5,%r6", 0, 0x6666'6660, 0x0100, 0, 0x0100},                         // the last digit has carried
    {"dcor,i %r5,%r6", 0, 5, 0x8100, 0x6000'000b, 0x8100},
    {"shrpw %r4,%r5,8,%r6", 0x1122'3344, 0x5566'7788, 0, 0x4455'6677, 0},
    {"shrpw,= %r4,%r5,0,%r6", 0x1122'3344, 0, 0, 0, 0, true},
    {"extrw,u %r4,23,8,%r6", 0x1122'8344, 0, 0, 0x83, 0},
    {"extrw,s %r4,23,8,%r6", 0x1122'8344, 0, 0, 0xffff'ff83, 0},
    {"extrw,s %r4,31,32,%r6", 0x8000'0000, 0, 0, 0x8000'0000, 0},
    {"extrw,u,od %r4,30,1,%r6", 2, 0, 0, 1, 0, true},
    {"extrw,s,< %r4,30,1,%r6", 2, 0, 0, 0xffff'ffff, 0, true},
    {"depw,z %r4,23,8,%r6", 0x1ff, 0, 0, 0xff00, 0},
    {"depwi,z -1,31,31,%r6", 0, 0, 0, 0x7fff'ffff, 0},
    {"depwi,z,ev -1,30,4,%r6", 0, 0, 0, 0x1e, 0, true},
    {"ldo -8192(%r4),%r6", 0x1'0000, 0, 0, 0xe000, 0},
    {"ldo 8191(%r4),%r6", 0x1'0000, 0, 0, 0x1'1fff, 0},
    {"ldil L%0xdeadb000,%r6", 0, 0, 0, 0xdead'b000, 0},
    {"mfctl %cr11,%r6", 0, 0, 0, 0, 0},
    {"ldsid (%r4),%r6", 0xc000'0000, 0, 0, parisc::own_space, 0},
    {"mfsp %sr2,%r6", 0, 0, 0, 0, 0},
    {"mfia %r6", 0, 0, 0, code_page | 3, 0},
};

}  // namespace

TEST_CASE("parisc: integer instructions, carries and conditions") {
    PariscMachine machine;
    for (const Case& row : cases) {
        CAPTURE(std::string(row.text));
        CAPTURE(row.a);
        CAPTURE(row.b);
        machine.set("r4", row.a);
        machine.set("r5", row.b);
        machine.set("r6", 0x5555'5555);
        machine.set("psw", row.psw);
        machine.write({row.text, "ldo 1(%r0),%r7", "break"});
        machine.set("r7", 0);
        machine.set("iaoq0", code_page);
        machine.set("psw", row.psw);
        CHECK(machine.cpu->run().trap == TrapKind::breakpoint);
        CHECK(machine.get("iaoq0") == code_page + 8);
        CHECK(machine.get("iaoq1") == code_page + 12);
        CHECK(machine.get("r6") == row.result);
        CHECK(machine.get("psw") == row.psw_after);
        CHECK(machine.get("r7") == (row.skips ? 0 : 1));
    }
}

TEST_CASE("parisc: register 0 is 0, whatever goes there") {
    PariscMachine machine;
    machine.set("r4", 7);
    machine.set("r5", data_page);
    machine.execute({"add %r4,%r4,%r0", "ldo 5(%r4),%r0", "ldil L%0x8000,%r0", "ldw 0(%r5),%r0", "depwi 5,31,5,%r0", "add %r0,%r0,%r6"});
    CHECK(machine.get("r6") == 0);
    machine.set("r6", 9);
    machine.execute({"addib,tr 1,%r0,.+8", "nop", "or %r0,%r0,%r6"});
    CHECK(machine.get("r6") == 0);
}

TEST_CASE("parisc: fields where the shift amount register says") {
    PariscMachine machine;
    machine.set("r4", 0x1234'5678);
    machine.set("r5", 0x9abc'def0);
    machine.set("r6", 12);
    machine.execute({"mtctl %r6,%cr11", "shrpw %r4,%r5,%sar,%r7", "extrw,u %r4,%sar,4,%r8", "extrw,s %r5,%sar,8,%r9", "depw,z %r4,%sar,8,%r10",
                     "or %r5,%r0,%r11", "depw %r4,%sar,8,%r11", "depwi,z -1,%sar,3,%r12", "or %r0,%r0,%r13", "depwi 5,%sar,4,%r13",
                     "mfctl %cr11,%r14", "mtsarcm %r6", "mfctl %cr11,%r15"});
    CHECK(machine.get("r7") == 0x6789'abcd);
    CHECK(machine.get("r8") == 0x6);                       // bits 9 to 12
    CHECK(machine.get("r9") == 0x57);
    CHECK(machine.get("r10") == 0x78u << 19);
    CHECK(machine.get("r11") == ((0x9abc'def0 & ~(0xffu << 19)) | 0x78u << 19));
    CHECK(machine.get("r12") == 7u << 19);
    CHECK(machine.get("r13") == 5u << 19);
    CHECK(machine.get("r14") == 12);
    CHECK(machine.get("r15") == 19);
}

TEST_CASE("parisc: division by steps") {
    // Unsigned, as the manual shows it: the quotient comes bit by bit out of the dividend.
    PariscMachine machine;
    for (auto [dividend, divisor] : {std::pair{1'000'000'007u, 9973u}, {7u, 2u}, {0u, 5u}, {0xffff'ffffu, 1u}, {5u, 0x7fff'ffffu}}) {
        CAPTURE(dividend);
        CAPTURE(divisor);
        machine.set("r4", dividend);
        machine.set("r5", divisor);
        machine.write({"sub %r0,%r5,%r6", "ds %r0,%r6,%r0", "add %r4,%r4,%r4", "ds %r0,%r5,%r7"});
        u32 at = code_page + 16;
        for (int i = 0; i < 31; ++i, at += 8) machine.write({"add,c %r4,%r4,%r4", "ds %r7,%r5,%r7"}, at);
        machine.write({"add,c %r4,%r4,%r4", "cmpclr,>= %r7,%r0,%r0", "add,l %r7,%r5,%r7", "break"}, at);
        machine.set("iaoq0", code_page);
        CHECK(machine.cpu->run().trap == TrapKind::breakpoint);
        CHECK(machine.get("r4") == dividend / divisor);
        CHECK(machine.get("r7") == dividend % divisor);
    }
}

TEST_CASE("parisc: decimal sums") {
    PariscMachine machine;
    machine.set("r4", 0x1234'5678);
    machine.set("r5", 0x0876'5432);
    machine.set("r6", 0x6666'6666);
    machine.execute({"add,l %r4,%r6,%r7", "add %r7,%r5,%r7", "dcor %r7,%r7"});
    CHECK(machine.get("r7") == 0x2111'1110);
}

TEST_CASE("parisc: traps on overflow and on conditions change nothing") {
    PariscMachine machine;
    machine.set("r4", 0x7fff'ffff);
    machine.set("r5", 1);
    machine.set("r6", 99);
    for (const char* text : {"add,tsv %r4,%r5,%r6", "addi,tsv 1,%r4,%r6", "shladd,tsv %r4,1,%r5,%r6", "addi,tsv,tc 1,%r4,%r6"}) {
        CAPTURE(std::string(text));
        machine.set("psw", 0x1200);
        Stop stop = machine.run({"nop", text});
        CHECK(stop.trap == TrapKind::integer_overflow);
        CHECK(machine.get("iaoq0") == code_page + 4);
        CHECK(machine.get("iaoq1") == code_page + 8);
        CHECK(machine.get("r6") == 99);
    }
    for (const char* text : {"sub,tc,> %r4,%r5,%r6", "addi,tc,tr 1,%r4,%r6", "uaddcm,tc,tr %r4,%r5,%r6"}) {
        CAPTURE(std::string(text));
        CHECK(machine.run({text}).trap == TrapKind::integer_divide);
        CHECK(machine.get("r6") == 99);
    }
}

TEST_CASE("parisc: what programs may not execute") {
    PariscMachine machine;
    for (const char* text : {"mtsm %r4", "ssm 1,%r4", "rfi", "mtctl %r4,%cr27", "mfctl %cr8,%r4", "mtsp %r4,%sr5", "diag 0x537401", "lpa %r4(%r5),%r6"}) {
        CAPTURE(std::string(text));
        CHECK(machine.run({text}).trap == TrapKind::privileged_instruction);
        CHECK(machine.get("iaoq0") == code_page);
    }
    for (u32 word : {0x1c00'0000u, 0xffff'ffffu, 0x0800'0160u}) {
        machine.poke(code_page, word);
        machine.set("iaoq0", code_page);
        CHECK(machine.cpu->run().trap == TrapKind::illegal_instruction);
    }
    CHECK(machine.calls == 0);
}

TEST_CASE("parisc: the rows") {
    auto [implemented, rows] = parisc::coverage();
    CHECK(implemented >= 130);
    CHECK(implemented < rows);
    CHECK(parisc::print(0x4fc4'3f81, 0) == "ldwm -64(%r30),%r4");
    CHECK(parisc::print(0x1c00'0000, 0) == ".word 0x1c000000");
    CHECK(parisc::coverage_table().find("no   000010bbbbbaaaaa00000011110ttttt  hadd r1,r2,rt") != std::string::npos);
}
