// Atomic increments of eight threads that are interrupted in front of every instruction: SuperH's sequences
// that begin again, and PA-RISC's compare-and-swap on the gateway page.
#include "kernel/signals_sequences.hpp"
#include "parisc_machine.hpp"
#include "sh_machine.hpp"
#include "vdso/entry_points.hpp"

#include <cstdlib>
#include <set>
#include <vector>

using namespace postern;

namespace {

constexpr unsigned thread_count = 8;

/// Increments of each thread. The environment may ask for more: POSTERN_INCREMENTS=1000000 takes some seconds.
unsigned increments() {
    const char* wanted = std::getenv("POSTERN_INCREMENTS");
    return wanted ? static_cast<unsigned>(std::strtoul(wanted, nullptr, 10)) : 5'000;
}

/// Threads on one processor, whose turns end in front of an instruction between two addresses: after two of them,
/// after three, and so on up to `longest_turn`, and again.
class ForcedTurns {
public:
    ForcedTurns(Cpu& cpu, u32 first, u32 last) : cpu_(cpu) {
        cpu.set_interruptible(true);
        cpu.add_execution_hook({first}, {last}, [this](GuestAddr address) { reached(address); });
    }

    /// The thread begins with the registers that the processor has.
    void add_thread() {
        contexts_.push_back(cpu_.make_context());
        cpu_.save(*contexts_.back());
    }

    /// Until each has come to a breakpoint.
    void run() {
        for (std::size_t next = 0; !contexts_.empty(); ++next) {
            auto at = contexts_.begin() + static_cast<std::ptrdiff_t>(next % contexts_.size());
            cpu_.restore(**at);
            executed_ = 0;
            Stop stop = cpu_.run();
            if (stop.kind == Stop::Kind::requested) {
                kernel::leave_atomic_sequence(cpu_);
                cpu_.save(**at);
            } else {
                REQUIRE(stop.trap == TrapKind::breakpoint);
                contexts_.erase(at);
            }
        }
    }

    /// Instructions in front of which a turn has ended.
    const std::set<u64>& interrupted() const { return interrupted_; }

private:
    static constexpr unsigned longest_turn = 23;

    void reached(GuestAddr address) {
        if (executed_++ < turn_) return;
        turn_ = turn_ == longest_turn ? 2 : turn_ + 1;
        interrupted_.insert(address.value);
        cpu_.request_stop();
    }

    Cpu& cpu_;
    std::vector<std::unique_ptr<CpuContext>> contexts_;
    unsigned turn_ = 2, executed_ = 0;
    std::set<u64> interrupted_;
};

}  // namespace

TEST_CASE_TEMPLATE("sh: atomic sequences of threads that are interrupted everywhere are exact", Order, sh_test::Little, sh_test::Big) {
    using namespace sh_test;
    ShMachine machine(Order::value);
    constexpr u32 end = code_page + 18;
    machine.write({"mova .+12,r0", "mov r15,r1", "mov #-6,r15", "mov.l @r2,r3", "add #1,r3", "mov.l r3,@r2", "mov r1,r15",
                   "dt r4", "bf .-16", "trapa #60"});
    ForcedTurns turns(*machine.cpu, code_page, end - 2);
    for (unsigned thread = 0; thread < thread_count; ++thread) {
        machine.set("r2", data_page);
        machine.set("r4", increments());
        machine.set("r15", data_page + 0x800 + thread * 0x80);
        machine.set("pc", code_page);
        turns.add_thread();
    }
    turns.run();
    CHECK(machine.peek<u32>(data_page) == thread_count * increments());
    for (u32 at = code_page; at < end; at += 2) CHECK(turns.interrupted().contains(at));
}

TEST_CASE("parisc: compare-and-swap of threads that are interrupted everywhere is exact") {
    using namespace parisc_test;
    PariscMachine machine;
    REQUIRE(vdso::install(machine.abi, *machine.memory, GuestAddr{}));
    constexpr u32 end = code_page + 32;
    machine.write({"ldw 0(%r26),%r25", "ldo 1(%r25),%r24", "be,l 176(%sr2,%r0),%sr0,%r31", "ldo 0(%r0),%r20",
                   "cmpb,<> %r28,%r25,.-16", "nop", "addib,<> -1,%r5,.-24", "nop", "break"});
    ForcedTurns turns(*machine.cpu, code_page, end - 4);
    for (unsigned thread = 0; thread < thread_count; ++thread) {
        machine.set("r26", data_page);
        machine.set("r5", increments());
        machine.set("iaoq0", code_page);
        turns.add_thread();
    }
    turns.run();
    CHECK(machine.peek<u32>(data_page) == thread_count * increments());
    for (u32 at = code_page; at < end; at += 4) CHECK(turns.interrupted().contains(at));
}
