#include "vdso/page_writer.hpp"

#include "base/result.hpp"
#include "vdso/time_page_fields.hpp"

#include <array>
#include <atomic>
#include <cstring>

namespace postern::vdso {

namespace {

constexpr size_t size_of_protocol_words = sizeof(postern_time_page::version) + sizeof(postern_time_page::sequence);

/// The fields without `version` and `sequence`, which have their own place in the protocol.
constexpr auto fields = std::span(time_page_fields).subspan(2);
static_assert(fields.front().offset == size_of_protocol_words);

template <typename T>
void store_atomic(std::byte* target, T value, ByteOrder order, std::memory_order memory_order) noexcept {
    std::atomic_ref(*reinterpret_cast<T*>(target)).store(convert(value, order), memory_order);
}

template <typename T>
void copy_field(std::byte* target, const std::byte* source, ByteOrder order) noexcept {
    store_atomic(target, load<T>(source, host_byte_order), order, std::memory_order_relaxed);
}

constexpr u32 odd_before(u32 even_sequence) { return even_sequence - 1; }

}  // namespace

void write_time_page(std::byte* target, const postern_time_page& page, ByteOrder order) noexcept {
    auto* source = reinterpret_cast<const std::byte*>(&page);
    std::byte* sequence = target + offsetof(postern_time_page, sequence);
    store_atomic(target + offsetof(postern_time_page, version), page.version, order,
                 std::memory_order_relaxed);
    store_atomic(sequence, odd_before(page.sequence), order, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    for (const TimePageField& field : fields) {
        if (field.width == 8)
            copy_field<u64>(target + field.offset, source + field.offset, order);
        else
            copy_field<u32>(target + field.offset, source + field.offset, order);
    }
    store_atomic(sequence, page.sequence, order, std::memory_order_release);
}

void PageWriter::bind(std::span<std::byte> page) {
    POSTERN_ASSERT(page.size() >= POSTERN_TIME_PAGE_SIZE);
    POSTERN_ASSERT(reinterpret_cast<std::uintptr_t>(page.data()) % alignof(postern_time_page) == 0);
    memory_ = nullptr;
    page_ = page.data();
}

void PageWriter::bind(GuestMemory& memory, GuestAddr address) {
    page_ = nullptr;
    address_ = address;
    memory_ = &memory;
}

void PageWriter::publish(const postern_time_page& page) noexcept {
    if (page_) {
        write_time_page(page_, page, order_);
        return;
    }
    if (!memory_) return;
    // Three writes in this order are the sequence protocol; only an emulator that pokes from
    // another thread than the guest's needs more, and that one offers a span.
    alignas(postern_time_page) std::array<std::byte, sizeof(postern_time_page)> bytes{};
    write_time_page(bytes.data(), page, order_);
    constexpr size_t position = offsetof(postern_time_page, sequence);
    constexpr size_t size = sizeof(postern_time_page::sequence);
    std::array<std::byte, size> even, odd;
    std::memcpy(even.data(), bytes.data() + position, size);
    store(odd.data(), odd_before(page.sequence), order_);
    std::memcpy(bytes.data() + position, odd.data(), size);
    // A page that the guest has unmapped needs no time: then the first write fails.
    if (!memory_->poke(address_ + position, odd)) return;
    if (!memory_->poke(address_, bytes)) return;
    (void)memory_->poke(address_ + position, even);
}

}  // namespace postern::vdso
