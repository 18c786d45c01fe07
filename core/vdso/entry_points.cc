#include "vdso/entry_points.hpp"

#include <algorithm>

namespace postern::vdso {

namespace {

std::optional<SignalReturn> on_helper_page(std::string_view page, const ReturnCode& where, const Placement& placement,
                                           bool thumb) {
    auto name = [](const PlacedHelper& helper) { return helper.page->name; };
    auto helper = std::ranges::find(placement.helpers, page, name);
    if (helper == placement.helpers.end()) return std::nullopt;
    GuestAddr code = helper->address + where.offset + (thumb ? where.thumb_offset_delta : 0);
    return SignalReturn{{code.value | (thumb ? 1 : 0)}, code};
}

/// For images that are not ours: by the name that the ABI exports for that behaviour.
std::optional<u64> exported(const Abi& abi, std::string_view function, const Image& image) {
    auto row = std::ranges::find(abi.vdso.exports, function, &VdsoExport::function);
    return row == abi.vdso.exports.end() ? std::nullopt : image.find(row->symbol);
}

}  // namespace

std::optional<SignalReturn> signal_return(const Abi& abi, const SignalFrame& frame, const Placement& placement,
                                          const Image* image, bool thumb) {
    if (frame.page_return) return on_helper_page(abi.signals->return_page, *frame.page_return, placement, thumb);
    if (frame.vdso_return.empty() || !image) return std::nullopt;
    auto offset = image->private_offset(frame.vdso_return);
    if (!offset) offset = exported(abi, frame.vdso_return, *image);
    if (!offset) return std::nullopt;
    return SignalReturn{placement.image + *offset, std::nullopt};
}

u64 system_call_entry(const Image& image, GuestAddr start) {
    u64 entry = image.private_offset("vsyscall").value_or(image.entry());
    return entry == 0 ? 0 : start.value + entry;
}

}  // namespace postern::vdso
