// The contract between whatever executes guest instructions and everything above it.
#pragma once

#include "abi/abi.hpp"
#include "memory/address_space.hpp"

#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace postern {

/// Synchronous exceptions that are not page faults or system calls.
enum class TrapKind : u8 {
    illegal_instruction,
    privileged_instruction,
    breakpoint,
    integer_divide,
    integer_overflow,
    floating_point,          ///< detail: FPE_* code of signals.tsv (generic)
    alignment,               ///< address: the data address
    general_protection,      ///< x86: SIGSEGV with SI_KERNEL
    illegal_trap,            ///< a supervisor call that Linux does not know
    unknown,                 ///< detail: the engine's own exception number
};

/// Why `Cpu::run` returned.
struct Stop {
    enum class Kind : u8 {
        requested,     ///< request_stop(), or the handler asked for it: registers are exact
        trap,
        fault,         ///< the page table refused an access
        engine_error,  ///< the engine failed for a reason of its own; `text` says which
    };
    Kind kind = Kind::requested;
    // trap
    TrapKind trap = TrapKind::unknown;
    u32 detail = 0;
    // fault (and trap, where an address belongs to it)
    GuestAddr address{};
    Access access = Access::read;
    memory::FaultKind fault = memory::FaultKind::unmapped;
    const char* text = "";
};

/// Served from inside the engine while the guest runs.
class SyscallHandler {
public:
    virtual ~SyscallHandler() = default;
    /// A system-call instruction was executed; the program counter stands behind it.
    /// True: go on in place. False: leave run() with Stop::Kind::requested.
    virtual bool system_call() = 0;
    /// Where calls by an instruction that forgets its own address return to (i386 sysenter: the
    /// landing pad of the vDSO). 0: there is none, and nothing is at that address.
    virtual GuestAddr fast_call_return() { return {}; }
};

/// The registers of one guest thread, all of them, as its engine keeps them.
class CpuContext {
public:
    virtual ~CpuContext() = default;
};

/// One guest CPU. Registers are addressed by index of `Abi::registers`. Not thread-safe, but any host
/// thread may use it while no other does; only request_stop may be called at any time.
class Cpu {
public:
    explicit Cpu(const Abi& abi) : abi_(abi) {}
    virtual ~Cpu() = default;

    /// Any integer register, zero-extended to 64 bits.
    virtual u64 get(RegisterIndex index) const = 0;
    /// Setting the program counter inside a system call leaves the translated block at its
    /// end and continues at the new place. ARM: bit 0 of the program counter = Thumb state.
    virtual void set(RegisterIndex index, u64 value) = 0;
    /// Any register in guest byte order of its ABI, `Register::width` bytes. For wide
    /// (floating-point, vector) registers; works for all.
    virtual void get_bytes(RegisterIndex index, std::span<std::byte> out) const = 0;
    virtual void set_bytes(RegisterIndex index, std::span<const std::byte> in) = 0;

    /// Number of the system call being served. The ABI's number register, or the immediate
    /// of the trap instruction where that carries it (s390x: svc n).
    virtual u64 system_call_number() const { return get(abi().syscall.number); }

    u64 pc() const { return get(abi_.program_counter); }
    void set_pc(u64 value) { set(abi_.program_counter, value); }
    u64 sp() const { return get(abi_.stack_pointer); }

    /// Puts every register in the state execve(2) leaves, unprivileged.
    virtual void reset() = 0;
    /// Runs until something needs attention outside. Resumes at the program counter.
    virtual Stop run() = 0;

    // --- the guest's threads take turns on one Cpu. None of these from inside run(), nor with a
    //     context of another Cpu.

    /// A context to save to; what it holds before that is unspecified.
    virtual std::unique_ptr<CpuContext> make_context() const = 0;
    virtual void save(CpuContext& context) = 0;
    virtual void restore(const CpuContext& context) = 0;
    /// The thread is interrupted: a load-linked (load-exclusive, reservation) of it is forgotten, so that
    /// its store-conditional fails, as after a real processor has served an interrupt.
    virtual void forget_reservation() = 0;

    /// Asks a running guest to stop soon; from a signal handler or another host thread. Takes effect at a
    /// block boundary, and only while interruptible.
    virtual void request_stop() noexcept = 0;
    /// Interruptible guests pay for a check at each block, so turn it on only while
    /// something may have to interrupt running code. Not from inside run().
    virtual void set_interruptible(bool on) = 0;
    virtual bool interruptible() const = 0;

    /// Sets the i386-style thread segment (`entry` of the GDT); false where there is none.
    virtual bool set_segment(unsigned entry, u32 base, u32 limit, u32 flags);
    /// The segment of an entry as set_segment took it; an empty one has flags 0x28 and nothing
    /// else. Nothing: not an entry of the guest's.
    struct Segment { u32 base, limit, flags; };
    virtual std::optional<Segment> segment(unsigned entry) const;

    /// Calls `callback` whenever the guest is about to execute the instruction at an address
    /// in [first, last]. Costs nothing outside that range. Returns a handle.
    using ExecutionCallback = std::function<void(GuestAddr)>;
    virtual int add_execution_hook(GuestAddr first, GuestAddr last, ExecutionCallback callback) = 0;
    virtual void remove_execution_hook(int handle) = 0;

    /// The counter that guest code reads (ClockMode::counter), or that the reserved trap
    /// returns (ClockMode::trap), read from the host's side. Async-signal-safe.
    using CounterReader = u64 (*)();
    virtual CounterReader counter(ClockMode mode) const = 0;
    /// Serves the trap's counter without leaving translated code: whenever the guest is about
    /// to execute the instruction at one of `points`, the counter goes to `word`, 8 bytes of host
    /// memory, in guest byte order. No points: no longer anywhere.
    /// The word of an earlier call must still be there, and is set to 0. False: the engine cannot; the
    /// traps behind the points serve.
    virtual bool set_counter_points(std::span<const GuestAddr> points, std::span<std::byte> word) = 0;

    const Abi& abi() const { return abi_; }
    /// For tables: "Unicorn 2.1.1".
    virtual std::string_view engine_name() const = 0;

protected:
    const Abi& abi_;
};

/// The system call number that reads the host counter (ClockMode::trap): never used by
/// Linux, answered before any table. The counter comes back in the result register, its
/// upper half in the second argument register on 32-bit ABIs.
inline constexpr u32 counter_syscall_number = 0x7053'7401;
/// The one that computes a piece of getrandom's keystream: (out, block count, key and counter).
inline constexpr u32 keystream_syscall_number = 0x7053'7402;

/// An engine for the ABI, attached to `memory` (which must outlive it) and to `handler`.
/// Error: no engine of this build runs the ABI, or the engine refuses to start.
Result<std::unique_ptr<Cpu>> create_cpu(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler);

/// Name of the engine that would run the ABI, "Unicorn 2.1.1"; empty = none.
std::string engine_for(const Abi& abi);

}  // namespace postern
