#include "cpu/blocks/core.hpp"

#include "cpu/host_counter.hpp"

#include <algorithm>
#include <utility>

namespace postern::blocks {

Core::Core(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler, State& state, u32 unit)
    : Cpu(abi), memory_(memory), handler_(handler), state_(state), unit_(unit), cache_(unit) {
    memory_.set_listener(this);
}

Core::~Core() { memory_.set_listener(nullptr); }

void Core::get_bytes(RegisterIndex index, std::span<std::byte> out) const {
    store_unsigned(out.data(), get(index), static_cast<unsigned>(out.size()), abi_.byte_order);
}

void Core::set_bytes(RegisterIndex index, std::span<const std::byte> in) {
    set(index, load_unsigned(in.data(), static_cast<unsigned>(in.size()), abi_.byte_order));
}

// --- running

Block* Core::block_here() {
    u32 mode = settle();
    if (Block* found = cache_.find(state_.pc, mode)) return found;
    return translate(cache_);
}

/// Executes a block and those behind it, as long as each leads to a known one and no stop is requested.
Exit Core::follow(const Instruction* block) {
    constexpr u32 blocks_between_looks = 61;   // a prime, so that a loop may stop in any of its blocks
    for (;;) {
        state_.blocks_to_go = blocks_between_looks;
        Exit exit = block->execute(state_, block);
        if (exit > Exit::taken) return exit;
        block = Way{state_.left_by, static_cast<u32>(exit)}.link();
        if (!block || (stop_requested_ && interruptible_)) return exit;
    }
}

/// A link to a stale block is not to lead there again.
std::optional<Way> Core::settle_way(Exit exit) {
    if (!state_.left_by || (exit > Exit::taken && exit != Exit::stale)) return std::nullopt;
    Way way{state_.left_by, static_cast<u32>(exit)};
    if (exit == Exit::stale) {
        way.number = 0;
        if (way.link() != state_.stale) way.number = 1;
    }
    state_.go_to(way.address());
    return way;
}

Stop Core::run() {
    HostFloatScope host_float;
    host_float_ = &host_float;
    state_.cache = &cache_;
    std::optional<Stop> stop;
    std::optional<Way> way;     // that has led here
    while (!stop) {
        if (stop_requested_ && interruptible_ && may_stop()) {
            stop_requested_ = 0;
            stop = Stop{.kind = Stop::Kind::requested};
            break;
        }
        if (cache_.is_full()) {
            cache_.clear();
            way = std::nullopt;
        }
        Block* block = block_here();
        if (!block) {
            stop = leave(std::exchange(state_.trapped, false) ? Exit::trap : Exit::fault);
            break;
        }
        if (way) way->set_link(block->code);
        state_.left_by = nullptr;
        Exit exit = follow(block->code);
        way = settle_way(exit);
        if (exit > Exit::taken && exit < Exit::stale && exit != Exit::elsewhere) stop = leave(exit);
    }
    interrupt();
    host_float_ = nullptr;
    return *stop;
}

std::optional<Stop> Core::leave(Exit exit) {
    switch (exit) {
        case Exit::fault: return fault_stop();
        case Exit::trap: return trap_stop();
        case Exit::system_call:
            interrupt();
            host_float_->restore();
            if (handler_.system_call()) return std::nullopt;
            return Stop{.kind = Stop::Kind::requested};
        default: break;
    }
    POSTERN_ASSERT(!"an exit that run() deals with");
}

Stop Core::fault_stop() const {
    const AccessFault& fault = state_.tlb.fault();
    return {.kind = Stop::Kind::fault, .address = fault.address, .access = fault.access, .fault = fault.kind};
}

Stop Core::trap_stop() const {
    const Trap& trap = state_.trap;
    bool has_address = trap.kind == TrapKind::alignment;
    return {.kind = Stop::Kind::trap, .trap = trap.kind, .detail = trap.detail, .address = {has_address ? trap.address : state_.pc}};
}

// --- hooks and the counter

bool Core::is_counter_point(u32 address) const { return std::ranges::find(counter_points_, address) != counter_points_.end(); }

Watch Core::watch(u32 address) const {
    auto covers = [&](const auto& entry) { return address >= entry.second.first && address <= entry.second.last; };
    if (std::ranges::any_of(hooks_, covers)) return Watch::call;
    return is_counter_point(address) ? Watch::counter : Watch::none;
}

bool Core::reached(u32 address) {
    if (is_counter_point(address)) store(state_.counter_word, host_counter(), abi_.byte_order);
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
    return !(stop_requested_ && interruptible_ && may_stop());
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
    if (state_.counter_word) store(state_.counter_word, u64{0}, abi_.byte_order);   // nobody keeps it true any more
    for (u32 point : counter_points_) invalidate_code({point}, unit_);
    counter_points_.clear();
    state_.counter_word = word.data();
    for (GuestAddr point : points) {
        POSTERN_ASSERT(word.size() == sizeof(u64));
        counter_points_.push_back(static_cast<u32>(point.value));
        invalidate_code(point, unit_);
    }
    return true;
}

}  // namespace postern::blocks
