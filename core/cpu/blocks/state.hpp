// What every core that runs decoded blocks has of a guest CPU, and what executes a decoded instruction.
#pragma once

#include "base/endian.hpp"
#include "cpu/cpu.hpp"
#include "cpu/tlb.hpp"

#include <algorithm>
#include <array>

namespace postern::blocks {

/// How a block was left. The first two index its successors.
enum class Exit : u32 {
    next,           ///< behind its last instruction
    taken,          ///< at the target of its branch
    elsewhere,      ///< at State::pc
    system_call,    ///< State::pc is behind the instruction
    fault,          ///< Tlb::fault(); State::pc is the instruction's
    trap,           ///< State::trap; State::pc is the instruction's
    stale,          ///< it was not executed: its instructions have changed
};

struct State;
struct Instruction;

/// Executes an instruction and those behind it in its block. The state is the core's own type.
using Execute = Exit (*)(State&, const Instruction*);

inline constexpr std::size_t max_operands = 5;
using Operands = std::array<i32, max_operands>;

/// A decoded instruction. Blocks are arrays of these.
struct Instruction {
    Execute execute;
    u32 address;         ///< where it stands, as State::stand_at understands it
    Operands operands;   ///< as Operand types decode them, in the handler's order
};

/// What an instruction other than an access raised.
struct Trap {
    TrapKind kind;
    u32 address;      ///< alignment: of the data
    u32 detail = 0;   ///< Stop::detail
};

/// What Linux does about an address that is no multiple of the access.
enum class Misaligned : u8 { carried_out, refused };

/// An access that the TLB does not serve. The handler asks for it and fails, having changed nothing; the
/// slow path fetches the page, and the instruction executes again. So handlers call nothing, and the
/// compiler has no registers to save in them. An access that no TLB can serve is answered here.
struct Request {
    enum class Phase : u8 { none, asked, answered } phase = Phase::none;
    Access access = Access::read;
    Misaligned rule = Misaligned::refused;
    u8 size = 0;       ///< bytes
    u32 address = 0;
    u64 value = 0;     ///< to store, or loaded; its bytes are in guest order
};

/// Whom a block calls before it executes an instruction.
class Watcher {
public:
    virtual ~Watcher() = default;
    /// Something is to be called before the instruction at `address`.
    virtual bool watches(u32 address) const = 0;
    /// The guest is about to execute it. The program counter may be changed.
    virtual void reached(u32 address) = 0;
    /// For a slot on a page that could not be fetched from, and can by now.
    virtual void fetched(u32 branch) = 0;
};

struct State {
    /// `end`: what lies there or above is an address error, which is the same to Linux as a misaligned address.
    State(memory::AddressSpace& memory, CodeHolder& holder, Watcher& watched_by, bool swapped, u64 end)
        : tlb(memory, holder), space(memory), watcher(watched_by), swap(swapped), address_end(end) {}
    virtual ~State() = default;

    /// The program counter goes to an instruction that does not follow a branch.
    virtual void go_to(u32 address) { pc = address; }
    /// It goes to an instruction that was executing.
    virtual void stand_at(const Instruction& instruction) { pc = instruction.address; }

    /// Raises a trap; for handlers to return.
    bool raise(TrapKind kind, u32 address = 0, u32 detail = 0) {
        trap = {kind, address, detail};
        trapped = true;
        return false;
    }

    u32 pc = 0;
    bool trapped = false;   ///< a handler that failed did so by a trap, not by an access
    Trap trap{};
    Request request;
    Tlb tlb;
    memory::AddressSpace& space;
    Watcher& watcher;
    const bool swap;        ///< the guest's byte order is not the host's
    const u64 address_end;
};

/// Goes on with the instruction `distance` behind this one. At -O2 this is a jump, so that each handler ends in
/// an indirect branch of its own; without optimisation it is a call, and blocks are short enough for it.
[[gnu::always_inline]] inline Exit go_on(State& state, const Instruction* instruction, std::size_t distance = 1) {
    return instruction[distance].execute(state, instruction + distance);
}

/// The instruction's handler has failed: serves the access that it asked for, and executes it again, or
/// leaves the block.
Exit execute_slowly(State& state, const Instruction* instruction);

}  // namespace postern::blocks
