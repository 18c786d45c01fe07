#include "vdso/time_source.hpp"

#include "vdso/host_offsets.hpp"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <new>
#include <sys/mman.h>

namespace postern::vdso {

namespace {

/// Flow::counted: a system call and a read of a clock take this long each, about what they take
/// on a machine.
constexpr i64 counted_work = 1'000;

ClockValues read_values(const HostClocks& host) {
    HostOffsets offsets;
    offsets.measure(host);
    return {.monotonic = host.now(CLOCK_MONOTONIC),
            .raw = host.now(CLOCK_MONOTONIC_RAW),
            .realtime = offsets.realtime(),
            .boottime = offsets.boottime(),
            .tai = offsets.tai() - offsets.realtime()};
}

bool counts(const TimePolicy& policy) {
    return policy.flow == TimePolicy::Flow::step || policy.flow == TimePolicy::Flow::counted;
}

}  // namespace

Result<std::shared_ptr<TimeSource>> TimeSource::make(const TimePolicy& policy, const HostClocks& host,
                                                     const ClockValues* before) {
    auto source = std::make_shared<TimeSource>();
    if (policy.is_host() && !before) return source;
    source->mapping_ = TimeMapping(policy, read_values(host), before);
    POSTERN_TRY(source->mapping_.check());
    if (!counts(policy)) return source;
    void* memory = mmap(nullptr, sizeof *source->passed_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return fail(ErrorKind::internal, fmt::format("{}: memory for it: {}", policy.text(), std::strerror(errno)));
    source->passed_ = new (memory) std::atomic<i64>(0);
    static_assert(std::atomic<i64>::is_always_lock_free, "shared by processes");
    return source;
}

TimeSource::~TimeSource() {
    if (passed_) munmap(passed_, sizeof *passed_);
}

i64 TimeSource::advance(i64 nanoseconds) {
    if (!passed_) return 0;
    i64 before = passed_->load(std::memory_order_relaxed);
    while (!passed_->compare_exchange_weak(before, add_saturated(before, nanoseconds), std::memory_order_relaxed)) {}
    return before;
}

i64 TimeSource::cost_of_read() const {
    return policy().flow == TimePolicy::Flow::counted ? counted_work : policy().step;
}

i64 TimeSource::cost_of_call() const { return policy().flow == TimePolicy::Flow::counted ? counted_work : 0; }

}  // namespace postern::vdso
