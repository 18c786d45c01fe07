#include "vdso/system_calls.hpp"

#include "base/text.hpp"
#include "hardware_probe.h"
#include "system_calls.h"

#include <algorithm>
#include <array>

namespace postern::vdso {

namespace {

constexpr std::size_t map_words = POSTERN_SYSTEM_CALL_WORDS;

/// The struct as it lies in guest memory.
using Facts = std::array<std::byte, sizeof(postern_system_calls)>;

Facts make_facts(const Abi& abi, std::span<const u32> numbers) {
    std::array<u32, map_words> map{};
    for (u32 number : numbers) {
        if (number < map_words * 32) map[number / 32] |= 0x80000000u >> number % 32;
    }
    u32 count = abi.syscall_numbers.empty() ? 0 : abi.syscall_numbers.back().number + 1;
    Facts facts{};
    store(facts.data() + offsetof(postern_system_calls, timebase_frequency), abi.vdso.timebase_frequency,
          abi.byte_order);
    store(facts.data() + offsetof(postern_system_calls, count), count, abi.byte_order);
    for (std::size_t i = 0; i < map_words; ++i)
        store(facts.data() + offsetof(postern_system_calls, map) + 4 * i, map[i], abi.byte_order);
    return facts;
}

/// Behind the clocks of the time page.
Result<void> write(GuestMemory& memory, const Placement& placement, u64 offset, std::span<const std::byte> bytes) {
    if (memory.poke(placement.time_page + offset, bytes)) return {};
    return fail(ErrorKind::internal,
                format_text("cannot write to the time page at {}", hexadecimal(placement.time_page.value)));
}

}  // namespace

Result<void> publish_system_calls(const Abi& abi, GuestMemory& memory, const Placement& placement,
                                  std::span<const u32> numbers) {
    bool asks = std::ranges::any_of(abi.vdso.exports, [](const VdsoExport& function) {
        return function.function == "get_syscall_map" || function.function == "get_tbfreq";
    });
    if (!asks) return {};
    return write(memory, placement, POSTERN_AT_SYSTEM_CALLS, make_facts(abi, numbers));
}

Result<void> publish_hardware_probe(const Abi& abi, GuestMemory& memory, const Placement& placement) {
    if (abi.hardware_probe.empty()) return {};
    POSTERN_ASSERT(abi.hardware_probe.size() <= POSTERN_HARDWARE_PROBE_ROWS);
    std::array<std::byte, sizeof(postern_hardware_probe)> facts{};
    store(facts.data(), u64{abi.hardware_probe.size()}, abi.byte_order);
    std::byte* row = facts.data() + offsetof(postern_hardware_probe, rows);
    for (const HardwareProbe& probe : abi.hardware_probe) {
        store(row, static_cast<u64>(probe.key), abi.byte_order);
        store(row + sizeof(u64), probe.value, abi.byte_order);
        row += 2 * sizeof(u64);
    }
    return write(memory, placement, POSTERN_AT_HARDWARE_PROBE, facts);
}

}  // namespace postern::vdso
