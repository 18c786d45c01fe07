// Puts a time page's fields where readers look, in the guest's byte order and by the sequence
// protocol that time_page.h describes.
#pragma once

#include "base/endian.hpp"
#include "base/guest_memory.hpp"
#include "time_page.h"

#include <span>

namespace postern::vdso {

/// Where the guest's page is: host memory, or behind GuestMemory, or nowhere yet.
class PageWriter {
public:
    explicit PageWriter(ByteOrder order) : order_(order) {}

    void bind(std::span<std::byte> page);
    void bind(GuestMemory& memory, GuestAddr address);
    void unbind() { page_ = nullptr, memory_ = nullptr; }

    /// Writes all of `page` (native order); `page.sequence`, even, is what readers see
    /// afterwards. Async-signal-safe if bound to a span.
    void publish(const postern_time_page& page) noexcept;

private:
    ByteOrder order_;
    std::byte* page_ = nullptr;
    GuestMemory* memory_ = nullptr;
    GuestAddr address_{};
};

/// Writes all of `page` to host memory at `target` (8-byte aligned, the size of the struct)
/// in byte order `order`, by the sequence protocol: a reader on another thread, or one that a
/// signal handler's call interrupts, sees the old page or the new one, or an odd sequence.
void write_time_page(std::byte* target, const postern_time_page& page, ByteOrder order) noexcept;

}  // namespace postern::vdso
