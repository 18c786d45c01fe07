// Whatever words a guest executes, they end in one of the stops that the contract knows.
#include "sh_machine.hpp"

#include <random>

using namespace sh_test;

TEST_CASE_TEMPLATE("sh: random words", Order, Little, Big) {
    constexpr u32 page = 0x40000, size = 0x2000;
    constexpr int steps = 300;
    std::mt19937 random(20);
    ShMachine machine(Order::value);
    REQUIRE(machine.memory->map_special({page}, size, {.read = true, .write = true, .execute = true}, true, "both"));
    machine.on_call = [&] { return random() % 2 == 0; };
    machine.cpu->set_interruptible(true);
    int executed = 0;
    int hook = machine.cpu->add_execution_hook({page}, {page + size - 1}, [&](GuestAddr) {
        if (++executed % steps == 0) machine.cpu->request_stop();
    });
    auto some_value = [&]() -> u32 {
        switch (random() % 5) {
            case 0: return static_cast<u32>(random());
            case 1: return page + static_cast<u32>(random()) % size;
            case 2: return data_page + static_cast<u32>(random()) % 0x1000;
            case 3: return static_cast<u32>(random()) % 64;
            default: return 0u - static_cast<u32>(random()) % 128;
        }
    };
    for (int round = 0; round < 400; ++round) {
        if (round == 200) machine.cpu->remove_execution_hook(hook);
        std::vector<u16> words(size / 2);
        for (u16& word : words) word = static_cast<u16>(random());
        // Without the hook nothing ends a loop: no branches then, but for those that a store makes.
        if (round >= 200)
            for (u16& word : words)
                if ((word & 0xf000) == 0xa000 || (word & 0xf000) == 0xb000 || (word & 0xf000) == 0x8000 || (word & 0xf000) == 0x0000 ||
                    (word & 0xf00f) == 0x400b)
                    word = 0x6000 | (word & 0xfff);
        for (u16& word : words) word = convert(word, Order::value);
        REQUIRE(machine.memory->poke({page}, std::as_bytes(std::span{words})));
        for (int start = 0; start < 20; ++start) {
            for (const Register& reg : machine.abi.registers) machine.set(reg.name, some_value());
            machine.set("pc", page + static_cast<u32>(random()) % size);
            Stop stop = machine.cpu->run();
            CAPTURE(round);
            CAPTURE(start);
            CHECK(stop.kind != Stop::Kind::engine_error);
            if (stop.kind == Stop::Kind::fault) CHECK_FALSE(machine.memory->translate(stop.address, stop.access).has_value());
            if (stop.kind == Stop::Kind::trap) CHECK(stop.trap != TrapKind::unknown);
        }
    }
}
