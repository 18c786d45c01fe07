// The vDSO images and helper pages built into Postern, and how they get into a guest.
#pragma once

#include "abi/abi.hpp"
#include "base/guest_memory.hpp"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace postern::vdso {

/// A file of vdso-images/prebuilt by its name there ("x86-64.so", "arm-kuser.bin").
/// Empty: no such file was built in.
std::span<const std::byte> embedded_file(std::string_view name);

struct Symbol {
    std::string_view name;
    std::string_view version;  ///< empty = unversioned
    u64 value;                 ///< offset from the image's start; bit 0 set = Thumb code
    u64 size;                  ///< bytes
};

/// An image as ELF: what a guest's own parser would find in it.
class Image {
public:
    /// The image of an ABI; nothing if it has none. An image that was built in but does not
    /// parse is a defect of this build.
    static std::optional<Image> of(const Abi& abi);
    /// Reads any bytes as an image, which must outlive it. Error: where they break the rules
    /// of a vDSO (ELF shared object, one loadable segment at address 0 of which the file is
    /// the memory image, dynamic symbols, all tables inside the file).
    static Result<Image> parse(std::span<const std::byte> bytes);

    std::span<const std::byte> bytes() const { return bytes_; }
    const std::vector<Symbol>& symbols() const { return symbols_; }
    std::optional<u64> find(std::string_view symbol) const;
    u64 entry() const { return entry_; }  ///< e_entry, 0 = none
    /// The offset of a name that the image keeps for the emulator only (its note
    /// "Postern"): "counter_point.FUNCTION", "sigreturn", "rt_sigreturn", "restart_syscall",
    /// "vsyscall", "int80_landing_pad". Nothing: not on this ABI.
    std::optional<u64> private_offset(std::string_view name) const;
    const std::vector<Symbol>& private_symbols() const { return private_symbols_; }
    u16 machine() const { return machine_; }  ///< e_machine
    std::string_view soname() const { return soname_; }
    /// The Linux version of the kernel's note in every Linux vDSO, as LINUX_VERSION_CODE; 0 = none.
    u32 linux_version() const { return linux_version_; }
    /// The time page layout that the image was compiled with; 0 = it does not say.
    u32 time_page_version() const { return time_page_version_; }

private:
    std::span<const std::byte> bytes_;
    std::vector<Symbol> symbols_;
    std::vector<Symbol> private_symbols_;
    u64 entry_ = 0;
    u16 machine_ = 0;
    std::string_view soname_;
    u32 time_page_version_ = 0;
    u32 linux_version_ = 0;

    friend class ImageReader;
};

struct PlacedHelper {
    const HelperPage* page;
    GuestAddr address;
};

/// Where everything landed.
struct Placement {
    GuestAddr time_page{};  ///< one page, read-only; [vvar]. 0: there is none
    GuestAddr image{};      ///< AT_SYSINFO_EHDR; [vdso]. 0: there is none
    u64 image_size = 0;     ///< bytes, whole pages
    std::vector<PlacedHelper> helpers;

    /// The guest moved what was in [from, from + size) to `to`. False: nothing of this starts there.
    bool move(GuestAddr from, u64 size, GuestAddr to);
    /// The guest unmapped that range: a time page there is gone. (The kernel still sends handlers to
    /// where the image was.)
    void unmapped(GuestAddr from, u64 size);
};

/// Bytes of the [vvar] mapping: the time page in whole pages of the ABI.
u64 time_page_size(const Abi& abi);

/// Maps the ABI's time page, image and helper pages: one range of, from below, the helper
/// pages without an address of their own, [vvar] and [vdso]; and each helper page that has an
/// address there. The time page holds zeros, which sends guest code to the system call, until
/// a Clock is bound to it. `hint`: where the range is wanted, 0 = the memory's choice.
/// Error: no room, or no image was built in. Pages whose functions are served by faults
/// (HelperPage::served) are left to the emulator.
///
/// Of `memory` this needs that a fixed mapping replaces what is there.
Result<Placement> install(const Abi& abi, GuestMemory& memory, GuestAddr hint);
/// The same with another image, which gets a time page only if it says for which layout it was
/// made. Null: only the helper pages.
Result<Placement> install(const Abi& abi, GuestMemory& memory, GuestAddr hint, const Image* image);

}  // namespace postern::vdso
