// Branches, slots, nullification and the queue of addresses; memory, faults, changed code: the flow of a PA-RISC.
#include "parisc_machine.hpp"

#include <csignal>
#include <sys/time.h>

using namespace parisc_test;

namespace {

/// How often r10 to r15 were counted up, one digit each, r10 first.
std::string trail(const PariscMachine& machine) {
    std::string digits;
    for (int i = 10; i < 16; ++i) digits += fmt::format("{}", machine.get(fmt::format("r{}", i)));
    return digits;
}
void clear(PariscMachine& machine) {
    for (int i = 10; i < 16; ++i) machine.set(fmt::format("r{}", i), 0);
}
std::string count(int i) { return fmt::format("ldo 1(%r{0}),%r{0}", i); }

struct Flow {
    const char* branch;
    u32 a, b;
    const char* trail;   ///< slot, behind it, target
};

}  // namespace

TEST_CASE("parisc: a branch, its slot, and what nullifies it") {
    // Forwards: over one instruction behind the slot.
    const Flow forwards[] = {
        {"b,l .+12,%r0", 0, 0, "101000"},        {"b,l,n .+12,%r0", 0, 0, "001000"},
        {"cmpb,= %r4,%r5,.+12", 1, 1, "101000"}, {"cmpb,= %r4,%r5,.+12", 1, 2, "111000"},
        {"cmpb,=,n %r4,%r5,.+12", 1, 1, "001000"}, {"cmpb,=,n %r4,%r5,.+12", 1, 2, "111000"},
        {"cmpb,<> %r4,%r5,.+12", 1, 2, "101000"}, {"cmpib,<<,n 5,%r4,.+12", 6, 0, "001000"},
        {"addb,uv,n %r4,%r5,.+12", ~0u, 1, "001000"}, {"addib,= -1,%r4,.+12", 1, 0, "101000"},
        {"bb,<,n %r4,0,.+12", 1u << 31, 0, "001000"}, {"bb,>= %r4,31,.+12", 1, 0, "111000"},
        {"movb,= %r4,%r5,.+12", 0, 0, "101000"}, {"movib,od 3,%r5,.+12", 0, 0, "101000"},
    };
    for (const Flow& row : forwards) {
        CAPTURE(std::string(row.branch));
        CAPTURE(row.a);
        PariscMachine machine;
        machine.set("r4", row.a);
        machine.set("r5", row.b);
        machine.execute({row.branch, count(10), count(11), count(12)});
        CHECK(trail(machine) == row.trail);
    }
    // Backwards: r6 tells the second time.
    const Flow backwards[] = {
        {"addib,<> -1,%r4,.-8", 3, 0, "033000"},   {"addib,<>,n -1,%r4,.-8", 3, 0, "032000"},
        {"cmpb,=,n %r4,%r5,.-8", 1, 2, "010000"},  {"cmpb,= %r4,%r5,.-8", 1, 2, "011000"},
    };
    for (const Flow& row : backwards) {
        CAPTURE(std::string(row.branch));
        PariscMachine machine;
        machine.set("r4", row.a);
        machine.set("r5", row.b);
        machine.execute({"nop", count(11), "nop", row.branch, count(12)});
        CHECK(trail(machine) == row.trail);
    }
}

TEST_CASE("parisc: nullified branches, slots that nullify, ends of pages") {
    PariscMachine machine;
    machine.execute({"cmpclr,= %r0,%r0,%r0", "b,l .+12,%r0", count(10), count(11), count(12)});
    CHECK(trail(machine) == "111000");
    clear(machine);
    machine.execute({"cmpclr,<> %r0,%r0,%r0", "b,l,n .+12,%r0", count(10), count(11), count(12)});
    CHECK(trail(machine) == "001000");
    clear(machine);   // the slot skips the first instruction of the target
    machine.execute({"b,l .+12,%r0", "or,tr %r0,%r0,%r0", count(10), count(11), count(12)});
    CHECK(trail(machine) == "001000");
    clear(machine);   // a slot that skips, behind a branch that is not taken
    machine.execute({"cmpb,<> %r0,%r0,.+16", "or,tr %r0,%r0,%r0", count(10), count(11), count(12)});
    CHECK(trail(machine) == "011000");
    clear(machine);   // chains of skipping
    machine.execute({"or,tr %r0,%r0,%r0", "or,tr %r0,%r0,%r0", count(10), "or,tr %r0,%r0,%r0", count(11), count(12)});
    CHECK(trail(machine) == "101000");

    u32 last = next_code_page - 4;
    for (auto [text, expected] : {std::pair{"or,tr %r0,%r0,%r0", "010000"}, {"or %r0,%r0,%r0", "110000"}, {"b,l .+8,%r0", "110000"},
                                  {"b,l,n .+8,%r0", "010000"}, {"cmpb,=,n %r0,%r0,.+8", "010000"}, {"cmpb,<>,n %r0,%r0,.+8", "110000"}}) {
        CAPTURE(std::string(text));
        PariscMachine other;
        other.write({text, count(10), count(11), "break"}, last);
        for (int round = 0; round < 2; ++round) {
            other.set("iaoq0", last);
            CHECK(other.cpu->run().trap == TrapKind::breakpoint);
            CHECK(other.get("iaoq0") == next_code_page + 8);
        }
        for (int i = 10; i < 16; ++i) other.set(fmt::format("r{}", i), other.get(fmt::format("r{}", i)) / 2);
        CHECK(trail(other) == expected);
    }
}

TEST_CASE("parisc: links") {
    PariscMachine machine;
    machine.execute({"b,l .+12,%r2", count(10), "nop", "nop"});
    CHECK(machine.get("r2") == ((code_page + 8) | 3));
    machine.execute({"b,l .+16,%r2", "nop", count(11), "b,l,n .+12,%r0", "bv %r0(%r2)", count(12), "nop"});
    CHECK(trail(machine) == "111000");
    machine.set("r4", 1);
    machine.execute({"blr %r4,%r6", "nop", count(13), "nop", count(14), "nop"});
    CHECK(trail(machine) == "111010");
    CHECK(machine.get("r6") == ((code_page + 8) | 3));
    machine.set("r5", code_page + 12);
    machine.execute({"be,l 0(%sr4,%r5),%sr0,%r31", "mfsp %sr0,%r7", "nop", "nop"});
    CHECK(machine.get("r31") == ((code_page + 8) | 3));
    CHECK(machine.get("r7") == parisc::own_space);
    machine.set("r5", (code_page + 8) | 3);
    machine.execute({"bve,l (%r5),%r2", "or %r2,%r0,%r8", "nop"});
    CHECK(machine.get("r8") == ((code_page + 8) | 3));
    machine.execute({"b,gate .+8,%r9", "nop"});                       // a branch like another
    CHECK((machine.get("r9") & 3) == 3);
    CHECK(machine.run({"b,gate .+8,%r9", "mtctl %r9,%cr27"}).trap == TrapKind::privileged_instruction);
}

TEST_CASE("parisc: branches in slots") {
    PariscMachine machine;
    // To the first target for one instruction, and on at the second.
    machine.execute({"b,l .+16,%r0", "b,l .+20,%r6", count(10), "nop", count(11), count(12), count(13), "nop"});
    CHECK(trail(machine) == "010100");
    CHECK(machine.get("r6") == ((code_page + 20) | 3));                  // behind the first target
    clear(machine);
    machine.execute({"b,l .+16,%r0", "b,l,n .+20,%r6", count(10), "nop", count(11), count(12), count(13), "nop"});
    CHECK(trail(machine) == "000100");
    clear(machine);   // not taken: on behind the first target
    machine.execute({"b,l .+16,%r0", "cmpb,<> %r0,%r0,.+20", count(10), "nop", count(11), count(12), count(13), "nop"});
    CHECK(trail(machine) == "011100");
    clear(machine);
    machine.set("r4", code_page + 16);
    machine.set("r5", code_page + 24);
    machine.execute({"bv %r0(%r4)", "bv %r0(%r5)", count(10), "nop", count(11), count(12), count(13), "nop"});
    CHECK(trail(machine) == "010100");
    // No gate in a slot.
    CHECK(machine.run({"b,l .+16,%r0", "b,gate .+8,%r0"}).trap == TrapKind::illegal_instruction);
    CHECK(machine.get("iaoq0") == code_page + 4);
    CHECK(machine.get("iaoq1") == code_page + 16);
}

TEST_CASE("parisc: faults are exact, in slots, too, and go on where they were") {
    PariscMachine machine;
    machine.set("r4", unmapped);
    machine.set("r6", 5);
    Stop stop = machine.run({"nop", "ldw,ma 4(%r4),%r6"});
    CHECK(stop.kind == Stop::Kind::fault);
    CHECK(stop.address.value == unmapped);
    CHECK(stop.access == Access::read);
    CHECK(machine.get("iaoq0") == code_page + 4);
    CHECK(machine.get("iaoq1") == code_page + 8);
    CHECK(machine.get("r4") == unmapped);
    CHECK(machine.get("r6") == 5);

    machine.write({"b,l .+12,%r2", "stw %r6,0(%r4)", count(10), count(11), "break"});
    machine.set("iaoq0", code_page);
    stop = machine.cpu->run();
    CHECK(stop.access == Access::write);
    CHECK(machine.get("iaoq0") == code_page + 4);
    CHECK(machine.get("iaoq1") == code_page + 12);
    machine.set("r4", data_page);
    CHECK(machine.cpu->run().trap == TrapKind::breakpoint);
    CHECK(trail(machine) == "010000");
    CHECK(machine.peek<u32>(data_page) == 5);
    CHECK(machine.get("iaoq0") == code_page + 16);

    // As a signal handler's return puts it: the queue, and an instruction that is to be skipped.
    machine.set("iaoq0", code_page + 8);
    machine.set("iaoq1", code_page + 16);
    CHECK(machine.cpu->run().trap == TrapKind::breakpoint);
    CHECK(trail(machine) == "110000");
    machine.set("iaoq0", code_page + 8);
    machine.set("psw", parisc::psw::nullify);
    CHECK(machine.cpu->run().trap == TrapKind::breakpoint);
    CHECK(trail(machine) == "120000");

    machine.set("r5", unmapped);
    stop = machine.run({"bv %r0(%r5)", count(12)});
    CHECK(stop.access == Access::execute);
    CHECK(stop.address.value == unmapped);
    CHECK(machine.get("iaoq0") == unmapped);
    CHECK(machine.get("r12") == 1);
    machine.set("r5", code_page);
    CHECK(machine.run({"be 0(%sr3,%r5)", "nop"}).kind == Stop::Kind::fault);   // another space
    machine.set("r5", data_page);
    CHECK(machine.run({"ldw 0(%sr2,%r5),%r6"}).kind == Stop::Kind::fault);
    CHECK(machine.run({"nop", "ldw 0(%sr1,%r5),%r6"}).trap == TrapKind::breakpoint);
}

TEST_CASE("parisc: loads and stores") {
    PariscMachine machine;
    machine.poke(data_page, u64{0x1122'3344'5566'8877});
    machine.set("r4", data_page + 4);
    machine.set("r5", 2);
    machine.execute({"ldw 0(%r4),%r6", "ldh 2(%r4),%r7", "ldb 2(%r4),%r8", "ldw -4(%r4),%r9", "ldh,s %r0(%r4),%r10", "ldb %r5(%r4),%r11"});
    CHECK(machine.get("r6") == 0x5566'8877);
    CHECK(machine.get("r7") == 0x8877);
    CHECK(machine.get("r8") == 0x88);
    CHECK(machine.get("r9") == 0x1122'3344);
    CHECK(machine.get("r11") == 0x88);
    machine.set("r4", data_page);
    machine.execute({"ldw,ma 4(%r4),%r6", "or %r4,%r0,%r7", "ldw,mb -4(%r4),%r8", "or %r4,%r0,%r9", "ldwm 4(%r4),%r10", "ldwm -4(%r4),%r11",
                     "ldw,sm %r5(%r4),%r12"});
    CHECK(machine.get("r6") == 0x1122'3344);
    CHECK(machine.get("r7") == data_page + 4);
    CHECK(machine.get("r8") == 0x1122'3344);
    CHECK(machine.get("r9") == data_page);
    CHECK(machine.get("r10") == 0x1122'3344);
    CHECK(machine.get("r11") == 0x1122'3344);
    CHECK(machine.get("r12") == 0x1122'3344);
    CHECK(machine.get("r4") == data_page + 8);
    machine.set("r4", data_page + 0x100);
    machine.set("r6", 0xa1b2'c3d4);
    machine.execute({"stw,ma %r6,4(%r4)", "sth %r6,0(%r4)", "stb,mb %r6,2(%r4)", "stwm %r6,8(%r4)", "ldw,ma 4(%r4),%r4"});
    CHECK(machine.peek<u32>(data_page + 0x100) == 0xa1b2'c3d4);
    CHECK(machine.peek<u16>(data_page + 0x104) == 0xc3d4);
    CHECK(machine.get("r4") == 0);                                     // the value, not the base
    machine.set("r4", data_page + 0x10);
    machine.poke(data_page + 0x10, u32{7});
    machine.execute({"ldcw 0(%r4),%r6", "ldcw,co 0(%r4),%r7"});
    CHECK(machine.get("r6") == 7);
    CHECK(machine.get("r7") == 0);
    machine.set("r4", data_page + 0x12);
    CHECK(machine.run({"ldcw 0(%r4),%r6"}).trap == TrapKind::alignment);
    machine.execute({"ldw -1(%r4),%r6"});                              // Linux carries these out
}

TEST_CASE("parisc: the ends of strings of bytes") {
    PariscMachine machine;
    for (u32 offset = 0; offset < 4; ++offset) {
        CAPTURE(offset);
        machine.set("r4", data_page + offset);
        machine.set("r6", 0x1122'3344);
        u32 value = 0x1122'3344, from = offset ? ~0u >> (offset * 8) : ~0u;
        machine.poke(data_page, u32{0xffff'ffff});
        machine.execute({"stby,b %r6,0(%r4)"});
        CHECK(machine.peek<u32>(data_page) == ((value & from) | ~from));
        machine.poke(data_page, u32{0xffff'ffff});
        machine.execute({"stby,e,m %r6,4(%r4)"});
        CHECK(machine.peek<u32>(data_page) == (offset ? (value & ~from) | from : ~0u));
        CHECK(machine.get("r4") == data_page + 4);
    }
    machine.set("r4", code_page);                                      // nothing is written, but it must be possible
    CHECK(machine.run({"stby,e %r6,0(%r4)"}).access == Access::write);
    machine.set("r4", data_page);
    machine.set("r5", unmapped);
    machine.execute({"probe,r (%r4),%r0,%r6", "probei,w (%r4),3,%r7", "probe,r (%r5),%r0,%r8", "fdc %r0(%r5)", "fic %r0(%sr4,%r4)", "sync"});
    CHECK(machine.get("r6") == 1);
    CHECK(machine.get("r7") == 1);
    CHECK(machine.get("r8") == 0);
}

TEST_CASE("parisc: the gateway page") {
    PariscMachine machine;
    REQUIRE(machine.memory->map_special({gateway}, 0x1000, read_execute, true, "gateway"));
    machine.write({"b,gate .+8,%r0", "depwi 3,31,2,%r31", "be 0(%sr4,%r31)", "mtctl %r26,%cr27"}, gateway + 0xe0);
    machine.write({"b,gate .+8,%r0", "depwi 3,31,2,%r31", "diag 0x537401"}, gateway + 0x100);
    machine.set("r26", 0x1234'5678);
    machine.execute({"be,l 224(%sr2,%r0),%sr0,%r31", "nop", "mfctl %cr27,%r6"});
    CHECK(machine.get("r6") == 0x1234'5678);
    CHECK(machine.get("cr27") == 0x1234'5678);
    CHECK(machine.run({"mtctl %r26,%cr27"}).trap == TrapKind::privileged_instruction);   // no longer

    machine.on_call = [&] {
        CHECK(machine.get("iaoq0") == code_page + 8);
        CHECK(machine.get("iaoq1") == code_page + 12);
        CHECK(machine.cpu->system_call_number() == 20);
        machine.set("r28", 99);
        return true;
    };
    machine.execute({"be,l 256(%sr2,%r0),%sr0,%r31", "ldo 20(%r0),%r20", "or %r28,%r0,%r6"});
    CHECK(machine.calls == 1);
    CHECK(machine.get("r6") == 99);
    machine.on_call = nullptr;
    CHECK(machine.run({"be,l 256(%sr2,%r0),%sr0,%r31", "nop"}).kind == Stop::Kind::requested);
    CHECK(machine.get("iaoq0") == code_page + 8);
    // The reserved trap by itself, and from the address space of the program's own.
    machine.write({"be,l 264(%sr2,%r0),%sr0,%r31", "nop"});
    machine.set("iaoq0", code_page);
    CHECK(machine.cpu->run().trap == TrapKind::privileged_instruction);
    CHECK(machine.get("iaoq0") == gateway + 0x108);
    CHECK(machine.run({"be 4096(%sr2,%r0)", "nop"}).kind == Stop::Kind::fault);
    CHECK(machine.calls == 2);
}

TEST_CASE("parisc: code that changes") {
    PariscMachine machine;
    machine.execute({"ldo 1(%r0),%r4"});
    machine.execute({"ldo 2(%r0),%r4"});
    CHECK(machine.get("r4") == 2);
    constexpr u32 page = 0x30000;
    REQUIRE(machine.memory->map_special({page}, 0x1000, {.read = true, .write = true, .execute = true}, true, "both"));
    machine.write({"stw %r6,12(%r5)", "ldo 2(%r6),%r6", "b,l,n .+4,%r0", "ldo 0(%r0),%r4", "addib,<> -1,%r7,.-16", "add,l %r4,%r8,%r8", "break"}, page);
    machine.set("r6", assemble("ldo 1(%r0),%r4", 0));
    machine.set("r5", page);
    machine.set("r7", 5);
    machine.set("iaoq0", page);
    CHECK(machine.cpu->run().trap == TrapKind::breakpoint);
    CHECK(machine.get("r8") == 1 + 2 + 3 + 4 + 5);
    machine.memory->unmap({page}, 0x1000);
    machine.set("iaoq0", page);
    CHECK(machine.cpu->run().kind == Stop::Kind::fault);
}

TEST_CASE("parisc: hooks see every instruction that is executed, and only those") {
    PariscMachine machine;
    std::vector<u64> seen, expected;
    int handle = machine.cpu->add_execution_hook({code_page}, {code_page + 64}, [&](GuestAddr at) { seen.push_back(at.value - code_page); });
    machine.execute({"or,tr %r0,%r0,%r0", count(10), "b,l .+12,%r2", count(11), "nop", "cmpb,=,n %r0,%r0,.+12", "nop", "nop", count(12)});
    expected = {0, 8, 12, 20, 32, 36};
    CHECK(seen == expected);
    CHECK(trail(machine) == "011000");
    machine.cpu->remove_execution_hook(handle);
    seen.clear();
    handle = machine.cpu->add_execution_hook({code_page + 4}, {code_page + 4}, [&](GuestAddr) {
        CHECK(machine.get("iaoq1") == code_page + 12);
        machine.cpu->set_pc(code_page + 12);
    });
    machine.execute({"b,l .+12,%r2", count(13), "nop", count(14)});
    CHECK(trail(machine) == "011010");
    machine.cpu->remove_execution_hook(handle);
}

namespace {
Cpu* interrupted = nullptr;
}

TEST_CASE("parisc: a request stops a loop") {
    PariscMachine machine;
    machine.write({"addib,tr 1,%r4,.+0", "ldo 1(%r5),%r5"});
    machine.set("iaoq0", code_page);
    machine.cpu->set_interruptible(true);
    interrupted = machine.cpu.get();
    auto previous = std::signal(SIGALRM, [](int) { interrupted->request_stop(); });
    itimerval timer{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_usec = 20000}};
    setitimer(ITIMER_REAL, &timer, nullptr);
    Stop stop = machine.cpu->run();
    std::signal(SIGALRM, previous);
    CHECK(stop.kind == Stop::Kind::requested);
    CHECK(machine.get("iaoq0") == code_page);
    CHECK(machine.get("r4") == machine.get("r5"));
    CHECK(machine.get("r4") > 1000);
}
