// Quick accesses to memory for guests of 32 bits, whose arena is their address space.
#pragma once

#include "base/types.hpp"
#include "cpu/unicorn/entered.hpp"
#include "cpu/unicorn/tlb_lookup.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace postern::unicorn {

/// Unicorn looks each access up in its TLB, by eleven host instructions with four loads. Where the
/// whole address space is flat memory at a power of two, seven with one load do: an entry in a table
/// of all pages says whether the access may be done at once, and setting a bit of the address makes
/// the host's. So the lookups in each block that has just been translated are rewritten in place.
/// What an entry does not allow goes on as before: through Unicorn's TLB, and its hook.
///
///     mov A, edi;  shr $6, edi             mov A, edi;  shr $12, edi
///     and TLB-mask, edi;  add TLB, rdi
///     lea size-1(A), esi;  and $M, esi     lea size-1(A), esi
///     cmp (rdi), esi                       cmp table(, rdi, 8), esi
///     mov A, esi;  jne slow                mov A, esi;  jae slow
///     add 0x10(rdi), rsi                   bts $n, rsi
///     the access, at (rsi)                 the access, at (rsi)
///
/// M is the page mask and, where accesses have to be aligned, the bits that have to be 0; the arena
/// lies at 2^n.
///
/// The linker leads the library's translating function past us (core/cpu/CMakeLists.txt). A block
/// without such a lookup, as another version may make them, stays as it is.
class FlatAccess : public Entered<FlatAccess> {
public:
    /// What entries hold of a page that may be accessed.
    enum class Check : u8 {
        end,     ///< its end, which the last byte has to be below of. Leaves accesses that have to be
                 ///< aligned to Unicorn
        page,    ///< its address, for machines whose accesses have to be aligned: M stays
    };

    /// Null where this cannot be: the host is not an x86-64, the arena does not lie at a power of
    /// two, or there is no room for the table where 32 bits address it.
    static std::unique_ptr<FlatAccess> create(std::byte* arena_base, Check check);
    ~FlatAccess();

    /// The engine has been granted an access to the page of this address. Each grant lets it be read,
    /// too. Writes to a page from which it may have translated stay its own business: they throw the
    /// translations away.
    void granted_read(u64 address);
    void granted_write(u64 address);
    void granted_execution(u64 address);

    /// Nothing is granted any more.
    void forget_grants();
    /// No translations exist any more, and the engine will ask before it makes one.
    void forget_code();

    /// Rewrites the lookups in a block of host code.
    void rewrite(std::span<u8> code) const;

private:
    struct Entry {
        u32 read;
        u32 write;
    };
    static constexpr u64 page_bits = 12, page_count = u64{1} << (32 - page_bits);
    static u64 page_of(u64 address) { return (address & 0xffff'ffff) >> page_bits; }

    FlatAccess(Entry* table, u8 base_bit, Check check);
    Entry nothing(u64 page) const;
    u32 everything(u64 page) const;
    void rewrite(std::span<u8> code, const TlbLookup& lookup) const;

    Entry* table_;
    u8 base_bit_;                       // the arena lies at 2^base_bit_
    Check check_;
    std::vector<u64> touched_;          // pages whose entry lets it be read
    std::vector<bool> has_code_;        // by page
    std::vector<u64> code_pages_;       // those with has_code_
};

}  // namespace postern::unicorn
