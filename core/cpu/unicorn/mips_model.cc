#include "cpu/unicorn/mips_model.hpp"

#include "base/types.hpp"

#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>

namespace postern::unicorn::mips {

namespace {

/// What lies around the instruction sets in the processor's state (Unicorn 2.1, target/mips/cpu.h),
/// with the values that the 24Kf has there.
struct InstructionSets {
    u32 cache_line_step = 32;
    u32 counter_resolution = 2;
    u32 writable_status = 0x3678'ff1f;
    u32 writable_thread_status = 0;
    u64 sets = 0x1'0000'0063;         // MIPS I, II, MIPS32, MIPS32 release 2, MIPS16
};
static_assert(std::has_unique_object_representations_v<InstructionSets>);   // all its bytes are compared

struct AddressBits {
    u32 virtual_bits = 32;
    u32 physical_bits = 32;
    u64 segment_mask = 0xffff'ffff;
    u64 physical_mask = 0xf'ffff'ffff;
};

static_assert(std::has_unique_object_representations_v<AddressBits>);

constexpr u64 mips64_release_2 = 0x1ff;   // and every set before it

/// An address is refused when it is above the mask, and compared with an entry's only in the bits
/// of the mask. With this one, no address of user space is above, and all have a 0 there.
constexpr u64 one_entry_for_all = u64{1} << 61;

/// Where `wanted` stands in `state`; nothing if it does not, or more than once.
template <typename T>
std::optional<std::size_t> find_once(std::span<const std::byte> state, const T& wanted) {
    std::optional<std::size_t> found;
    for (std::size_t at = 0; at + sizeof wanted <= state.size(); at += alignof(u32)) {
        if (std::memcmp(state.data() + at, &wanted, sizeof wanted) != 0) continue;
        if (found) return std::nullopt;
        found = at;
    }
    return found;
}

struct FreeContext {
    void operator()(uc_context* context) const { uc_context_free(context); }
};

}  // namespace

Result<void> widen_24kf(uc_engine* engine) {
    uc_context* allocated = nullptr;
    if (uc_context_alloc(engine, &allocated) != UC_ERR_OK || uc_context_save(engine, allocated) != UC_ERR_OK)
        return fail(ErrorKind::internal, "Unicorn: cannot save the processor's state");
    std::unique_ptr<uc_context, FreeContext> context(allocated);
    std::span state(reinterpret_cast<std::byte*>(allocated), uc_context_size(engine));
    auto sets = find_once(state, InstructionSets{});
    auto bits = find_once(state, AddressBits{});
    if (!sets || !bits)
        return fail(ErrorKind::internal, "Unicorn: 64-bit MIPS needs a processor state as version 2.1.1 has it");
    std::memcpy(&state[*sets + offsetof(InstructionSets, sets)], &mips64_release_2, sizeof(u64));
    std::memcpy(&state[*bits + offsetof(AddressBits, segment_mask)], &one_entry_for_all, sizeof(u64));
    if (uc_context_restore(engine, allocated) != UC_ERR_OK)
        return fail(ErrorKind::internal, "Unicorn: cannot restore the processor's state");
    return {};
}

}  // namespace postern::unicorn::mips
