// A caller's three functions as guest memory.
#pragma once

#include "base/guest_memory.hpp"
#include "postern/postern.h"

namespace postern::capi {

class CallbackMemory final : public GuestMemory {
public:
    explicit CallbackMemory(const postern_memory& functions) : functions_(functions) {}

    bool peek(GuestAddr address, std::span<std::byte> out) const override {
        return functions_.read(functions_.context, address.value, out.data(), out.size()) == 0;
    }
    bool poke(GuestAddr address, std::span<const std::byte> in) override {
        return functions_.write(functions_.context, address.value, in.data(), in.size()) == 0;
    }
    Result<GuestAddr> map_special(GuestAddr hint, u64 size, Permissions permissions, bool fixed,
                                  const char* name) override {
        u64 address = hint.value;
        unsigned wanted = (permissions.read ? POSTERN_READ : 0) | (permissions.write ? POSTERN_WRITE : 0) |
                          (permissions.execute ? POSTERN_EXECUTE : 0);
        if (functions_.map(functions_.context, &address, size, wanted, fixed, name) != 0 ||
            (fixed && address != hint.value)) {
            return fail(ErrorKind::internal, "the caller's map function refused");
        }
        return GuestAddr{address};
    }

private:
    postern_memory functions_;
};

}  // namespace postern::capi
