// The time page's writer and its host-side reader: the one source of guest time.
#pragma once

#include "abi/abi.hpp"
#include "base/guest_memory.hpp"
#include "vdso/host_clocks.hpp"
#include "vdso/time_policy.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace postern::vdso {

/// Why the page is being renewed; shown by `--trace page`.
enum class ServiceReason : u8 {
    start, stale, tick, wake, fork,
    read,      ///< no renewal: a read let counted time pass
    policy,    ///< another time policy
    request,
};
std::string_view name_of(ServiceReason reason);

/// Guest time in whole seconds and nanoseconds (0 ... 999,999,999).
struct GuestTime {
    i64 seconds;
    i64 nanoseconds;
};

/// When a guest's wait ends, by a clock of the host.
struct HostDeadline {
    int clock_id;     ///< the guest's clock, or MONOTONIC
    GuestTime time;
};

class TimeSource;

/// One renewal of the page, for observers.
struct ServiceRecord {
    ServiceReason reason;
    u32 sequence;             ///< after it
    i64 monotonic_before_ns;  ///< what the page said at the moment of renewal, or last said if stale
    i64 monotonic_after_ns;   ///< what it says at the same counter value now
    i64 host_monotonic_ns;    ///< what the host's clock said
    i64 realtime_offset_ns;   ///< REALTIME - MONOTONIC now
    u64 window_ns;            ///< how long the page holds without another renewal
};

/// Keeps one guest's time page true from host time.
///
/// Between two renewals time is a straight line of the guest's counter. A renewal never sets
/// CLOCK_MONOTONIC back: where the page ran ahead of the host, the next line is flatter.
/// Host-side reads (`read`) use the same page by the same arithmetic, so that system calls
/// and vDSO calls interleave monotonically by construction.
class Clock {
public:
    struct Counter {
        ClockMode mode;  ///< counter, trap or page; none: every read is a system call
        CounterReader read;   ///< the counter as the guest would read it now;
                              ///< may be empty in mode page and none
        u64 mask = ~u64{0};
    };

    /// `host` must outlive the clock. `source`: where guest time comes from (null: the host);
    /// give the same to the clocks of a guest's programs one after another, and its time goes on.
    Clock(const Abi& abi, Counter counter, const HostClocks& host = host_clocks(),
          std::shared_ptr<TimeSource> source = nullptr);
    ~Clock();
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;

    /// Attaches the guest's page: writable host memory of POSTERN_TIME_PAGE_SIZE bytes, aligned
    /// to 8, that stays valid until the next bind. Renews it at once. An empty span detaches
    /// the page; reads go on.
    void bind(std::span<std::byte> page, ServiceReason reason = ServiceReason::start);
    /// The same for an emulator that only offers GuestMemory.
    void bind(GuestMemory& memory, GuestAddr address, ServiceReason reason = ServiceReason::start);

    /// Renews the page from host time. Async-signal-safe if bound to a span; a call that
    /// interrupts another call does nothing. One host thread at a time (and its handlers).
    void service(ServiceReason reason) noexcept;
    /// Renews it only if the coarse clocks are behind the host's. Cheap; call it when the
    /// guest comes back from waiting.
    void catch_up() noexcept;

    /// Makes every key void that the guest's getrandom has taken: it takes a new one at its next
    /// call. To be called where a guest goes on from memory that has been used before, such as a
    /// snapshot; bind and a service for `fork` do it by themselves. Not from a signal handler.
    void reseed() noexcept;
    /// Whether the emulator answers the reserved call postern_keystream (vdso-images/common/vdso.h)
    /// with vdso::keystream, which is several times faster than the guest code. Before bind.
    void serve_keystream(bool on) noexcept;

    /// A clock that the page serves, by Linux clock id; renews the page first when stale.
    /// Nothing: this clock is not the page's (CPU-time clocks, unknown ids). A read for the
    /// guest: with a policy that counts reads it lets time pass. Nothing, too: a record cannot be
    /// replayed further; then, and when one cannot be written, `failure` says why.
    std::optional<GuestTime> read(int clock_id) noexcept;
    /// Null: none.
    const Error* failure() const noexcept;
    /// The same for Postern's own use: it never lets time pass.
    std::optional<GuestTime> now(int clock_id) noexcept;
    /// clock_getres for the same ids, in nanoseconds.
    std::optional<u32> resolution(int clock_id) const noexcept;
    struct timezone timezone() const noexcept;

    const TimePolicy& policy() const noexcept;
    /// The guest is about to fork. In the child, service with reason `fork` follows.
    void before_fork();
    /// The guest has waited for the end of a child that it forked.
    void child_ended(i32 process_id) noexcept;
    /// Every clock of the guest is the host's: the policy says so, and always did.
    bool is_host_time() const noexcept;
    std::shared_ptr<TimeSource> source() const noexcept;
    /// Another policy from now on, for this clock (and the process that has it). MONOTONIC,
    /// MONOTONIC_RAW and BOOTTIME go on from where they are if the policy would have them
    /// earlier; REALTIME goes where the policy says. Call it while the guest does not run, and
    /// not from a signal handler. Error, in one sentence: the policy does not fit, and the old
    /// one stays.
    Result<void> set_policy(const TimePolicy& policy);

    /// When a wait until `guest` of a clock (REALTIME, MONOTONIC, BOOTTIME or TAI) ends. A time
    /// that stands still is not waited for by its own measure, since it never comes: as long as
    /// it is away, in host time.
    HostDeadline to_host(int clock_id, GuestTime guest) const noexcept;
    /// How long the host waits for a length of guest time (rounded up), and back (down).
    GuestTime host_length(GuestTime length) const noexcept;
    GuestTime guest_length(GuestTime length) const noexcept;
    /// True with a policy that counts time: a wait for nothing but time is over at once, and
    /// guest time has passed.
    bool waits_pass_at_once() const noexcept;
    /// Lets counted time pass, by a length or until a time of a clock. Without effect otherwise.
    void pass(GuestTime length) noexcept;
    void pass_until(int clock_id, GuestTime end) noexcept;
    /// True if guest time passes with the guest's system calls: then count_call tells of one.
    bool counts_calls() const noexcept { return counts_calls_; }
    void count_call() noexcept;

    /// Called after each renewal. Ticks come from a signal handler, so their records are kept
    /// and handed over at the next service, catch_up, read or set_observer: an observer may do
    /// anything but call this clock. If more ticks pass than are kept, the later ones are lost
    /// (sequence numbers, which rise by two, show it). Null: none.
    using Observer = void (*)(void* context, const ServiceRecord& record);
    void set_observer(Observer observer, void* context);

private:
    struct State;
    std::unique_ptr<State> state_;
    bool counts_calls_ = false;
};

}  // namespace postern::vdso
