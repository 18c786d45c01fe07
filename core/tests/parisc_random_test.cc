// Whatever words a guest executes, they end in one of the stops that the contract knows.
#include "parisc_machine.hpp"

#include <random>

using namespace parisc_test;

TEST_CASE("parisc: random words") {
    constexpr u32 page = 0x40000, size = 0x2000;
    std::mt19937 random(21);
    PariscMachine machine;
    REQUIRE(machine.memory->map_special({page}, size, {.read = true, .write = true, .execute = true}, true, "both"));
    REQUIRE(machine.memory->map_special({gateway}, 0x1000, read_execute, true, "gateway"));
    machine.write({"b,gate .+8,%r0", "depwi 3,31,2,%r31", "diag 0x537401"}, gateway + 0x100);
    machine.on_call = [&] { return random() % 2 == 0; };
    machine.cpu->set_interruptible(true);
    auto rows = parisc::all_rows();
    // Half of the words are instructions, which random ones seldom are.
    auto some_word = [&]() -> u32 {
        auto word = static_cast<u32>(random());
        const auto& pattern = rows[random() % rows.size()].pattern;
        return random() % 4 == 0 ? word : (word & ~static_cast<u32>(pattern.mask)) | static_cast<u32>(pattern.match);
    };
    auto some_value = [&]() -> u32 {
        switch (random() % 5) {
            case 0: return static_cast<u32>(random());
            case 1: return page + static_cast<u32>(random()) % size;
            case 2: return data_page + static_cast<u32>(random()) % 0x1000;
            case 3: return static_cast<u32>(random()) % 64;
            default: return 0u - static_cast<u32>(random()) % 128;
        }
    };
    int executed = 0;
    int hook = machine.cpu->add_execution_hook({page}, {page + size - 1}, [&](GuestAddr) {
        if (++executed % 300 == 0) machine.cpu->request_stop();
    });
    for (int round = 0; round < 300; ++round) {
        // Without the hook nothing ends a loop: no branches then.
        if (round == 150) machine.cpu->remove_execution_hook(hook);
        std::vector<u32> words(size / 4);
        for (u32& word : words) {
            do word = some_word();
            while (round >= 150 && word >> 29 >= 4 && word >> 26 != 0x2c && word >> 26 != 0x2d && word >> 26 != 0x24 && word >> 26 != 0x25);
            word = host_byte_order == machine.abi.byte_order ? word : swap_bytes(word);
        }
        REQUIRE(machine.memory->poke({page}, std::as_bytes(std::span{words})));
        for (int start = 0; start < 20; ++start) {
            for (const Register& reg : machine.abi.registers) machine.set(reg.name, some_value());
            machine.set("iaoq0", page + static_cast<u32>(random()) % size);
            if (random() % 4 == 0) machine.set("iaoq1", page + static_cast<u32>(random()) % size);
            if (random() % 4 == 0) machine.set("psw", static_cast<u32>(random()));
            Stop stop = machine.cpu->run();
            CAPTURE(round);
            CAPTURE(start);
            CHECK(stop.kind != Stop::Kind::engine_error);
            if (stop.kind == Stop::Kind::trap) CHECK(stop.trap != TrapKind::unknown);
            CHECK(machine.get("iaoq0") % 4 == 0);
        }
    }
}
