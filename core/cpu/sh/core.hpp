// An SH-4 in user mode behind the Cpu contract.
#pragma once

#include "cpu/cpu.hpp"
#include "cpu/sh/translate.hpp"

#include <csignal>
#include <map>

namespace postern::sh {

/// The registers of the ABI's table are found by name: r0 to r15, pc, pr, sr, gbr, mach, macl, fpul,
/// fpscr, fr0 to fr15 and xf0 to xf15. fr are those of bank 0 and xf those of bank 1 whatever FPSCR.FR
/// says, as signal frames have them.
///
/// Like Linux, whatever interrupts an atomic sequence ("gUSA") makes it begin again: after run() and in
/// a system call the registers are those of its first instruction.
class Core final : public Cpu, public memory::TranslationListener, private CodeHolder, private Watcher {
public:
    static constexpr std::string_view name = "Postern SH-4";

    /// Error: the ABI has a register of another name.
    static Result<std::unique_ptr<Cpu>> create(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler);
    ~Core() override;

    u64 get(RegisterIndex index) const override;
    void set(RegisterIndex index, u64 value) override;
    void get_bytes(RegisterIndex index, std::span<std::byte> out) const override;
    void set_bytes(RegisterIndex index, std::span<const std::byte> in) override;
    void reset() override;
    Stop run() override;
    void request_stop() noexcept override { stop_requested_ = 1; }
    void set_interruptible(bool on) override { interruptible_ = on; }
    bool interruptible() const override { return interruptible_; }
    int add_execution_hook(GuestAddr first, GuestAddr last, ExecutionCallback callback) override;
    void remove_execution_hook(int handle) override;
    CounterReader counter(ClockMode mode) const override;
    bool set_counter_points(std::span<const GuestAddr> points, std::span<std::byte> word) override;
    std::string_view engine_name() const override { return name; }

    void flush_translations() override { state_.tlb.flush(); }
    void invalidate_code(GuestAddr start, u64 size) override { blocks_.invalidate(static_cast<u32>(start.value), size); }

    /// From a block: what is to be called before the instruction at `address`.
    void reached(u32 address) override;

private:
    /// What a register of the ABI's table is.
    enum class Home : u8 { general, pc, pr, sr, gbr, mach, macl, fpul, fpscr, bank0, bank1 };
    struct Place {
        Home home;
        u8 number = 0;
    };

    Core(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler, std::vector<Place> places);

    static std::optional<Place> place_of(std::string_view register_name);
    /// Registers that are words; null: SR and FPSCR.
    const u32* word(Place place) const;

    void code_written(GuestAddr page) override { blocks_.invalidate(static_cast<u32>(page.value), Tlb::page_size); }
    bool watches(u32 address) const override;

    Block* block_at(u32 address);
    Exit follow(Block*& block);
    /// Deals with an exit that does not lead to a known block; a stop: run() returns it.
    std::optional<Stop> leave(Exit exit);
    bool serve_system_call();
    Stop fault_stop() const;
    Stop trap_stop() const;
    void start_sequence_over();

    struct Hook {
        u32 first, last;
        ExecutionCallback callback;
    };

    memory::AddressSpace& memory_;
    SyscallHandler& handler_;
    std::vector<Place> places_;            // by register index
    State state_;
    BlockCache blocks_;
    volatile std::sig_atomic_t stop_requested_ = 0;
    bool interruptible_ = false;
    const class HostFloatScope* host_float_ = nullptr;   // while run() is under way
    std::map<int, Hook> hooks_;            // by handle
    int next_handle_ = 1;
    std::vector<u32> counter_points_;
    std::byte* counter_word_ = nullptr;
};

}  // namespace postern::sh
