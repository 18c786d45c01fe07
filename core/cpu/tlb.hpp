// A software TLB for cores of our own: guest page -> host memory, for loads and stores without a call.
#pragma once

#include "memory/address_space.hpp"

#include <array>
#include <unordered_set>

namespace postern {

/// An access that the page table refused.
struct AccessFault {
    GuestAddr address;
    Access access = Access::read;
    memory::FaultKind kind = memory::FaultKind::unmapped;
};

/// Who holds decoded instructions of guest pages.
class CodeHolder {
public:
    virtual ~CodeHolder() = default;
    /// The guest is about to write to this page, which it had executed from.
    virtual void code_written(GuestAddr page) = 0;
};

/// Two direct-mapped caches of grants, one for reading and one for writing. A page is never in the
/// second while it is known to hold code: the first write to it comes by fill(), which tells the
/// holder of that code.
class Tlb {
public:
    static constexpr u64 page_size = 4096;

    Tlb(memory::AddressSpace& memory, CodeHolder& holder) : memory_(memory), holder_(holder) { flush(); }

    /// Finds host memory of `size` guest bytes (a power of two) for reading, or for writing. False: it is
    /// not cached, or the address is no multiple of `size`. Both are for the slow path to tell apart.
    template <unsigned size>
    [[gnu::always_inline]] bool find_readable(u64 address, const std::byte*& host) const {
        return find<size>(reads_, address, host);
    }
    template <unsigned size>
    [[gnu::always_inline]] bool find_writable(u64 address, std::byte*& host) const {
        return find<size>(writes_, address, host);
    }

    /// Asks the page table for the page. Host memory of the byte at `address`; null: refused, see fault().
    std::byte* fill(u64 address, Access access);
    const AccessFault& fault() const { return fault_; }
    /// An access that nothing may have, whatever the page table says.
    void refuse(u64 address, Access access) { fault_ = {{address}, access, memory::FaultKind::unmapped}; }

    /// Instructions of this page are being decoded.
    void note_code(GuestAddr page);
    void flush();

private:
    static constexpr std::size_t entry_count = 256;
    static constexpr u64 no_page = ~u64{0};   ///< no look-up asks for this: it takes at most the lowest bits of an offset
    /// `tag`: address of the page, or no_page.
    struct Entry {
        u64 tag;
        u64 host;   ///< host address minus guest address
    };
    using Entries = std::array<Entry, entry_count>;

    static std::size_t place(u64 address) { return address / page_size % entry_count; }

    template <unsigned size, typename Byte>
    [[gnu::always_inline]] static bool find(const Entries& entries, u64 address, Byte*& host) {
        const Entry& entry = entries[place(address)];
        if (entry.tag != (address & (~(page_size - 1) | (size - 1)))) [[unlikely]] return false;
        host = reinterpret_cast<Byte*>(entry.host + address);
        return true;
    }

    Entries reads_, writes_;
    memory::AddressSpace& memory_;
    CodeHolder& holder_;
    std::unordered_set<u64> code_pages_;
    AccessFault fault_;
};

}  // namespace postern
