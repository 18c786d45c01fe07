// postern image
#include "tools/command.hpp"
#include "tools/disassemble.hpp"
#include "tools/image_code.hpp"
#include "tools/image_facts.hpp"
#include "tools/image_file.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>

namespace postern::tools {

namespace {

constexpr auto footer = R"(Without an option: what the image is, its segments, notes and frame descriptions, the symbols
that a guest finds in it with their versions, the offsets that it keeps for the emulator
only, the layout of the time page that its functions read, and the ABI's helper pages.

Instead of an ABI, FILE is somebody else's vDSO image: a kernel's, taken from its memory or its
build, or another emulator's. Whoever made it, what it says of itself is shown, and the code
with --disassemble; of the time page only where it was made for Postern's. A name with a
slash is always a file.

An ABI's image is the very file that is mapped into the guest: the same offsets hold there,
counted from AT_SYSINFO_EHDR; the time page ends where the image starts.

--disassemble comments on instructions whose operands are known from the ones before:
"the time page" or "address of F" where its address is computed, "F" where field F of it is
read, "system call N" at a trap. Branches show the function they lead to. An ABI's pages of
kernel-provided code follow its image.

--helper chooses one of these pages alone (`postern abis` names them), for --disassemble and
--extract.

--json prints one object. Numbers are in bytes, offsets count from the image's start:
  abi, soname, file, size, machine, bits, byte_order, flags, entry (0 = none),
  clock_mode (null = it reads no time page of Postern's)
  segments         [{type, offset, size, flags}]
  notes            [{owner, type, text}]
  symbols          [{name, version, offset, size}]; bit 0 of an offset set = Thumb code
  private_offsets  {name: offset}
  unwinding        {cie_count, fde_count, code_bytes, undescribed: [name]}, or null
  time_page        {version, below_image, fields: [{name, offset, width, meaning}]}, or null
  helper_pages     [{name, file, address (null = next to the vDSO), size}]

Examples:
  postern image x86-64 --symbols
  postern image s390x --disassemble | less
  postern image arm --helper '[vectors]' --disassemble
  postern image ./vdso64.so --disassemble
  postern image i386 --extract vdso.so && gdb vdso.so)";

struct ImageOptions {
    std::string subject, extract, helper;
    bool symbols = false, disassemble = false, json = false;
};

Result<void> write_file(const std::string& path, std::span<const std::byte> bytes) {
    if (path == "-") return print({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    std::FILE* file = std::fopen(path.c_str(), "wb");
    bool written = file && std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
    int error = errno;
    if (file && std::fclose(file) != 0 && written) {
        written = false;
        error = errno;
    }
    if (!written) return fail(ErrorKind::internal, fmt::format("{}: {}", path, std::strerror(error)));
    return {};
}

Result<void> show_helper(const Abi& abi, const ImageOptions& options) {
    auto page = std::ranges::find(abi.vdso.helper_pages, options.helper, &HelperPage::name);
    if (page == abi.vdso.helper_pages.end())
        return fail(ErrorKind::internal, fmt::format("{}: no helper page {}", abi.name, options.helper));
    if (!options.extract.empty()) return write_file(options.extract, vdso::embedded_file(page->image));
    POSTERN_TRY_ASSIGN(listing, disassemble_helper(abi, *page));
    return print(listing);
}

Result<void> show_image(const Abi& abi, const vdso::Image& image, std::string_view file, const ImageOptions& options) {
    if (options.disassemble) {
        POSTERN_TRY_ASSIGN(listing, disassemble_image(abi, image));
        return print(listing);
    }
    if (options.symbols && !options.json) return print(symbol_table(image, style_for_output()));
    POSTERN_TRY_ASSIGN(facts, image_facts(abi, image, file));
    return print(options.json ? as_json(facts) : as_text(facts));
}

Result<void> show_own(const Abi& abi, const ImageOptions& options) {
    if (!options.helper.empty()) return show_helper(abi, options);
    auto image = vdso::Image::of(abi);
    if (!image) return fail(ErrorKind::internal, fmt::format("{}: no vDSO image was built in", abi.name));
    if (!options.extract.empty()) return write_file(options.extract, image->bytes());
    POSTERN_TRY(show_image(abi, *image, {}, options));
    if (!options.disassemble) return {};
    for (const HelperPage& page : abi.vdso.helper_pages) {
        POSTERN_TRY_ASSIGN(listing, disassemble_helper(abi, page));
        POSTERN_TRY(print(fmt::format("Helper page {}\n{}\n", page.name, listing)));
    }
    return {};
}

/// Somebody else's image. Its errors begin with the file's name.
Result<void> show_file(const ImageOptions& options) {
    const std::string& path = options.subject;
    if (!options.helper.empty() || !options.extract.empty())
        return fail(ErrorKind::internal, fmt::format("{}: --helper and --extract are for an ABI's own", path));
    POSTERN_TRY_ASSIGN(bytes, read_image_file(path));
    auto header = kernel::elf::parse_header(bytes, path);
    if (!header) return fail(ErrorKind::internal, header.error().message);
    const Abi* abi = identify_abi(header->machine, header->elf_class, header->byte_order, header->flags);
    if (!abi) return fail(ErrorKind::internal, fmt::format("{}: {}, of which Postern knows no ABI", path,
                                                           kernel::elf::describe(*header)));
    auto image = vdso::Image::parse(bytes);
    auto shown = image ? show_image(*abi, *image, path, options) : std::unexpected(image.error());
    if (!shown) return fail(ErrorKind::internal, fmt::format("{}: {}", path, shown.error().message));
    return {};
}

bool is_file(const std::string& subject) {
    return subject.contains('/') || (!abi_by_name(subject) && std::filesystem::exists(subject));
}

Result<void> show(const ImageOptions& options) {
    if (is_file(options.subject)) return show_file(options);
    POSTERN_TRY_ASSIGN(abi, abi_by_name(options.subject));
    return show_own(*abi, options);
}

}  // namespace

void add_image(CLI::App& application, CommandLine& line) {
    CLI::App& command =
        add_command(application, "image", "Show a vDSO image",
                    "postern image ABI|FILE [--symbols | --disassemble | --extract FILE] [--helper PAGE] [--json]", footer);
    auto options = std::make_shared<ImageOptions>();
    command.add_option("ABI|FILE", options->subject, "An ABI that `postern abis` lists, or an image in a file")->required();
    auto* symbols = command.add_flag("--symbols", options->symbols, "Only the symbols");
    auto* listing = command.add_flag("--disassemble", options->disassemble, "The code, with symbol names");
    command.add_option("--extract", options->extract, "Write the file itself; - = standard output")
        ->type_name("FILE")->excludes(symbols)->excludes(listing);
    listing->excludes(symbols);
    command.add_option("--helper", options->helper, "A helper page instead of the image")->type_name("PAGE")
        ->excludes(symbols);
    command.add_flag("--json", options->json, "Print JSON")->excludes(listing);
    command.callback([options, &line] {
        conclude(line, [&]() -> Result<int> {
            POSTERN_TRY(show(*options));
            return 0;
        });
    });
}

}  // namespace postern::tools
