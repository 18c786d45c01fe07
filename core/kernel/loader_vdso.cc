// The vDSO that a program gets: Postern's own, somebody else's, or none.
#include "kernel/loader.hpp"

#include "kernel/elf.hpp"
#include "time_page.h"

#include <fmt/format.h>

namespace postern::kernel {

namespace {

std::unexpected<Error> refuse(const VdsoChoice& choice, std::string_view why) {
    return fail(ErrorKind::internal, fmt::format("vDSO {}: {}", choice.name, why));
}

/// Whether the image can do its work here: with Postern's time page, or without any page.
Result<void> check_page(const VdsoChoice& choice, const vdso::Image& image) {
    u32 version = image.time_page_version();
    if (version == POSTERN_TIME_PAGE_VERSION) return {};
    if (version != 0)
        return refuse(choice, fmt::format("made for layout {} of the time page; this Postern has layout {}", version,
                                          POSTERN_TIME_PAGE_VERSION));
    if (u32 linux_version = image.linux_version(); linux_version != 0)
        return refuse(choice, fmt::format("Linux {}.{}'s own, which reads data pages of that kernel; Postern has none",
                                          linux_version >> 16, linux_version >> 8 & 0xff));
    return {};
}

Result<std::optional<vdso::Image>> own_image(const Abi& abi) {
    auto image = vdso::Image::of(abi);
    if (!image) return fail(ErrorKind::internal, fmt::format("{}: this build holds no vDSO image", abi.name));
    return image;
}

Result<vdso::Image> read_file(const VdsoChoice& choice, const elf::Header& header) {
    if (header.type != elf::type_dynamic) return refuse(choice, "not an ELF shared object");
    auto image = vdso::Image::parse(*choice.bytes);
    if (!image) return refuse(choice, fmt::format("cannot be mapped as it is: {}", image.error().message));
    POSTERN_TRY(check_page(choice, *image));
    return image;
}

}  // namespace

Result<std::optional<vdso::Image>> choose_vdso(const Abi& abi, const VdsoChoice& choice) {
    if (choice.kind == VdsoChoice::Kind::none) return std::nullopt;
    if (choice.kind == VdsoChoice::Kind::own) return own_image(abi);
    auto header = elf::parse_header(*choice.bytes, choice.name);
    if (!header) return fail(ErrorKind::internal, fmt::format("vDSO {}", header.error().message));
    const Abi* made_for = identify_abi(header->machine, header->elf_class, header->byte_order, header->flags);
    if (made_for != &abi) {
        if (choice.other_abis_get_own) return own_image(abi);
        return refuse(choice, fmt::format("{}; the program's ABI is {}", elf::describe(*header), abi.name));
    }
    POSTERN_TRY_ASSIGN(image, read_file(choice, *header));
    return std::move(image);
}

}  // namespace postern::kernel
