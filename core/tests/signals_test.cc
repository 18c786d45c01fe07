// Signals apart from their frames: code that starts over, numbers, siginfo, the x87 tag words, times.
#include "frame_machine.hpp"
#include "kernel/signals_info.hpp"
#include "kernel/signals_sequences.hpp"
#include "kernel/syscalls/waiting.hpp"
#include "kernel/x87_tags.hpp"

using namespace postern;
using namespace postern::kernel;
using namespace frame_test;

TEST_CASE("signals: sequences that are atomic start over") {
    FrameMachine sh4("sh4");
    auto in_sequence = [&](u64 pc) {
        sh4.cpu.set_pc(pc);
        sh4.cpu.set(sh4.abi.register_index("r0"), 0x10090);   // its end
        sh4.cpu.set(sh4.abi.register_index("r1"), 0x20ff00);
        sh4.cpu.set(sh4.abi.stack_pointer, 0xfffffff8);       // minus its length
        leave_atomic_sequence(sh4.cpu);
        CHECK(sh4.cpu.sp() == 0x20ff00);
        return sh4.cpu.pc();
    };
    CHECK(in_sequence(0x10088) == 0x10086);   // from the instruction that sets the mark
    CHECK(in_sequence(0x1008e) == 0x10086);
    CHECK(in_sequence(0x10090) == 0x10090);   // behind it
    sh4.cpu.set_pc(0x10088);
    leave_atomic_sequence(sh4.cpu);
    CHECK(sh4.cpu.pc() == 0x10088);

    for (std::string_view name : {"arm", "parisc"}) {
        CAPTURE(name);
        FrameMachine machine(name);
        REQUIRE_FALSE(machine.abi.signals->restart_ranges.empty());
        for (const RestartRange& range : machine.abi.signals->restart_ranges) {
            for (u64 pc : {range.first, range.last}) {
                machine.cpu.set_pc(pc);
                leave_atomic_sequence(machine.cpu);
                CHECK(machine.cpu.pc() == range.restart);
            }
            machine.cpu.set_pc(range.last + 4);
            leave_atomic_sequence(machine.cpu);
            CHECK(machine.cpu.pc() == range.last + 4);
        }
    }
}

TEST_CASE("signals: a fault of a light-weight call is the call's answer") {
    FrameMachine machine("parisc");
    REQUIRE(machine.abi.signals->fault_ranges.size() == 1);
    const RestartRange& range = machine.abi.signals->fault_ranges[0];
    for (const RestartRange& sequence : machine.abi.signals->restart_ranges) {
        machine.cpu.set_pc(sequence.last);
        CHECK(leave_faulting_code(machine.cpu));
        CHECK(machine.cpu.pc() == range.restart);
    }
    CHECK_FALSE(leave_faulting_code(machine.cpu));
    FrameMachine other("arm");
    CHECK_FALSE(leave_faulting_code(other.cpu));
}

TEST_CASE("signals: x87 tag words convert both ways") {
    FrameMachine machine("i386");
    const Abi& abi = machine.abi;
    machine.cpu.set(abi.register_index("fpsw"), 6 << 11);   // top of stack: physical register 6
    machine.cpu.set(abi.register_index("fptag"), 0b11000000);
    std::array<std::byte, 10> one{}, zero{};
    one[7] = std::byte{0x80};
    one[8] = std::byte{0xff};
    one[9] = std::byte{0x3f};
    machine.cpu.set_bytes(abi.register_index("st0"), one);
    machine.cpu.set_bytes(static_cast<RegisterIndex>(abi.register_index("st0") + 1), zero);
    u64 full = full_tags(machine.cpu, abi.register_index("fptag"));
    CHECK(full == 0x4fff);   // 7: zero, 6: valid, the rest empty
    CHECK(abridged_tags(full) == 0b11000000);
}

TEST_CASE("signals: numbers and masks convert by the ABI's pairs") {
    Abi swapped = *find_abi("x86-64");
    const NumberPair pairs[] = {{SIGUSR1, 30}, {SIGPWR, 10}};
    swapped.numbers.sets[static_cast<std::size_t>(NumberSet::signal)] = pairs;
    CHECK(signal_to_guest(swapped, SIGUSR1) == 30);
    CHECK(signal_from_guest(swapped, 30) == SIGUSR1);
    CHECK(signal_from_guest(swapped, 9) == SIGKILL);
    SignalSet set = signal_bit(SIGUSR1) | signal_bit(SIGTERM);
    CHECK(signal_set_to_guest(swapped, set) == (signal_bit(30) | signal_bit(SIGTERM)));
    CHECK(signal_set_from_guest(swapped, signal_set_to_guest(swapped, set)) == set);
}

TEST_CASE("signals: queued siginfo survives the way through a guest") {
    for (const Abi* abi : known_abis()) {
        CAPTURE(abi->name);
        SignalInfo info{.signal = SIGRTMIN, .code = SI_QUEUE, .kind = SignalInfo::Kind::queue, .pid = 77, .uid = 5,
                        .value = 0x12345678};
        std::array<std::byte, 128> bytes;
        write_signal_info(*abi, info, bytes);
        SignalInfo back = read_signal_info(*abi, bytes);
        CHECK(back.code == SI_QUEUE);
        CHECK(back.pid == 77);
        CHECK(back.uid == 5);
        CHECK(back.value == 0x12345678);
    }
}

TEST_CASE("signals: times add and subtract without overflow") {
    CHECK((timespec{1, 900'000'000} + timespec{0, 200'000'000}).tv_sec == 2);
    CHECK((timespec{1, 900'000'000} + timespec{0, 200'000'000}).tv_nsec == 100'000'000);
    CHECK((timespec{5, 0} - timespec{4, 1}).tv_nsec == 999'999'999);
    CHECK((timespec{4, 0} - timespec{5, 0}).tv_sec == 0);
    CHECK((timespec{__LONG_MAX__, 0} + timespec{1, 0}).tv_sec == __LONG_MAX__);
}
