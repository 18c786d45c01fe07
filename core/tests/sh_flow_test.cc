// Branches and their slots, faults and traps, changed code, atomic sequences: the flow of an SH-4.
#include "sh_machine.hpp"

#include <chrono>
#include <csignal>
#include <sys/time.h>

using namespace sh_test;

TEST_CASE("sh: a branch decides before its slot and goes behind it") {
    ShMachine machine;
    machine.set("r1", code_page + 8);
    machine.execute({"jmp @r1", "mov #0,r1", "mov #1,r2", "nop", "mov #7,r3"});
    CHECK(machine.get("r1") == 0);
    CHECK(machine.get("r2") == 0);
    CHECK(machine.get("r3") == 7);
    machine.set("r2", 0);
    machine.execute({"clrt", "bf.s .+6", "sett", "mov #1,r2", "movt r4"});
    CHECK(machine.get("r2") == 0);
    CHECK(machine.get("r4") == 1);
    machine.execute({"sett", "bf.s .+6", "clrt", "mov #1,r2", "movt r4"});
    CHECK(machine.get("r2") == 1);
    CHECK(machine.get("r4") == 0);
}

TEST_CASE("sh: calls") {
    ShMachine machine;
    machine.execute({"bsr .+8", "sts pr,r1", "bra .+10", "nop", "rts", "mov #5,r2", "nop", "nop"});
    CHECK(machine.get("r1") == code_page + 4);   // the slot sees the new one
    CHECK(machine.get("r2") == 5);
    machine.set("r3", 4);
    machine.execute({"bsrf r3", "mov #6,r4", "bra .+8", "nop", "rts", "nop", "nop"});
    CHECK(machine.get("r4") == 6);
    CHECK(machine.get("pr") == code_page + 4);
    machine.set("r3", 2);
    machine.execute({"braf r3", "nop", "mov #1,r4", "nop"});
    CHECK(machine.get("r4") == 6);
    machine.set("r3", code_page + 8);
    machine.execute({"jsr @r3", "nop", "bra .+8", "nop", "rts", "nop", "nop"});
    CHECK(machine.get("pr") == code_page + 4);
}

TEST_CASE("sh: loops") {
    ShMachine machine;
    machine.set("r1", 1000);
    machine.execute({"mov #0,r2", "dt r1", "bf.s .-2", "add #3,r2"});
    CHECK(machine.get("r2") == 3000);
    machine.set("r1", 1000);
    machine.execute({"mov #0,r2", "add #3,r2", "dt r1", "bf .-4"});
    CHECK(machine.get("r2") == 3000);
    machine.set("r1", 10);
    machine.execute({"mov #0,r2", "add #1,r2", "cmp/eq r1,r2", "bt .+4", "bra .-6", "nop"});
    CHECK(machine.get("r2") == 10);
}

TEST_CASE_TEMPLATE("sh: faults are exact and change nothing", Order, Little, Big) {
    ShMachine machine(Order::value);
    machine.set("r1", unmapped);
    machine.set("r2", 5);
    Stop stop = machine.run({"nop", "mov.l @r1+,r2"});
    CHECK(stop.kind == Stop::Kind::fault);
    CHECK(stop.fault == memory::FaultKind::unmapped);
    CHECK(stop.access == Access::read);
    CHECK(stop.address.value == unmapped);
    CHECK(machine.get("pc") == code_page + 2);
    CHECK(machine.get("r1") == unmapped);
    CHECK(machine.get("r2") == 5);
    stop = machine.run({"mov.w r2,@-r1"});
    CHECK(stop.access == Access::write);
    CHECK(stop.address.value == unmapped - 2);
    CHECK(machine.get("r1") == unmapped);
    machine.set("r1", code_page);
    stop = machine.run({"mov.l r2,@r1"});
    CHECK(stop.fault == memory::FaultKind::protection);
    CHECK(stop.access == Access::write);
    machine.set("r1", unmapped);
    stop = machine.run({"jmp @r1", "mov #3,r2"});
    CHECK(stop.access == Access::execute);
    CHECK(stop.address.value == unmapped);
    CHECK(machine.get("pc") == unmapped);
    CHECK(machine.get("r2") == 3);
    // Execution resumes where it stopped.
    machine.set("r1", data_page);
    machine.write({"mov.l r2,@r1", "trapa #60"});
    machine.set("pc", code_page);
    CHECK(machine.cpu->run().trap == TrapKind::breakpoint);
    CHECK(machine.peek<u32>(data_page) == 3);
}

TEST_CASE_TEMPLATE("sh: what happens in a slot happens to the branch", Order, Little, Big) {
    ShMachine machine(Order::value);
    machine.set("r1", unmapped);
    machine.set("r3", code_page);
    Stop stop = machine.run({"nop", "jsr @r3", "mov.l @r1,r2"});
    CHECK(stop.kind == Stop::Kind::fault);
    CHECK(stop.address.value == unmapped);
    CHECK(machine.get("pc") == code_page + 2);
    for (const char* text : {"bra .+4", "rts", "trapa #16", "mov.l @(.+10),r1", "mova .+6,r0", "ldtlb", "bt .+8"}) {
        CAPTURE(std::string(text));
        machine.set("pr", code_page);
        stop = machine.run({"nop", "nop", "rts", text});
        CHECK(stop.kind == Stop::Kind::trap);
        CHECK((stop.trap == TrapKind::illegal_instruction || stop.trap == TrapKind::privileged_instruction));
        CHECK(machine.get("pc") == code_page + 4);
        CHECK(machine.calls == 0);
    }
}

TEST_CASE_TEMPLATE("sh: a slot on the next page", Order, Little, Big) {
    ShMachine machine(Order::value);
    u32 branch = next_code_page - 2;
    machine.write({"mov #1,r2", "trapa #60"}, next_code_page);
    machine.poke(branch, assemble("bra .+6", branch, {}));
    machine.write({"trapa #60"}, next_code_page + 4);
    machine.set("pc", branch);
    CHECK(machine.cpu->run().trap == TrapKind::breakpoint);
    CHECK(machine.get("r2") == 1);
    CHECK(machine.get("pc") == next_code_page + 4);
    machine.write({"mov #2,r2"}, next_code_page);   // in the block of the page before
    machine.set("pc", branch);
    machine.cpu->run();
    CHECK(machine.get("r2") == 2);

    // And on a page that is not there: the branch has not happened.
    u32 last = next_code_page + 0xffe;
    machine.poke(last, u16{0x000b});   // rts
    machine.set("pr", code_page);
    machine.set("pc", last);
    Stop stop = machine.cpu->run();
    CHECK(stop.kind == Stop::Kind::fault);
    CHECK(stop.access == Access::execute);
    CHECK(stop.address.value == last + 2);
    CHECK(machine.get("pc") == last);
    REQUIRE(machine.memory->map_special({last + 2}, 0x1000, read_execute, true, "more"));
    machine.write({"mov #9,r2"}, last + 2);
    machine.write({"trapa #60"});
    CHECK(machine.cpu->run().trap == TrapKind::breakpoint);
    CHECK(machine.get("r2") == 9);
}

TEST_CASE_TEMPLATE("sh: traps", Order, Little, Big) {
    ShMachine machine(Order::value);
    CHECK(machine.run({"nop", "trapa #32"}).trap == TrapKind::breakpoint);
    CHECK(machine.get("pc") == code_page + 2);
    machine.poke(code_page, u16{0xfffd});
    machine.set("pc", code_page);
    CHECK(machine.cpu->run().trap == TrapKind::illegal_instruction);
    CHECK(machine.get("pc") == code_page);
    CHECK(machine.run({"ldc r1,sr"}).trap == TrapKind::privileged_instruction);
    CHECK(machine.run({"synco"}).trap == TrapKind::illegal_instruction);   // the SH-4A's
    machine.set("fpscr", 0);
    CHECK_NOTHROW(machine.execute({"fipr fv0,fv4"}));
    machine.write({"fipr fv0,fv4"});
    machine.set("fpscr", 1 << 19);
    machine.set("pc", code_page);
    CHECK(machine.cpu->run().trap == TrapKind::illegal_instruction);       // PR = 1 has no such instruction
    machine.set("pc", code_page + 1);
    CHECK(machine.cpu->run().trap == TrapKind::alignment);
    machine.set("pc", 0x8000'0000);
    Stop stop = machine.cpu->run();
    CHECK(stop.trap == TrapKind::alignment);
    CHECK(stop.address.value == 0x8000'0000);
}

TEST_CASE_TEMPLATE("sh: misaligned moves are carried out, other accesses refused, as Linux does", Order, Little, Big) {
    ShMachine machine(Order::value);
    machine.poke(data_page, u64{0x8877'6655'4433'2211});
    machine.set("r1", data_page + 1);
    machine.set("r2", data_page + 9);
    machine.execute({"mov.l @r1,r3", "mov.w @r1+,r4", "mov.l r3,@r2", "mov.l @r2,r5"});
    constexpr bool little = Order::value == ByteOrder::little;
    CHECK(machine.get("r3") == (little ? 0x5544'3322 : 0x7766'5544));
    CHECK(machine.get("r4") == (little ? 0x3322 : 0x7766));
    CHECK(machine.get("r5") == machine.get("r3"));
    machine.set("fpscr", 0);
    machine.set("gbr", data_page + 2);
    machine.set("r1", data_page + 2);
    for (const char* text : {"fmov.s @r1,fr0", "lds.l @r1+,pr", "mov.l @(0,gbr),r0", "mac.l @r1+,@r1+", "movca.l r0,@r1"}) {
        CAPTURE(std::string(text));
        Stop stop = machine.run({text});
        CHECK(stop.trap == TrapKind::alignment);
        CHECK(stop.address.value == data_page + 2);
        CHECK(machine.get("r1") == data_page + 2);
    }
    machine.set("r1", data_page + 0xffe);   // across the end of what is mapped
    CHECK(machine.run({"mov.l @r1,r3"}).trap == TrapKind::alignment);
    for (u32 address : {0xc000'0000u, 0x31u}) {
        machine.set("r1", address);
        CHECK(machine.run({"mov.l @r1,r3"}).trap == TrapKind::alignment);
        CHECK(machine.run({"fmov.s fr0,@r1"}).trap == TrapKind::alignment);
    }
}

TEST_CASE_TEMPLATE("sh: system calls go on in place, elsewhere, or end the run", Order, Little, Big) {
    ShMachine machine(Order::value);
    machine.set("r3", 4);
    machine.on_call = [&] {
        CHECK(machine.cpu->system_call_number() == 4);
        CHECK(machine.get("pc") == code_page + 4);
        machine.set("r0", 9);
        return true;
    };
    machine.execute({"nop", "trapa #19", "mov r0,r1"});
    CHECK(machine.get("r1") == 9);
    CHECK(machine.calls == 1);
    machine.on_call = [&] { machine.set("pc", code_page + 6); return true; };
    machine.set("r1", 0);
    machine.execute({"trapa #16", "mov #1,r1", "nop", "nop"});
    CHECK(machine.get("r1") == 0);
    machine.on_call = nullptr;
    Stop stop = machine.run({"trapa #31"});
    CHECK(stop.kind == Stop::Kind::requested);
    CHECK(machine.get("pc") == code_page + 2);
}

TEST_CASE_TEMPLATE("sh: an interrupted atomic sequence begins again", Order, Little, Big) {
    ShMachine machine(Order::value);
    machine.set("r15", data_page + 0x800);
    machine.set("r2", unmapped);
    // The sequence is the load and the store; its length is 4, its end the instruction that restores r15.
    Stop stop = machine.run({"mova .+12,r0", "nop", "mov r15,r1", "mov #-4,r15", "mov.l @r2,r3", "mov.l r3,@r2", "mov r1,r15"});
    CHECK(stop.kind == Stop::Kind::fault);
    CHECK(machine.get("pc") == code_page + 6);                 // where r15 gets the length
    CHECK(machine.get("r15") == data_page + 0x800);
    machine.set("r2", data_page);
    CHECK(machine.cpu->run().trap == TrapKind::breakpoint);
    CHECK(machine.get("pc") == code_page + 14);
    // Behind its end only the stack pointer is given back.
    stop = machine.run({"mova .+8,r0", "nop", "mov r15,r1", "mov #-2,r15", "trapa #60"});
    CHECK(machine.get("pc") == code_page + 8);
    CHECK(machine.get("r15") == data_page + 0x800);
}

TEST_CASE_TEMPLATE("sh: an atomic sequence is exact wherever it is interrupted", Order, Little, Big) {
    ShMachine machine(Order::value);
    auto counter = [&](u32 change) {   // as another program that shares the memory has it
        std::byte bytes[4];
        REQUIRE(machine.memory->peek({data_page}, bytes));
        u32 value = load<u32>(bytes, machine.abi.byte_order) + change;
        store(bytes, value, machine.abi.byte_order);
        REQUIRE(machine.memory->poke({data_page}, bytes));
        return value;
    };
    const std::initializer_list<std::string> code = {"mova .+12,r0", "mov r15,r1", "mov #-6,r15", "mov.l @r2,r3", "add #1,r3",
                                           "mov.l r3,@r2", "mov r1,r15", "trapa #60"};
    constexpr u32 first = 6, end = 12;   // the load, and what is behind the store
    u32 expected = 0;
    for (u32 at = first; at <= end; at += 2) {
        CAPTURE(at);
        machine.write(code, code_page);
        machine.write({"trapa #61"}, code_page + at);
        machine.set("r15", data_page + 0x800);
        machine.set("r2", data_page);
        machine.set("pc", code_page);
        CHECK(machine.cpu->run().trap == TrapKind::breakpoint);
        CHECK(machine.get("pc") == code_page + (at < end ? first - 2 : end));
        CHECK(machine.get("r15") == data_page + 0x800);
        counter(100);
        machine.write(code, code_page);
        CHECK(machine.cpu->run().trap == TrapKind::breakpoint);
        CHECK(machine.get("pc") == code_page + 14);
        CHECK(machine.get("r15") == data_page + 0x800);
        expected += 101;
        CHECK(counter(0) == expected);
    }
}

TEST_CASE_TEMPLATE("sh: code that changes", Order, Little, Big) {
    ShMachine machine(Order::value);
    machine.execute({"mov #1,r1"});
    machine.execute({"mov #2,r1"});                            // written from outside
    CHECK(machine.get("r1") == 2);

    // By the guest itself: a loop writes its own next instruction, on a page that it may write and execute.
    constexpr u32 page = 0x30000;
    REQUIRE(machine.memory->map_special({page}, 0x1000, {.read = true, .write = true, .execute = true}, true, "both"));
    machine.write({"mov.w r2,@r3", "add #1,r2", "bra .+4", "nop", "mov #0,r1", "add r1,r4", "dt r5", "bf .-14", "trapa #60"}, page);
    machine.set("r2", 0xe101);                                 // mov #1,r1
    machine.set("r3", page + 8);
    machine.set("r5", 5);
    machine.set("r4", 0);
    machine.set("pc", page);
    CHECK(machine.cpu->run().trap == TrapKind::breakpoint);
    CHECK(machine.get("r4") == 1 + 2 + 3 + 4 + 5);

    // A page that goes away is not executed from the cache.
    machine.memory->unmap({page}, 0x1000);
    machine.set("pc", page);
    CHECK(machine.cpu->run().kind == Stop::Kind::fault);
}

TEST_CASE("sh: written pages are dirty, once for each clearing") {
    ShMachine machine;
    auto dirty = [&] {
        std::vector<u64> pages;
        machine.memory->for_each_dirty([&](GuestAddr page) { pages.push_back(page.value); });
        return pages;
    };
    machine.set("r1", data_page);
    machine.write({"mov.l @r1,r2", "trapa #60"});
    machine.memory->clear_dirty();
    machine.set("pc", code_page);
    machine.cpu->run();
    CHECK(dirty().empty());
    machine.write({"mov.l r2,@r1", "trapa #60"});
    for (int i = 0; i < 2; ++i) {
        machine.memory->clear_dirty();
        machine.set("pc", code_page);
        machine.cpu->run();
        CHECK(dirty() == std::vector<u64>{data_page});
    }
}

TEST_CASE_TEMPLATE("sh: hooks, and counter points", Order, Little, Big) {
    ShMachine machine(Order::value);
    std::vector<u64> seen;
    int handle = machine.cpu->add_execution_hook({code_page + 2}, {code_page + 5}, [&](GuestAddr at) { seen.push_back(at.value); });
    machine.execute({"nop", "bra .+4", "mov #1,r1", "nop"});
    CHECK(seen == std::vector<u64>{code_page + 2, code_page + 4});
    machine.cpu->remove_execution_hook(handle);
    machine.execute({"nop", "bra .+4", "mov #1,r1", "nop"});
    CHECK(seen.size() == 2);
    handle = machine.cpu->add_execution_hook({code_page + 2}, {code_page + 2}, [&](GuestAddr) { machine.cpu->set_pc(code_page + 4); });
    machine.set("r1", 0);
    machine.execute({"nop", "mov #1,r1", "nop"});
    CHECK(machine.get("r1") == 0);
    machine.cpu->remove_execution_hook(handle);

    std::byte word[8] = {};
    GuestAddr point{code_page + 2};
    REQUIRE(machine.cpu->set_counter_points({&point, 1}, word));
    machine.execute({"nop", "nop"});
    u64 first = load<u64>(word, machine.abi.byte_order);
    CHECK(first != 0);
    CHECK(first <= machine.cpu->counter(ClockMode::trap)());
    REQUIRE(machine.cpu->set_counter_points({}, word));
    CHECK(load<u64>(word, machine.abi.byte_order) == 0);
}

namespace {
Cpu* interrupted = nullptr;
}

TEST_CASE("sh: a request stops a loop at the start of a block") {
    ShMachine machine;
    machine.set("r1", 0);
    machine.write({"add #1,r1", "bra .-2", "add #1,r2"});
    machine.set("pc", code_page);
    machine.cpu->set_interruptible(true);
    interrupted = machine.cpu.get();
    auto previous = std::signal(SIGALRM, [](int) { interrupted->request_stop(); });
    itimerval timer{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_usec = 20000}};
    setitimer(ITIMER_REAL, &timer, nullptr);
    Stop stop = machine.cpu->run();
    std::signal(SIGALRM, previous);
    CHECK(stop.kind == Stop::Kind::requested);
    CHECK(machine.get("pc") == code_page);
    CHECK(machine.get("r1") == machine.get("r2"));
    CHECK(machine.get("r1") > 1000);
}
