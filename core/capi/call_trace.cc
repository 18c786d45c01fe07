#include "capi/call_trace.hpp"

#include <algorithm>
#include <time.h>
#include <utility>

namespace postern::capi {

namespace {

constexpr std::size_t most_open = 16, most_finished = 64;

u64 host_nanoseconds() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec);
}

}  // namespace

void CallTrace::enter(const char* symbol, GuestAddr return_address, u64 stack_pointer,
                      std::span<const u64> arguments) {
    // A call of the same frame that is still open was left by a jump.
    std::erase_if(open_, [&](const OpenCall& call) { return call.stack_pointer == stack_pointer; });
    if (open_.size() == most_open) open_.pop_front();
    FinishedCall call{.symbol = symbol, .arguments = {}, .argument_count = 0, .result = 0, .nanoseconds = 0, .lost = 0};
    call.argument_count = std::min(arguments.size(), call.arguments.size());
    std::copy_n(arguments.begin(), call.argument_count, call.arguments.begin());
    open_.push_back({call, return_address, stack_pointer, host_nanoseconds()});
}

bool CallTrace::leave(const Abi& abi, GuestAddr address, u64 stack_pointer, u64 result) {
    u64 end = host_nanoseconds();
    auto returned = std::find_if(open_.rbegin(), open_.rend(), [&](const OpenCall& call) {
        return call.return_address == address && abi.has_left_frame(call.stack_pointer, stack_pointer);
    });
    if (returned == open_.rend()) return false;
    FinishedCall call = returned->call;
    call.result = result;
    call.nanoseconds = end - returned->start;
    open_.erase(std::prev(returned.base()), open_.end());
    if (finished_.size() == most_finished) {
        finished_.pop_front();
        ++lost_;
    }
    finished_.push_back(call);
    return true;
}

std::optional<FinishedCall> CallTrace::take() {
    if (finished_.empty()) return std::nullopt;
    FinishedCall call = finished_.front();
    finished_.pop_front();
    call.lost = std::exchange(lost_, 0);
    return call;
}

}  // namespace postern::capi
