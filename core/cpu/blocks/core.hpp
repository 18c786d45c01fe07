// A guest CPU that runs decoded blocks: all of the Cpu contract but what a register is.
#pragma once

#include "cpu/blocks/cache.hpp"
#include "cpu/blocks/host_float.hpp"

#include <csignal>
#include <map>

namespace postern::blocks {

class Core : public Cpu, public memory::TranslationListener, protected CodeHolder, protected Watcher {
public:
    ~Core() override;

    void get_bytes(RegisterIndex index, std::span<std::byte> out) const override;
    void set_bytes(RegisterIndex index, std::span<const std::byte> in) override;
    Stop run() override;
    void forget_reservation() override {}   // neither machine has load-linked instructions
    /// Takes effect also in front of an instruction that a hook covers, which is announced again when the guest goes on.
    void request_stop() noexcept override { stop_requested_ = 1; }
    void set_interruptible(bool on) override { interruptible_ = on; }
    bool interruptible() const override { return interruptible_; }
    int add_execution_hook(GuestAddr first, GuestAddr last, ExecutionCallback callback) override;
    void remove_execution_hook(int handle) override;
    CounterReader counter(ClockMode mode) const override;
    bool set_counter_points(std::span<const GuestAddr> points, std::span<std::byte> word) override;

    void flush_translations() override { state_.tlb.flush(); }
    void invalidate_code(GuestAddr start, u64 size) override { cache_.invalidate(static_cast<u32>(start.value), size); }
    void memory_is_shared() override {}   // atomic instructions always are among processes (blocks::update)

protected:
    /// `state` is the derived class's, and need not be there yet. `unit`: bytes of the shortest instruction.
    Core(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler, State& state, u32 unit);

    Watch watch(u32 address) const override;
    bool reached(u32 address) override;
    void fetched(u32 branch) override { cache_.invalidate(branch, 2); }

    /// Called in front of each look-up of a block; may move the program counter on. The mode that the block at State::pc
    /// needs.
    virtual u32 settle() = 0;
    /// Decodes that block. Null: its first instruction cannot be fetched; a fault (State::tlb) or, if State::trapped, a
    /// trap is raised.
    virtual Block* translate(BlockCache& cache) = 0;
    /// The guest is interrupted: run() returns, or a system call is served.
    virtual void interrupt() {}
    /// Whether run() may return for a request where the program counter is.
    virtual bool may_stop() const { return true; }

private:
    void code_written(GuestAddr page) override { cache_.invalidate(static_cast<u32>(page.value), Tlb::page_size); }

    Block* block_here();
    Exit follow(const Instruction* block);
    /// Where the way leads by which a block was left, whose link is to be made; none: State::pc has been set.
    std::optional<Way> settle_way(Exit exit);
    /// Deals with an exit that does not lead to a known block; a stop: run() returns it.
    std::optional<Stop> leave(Exit exit);
    bool is_counter_point(u32 address) const;
    Stop fault_stop() const;
    Stop trap_stop() const;

    struct Hook {
        u32 first, last;
        ExecutionCallback callback;
    };

    memory::AddressSpace& memory_;
    SyscallHandler& handler_;
    State& state_;
    const u32 unit_;
    BlockCache cache_;
    volatile std::sig_atomic_t stop_requested_ = 0;
    bool interruptible_ = false;
    const HostFloatScope* host_float_ = nullptr;   // while run() is under way
    std::map<int, Hook> hooks_;                    // by handle
    int next_handle_ = 1;
    std::vector<u32> counter_points_;
};

}  // namespace postern::blocks
