#include "cpu/sh/core.hpp"

#include "cpu/host_counter.hpp"
#include "cpu/sh/host_float.hpp"


namespace postern::sh {

namespace {

constexpr u32 first_sequence_stack = 0xc000'0000;   ///< Linux: both upper bits of r15 are set

TrapKind trap_kind(Trap::Kind kind) {
    switch (kind) {
        case Trap::Kind::illegal: return TrapKind::illegal_instruction;
        case Trap::Kind::privileged: return TrapKind::privileged_instruction;
        case Trap::Kind::breakpoint: return TrapKind::breakpoint;
        case Trap::Kind::floating_point: return TrapKind::floating_point;
        case Trap::Kind::misaligned: return TrapKind::alignment;
    }
    return TrapKind::unknown;
}

}  // namespace

Result<std::unique_ptr<Cpu>> Core::create(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler) {
    std::vector<Place> places;
    for (const Register& wanted : abi.registers) {
        auto place = place_of(wanted.name);
        if (!place || wanted.width != 4) {
            return fail(ErrorKind::internal, fmt::format("{}: the engine has no register {}", abi.name, wanted.name));
        }
        places.push_back(*place);
    }
    return std::unique_ptr<Cpu>(new Core(abi, memory, handler, std::move(places)));
}

Core::Core(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler, std::vector<Place> places)
    : Cpu(abi), memory_(memory), handler_(handler), places_(std::move(places)),
      state_(memory, *this, *this, abi.byte_order != host_byte_order) {
    memory_.set_listener(this);
}

Core::~Core() { memory_.set_listener(nullptr); }

// --- running

Block* Core::block_at(u32 address) {
    Mode mode = Mode::of(state_.fpscr);
    if (Block* found = blocks_.find(address, mode)) return found;
    return translate(state_, blocks_, *this, address, mode);
}

/// Executes a block and those behind it, as long as each leads to a known one and no stop is requested.
/// `block` becomes the last one.
Exit Core::follow(Block*& block) {
    Block** way = nullptr;
    for (;;) {
        Exit exit = block->code->execute(state_, block->code);
        if (exit > Exit::taken) [[unlikely]] {
            if (exit == Exit::stale && way) *way = nullptr;
            return exit;
        }
        way = &block->successors[static_cast<u32>(exit)];
        if (!*way) [[unlikely]] return exit;
        block = *way;
        if (stop_requested_ && interruptible_) [[unlikely]] {
            state_.pc = block->address;
            return Exit::elsewhere;
        }
    }
}

Stop Core::run() {
    HostFloatScope host_float;
    host_float_ = &host_float;
    std::optional<Stop> stop;
    Block** link = nullptr;     // where the way to the next block is kept; null: it is looked up each time
    while (!stop) {
        if (stop_requested_ && interruptible_) {
            stop_requested_ = 0;
            stop = Stop{.kind = Stop::Kind::requested};
            break;
        }
        if (blocks_.is_full()) {
            blocks_.clear();
            link = nullptr;
        }
        Block* block = block_at(state_.pc);
        if (!block) {
            stop = leave(std::exchange(state_.trapped, false) ? Exit::trap : Exit::fault);
            break;
        }
        if (link) *link = block;
        Exit exit = follow(block);
        link = nullptr;
        if (exit <= Exit::taken) {
            link = &block->successors[static_cast<u32>(exit)];
            state_.pc = exit == Exit::next ? block->next : block->target;
        } else if (exit == Exit::stale) {
            state_.pc = block->address;
        } else if (exit != Exit::elsewhere) {
            stop = leave(exit);
        }
    }
    start_sequence_over();
    host_float_ = nullptr;
    return *stop;
}

std::optional<Stop> Core::leave(Exit exit) {
    switch (exit) {
        case Exit::fault: return fault_stop();
        case Exit::trap: return trap_stop();
        case Exit::system_call:
            if (serve_system_call()) return std::nullopt;
            return Stop{.kind = Stop::Kind::requested};
        default: break;
    }
    POSTERN_ASSERT(!"an exit that run() deals with");
}

bool Core::serve_system_call() {
    start_sequence_over();
    host_float_->restore();
    return handler_.system_call();
}

Stop Core::fault_stop() const {
    const AccessFault& fault = state_.tlb.fault();
    return {.kind = Stop::Kind::fault, .address = fault.address, .access = fault.access, .fault = fault.kind};
}

Stop Core::trap_stop() const {
    bool has_address = state_.trap.kind == Trap::Kind::misaligned;
    return {.kind = Stop::Kind::trap, .trap = trap_kind(state_.trap.kind),
            .address = {has_address ? state_.trap.address : state_.pc}};
}

/// Inside a sequence r15 is its length, negative, r0 its end and r1 the stack pointer. Whatever enters the
/// kernel then sets the program counter to the instruction that has put the length into r15, the one
/// before the sequence, and restores the stack pointer (Linux: arch/sh/kernel/cpu/sh3/entry.S).
void Core::start_sequence_over() {
    auto& r = state_.r;
    if (r[15] < first_sequence_stack) return;
    if (state_.pc < r[0]) state_.pc = r[0] + r[15] - 2;
    r[15] = r[1];
}

// --- hooks and the counter

bool Core::watches(u32 address) const {
    auto covers = [&](const auto& entry) { return address >= entry.second.first && address <= entry.second.last; };
    return std::ranges::find(counter_points_, address) != counter_points_.end() || std::ranges::any_of(hooks_, covers);
}

void Core::reached(u32 address) {
    if (std::ranges::find(counter_points_, address) != counter_points_.end()) {
        store(counter_word_, host_counter(), abi_.byte_order);
    }
    host_float_->restore();
    // Callbacks may add and remove hooks.
    for (auto at = hooks_.begin(); at != hooks_.end();) {
        int handle = at->first;
        Hook& hook = at->second;
        if (address >= hook.first && address <= hook.last) {
            auto callback = hook.callback;
            callback({address});
        }
        at = hooks_.upper_bound(handle);
    }
}

int Core::add_execution_hook(GuestAddr first, GuestAddr last, ExecutionCallback callback) {
    hooks_[next_handle_] = {static_cast<u32>(first.value), static_cast<u32>(last.value), std::move(callback)};
    invalidate_code(first, last - first + 1);
    return next_handle_++;
}

void Core::remove_execution_hook(int handle) {
    auto found = hooks_.find(handle);
    if (found == hooks_.end()) return;
    auto [first, last] = std::pair{found->second.first, found->second.last};
    hooks_.erase(found);
    invalidate_code({first}, u64{last} - first + 1);
}

Cpu::CounterReader Core::counter(ClockMode) const { return host_counter; }

bool Core::set_counter_points(std::span<const GuestAddr> points, std::span<std::byte> word) {
    if (counter_word_) store(counter_word_, u64{0}, abi_.byte_order);   // nobody keeps it true any more
    for (u32 point : counter_points_) invalidate_code({point}, 2);
    counter_points_.clear();
    counter_word_ = word.data();
    for (GuestAddr point : points) {
        POSTERN_ASSERT(word.size() == sizeof(u64));
        counter_points_.push_back(static_cast<u32>(point.value));
        invalidate_code(point, 2);
    }
    return true;
}

}  // namespace postern::sh
