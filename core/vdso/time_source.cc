#include "vdso/time_source.hpp"

#include "base/text.hpp"
#include "vdso/host_offsets.hpp"

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
    if (counts(policy)) {
        POSTERN_TRY_ASSIGN(counted, CountedTime::make());
        source->counted_ = std::move(counted);
    }
    if (!policy.record.empty() || !policy.replay.empty()) {
        POSTERN_TRY_ASSIGN(log, policy.replay.empty() ? TimeLog::record(policy.record) : TimeLog::replay(policy.replay));
        source->log_.emplace(std::move(log));
    }
    return source;
}

i64 TimeSource::cost_of_read() const {
    return policy().flow == TimePolicy::Flow::counted ? counted_work : policy().step;
}

i64 TimeSource::cost_of_call() const { return policy().flow == TimePolicy::Flow::counted ? counted_work : 0; }

void TimeSource::before_fork() {
    if (log_) log_->before_fork();
}

void TimeSource::forked() {
    if (log_) log_->forked();
    if (counted_) counted_->forked();
}

void TimeSource::child_ended(i32 process_id) {
    if (counted_) counted_->child_ended(process_id);
}

}  // namespace postern::vdso
