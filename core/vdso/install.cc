#include "base/text.hpp"
#include "time_page.h"
#include "vdso/image.hpp"

namespace postern::vdso {

namespace {

Result<std::span<const std::byte>> required_file(std::string_view name) {
    auto bytes = embedded_file(name);
    if (bytes.empty())
        return fail(ErrorKind::internal, format_text("{}: this build holds no such image", name));
    return bytes;
}

/// Maps a file's bytes as a special mapping of whole pages, exactly at `address`.
Result<void> place(GuestMemory& memory, GuestAddr address, u64 size, std::span<const std::byte> bytes,
                   const std::string& name) {
    POSTERN_TRY(memory.map_special(address, size, read_execute, true, name.c_str()));
    if (!memory.poke(address, bytes)) {
        return fail(ErrorKind::internal, format_text("cannot write {} at {}", name, hexadecimal(address.value)));
    }
    return {};
}

}  // namespace

u64 time_page_size(const Abi& abi) { return align_up(u64{POSTERN_TIME_PAGE_SIZE}, abi.layout.page_size); }

bool Placement::move(GuestAddr from, u64 size, GuestAddr to) {
    bool moved = false;
    auto move_one = [&](GuestAddr& address) {
        if (!address || address - from >= size) return;
        address = to + (address - from);
        moved = true;
    };
    move_one(time_page);
    move_one(image);
    for (PlacedHelper& helper : helpers) move_one(helper.address);
    return moved;
}

void Placement::unmapped(GuestAddr from, u64 size) {
    if (time_page && time_page - from < size) time_page = {};
}

Result<Placement> install(const Abi& abi, GuestMemory& memory, GuestAddr hint) {
    POSTERN_TRY(required_file(abi.vdso.image));
    auto image = Image::of(abi);
    return install(abi, memory, hint, &*image);
}

Result<Placement> install(const Abi& abi, GuestMemory& memory, GuestAddr hint, const Image* image) {
    const u64 page = abi.layout.page_size;
    Placement placement;
    placement.image_size = image ? align_up(image->bytes().size(), page) : 0;
    const u64 page_size = image && image->time_page_version() != 0 ? time_page_size(abi) : 0;

    u64 neighbours_size = 0;
    for (const HelperPage& helper : abi.vdso.helper_pages) {
        if (!helper.served.empty()) continue;
        POSTERN_TRY_ASSIGN(bytes, required_file(helper.image));
        if (!helper.address) neighbours_size += align_up(bytes.size(), page);
    }

    // One mapping finds the room; the parts that are not the time page then replace theirs.
    GuestAddr start{};
    if (u64 size = neighbours_size + page_size + placement.image_size; size != 0) {
        POSTERN_TRY_ASSIGN(found, memory.map_special(hint, size, read_only, false, "[vvar]"));
        start = found;
    }
    if (page_size != 0) placement.time_page = start + neighbours_size;
    if (image) {
        placement.image = start + neighbours_size + page_size;
        POSTERN_TRY(place(memory, placement.image, placement.image_size, image->bytes(), "[vdso]"));
    }

    GuestAddr neighbour = start;
    for (const HelperPage& helper : abi.vdso.helper_pages) {
        if (!helper.served.empty()) continue;
        auto bytes = embedded_file(helper.image);
        u64 size = align_up(bytes.size(), page);
        GuestAddr address = helper.address ? GuestAddr{*helper.address} : neighbour;
        if (!helper.address) neighbour += size;
        POSTERN_TRY(place(memory, address, size, bytes, std::string(helper.name)));
        placement.helpers.push_back({&helper, address});
    }
    return placement;
}

}  // namespace postern::vdso
