#include "base/text.hpp"
#include "time_page.h"
#include "vdso/image.hpp"

namespace postern::vdso {

namespace {

Result<std::span<const std::byte>> required_file(std::string_view name) {
    auto bytes = embedded_file(name);
    if (bytes.empty())
        return fail(ErrorKind::internal, concat({name, ": this build holds no such image"}));
    return bytes;
}

/// Maps a file's bytes as a special mapping of whole pages, exactly at `address`.
Result<void> place(GuestMemory& memory, GuestAddr address, u64 size, std::span<const std::byte> bytes,
                   const std::string& name) {
    POSTERN_TRY(memory.map_special(address, size, read_execute, true, name.c_str()));
    if (!memory.poke(address, bytes)) {
        return fail(ErrorKind::internal, concat({"cannot write ", name, " at ", hexadecimal(address.value)}));
    }
    return {};
}

}  // namespace

u64 time_page_size(const Abi& abi) { return align_up(u64{POSTERN_TIME_PAGE_SIZE}, abi.layout.page_size); }

bool Placement::move(GuestAddr from, u64 size, GuestAddr to) {
    bool moved = false;
    auto move_one = [&](GuestAddr& address) {
        if (address - from >= size) return;
        address = to + (address - from);
        moved = true;
    };
    move_one(time_page);
    move_one(image);
    for (PlacedHelper& helper : helpers) move_one(helper.address);
    return moved;
}

Result<Placement> install(const Abi& abi, GuestMemory& memory, GuestAddr hint) {
    const u64 page = abi.layout.page_size;
    POSTERN_TRY_ASSIGN(image, required_file(abi.vdso.image));
    Placement placement;
    placement.image_size = align_up(image.size(), page);

    u64 neighbours_size = 0;
    for (const HelperPage& helper : abi.vdso.helper_pages) {
        POSTERN_TRY_ASSIGN(bytes, required_file(helper.image));
        if (!helper.address) neighbours_size += align_up(bytes.size(), page);
    }

    // One mapping finds the room; the parts that are not the time page then replace theirs.
    POSTERN_TRY_ASSIGN(
        start, memory.map_special(hint, neighbours_size + time_page_size(abi) + placement.image_size, read_only,
                                  false, "[vvar]"));
    placement.time_page = start + neighbours_size;
    placement.image = placement.time_page + time_page_size(abi);
    POSTERN_TRY(place(memory, placement.image, placement.image_size, image, "[vdso]"));

    GuestAddr neighbour = start;
    for (const HelperPage& helper : abi.vdso.helper_pages) {
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
