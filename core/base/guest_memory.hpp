// The guest memory that a component needs to see, and nothing more.
#pragma once

#include "base/result.hpp"
#include "base/types.hpp"

#include <span>

namespace postern {

/// Page permissions as the guest sees them.
struct Permissions {
    bool read = false;
    bool write = false;
    bool execute = false;

    constexpr bool operator==(const Permissions&) const = default;
};

inline constexpr Permissions read_only{.read = true};
inline constexpr Permissions read_write{.read = true, .write = true};
inline constexpr Permissions read_execute{.read = true, .execute = true};

enum class Access : u8 { read, write, execute };

/// Three functions over a guest's address space: all that the vDSO component asks of an
/// emulator. The guest's permissions bind the guest, not these calls, with one exception:
/// an address that is not mapped at all is refused.
class GuestMemory {
public:
    virtual ~GuestMemory() = default;

    /// Copies guest bytes out / in, all of them or (false) possibly none: part of the range
    /// is not mapped.
    [[nodiscard]] virtual bool peek(GuestAddr address, std::span<std::byte> out) const = 0;
    [[nodiscard]] virtual bool poke(GuestAddr address, std::span<const std::byte> in) = 0;

    /// Maps `size` zeroed bytes (rounded up to pages) near `hint`, or exactly there if
    /// `fixed`; `name` is what /proc/self/maps shows, for instance "[vdso]".
    [[nodiscard]] virtual Result<GuestAddr> map_special(GuestAddr hint, u64 size, Permissions permissions,
                                                        bool fixed, const char* name) = 0;
};

}  // namespace postern
