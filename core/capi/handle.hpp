// What a handle of the C interface holds.
#pragma once

#include "capi/call_trace.hpp"
#include "capi/callback_memory.hpp"
#include "vdso/clock.hpp"
#include "vdso/image.hpp"

#include <map>
#include <optional>

struct postern_vdso {
    postern_vdso(const postern::Abi& guest_abi, postern::vdso::Image guest_image, postern::vdso::Clock::Counter source)
        : abi(guest_abi), image(std::move(guest_image)), counter(source), clock(guest_abi, source) {}

    const postern::Abi& abi;
    postern::vdso::Image image;
    postern::vdso::Clock::Counter counter;
    std::optional<postern::capi::CallbackMemory> memory;
    std::optional<postern::vdso::Placement> placement;   // set = installed
    postern::vdso::Clock clock;                          // after `memory`, which it writes to
    postern::capi::CallTrace calls;
};
