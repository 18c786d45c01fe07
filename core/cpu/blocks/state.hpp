// What every core that runs decoded blocks has of a guest CPU, and what executes a decoded instruction.
#pragma once

#include "base/endian.hpp"
#include "cpu/cpu.hpp"
#include "cpu/tlb.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace postern::blocks {

/// How a block was left.
enum class Exit : u32 {
    next,           ///< by the first way of State::left_by, which leads nowhere yet or may not be followed now
    taken,          ///< by the second
    elsewhere,      ///< at State::pc
    system_call,    ///< State::pc is behind the instruction
    fault,          ///< Tlb::fault(); State::pc is the instruction's
    trap,           ///< State::trap; State::pc is the instruction's
    stale,          ///< State::stale was not executed: the instructions of its block have changed
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
    u32 address;         ///< where it stands, as State::stand_at understands it; of an end, where its first way leads
    Operands operands;   ///< as Operand types decode them, in the handler's order
};

/// An instruction that leaves its block by one of two ways is an *end*. It has no operands, but addresses where
/// the ways lead, and links to the blocks there, of the same mode, once they are known.
struct Way {
    const Instruction* end = nullptr;
    u32 number = 0;   ///< 0 or 1, as Exit counts them

    u32 address() const { return number == 0 ? end->address : static_cast<u32>(end->operands[0]); }
    const Instruction* link() const {
        const Instruction* block;
        std::memcpy(&block, &end->operands[place()], sizeof block);
        return block;
    }
    void set_link(const Instruction* block) const {
        std::memcpy(&const_cast<Instruction*>(end)->operands[place()], &block, sizeof block);
    }
    /// Of an end that leads anywhere (leave_for_pc).
    void redirect(u32 address, u32 mode, const Instruction* block) const {
        auto& changed = const_cast<Instruction&>(*end);
        changed.address = address;
        changed.operands[0] = static_cast<i32>(mode);
        set_link(block);
    }
    /// Operands of an end whose second way leads to `target`.
    static constexpr Operands operands(u32 target) { return {static_cast<i32>(target)}; }

private:
    std::size_t place() const { return 1 + number * (sizeof end / sizeof(i32)); }
};
static_assert(sizeof(i32) + 2 * sizeof(const Instruction*) <= sizeof(Operands));

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

/// What is to be done before an instruction executes.
enum class Watch : u8 {
    none,
    counter,   ///< the counter goes to State::counter_word
    call,      ///< Watcher::reached
};

/// Whom a block calls before it executes an instruction.
class Watcher {
public:
    virtual ~Watcher() = default;
    virtual Watch watch(u32 address) const = 0;
    /// The guest is about to execute it. The program counter may be changed. False: it is not to go on here.
    virtual bool reached(u32 address) = 0;
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
    u32 blocks_to_go = 0;                  ///< that may be executed before a request to stop is looked at
    const Instruction* left_by = nullptr;  ///< the end by which the last block was left; null: it was left otherwise
    const Instruction* stale = nullptr;    ///< first instruction of a block
    const class BlockCache* cache = nullptr;
    std::byte* counter_word = nullptr;     ///< 8 bytes of host memory
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

/// Leaves a block by a way of an end, which is a constant where possible: for the block there, if it is known.
[[gnu::always_inline]] inline Exit leave_block(State& state, const Instruction* end, u32 way) {
    state.left_by = end;
    const Instruction* block = Way{end, way}.link();
    if (block && --state.blocks_to_go != 0) [[likely]] return block->execute(state, block);
    return static_cast<Exit>(way);
}

/// The end of a block that one way leads on from.
inline Exit end_block(State& state, const Instruction* end) { return leave_block(state, end, 0); }

/// For counter points: puts the counter there, and goes on.
Exit put_counter(State& state, const Instruction* instruction);

/// The instruction's handler has failed: serves the access that it asked for, and executes it again, or
/// leaves the block.
Exit execute_slowly(State& state, const Instruction* instruction);

}  // namespace postern::blocks
