// The newest calls of vDSO functions, as an emulator reports their beginnings and ends.
#pragma once

#include "abi/abi.hpp"
#include "base/types.hpp"

#include <array>
#include <deque>
#include <optional>
#include <span>

namespace postern::capi {

struct FinishedCall {
    const char* symbol;
    std::array<u64, 4> arguments;
    std::size_t argument_count;
    u64 result;
    u64 nanoseconds;   ///< of host time
    u64 lost;          ///< finished calls dropped between the previous one taken and this one
};

/// Calls nest (a signal handler may interrupt one), and a handler may jump out of them.
class CallTrace {
public:
    void enter(const char* symbol, GuestAddr return_address, u64 stack_pointer, std::span<const u64> arguments);
    /// False: no open call returns to `address` with this stack pointer or a lower one.
    bool leave(const Abi& abi, GuestAddr address, u64 stack_pointer, u64 result);
    std::optional<FinishedCall> take();

private:
    struct OpenCall {
        FinishedCall call;
        GuestAddr return_address;
        u64 stack_pointer;
        u64 start;   // nanoseconds
    };

    std::deque<OpenCall> open_;
    std::deque<FinishedCall> finished_;
    u64 lost_ = 0;
};

}  // namespace postern::capi
