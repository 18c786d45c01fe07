// System calls as rows, and the adapter that turns registers into typed arguments.
#pragma once

#include "abi/abi.hpp"
#include "base/types.hpp"
#include "kernel/sys_result.hpp"

#include <span>
#include <string_view>
#include <concepts>
#include <tuple>
#include <vector>

namespace postern {
class Cpu;
}

namespace postern::kernel {

struct Task;

// --- argument types beyond plain int / unsigned (which take the low 32 bits of a register),
//     GuestAddr and GuestPtr<T> (a whole word).

/// size_t, zero-extended from the guest's word.
struct GuestSize { u64 value; };
/// long, sign-extended.
struct GuestLong { i64 value; };
/// unsigned long, zero-extended.
struct GuestWord { u64 value; };
/// A 64-bit value: one register on 64-bit ABIs, a register pair on 32-bit ones.
struct Wide { i64 value; };

/// The arguments of one system call, read one after the other.
class Arguments {
public:
    explicit Arguments(Task& task) : task_(task) {}
    u64 word();    ///< next argument, zero-extended from the guest's word
    u64 wide();    ///< next 64-bit value by the ABI's pairing rule
    u64 long_word();   ///< next argument of the width of a long, zero-extended
    i64 sign_extended_word();
    unsigned used() const { return next_; }
    /// An argument on the stack could not be read: the call ends with EFAULT.
    bool unreadable() const { return unreadable_; }

private:
    u64 next();

    Task& task_;
    bool unreadable_ = false;
    unsigned next_ = 0;
};

template <typename T> struct ArgumentReader;
template <std::integral T> requires(sizeof(T) <= 4) struct ArgumentReader<T> {
    static T read(Arguments& in) { return static_cast<T>(in.word()); }
};
template <> struct ArgumentReader<GuestAddr> { static GuestAddr read(Arguments& in) { return {in.word()}; } };
template <typename T> struct ArgumentReader<GuestPtr<T>> {
    static GuestPtr<T> read(Arguments& in) { return {{in.word()}}; }
};
template <> struct ArgumentReader<GuestSize> { static GuestSize read(Arguments& in) { return {in.word()}; } };
template <> struct ArgumentReader<GuestWord> { static GuestWord read(Arguments& in) { return {in.long_word()}; } };
template <> struct ArgumentReader<Wide> {
    static Wide read(Arguments& in) { return {static_cast<i64>(in.wide())}; }
};
template <> struct ArgumentReader<GuestLong> { static GuestLong read(Arguments& in); };

using SyscallFunction = SysResult (*)(Task&, Arguments&);

namespace detail {
template <auto function, typename... Args>
SysResult call(Task& task, [[maybe_unused]] Arguments& in, SysResult (*)(Task&, Args...)) {
    // Braces: arguments are read left to right.
    struct { std::tuple<Args...> values; } read{std::tuple<Args...>{ArgumentReader<Args>::read(in)...}};
    if (in.unreadable()) [[unlikely]] return -EFAULT;
    return std::apply([&](auto... values) { return function(task, values...); }, read.values);
}
}  // namespace detail

/// Makes a row's function from `SysResult handler(Task&, typed arguments...)`.
template <auto function>
SysResult adapt(Task& task, Arguments& in) {
    return detail::call<function>(task, in, function);
}

enum class Support : u8 {
    full,         ///< as Linux does it
    partial,      ///< works; `note` says what is missing
    refused,      ///< answers `refusal` on purpose; `note` says why
};

/// One behaviour. `name` is what `SyscallNumber::handler` of any ABI refers to.
struct SyscallRow {
    std::string_view name;
    SyscallFunction function;        ///< null for refused rows
    Support support;
    /// How a trace prints the arguments: comma-separated kinds, see trace/format.hpp.
    /// "fd, buf_out, size" ... Their count is the number of arguments.
    std::string_view arguments;
    std::string_view note = {};
    int refusal = ENOSYS;            ///< errno, positive, of refused rows
    /// Whether the call may sleep, by its arguments; null: never. With several threads such a call is made
    /// outside the engine, so that another thread can have its turn meanwhile.
    bool (*may_wait)(Task& task) = nullptr;
};

constexpr bool always(Task&) { return true; }
/// A row of a call that may sleep.
constexpr SyscallRow waits(SyscallRow row, bool (*when)(Task&) = always) {
    row.may_wait = when;
    return row;
}

/// The rows of one topic file; syscalls/table.cc lists the topics.
std::span<const SyscallRow> file_rows();       // open, close, dup, pipe, lseek, truncate, sync
std::span<const SyscallRow> transfer_rows();   // read, write, sendfile, splice, copy_file_range
std::span<const SyscallRow> lock_rows();       // fcntl, flock
std::span<const SyscallRow> event_rows();      // epoll, eventfd, inotify
std::span<const SyscallRow> stat_rows();       // stat, statx, statfs
std::span<const SyscallRow> directory_rows();  // getdents, links, rename, cwd, mounts
std::span<const SyscallRow> attribute_rows();  // modes, owners, times, extended attributes
std::span<const SyscallRow> poll_rows();       // poll, select
std::span<const SyscallRow> ioctl_rows();      // ioctl
std::span<const SyscallRow> memory_rows();     // brk, mmap, munmap, mprotect, mremap, madvise
std::span<const SyscallRow> process_rows();    // fork, clone, execve, exit, wait
std::span<const SyscallRow> hardware_rows();   // riscv_hwprobe, cacheflush, sysmips
std::span<const SyscallRow> identity_rows();   // process, user and group ids, sessions, capabilities
std::span<const SyscallRow> signal_rows();     // sigaction, sigprocmask, kill, sigaltstack, sigreturn ...
std::span<const SyscallRow> time_rows();       // clock_*, gettimeofday, nanosleep, alarm, itimers
std::span<const SyscallRow> system_rows();     // uname, sysinfo, limits, rusage, getrandom
std::span<const SyscallRow> control_rows();    // prctl, personality
std::span<const SyscallRow> scheduling_rows(); // sched_*, priorities, getcpu
std::span<const SyscallRow> thread_rows();     // robust lists, thread pointer, ARM private calls
std::span<const SyscallRow> futex_rows();      // futex
std::span<const SyscallRow> network_rows();    // sockets: the part that the host can do unchanged
std::span<const SyscallRow> system_v_rows();   // System V IPC: message queues, semaphores, shared memory
std::span<const SyscallRow> queue_rows();      // POSIX message queues
std::span<const SyscallRow> pidfd_rows();      // process descriptors
std::span<const SyscallRow> refused_rows();    // everything we know and do not have, with the reason

/// Every row of every topic, by name.
std::span<const SyscallRow* const> all_rows();
/// The row behind a handler name, or null.
const SyscallRow* find_row(std::string_view handler);

/// Puts a result where the ABI's guest looks for it: errno in the guest's numbers, with the
/// error flag where there is one.
void set_result(Cpu& cpu, SysResult result);

/// One ABI's numbers resolved to rows.
struct SyscallEntry {
    const SyscallNumber* number;
    const SyscallRow* row;           ///< never null: an unknown handler is a refused row
};
class SyscallTable {
public:
    explicit SyscallTable(const Abi& abi);
    /// The entry of a system call number, or null.
    const SyscallEntry* find(u64 number) const {
        u64 index = number - base_;
        if (index < entries_.size()) [[likely]] return entries_[index].row ? &entries_[index] : nullptr;
        return find_far(number);
    }
    template <typename Visit> void for_each(Visit visit) const {
        for (const auto& entry : entries_) if (entry.row) visit(entry);
        for (const auto& entry : far_) visit(entry);
    }

private:
    const SyscallEntry* find_far(u64 number) const;
    u64 base_ = 0;
    std::vector<SyscallEntry> entries_;   // dense, from base_
    std::vector<SyscallEntry> far_;       // ARM private calls, x32: ascending
};

}  // namespace postern::kernel
