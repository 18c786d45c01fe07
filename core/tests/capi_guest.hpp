// A caller of the C interface: its guest's memory and its handle.
#pragma once

#include "postern/postern.h"

#include "base/types.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <vector>

namespace postern {

/// A guest's memory as pages by address; `refuse` counts down to a call that says no.
struct Guest {
    std::map<u64, std::vector<std::byte>> pages;
    u64 next = 0x4000'0000;
    int refuse = std::numeric_limits<int>::max();

    std::byte* at(u64 address) {
        auto found = pages.find(address & ~u64{4095});
        return found == pages.end() ? nullptr : &found->second[address & 4095];
    }
    template <typename Copy>
    int each(u64 address, size_t length, Copy copy) {
        if (refuse-- <= 0) return 1;
        for (size_t i = 0; i < length; ++i) {
            std::byte* byte = at(address + i);
            if (!byte) return 1;
            copy(*byte, i);
        }
        return 0;
    }
};

inline int read_guest(void* context, uint64_t address, void* buffer, size_t length) {
    auto* bytes = static_cast<std::byte*>(buffer);
    return static_cast<Guest*>(context)->each(address, length, [&](std::byte& byte, size_t i) { bytes[i] = byte; });
}

inline int write_guest(void* context, uint64_t address, const void* data, size_t length) {
    auto* bytes = static_cast<const std::byte*>(data);
    return static_cast<Guest*>(context)->each(address, length, [&](std::byte& byte, size_t i) { byte = bytes[i]; });
}

inline int map_guest(void* context, uint64_t* address, uint64_t length, unsigned, int fixed, const char*) {
    Guest& guest = *static_cast<Guest*>(context);
    if (guest.refuse-- <= 0) return 1;
    if (!fixed && *address == 0) *address = guest.next, guest.next += 0x100'0000;
    for (u64 offset = 0; offset < length; offset += 4096) guest.pages[*address + offset].assign(4096, std::byte{});
    return 0;
}

inline postern_memory memory_of(Guest& guest) {
    return {sizeof(postern_memory), &guest, read_guest, write_guest, map_guest};
}

struct Handle {
    postern_vdso* vdso = nullptr;
    ~Handle() { postern_vdso_close(vdso); }
};

}  // namespace postern
