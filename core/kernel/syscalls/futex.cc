// futex(2), futex_waitv(2).
#include "kernel/futex.hpp"

#include "kernel/signals.hpp"
#include "kernel/syscalls/support.hpp"
#include "kernel/syscalls/waiting.hpp"

#include <linux/futex.h>
#include <tuple>
#include <vector>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

namespace postern::kernel {

namespace {

/// A wait that ends at a host time, or never: as FUTEX_WAIT_BITSET, whose time is absolute, so
/// that a wait continued after a signal ends when the first one would have.
struct FutexWait {
    GuestAddr address;
    int operation;                       ///< FUTEX_WAIT_BITSET with its flags
    u32 value, mask;
    bool relative;                       ///< restarted by restart_syscall
    std::optional<timespec> host_end;
    int clock = CLOCK_MONOTONIC;         ///< of the guest's end
    vdso::GuestTime end{};
};

/// The host call: 0 or -errno.
i64 wait_once(Task& task, const FutexWait& wait) {
    auto word = futex_word(task, wait.address);
    if (!word) return word.error();
    i64 result = interruptible_call(task, SYS_futex, reinterpret_cast<u64>(*word), static_cast<u64>(wait.operation),
                                    convert(wait.value, task.abi().byte_order),
                                    reinterpret_cast<u64>(wait.host_end ? &*wait.host_end : nullptr), 0, wait.mask);
    if (result == -ETIMEDOUT) task.process.clock().pass_until(wait.clock, wait.end);
    task.process.clock().catch_up();
    return result;
}

SysResult wait_on(Task& task, const FutexWait& wait) {
    i64 result = wait_once(task, wait);
    if (result != -EINTR) return result;
    if (!wait.host_end || !wait.relative) return restart_sys;
    task.restart = [wait](Task& later) { return wait_on(later, wait); };
    return restart_block;
}

/// Gives the wait an end in guest time.
void end_at(Task& task, FutexWait& wait, int clock, const timespec& end) {
    wait.clock = clock;
    wait.end = to_guest_time(end);
    auto host = task.process.clock().to_host(clock, wait.end);
    if (host.clock_id == CLOCK_REALTIME) wait.operation |= FUTEX_CLOCK_REALTIME;
    wait.host_end = to_timespec(host.time);
}

/// What the calls that may wait have in common; `time` by the layout of the ABI's call.
struct WaitArguments {
    GuestAddr address;
    int operation;
    u32 value, mask;
    GuestAddr time;
    Struct layout;
};

/// FUTEX_WAIT counts from now, the others to a time of their clock. Error: -errno.
std::expected<FutexWait, int> prepare_wait(Task& task, const WaitArguments& arguments) {
    int command = arguments.operation & FUTEX_CMD_MASK;
    bool relative = command == FUTEX_WAIT;
    int clock = arguments.operation & FUTEX_CLOCK_REALTIME || command == FUTEX_LOCK_PI ? CLOCK_REALTIME : CLOCK_MONOTONIC;
    FutexWait wait{.address = arguments.address,
                   .operation = FUTEX_WAIT_BITSET | (arguments.operation & FUTEX_PRIVATE_FLAG),
                   .value = arguments.value, .mask = arguments.mask, .relative = relative, .host_end = {}};
    if (wait.mask == 0) return std::unexpected(-EINVAL);
    if (!arguments.time) return wait;
    auto time = read_time(task, arguments.time, arguments.layout);
    if (!time) return std::unexpected(-EFAULT);
    if (!is_valid(*time)) return std::unexpected(-EINVAL);
    if (relative) {
        clock = CLOCK_MONOTONIC;
        auto now = task.process.clock().now(clock);
        if (!now) return std::unexpected(-EINVAL);
        *time = to_timespec(*now) + *time;
    }
    end_at(task, wait, clock, *time);
    return wait;
}

SysResult futex_wait(Task& task, const WaitArguments& arguments) {
    auto wait = prepare_wait(task, arguments);
    return wait ? wait_on(task, *wait) : SysResult(wait.error());
}

SysResult futex_wake(Task& task, GuestAddr address, int operation, u32 count, u32 mask) {
    auto word = futex_word(task, address);
    if (!word) return word.error();
    return host_call(SYS_futex, *word, operation, count, nullptr, nullptr, mask);
}

/// A wake by a call that is none by itself, of the same kind of word, private or not.
SysResult wake_beside(Task& task, GuestAddr address, int operation, u32 count) {
    return futex_wake(task, address, FUTEX_WAKE_BITSET | (operation & FUTEX_PRIVATE_FLAG), count, FUTEX_BITSET_MATCH_ANY);
}

/// FUTEX_REQUEUE and FUTEX_CMP_REQUEUE; the fourth argument is a count here.
SysResult futex_requeue(Task& task, GuestAddr address, int operation, u32 wake, u32 requeue, GuestAddr target,
                        u32 expected) {
    auto from = futex_word(task, address);
    if (!from) return from.error();
    auto to = futex_word(task, target);
    if (!to) return to.error();
    return host_call(SYS_futex, *from, operation, wake, static_cast<u64>(requeue), *to,
                     convert(expected, task.abi().byte_order));
}

// --- FUTEX_WAKE_OP: its operation is on a number in the guest's byte order, so it is ours

/// The parts of its last argument: operation, comparison, and a signed operand of 12 bits for each.
struct WakeOperation {
    explicit WakeOperation(u32 code)
        : operation(code >> 28 & 7), comparison(code >> 24 & 15), operand(sign_extended(code >> 12)),
          compared(sign_extended(code)) {
        if (code >> 28 & FUTEX_OP_OPARG_SHIFT) operand = static_cast<i32>(1u << (operand & 31));
    }

    static i32 sign_extended(u32 bits) { return static_cast<i32>(bits << 20) >> 20; }
    bool is_known() const { return operation <= FUTEX_OP_XOR && comparison <= FUTEX_OP_CMP_GE; }

    u32 apply(u32 value) const {
        auto argument = static_cast<u32>(operand);
        switch (operation) {
            case FUTEX_OP_SET: return argument;
            case FUTEX_OP_ADD: return value + argument;
            case FUTEX_OP_OR: return value | argument;
            case FUTEX_OP_ANDN: return value & ~argument;
            default: return value ^ argument;
        }
    }

    bool holds(u32 before) const {
        auto value = static_cast<i32>(before);
        switch (comparison) {
            case FUTEX_OP_CMP_EQ: return value == compared;
            case FUTEX_OP_CMP_NE: return value != compared;
            case FUTEX_OP_CMP_LT: return value < compared;
            case FUTEX_OP_CMP_LE: return value <= compared;
            case FUTEX_OP_CMP_GT: return value > compared;
            default: return value >= compared;
        }
    }

    u32 operation, comparison;
    i32 operand, compared;
};

SysResult futex_wake_op(Task& task, GuestAddr address, int operation, u32 count, u32 second_count, GuestAddr second,
                        u32 code) {
    WakeOperation change(code);
    if (auto first = futex_word(task, address); !first) return first.error();
    if (auto word = futex_word(task, second, Access::write); !word) return word.error();
    if (!change.is_known()) return -ENOSYS;
    auto before = change_futex(task, second, [&](u32 value) { return change.apply(value); });
    if (!before) return before.error();
    SysResult woken = wake_beside(task, address, operation, count);
    if (woken.value < 0 || !change.holds(*before)) return woken;
    SysResult more = wake_beside(task, second, operation, second_count);
    return more.value < 0 ? more : SysResult(woken.value + more.value);
}

// --- locks with priority inheritance: the owner's thread id is in the word, in the guest's byte order, so they
//     are ours. The host's priorities play no part.

/// One attempt, for a thread that others may already wait beside. The value that it found; taken if its owner was 0.
std::expected<u32, int> try_lock(Task& task, GuestAddr address, bool has_waited) {
    return change_futex(task, address, [&](u32 value) {
        if (value & FUTEX_TID_MASK) return value | FUTEX_WAITERS;
        return static_cast<u32>(task.tid) | (has_waited ? FUTEX_WAITERS : value & FUTEX_WAITERS) |
               (value & FUTEX_OWNER_DIED);
    });
}

SysResult futex_trylock_pi(Task& task, GuestAddr address) {
    auto before = change_futex(task, address, [&](u32 value) {
        return value & FUTEX_TID_MASK ? value : static_cast<u32>(task.tid) | (value & ~u32{FUTEX_TID_MASK});
    });
    if (!before) return before.error();
    u32 owner = *before & FUTEX_TID_MASK;
    if (owner == static_cast<u32>(task.tid)) return -EDEADLK;
    return owner == 0 ? 0 : -EAGAIN;
}

SysResult futex_lock_pi(Task& task, const WaitArguments& arguments) {
    auto wait = prepare_wait(task, arguments);
    if (!wait) return wait.error();
    for (bool has_waited = false;; has_waited = true) {
        auto before = try_lock(task, arguments.address, has_waited);
        if (!before) return before.error();
        u32 owner = *before & FUTEX_TID_MASK;
        if (owner == static_cast<u32>(task.tid)) return -EDEADLK;
        if (owner == 0) return 0;
        wait->value = *before | FUTEX_WAITERS;
        i64 result = wait_once(task, *wait);
        if (result == -EINTR) return restart_no_intr;
        if (result != 0 && result != -EAGAIN) return result;
    }
}

SysResult futex_unlock_pi(Task& task, GuestAddr address, int operation) {
    auto word = futex_word(task, address, Access::write);
    if (!word) return word.error();
    u32 value = convert(std::atomic_ref<u32>(**word).load(), task.abi().byte_order);
    if ((value & FUTEX_TID_MASK) != static_cast<u32>(task.tid)) return -EPERM;
    auto before = change_futex(task, address, [](u32) { return 0u; });
    if (!before) return before.error();
    if (!(*before & FUTEX_WAITERS)) return 0;
    return wake_beside(task, address, operation, 1).value < 0 ? -EFAULT : 0;
}

// --- the call

template <Struct layout>
SysResult sys_futex(Task& task, GuestAddr address, int operation, u32 value, GuestAddr timeout, GuestAddr second,
                    u32 third_value) {
    auto count = static_cast<u32>(timeout.value);
    WaitArguments wait{address, operation, value, FUTEX_BITSET_MATCH_ANY, timeout, layout};
    switch (operation & FUTEX_CMD_MASK) {
        case FUTEX_WAIT: return futex_wait(task, wait);
        case FUTEX_WAIT_BITSET:
            wait.mask = third_value;
            return futex_wait(task, wait);
        case FUTEX_WAKE:
        case FUTEX_WAKE_BITSET: return futex_wake(task, address, operation, value, third_value);
        case FUTEX_REQUEUE:
        case FUTEX_CMP_REQUEUE: return futex_requeue(task, address, operation, value, count, second, third_value);
        case FUTEX_WAKE_OP: return futex_wake_op(task, address, operation, value, count, second, third_value);
        case FUTEX_LOCK_PI:
        case FUTEX_LOCK_PI2: return futex_lock_pi(task, wait);
        case FUTEX_TRYLOCK_PI: return futex_trylock_pi(task, address);
        case FUTEX_UNLOCK_PI: return futex_unlock_pi(task, address, operation);
        default: return -ENOSYS;
    }
}

// --- several words at a time

/// kernel: struct futex_waitv, of the same layout on every ABI.
struct VectorEntry {
    u64 value;
    GuestAddr address;
    u32 flags, reserved;
};
constexpr u64 vector_entry_size = 24, largest_vector = FUTEX_WAITV_MAX;

VectorEntry vector_entry(const Abi& abi, std::span<const std::byte> bytes) {
    auto number = [&](std::size_t offset, unsigned width) {
        return load_unsigned(bytes.data() + offset, width, abi.byte_order);
    };
    return {.value = number(0, 8), .address = {number(8, 8)}, .flags = static_cast<u32>(number(16, 4)),
            .reserved = static_cast<u32>(number(20, 4))};
}

/// The guest's words as the host takes them. Error: -errno.
std::expected<std::vector<::futex_waitv>, int> host_vector(Task& task, GuestAddr address, u64 count) {
    constexpr u32 known_flags = FUTEX_32 | FUTEX_PRIVATE_FLAG;
    std::vector<std::byte> bytes(count * vector_entry_size);
    if (!task.memory().read(address, bytes)) return std::unexpected(-EFAULT);
    std::vector<::futex_waitv> vector;
    for (u64 i = 0; i < count; ++i) {
        VectorEntry entry = vector_entry(task.abi(), std::span(bytes).subspan(i * vector_entry_size, vector_entry_size));
        if ((entry.flags & ~known_flags) || entry.reserved != 0 || !(entry.flags & FUTEX_32)) return std::unexpected(-EINVAL);
        auto word = futex_word(task, entry.address);
        if (!word) return std::unexpected(word.error());
        vector.push_back({.val = convert(static_cast<u32>(entry.value), task.abi().byte_order),
                          .uaddr = reinterpret_cast<u64>(*word), .flags = entry.flags, .__reserved = 0});
    }
    return vector;
}

SysResult sys_futex_waitv(Task& task, GuestAddr address, unsigned count, unsigned flags, GuestAddr timeout, int clock) {
    if (flags != 0 || count == 0 || count > largest_vector || !address) return -EINVAL;
    std::optional<timespec> end, host_end;
    int host_clock = CLOCK_MONOTONIC;
    if (timeout) {
        if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME) return -EINVAL;
        end = read_time(task, timeout, Struct::timespec64);
        if (!end) return -EFAULT;
        if (!is_valid(*end)) return -EINVAL;
        auto deadline = task.process.clock().to_host(clock, to_guest_time(*end));
        host_clock = deadline.clock_id;
        host_end = to_timespec(deadline.time);
    }
    auto vector = host_vector(task, address, count);
    if (!vector) return vector.error();
    SysResult result = restartable_call(task, restart_sys, SYS_futex_waitv, vector->data(), vector->size(), 0u,
                                        host_end ? &*host_end : nullptr, host_clock);
    if (result.value == -ETIMEDOUT) task.process.clock().pass_until(clock, to_guest_time(*end));
    return result;
}

constexpr std::string_view note =
    "Locks with priority inheritance work, without changing priorities; FUTEX_WAIT_REQUEUE_PI answers ENOSYS.";

bool may_wait(Task& task) {
    Arguments arguments(task);
    std::ignore = arguments.word();
    switch (arguments.word() & FUTEX_CMD_MASK) {
        case FUTEX_WAIT:
        case FUTEX_WAIT_BITSET:
        case FUTEX_LOCK_PI:
        case FUTEX_LOCK_PI2: return true;
        default: return false;
    }
}

constexpr SyscallRow rows[] = {
    waits({"futex", adapt<sys_futex<Struct::timespec64>>, Support::partial,
           "ptr, futex_op, uint, timespec64_in, ptr, hex", note}, may_wait),
    waits({"futex_time32", adapt<sys_futex<Struct::old_timespec>>, Support::partial,
           "ptr, futex_op, uint, timespec_in, ptr, hex", note}, may_wait),
    waits({"futex_waitv", adapt<sys_futex_waitv>, Support::full, "ptr, uint, hex, timespec64_in, clockid"}),
};

}  // namespace

std::expected<u32*, int> futex_word(Task& task, GuestAddr address, Access access) {
    if (!address.is_aligned(sizeof(u32))) return std::unexpected(-EINVAL);
    std::span<std::byte> bytes = task.memory().host_span(address, sizeof(u32), access);
    if (bytes.size() < sizeof(u32)) return std::unexpected(-EFAULT);
    return reinterpret_cast<u32*>(bytes.data());
}

void wake_futex(Task& task, GuestAddr address, int count) {
    if (auto word = futex_word(task, address)) host_call(SYS_futex, *word, FUTEX_WAKE, count, nullptr, nullptr, 0);
}

std::span<const SyscallRow> futex_rows() { return rows; }

}  // namespace postern::kernel
