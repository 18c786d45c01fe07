// The guest's address space: mappings, permissions, the page table the engine asks, and the
// only functions that turn a guest address into host memory.
#pragma once

#include "abi/abi.hpp"
#include "base/guest_memory.hpp"
#include "memory/arena.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace postern::memory {

/// What a mapping shows and where its bytes come from. Addresses are page-aligned.
struct Mapping {
    GuestAddr start;
    GuestAddr end;                 ///< first address after it; 0 means 2^64
    Permissions permissions;
    bool shared = false;           ///< MAP_SHARED
    bool grows_down = false;       ///< the stack: a fault just below extends it
    bool grows_up = false;         ///< one that grows to higher addresses: a fault just above does
    bool wipe_on_fork = false;     ///< zeros in a forked child: MADV_WIPEONFORK, MAP_DROPPABLE
    bool droppable = false;        ///< MAP_DROPPABLE
    bool served = false;           ///< every fetch faults, whatever the permissions show
    bool special = false;          ///< a kernel-provided page: not part of the guest's own mmaps;
                                   ///< only whole ones are moved, unmapped or protected
    bool data_only = false;        ///< special, and never to be writable or executable: [vvar]
    bool executed = false;         ///< the engine has fetched instructions from it
    std::string name;              ///< file path, "[heap]", "[stack]", "[vdso]" or empty
    u64 file_offset = 0;           ///< bytes, of `start`
    u64 device = 0, inode = 0;     ///< of the file, for /proc/self/maps
    std::optional<int> segment = {};   ///< id of the System V segment whose bytes these are
    /// File mappings: first address that lies wholly beyond the end of the file. Accesses
    /// from there on raise SIGBUS. Equal to `end` for everything else.
    GuestAddr bus_start;

    u64 size() const { return end - start; }
    /// Whether its bytes have a place in a file or segment, `file_offset`.
    bool has_object() const { return inode != 0 || segment; }
};

/// Why an access is refused.
enum class FaultKind : u8 {
    unmapped,        ///< SIGSEGV SEGV_MAPERR
    protection,      ///< SIGSEGV SEGV_ACCERR
    beyond_file,     ///< SIGBUS BUS_ADRERR
};

/// The page table's answer to an engine: where in the arena, and what may be cached.
struct PageGrant {
    u64 arena_offset;          ///< bytes, of the page asked for
    Permissions permissions;   ///< never write and execute together; write only after a write miss
};

/// A change that concerns special mappings, for whoever holds their host memory or addresses.
struct SpecialChange {
    GuestAddr start;
    u64 size;                            ///< bytes
    std::optional<GuestAddr> moved_to;   ///< where mremap put the range; nothing: it is gone
};

/// An engine's cache of translations. The address space tells it what became stale.
class TranslationListener {
public:
    virtual ~TranslationListener() = default;
    /// Cached grants of any page in the range may have changed.
    virtual void flush_translations() = 0;
    /// Instructions in this range changed or went away; called before the bytes change.
    virtual void invalidate_code(GuestAddr start, u64 size) = 0;
    /// From now on another process may write to memory that this one sees: what is atomic has to be so among
    /// processes. May be called again.
    virtual void memory_is_shared() = 0;
};

struct MapRequest {
    GuestAddr hint{};
    u64 size = 0;                       ///< bytes; rounded up to pages
    Permissions permissions = {};
    enum class Placement : u8 { anywhere, fixed, fixed_noreplace } placement = Placement::anywhere;
    bool shared = false;
    bool grows_down = false;
    bool grows_up = false;
    bool droppable = false;             ///< implies wipe_on_fork
    bool served = false;
    bool special = false;
    int host_fd = -1;                   ///< -1 = anonymous
    u64 file_offset = 0;                ///< bytes, a multiple of the page size
    std::optional<int> segment = {};    ///< a System V segment of `size` bytes to attach; shared, and host_fd is -1
    std::string name = {};
};

class AddressSpace final : public GuestMemory {
public:
    /// Reserves the arena; costs no memory. Error: the host refuses the reservation.
    static Result<std::unique_ptr<AddressSpace>> create(const Abi& abi);
    ~AddressSpace() override;
    AddressSpace(const AddressSpace&) = delete;
    AddressSpace& operator=(const AddressSpace&) = delete;

    const Abi& abi() const { return abi_; }
    u64 page_size() const { return abi_.layout.page_size; }

    // --- mappings. Errors are Linux errno values (generic numbering), as negative numbers.

    /// mmap. The address, or -ENOMEM, -EEXIST, -EINVAL, -EACCES, -ENODEV, ...
    std::expected<GuestAddr, int> map(const MapRequest& request);
    /// munmap. 0 or -EINVAL.
    int unmap(GuestAddr start, u64 size);
    /// mprotect. 0, -EINVAL (misaligned), -ENOMEM (a hole in the range), -EACCES.
    int protect(GuestAddr start, u64 size, Permissions permissions);
    /// mremap: flags as MREMAP_MAYMOVE 1, MREMAP_FIXED 2, MREMAP_DONTUNMAP 4 (generic).
    std::expected<GuestAddr, int> remap(GuestAddr old_start, u64 old_size, u64 new_size, int flags,
                                        GuestAddr new_start);
    /// madvise(MADV_DONTNEED): private anonymous pages read as zero again. 0 or -ENOMEM.
    int discard(GuestAddr start, u64 size);

    /// madvise(MADV_WIPEONFORK), or with `on` false MADV_KEEPONFORK. 0, -ENOMEM (a hole), -EINVAL
    /// (not private anonymous memory; keeping what is droppable).
    int set_wipe_on_fork(GuestAddr start, u64 size, bool on);

    /// A file was cut or extended to `size` bytes: accesses to its mappings beyond that raise
    /// SIGBUS from now on. (A file that somebody else cuts is noticed by its first access.)
    void file_resized(u64 device, u64 inode, u64 size);

    /// The mapping that holds `address`, or null. Valid until the next change.
    const Mapping* find(GuestAddr address) const {
        if (last_found_ && address - last_found_->start < last_found_->size()) return last_found_;
        return look_up(address);
    }
    /// Calls `visit` for each mapping in ascending order.
    void for_each(const std::function<void(const Mapping&)>& visit) const;
    /// Highest free range of `size` bytes below the mmap base, as the kernel's top-down
    /// search finds it; nothing if there is none.
    std::optional<GuestAddr> find_free(u64 size, u64 alignment = 0) const;
    /// Where top-down mappings start (below the stack's largest extent).
    void set_map_base(GuestAddr base) { map_base_ = base; }
    GuestAddr map_base() const { return map_base_; }
    /// How far a grows_down or grows_up mapping may be extended by faults (RLIMIT_STACK), in bytes.
    void set_stack_limit(u64 bytes) { stack_limit_ = bytes; }

    // --- guest-checked access: what the guest itself may do. False: EFAULT.

    [[nodiscard]] bool read(GuestAddr address, std::span<std::byte> out);
    [[nodiscard]] bool write(GuestAddr address, std::span<const std::byte> in);

    /// An integer in guest byte order. `T` of 1 to 8 bytes.
    template <std::integral T>
    [[nodiscard]] std::optional<T> read(GuestPtr<T> pointer) {
        std::byte bytes[sizeof(T)];
        if (!read(pointer.address, bytes)) return std::nullopt;
        return load<T>(bytes, abi_.byte_order);
    }
    template <std::integral T>
    [[nodiscard]] bool write(GuestPtr<T> pointer, T value) {
        std::byte bytes[sizeof(T)];
        store(bytes, value, abi_.byte_order);
        return write(pointer.address, bytes);
    }
    /// A pointer or long of the ABI's word size, zero-extended.
    [[nodiscard]] std::optional<u64> read_word(GuestAddr address);
    [[nodiscard]] bool write_word(GuestAddr address, u64 value);
    /// A NUL-terminated string of at most `limit` bytes without the NUL. Nothing: unmapped
    /// (EFAULT). A string of exactly `limit` bytes means that no NUL was found.
    [[nodiscard]] std::optional<std::string> read_string(GuestAddr address, u64 limit = 4096);

    /// Host memory behind guest bytes that the guest may access as asked, for passing
    /// buffers to host system calls without a copy: the longest run from `address`, at most
    /// `size` bytes, contiguous in host memory. Empty: the first byte is refused. Writing
    /// through it is allowed only with Access::write. Valid until the next change.
    [[nodiscard]] std::span<std::byte> host_span(GuestAddr address, u64 size, Access access);

    // --- GuestMemory: access without regard to guest permissions.

    [[nodiscard]] bool peek(GuestAddr address, std::span<std::byte> out) const override;
    /// An integer in guest byte order: the quick way.
    template <std::integral T>
    [[nodiscard]] std::optional<T> peek(GuestPtr<T> pointer) const {
        const Mapping* mapping = find(pointer.address);
        if (mapping && mapping->bus_start - pointer.address >= sizeof(T) && pointer.address < mapping->bus_start &&
            Arena::bytes_to_slot_end(pointer.address) >= sizeof(T)) {
            return load<T>(arena_.base() + arena_.offset_of(pointer.address), abi_.byte_order);
        }
        std::byte bytes[sizeof(T)];
        if (!peek(pointer.address, bytes)) return std::nullopt;
        return load<T>(bytes, abi_.byte_order);
    }
    [[nodiscard]] bool poke(GuestAddr address, std::span<const std::byte> in) override;
    [[nodiscard]] Result<GuestAddr> map_special(GuestAddr hint, u64 size, Permissions permissions, bool fixed,
                                                const char* name) override;
    /// Host memory of a whole mapped page range regardless of guest permissions, or empty.
    std::span<std::byte> special_span(GuestAddr address, u64 size);

    // --- for engines

    /// The page table: answers a miss of the engine's TLB for one access of kind `access`.
    /// Extends the stack where that is the answer, marks pages dirty on write.
    std::expected<PageGrant, FaultKind> translate(GuestAddr address, Access access);
    void set_listener(TranslationListener* listener) { listener_ = listener; }
    std::byte* arena_base() const { return arena_.base(); }
    u64 arena_size() const { return arena_.size(); }

    /// Pages written since the last call of clear_dirty (by guest or kernel), ascending.
    void for_each_dirty(const std::function<void(GuestAddr page)>& visit) const;
    void clear_dirty();

    // --- changes, byte by byte: for a child that shares its parent's memory only until it runs a program

    /// From now on remembers what pages of private mappings hold before they are first written, by the guest or by
    /// us for it. Costs a copy of each page that is written. Ends what clear_dirty began.
    void begin_change_record();
    /// Forgets it all.
    void end_change_record() { record_.reset(); }
    /// Calls `visit` for each run of bytes that is not what it was when the record began, ascending. Mappings that
    /// were changed since, and what discard() did, do not count.
    void for_each_change(const std::function<void(GuestAddr start, std::span<const std::byte> bytes)>& visit) const;

    /// Called before and after a change that unmaps or moves a special mapping, so that whoever
    /// holds its host memory can let go and find it again. A move that failed says nothing of
    /// `moved_to` afterwards: the range may be gone.
    enum class Moment : u8 { before, after };
    using SpecialHook = std::function<void(Moment, const SpecialChange&)>;
    void set_special_hook(SpecialHook hook) { special_hook_ = std::move(hook); }

private:
    AddressSpace(const Abi& abi, Arena arena);

    using Table = std::map<u64, Mapping>;   // by start address

    const Mapping* look_up(GuestAddr address) const;
    Table::iterator find_iterator(GuestAddr address);
    const Mapping* find_or_extend(GuestAddr address);
    bool range_is_free(GuestAddr start, u64 size) const;
    bool range_is_mapped(GuestAddr start, u64 size) const;
    bool touches_special(GuestAddr start, u64 size) const;
    bool cuts_special(GuestAddr start, u64 size) const;
    bool cuts_special_at(GuestAddr address) const;
    void tell_special(Moment moment, const SpecialChange& change) {
        if (special_hook_) special_hook_(moment, change);
    }
    bool valid_range(GuestAddr start, u64 size) const;
    std::expected<GuestAddr, int> place(const MapRequest& request, u64 size) const;
    Mapping describe(const MapRequest& request, GuestAddr start, u64 size) const;
    int back(const Mapping& mapping, int host_fd);
    int attach_segment(const Mapping& mapping);
    void insert(Mapping mapping);
    void tell_if_shared(const Mapping& mapping);
    void split_at(GuestAddr address);
    void merge_around(GuestAddr start, GuestAddr end);
    void announce(GuestAddr start, u64 size);
    void erase_range(GuestAddr start, u64 size);
    void drop_pages(GuestAddr start, u64 size);
    void release_empty_slots(GuestAddr start, u64 size);
    int grow_in_place(Mapping& mapping, u64 old_size, u64 new_size);
    std::expected<GuestAddr, int> move_mapping(GuestAddr old_start, u64 old_size, u64 new_size, bool keep_old,
                                               std::optional<GuestAddr> new_start);
    int move_pages(GuestAddr from, u64 from_size, GuestAddr to, const Mapping& moved);
    bool extend_stack(GuestAddr address);
    bool extend_stack_up(GuestAddr address);
    bool page_is_backed(GuestAddr address) const;
    std::span<std::byte> run_at(const Mapping& mapping, GuestAddr address, u64 size) const;
    void mark_dirty(GuestAddr address, u64 size);
    void record_page(GuestAddr page);

    /// Calls `visit(host pointer, guest address, bytes)` for each part of the range that is
    /// contiguous in the arena; claims slots on the way. False: the arena is full or `visit`
    /// said no.
    template <typename Visit> bool for_each_piece(GuestAddr start, u64 size, Visit visit);

    const Abi& abi_;
    Arena arena_;
    Table table_;
    mutable const Mapping* last_found_ = nullptr;
    GuestAddr map_base_{};
    u64 stack_limit_ = 8u << 20;
    TranslationListener* listener_ = nullptr;
    SpecialHook special_hook_;
    std::unordered_map<u64, std::vector<bool>> dirty_;   // slot number -> its pages
    std::optional<std::map<u64, std::vector<std::byte>>> record_;   // page address -> its bytes when the record began
};

}  // namespace postern::memory
