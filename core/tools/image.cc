// postern image
#include "kernel/elf.hpp"
#include "tools/command.hpp"
#include "tools/disassemble.hpp"
#include "tools/elf_parts.hpp"
#include "tools/json.hpp"
#include "vdso/image.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <elf.h>
#include <fmt/format.h>

namespace postern::tools {

namespace {

constexpr auto footer = R"(Without an option: what the image is, the symbols that a guest finds in it with their
versions, its notes, and the offsets that it keeps for the emulator only.

The image is the very file that is mapped into the guest: the same offsets hold there,
counted from AT_SYSINFO_EHDR. --helper chooses one of the ABI's pages of kernel-provided
code instead (`postern abis` names them), for --disassemble and --extract.

Examples:
  postern image x86-64 --symbols
  postern image s390x --disassemble | less
  postern image arm --helper '[vectors]' --disassemble
  postern image i386 --extract vdso.so && gdb vdso.so)";

struct ImageOptions {
    std::string abi, extract, helper;
    bool symbols = false, disassemble = false, json = false;
};

std::string hex(u64 value) { return fmt::format("{:#x}", value); }

std::string format_description(const Note& note, ByteOrder order) {
    if (note.owner == "GNU" && note.type == NT_GNU_BUILD_ID) {
        std::string text = "build id ";
        for (std::byte byte : note.description) text += fmt::format("{:02x}", static_cast<unsigned>(byte));
        return text;
    }
    if (note.owner == "Linux" && note.type == 0 && note.description.size() == 4) {
        u32 version = load<u32>(note.description.data(), order);
        return fmt::format("version {}.{}.{}", version >> 16, version >> 8 & 0xff, version & 0xff);
    }
    return fmt::format("{} bytes", note.description.size());
}

std::vector<vdso::Symbol> by_address(std::vector<vdso::Symbol> symbols) {
    std::ranges::sort(symbols, {}, [](const vdso::Symbol& symbol) { return std::pair(symbol.value, symbol.name); });
    return symbols;
}

std::string symbol_table(const vdso::Image& image, TableStyle style) {
    Table table({"Offset", "Bytes", "Version", "Symbol"});
    for (const auto& symbol : by_address(image.symbols()))
        table.add({hex(symbol.value), fmt::format("{}", symbol.size), std::string(symbol.version),
                   std::string(symbol.name)});
    return table.text(style);
}

struct Facts {
    const Abi& abi;
    const vdso::Image& image;
    kernel::elf::Header header;
    std::vector<Note> notes;
};

std::string as_text(const Facts& facts) {
    const vdso::Image& image = facts.image;
    std::string text = fmt::format("{}: {} ({} bytes)\n", facts.abi.name, image.soname(), image.bytes().size());
    auto line = [&](std::string_view name, const std::string& value) {
        text += fmt::format("  {:<18}{}\n", name, value);
    };
    line("file", fmt::format("vdso-images/prebuilt/{}", facts.abi.vdso.image));
    line("ELF", fmt::format("{}, {}-bit, {}-endian, flags {:#x}", kernel::elf::machine_name(facts.header.machine),
                            facts.header.is_64bit() ? 64 : 32,
                            facts.header.byte_order == ByteOrder::little ? "little" : "big", facts.header.flags));
    line("entry", image.entry() ? hex(image.entry()) : "none");
    line("clock", std::string(name_of(facts.abi.vdso.default_clock_mode)));
    line("time page layout", fmt::format("{}", image.time_page_version()));
    for (const Note& note : facts.notes)
        line("note", fmt::format("{} {:#x}: {}", note.owner, note.type,
                                 format_description(note, facts.header.byte_order)));
    for (const HelperPage& page : facts.abi.vdso.helper_pages)
        line("helper page", fmt::format("{} {}, {} bytes", page.name,
                                        page.address ? fmt::format("at {:#x}", *page.address) : "next to the vDSO",
                                        vdso::embedded_file(page.image).size()));
    text += fmt::format("\nSymbols\n{}", symbol_table(image, TableStyle::aligned));
    if (image.private_symbols().empty()) return text;
    Table table({"Offset", "Name"});
    for (const auto& symbol : by_address(image.private_symbols()))
        table.add({hex(symbol.value), std::string(symbol.name)});
    return fmt::format("{}\nFor the emulator\n{}", text, table.text(TableStyle::aligned));
}

std::string symbol_json(const vdso::Symbol& symbol) {
    return json::object({{"name", json::string(symbol.name)},
                         {"version", json::string(symbol.version)},
                         {"offset", json::number(symbol.value)},
                         {"size", json::number(symbol.size)}});
}

std::string as_json(const Facts& facts) {
    std::vector<std::string> symbols, notes;
    std::vector<std::pair<std::string_view, std::string>> offsets;
    for (const auto& symbol : by_address(facts.image.symbols())) symbols.push_back(symbol_json(symbol));
    for (const auto& symbol : by_address(facts.image.private_symbols()))
        offsets.emplace_back(symbol.name, json::number(symbol.value));
    for (const Note& note : facts.notes)
        notes.push_back(json::object({
            {"owner", json::string(note.owner)},
            {"type", json::number(note.type)},
            {"text", json::string(format_description(note, facts.header.byte_order))},
        }));
    return json::object({
               {"abi", json::string(facts.abi.name)},
               {"soname", json::string(facts.image.soname())},
               {"file", json::string(facts.abi.vdso.image)},
               {"size", json::number(facts.image.bytes().size())},
               {"machine", json::string(kernel::elf::machine_name(facts.header.machine))},
               {"bits", json::number(facts.header.is_64bit() ? 64 : 32)},
               {"flags", json::number(facts.header.flags)},
               {"entry", json::number(facts.image.entry())},
               {"time_page_version", json::number(facts.image.time_page_version())},
               {"notes", json::array(notes)},
               {"symbols", json::array(symbols)},
               {"private_offsets", json::object(offsets)},
           }) + "\n";
}

/// Functions by what guests call them, and the emulator's places between them.
CodeLabels labels_of(const Abi& abi, const vdso::Image& image) {
    CodeLabels labels;
    u64 thumb_bit = abi.syscall.trap_length_thumb ? 1 : 0;
    for (const auto& symbol : image.private_symbols())
        labels[symbol.value & ~thumb_bit] = {.name = std::string(symbol.name), .is_function = false};
    for (const auto& symbol : image.symbols()) {
        CodeLabel& label = labels[symbol.value & ~thumb_bit];
        if (label.is_function && !label.name.empty()) label.name += ", ";
        else label.name.clear();
        label.name += symbol.version.empty() ? std::string(symbol.name)
                                             : fmt::format("{}@@{}", symbol.name, symbol.version);
        label.is_function = true;
        label.is_thumb = (symbol.value & thumb_bit) != 0;
    }
    return labels;
}

Result<std::string> disassemble_image(const Abi& abi, const vdso::Image& image) {
    std::string text;
    for (const Section& section : sections_of(image.bytes())) {
        if (!section.executable) continue;
        POSTERN_TRY_ASSIGN(listing, disassemble(abi, image.bytes().subspan(section.offset, section.size),
                                                section.address, labels_of(abi, image)));
        text += fmt::format("Section {}\n{}\n", section.name, listing);
    }
    return text;
}

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
    auto bytes = vdso::embedded_file(page->image);
    if (!options.extract.empty()) return write_file(options.extract, bytes);
    POSTERN_TRY_ASSIGN(listing, disassemble(abi, bytes, page->address.value_or(0), {}));
    return print(listing);
}

Result<void> show(const ImageOptions& options) {
    POSTERN_TRY_ASSIGN(abi, abi_by_name(options.abi));
    if (!options.helper.empty()) return show_helper(*abi, options);
    auto image = vdso::Image::of(*abi);
    if (!image) return fail(ErrorKind::internal, fmt::format("{}: no vDSO image was built in", abi->name));
    if (!options.extract.empty()) return write_file(options.extract, image->bytes());
    if (options.disassemble) {
        POSTERN_TRY_ASSIGN(listing, disassemble_image(*abi, *image));
        return print(listing);
    }
    if (options.symbols && !options.json) return print(symbol_table(*image, style_for_output()));
    POSTERN_TRY_ASSIGN(header, kernel::elf::parse_header(image->bytes(), abi->vdso.image));
    Facts facts{*abi, *image, header, notes_of(image->bytes())};
    return print(options.json ? as_json(facts) : as_text(facts));
}

}  // namespace

void add_image(CLI::App& application, CommandLine& line) {
    CLI::App& command =
        add_command(application, "image", "Show an ABI's vDSO image",
                    "postern image ABI [--symbols | --disassemble | --extract FILE] [--helper PAGE] [--json]", footer);
    auto options = std::make_shared<ImageOptions>();
    command.add_option("ABI", options->abi, "An ABI that `postern abis` lists")->required();
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
