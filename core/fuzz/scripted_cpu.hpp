// A processor whose program is bytes: each step sets registers, memory or a fault, or makes a system call.
#pragma once

#include "cpu/cpu.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace postern::fuzz {

/// What is left of the input. Reads beyond the end give 0.
class Script {
public:
    void start(std::span<const u8> bytes) { rest_ = bytes; }
    bool is_over() const { return rest_.empty(); }
    u8 byte();
    /// `count` bytes, at most 8, as a number.
    u64 number(unsigned count);
    std::span<const u8> bytes(std::size_t count);

private:
    std::span<const u8> rest_;
};

/// The input of this run, shared by the processors of a guest that executes other programs.
Script& script();
/// Counts steps: a watcher sees that one takes long.
u64 step_count();

/// Memory of every guest, at one place: first two pages that can be written, the second filled with structs that
/// lead back there and with paths, one page that can only be read, then one that is not there.
inline constexpr GuestAddr playground{0x2000'0000};

class ScriptedCpu final : public Cpu {
public:
    ScriptedCpu(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler);

    u64 get(RegisterIndex index) const override;
    void set(RegisterIndex index, u64 value) override;
    void get_bytes(RegisterIndex index, std::span<std::byte> out) const override;
    void set_bytes(RegisterIndex index, std::span<const std::byte> in) override;
    u64 system_call_number() const override { return number_; }
    void reset() override;
    Stop run() override;
    std::unique_ptr<CpuContext> make_context() const override { return std::make_unique<Context>(); }
    void save(CpuContext& context) override { static_cast<Context&>(context).registers = registers_; }
    void restore(const CpuContext& context) override { registers_ = static_cast<const Context&>(context).registers; }
    void forget_reservation() override {}
    void request_stop() noexcept override { stop_requested_ = 1; }
    void set_interruptible(bool on) override { interruptible_ = on; }
    bool interruptible() const override { return interruptible_; }
    int add_execution_hook(GuestAddr, GuestAddr, ExecutionCallback) override { return 0; }
    void remove_execution_hook(int) override {}
    CounterReader counter(ClockMode mode) const override;
    bool set_counter_points(std::span<const GuestAddr>, std::span<std::byte>) override { return false; }
    std::string_view engine_name() const override { return "script"; }

private:
    using Registers = std::vector<std::array<std::byte, 16>>;
    struct Context final : CpuContext {
        Registers registers;
    };
    struct Call;

    void prepare_playground();
    Stop fault();
    void write_memory();
    void write_register();
    /// False: the handler wants to leave the engine.
    bool make_call();
    bool call(u64 number, std::span<const u64> arguments);
    u64 argument(std::string_view kind);
    u64 any_argument();
    u64 address();

    memory::AddressSpace& memory_;
    SyscallHandler& handler_;
    Registers registers_;
    u64 number_ = 0;
    volatile int stop_requested_ = 0;
    bool interruptible_ = false, is_prepared_ = false;
};

}  // namespace postern::fuzz
