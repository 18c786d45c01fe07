#include "tools/image_facts.hpp"

#include "tools/command.hpp"
#include "tools/json.hpp"
#include "vdso/time_page_fields.hpp"

#include <algorithm>
#include <elf.h>
#include <fmt/format.h>

namespace postern::tools {

namespace {

std::string hex(u64 value) { return fmt::format("{:#x}", value); }

constexpr std::string_view own_notes = "Postern";

std::string describe_note(const Note& note, ByteOrder order) {
    auto word = [&] { return load<u32>(note.description.data(), order); };
    bool has_word = note.description.size() >= 4;
    if (note.owner == "GNU" && note.type == NT_GNU_BUILD_ID) {
        std::string text = "build id ";
        for (std::byte byte : note.description) text += fmt::format("{:02x}", static_cast<unsigned>(byte));
        return text;
    }
    if (note.owner == "Linux" && note.type == 0 && has_word)
        return fmt::format("version {}.{}.{}", word() >> 16, word() >> 8 & 0xff, word() & 0xff);
    if (note.owner == own_notes && note.type == 2 && has_word) return fmt::format("time page layout {}", word());
    if (note.owner == own_notes && note.type == 1 && has_word) {
        auto name = note.description.subspan(4);
        std::string_view text(reinterpret_cast<const char*>(name.data()), name.size());
        return fmt::format("place of {}", printable(text.substr(0, text.find('\0'))));
    }
    return fmt::format("{} bytes", note.description.size());
}

struct NamedNumber {
    u32 number;
    std::string_view name;
};
constexpr NamedNumber segment_types[] = {{PT_LOAD, "LOAD"}, {PT_DYNAMIC, "DYNAMIC"}, {PT_NOTE, "NOTE"},
                                         {PT_GNU_EH_FRAME, "GNU_EH_FRAME"}, {PT_GNU_STACK, "GNU_STACK"}};

std::string segment_type(u32 type) {
    auto named = std::ranges::find(segment_types, type, &NamedNumber::number);
    return named == std::end(segment_types) ? hex(type) : std::string(named->name);
}

std::string segment_flags(u32 flags) {
    std::string text;
    if (flags & kernel::elf::flag_read) text += 'r';
    if (flags & kernel::elf::flag_write) text += 'w';
    if (flags & kernel::elf::flag_execute) text += 'x';
    return text;
}

/// What a function's symbol points to: without the bit that selects Thumb.
u64 code_address(const Abi& abi, u64 value) { return abi.syscall.trap_length_thumb ? value & ~u64{1} : value; }

std::vector<std::string> functions_without_description(const ImageFacts& facts) {
    std::vector<std::string> names;
    for (const vdso::Symbol& symbol : facts.image.symbols())
        if (!facts.frames->describes(code_address(facts.abi, symbol.value))) names.push_back(printable(symbol.name));
    return names;
}

u64 described_bytes(const FrameDescriptions& frames) {
    u64 bytes = 0;
    for (const auto& range : frames.ranges) bytes += range.size;
    return bytes;
}

std::string unwinding(const ImageFacts& facts) {
    if (!facts.frames) return "no .eh_frame";
    const FrameDescriptions& frames = *facts.frames;
    auto signal_frames = std::ranges::count_if(frames.ranges, &FrameDescriptions::Range::signal_frame);
    std::string text = fmt::format(".eh_frame: {} CIE, {} FDE ({} of signal frames) for {} bytes of code",
                                   frames.commons.size(), frames.ranges.size(), signal_frames, described_bytes(frames));
    auto missing = functions_without_description(facts);
    return missing.empty() ? text + ", every function" : fmt::format("{}, all but {}", text, fmt::join(missing, ", "));
}

constexpr std::string_view mode_meaning(ClockMode mode) {
    switch (mode) {
        case ClockMode::counter: return "the guest's own counter instruction";
        case ClockMode::trap: return "a reserved system call that returns the host's counter";
        case ClockMode::page: return "no counter: time stands still between renewals of the page";
        case ClockMode::none: break;
    }
    return "every call is a system call";
}

std::vector<vdso::Symbol> by_address(std::vector<vdso::Symbol> symbols) {
    std::ranges::sort(symbols, {}, [](const vdso::Symbol& symbol) { return std::pair(symbol.value, symbol.name); });
    return symbols;
}

/// The time page ends where the image starts.
std::string from_image(const Abi& abi, u64 offset) { return fmt::format("-{:#x}", vdso::time_page_size(abi) - offset); }

std::string segment_table(const ImageFacts& facts) {
    Table table({"Offset", "Bytes", "Flags", "Segment"});
    for (const auto& segment : facts.segments)
        table.add({hex(segment.offset), fmt::format("{}", segment.file_size), segment_flags(segment.flags),
                   segment_type(segment.type)});
    return table.text(TableStyle::aligned);
}

std::string private_table(const vdso::Image& image) {
    Table table({"Offset", "Name"});
    for (const auto& symbol : by_address(image.private_symbols()))
        table.add({hex(symbol.value), printable(symbol.name)});
    return table.text(TableStyle::aligned);
}

std::string field_table(const Abi& abi) {
    Table table({"Offset", "From image", "Bytes", "Field", "Meaning"});
    for (const auto& field : vdso::time_page_fields)
        table.add({hex(field.offset), from_image(abi, field.offset), fmt::format("{}", field.width),
                   std::string(field.name), std::string(field.meaning)});
    return table.text(TableStyle::aligned);
}

std::string helper_table(const Abi& abi) {
    Table table({"Page", "Address", "Bytes", "File"});
    for (const HelperPage& page : abi.vdso.helper_pages)
        table.add({std::string(page.name), page.address ? hex(*page.address) : "next to the vDSO",
                   fmt::format("{}", vdso::embedded_file(page.image).size()), std::string(page.image)});
    return table.text(TableStyle::aligned);
}

std::string header_lines(const ImageFacts& facts) {
    const vdso::Image& image = facts.image;
    std::string text = facts.is_own()
                           ? fmt::format("{}: {}, the vDSO of {}\n", facts.abi.name, image.soname(), facts.abi.title)
                           : fmt::format("{}: {}, a vDSO of {}\n", facts.file, printable(image.soname()), facts.abi.title);
    auto line = [&](std::string_view name, const std::string& value) {
        text += fmt::format("  {:<12}{}\n", name, value);
    };
    std::string file = facts.is_own() ? fmt::format("vdso-images/prebuilt/{}", facts.abi.vdso.image) : facts.file;
    line("file", fmt::format("{}, {} bytes", file, image.bytes().size()));
    line("ELF", fmt::format("{}, {}-bit, {}-endian, flags {:#x}", kernel::elf::machine_name(facts.header.machine),
                            facts.header.is_64bit() ? 64 : 32,
                            facts.header.byte_order == ByteOrder::little ? "little" : "big", facts.header.flags));
    line("entry", image.entry() ? hex(image.entry()) : "none");
    ClockMode mode = facts.abi.vdso.default_clock_mode;
    line("clock", facts.has_time_page() ? fmt::format("{}: {}", name_of(mode), mode_meaning(mode))
                                        : "it does not read Postern's time page");
    line("unwinding", unwinding(facts));
    for (const Note& note : facts.notes)
        if (note.owner != own_notes || note.type != 1)   // places have a table of their own
            line("note", fmt::format("{} {:#x}: {}", printable(note.owner), note.type,
                                     describe_note(note, facts.header.byte_order)));
    return text;
}

std::string symbols_json(const vdso::Image& image) {
    std::vector<std::string> rows;
    for (const auto& symbol : by_address(image.symbols()))
        rows.push_back(json::object({{"name", json::string(symbol.name)},
                                     {"version", json::string(symbol.version)},
                                     {"offset", json::number(symbol.value)},
                                     {"size", json::number(symbol.size)}}));
    return json::array(rows);
}

std::string segments_json(const ImageFacts& facts) {
    std::vector<std::string> rows;
    for (const auto& segment : facts.segments)
        rows.push_back(json::object({{"type", json::string(segment_type(segment.type))},
                                     {"offset", json::number(segment.offset)},
                                     {"size", json::number(segment.file_size)},
                                     {"flags", json::string(segment_flags(segment.flags))}}));
    return json::array(rows);
}

std::string notes_json(const ImageFacts& facts) {
    std::vector<std::string> rows;
    for (const Note& note : facts.notes)
        rows.push_back(json::object({{"owner", json::string(note.owner)},
                                     {"type", json::number(note.type)},
                                     {"text", json::string(describe_note(note, facts.header.byte_order))}}));
    return json::array(rows);
}

std::string unwinding_json(const ImageFacts& facts) {
    if (!facts.frames) return "null";
    std::vector<std::string> missing;
    for (const std::string& name : functions_without_description(facts)) missing.push_back(json::string(name));
    return json::object({{"cie_count", json::number(facts.frames->commons.size())},
                         {"fde_count", json::number(facts.frames->ranges.size())},
                         {"code_bytes", json::number(described_bytes(*facts.frames))},
                         {"undescribed", json::array(missing)}});
}

std::string time_page_json(const ImageFacts& facts) {
    if (!facts.has_time_page()) return "null";
    std::vector<std::string> fields;
    for (const auto& field : vdso::time_page_fields)
        fields.push_back(json::object({{"name", json::string(field.name)},
                                       {"offset", json::number(field.offset)},
                                       {"width", json::number(field.width)},
                                       {"meaning", json::string(field.meaning)}}));
    return json::object({{"version", json::number(facts.image.time_page_version())},
                         {"below_image", json::number(vdso::time_page_size(facts.abi))},
                         {"fields", json::array(fields)}});
}

std::string helpers_json(const Abi& abi) {
    std::vector<std::string> rows;
    for (const HelperPage& page : abi.vdso.helper_pages)
        rows.push_back(json::object({{"name", json::string(page.name)},
                                     {"file", json::string(page.image)},
                                     {"address", page.address ? json::number(*page.address) : "null"},
                                     {"size", json::number(vdso::embedded_file(page.image).size())}}));
    return json::array(rows);
}

std::string private_json(const vdso::Image& image) {
    std::vector<std::pair<std::string_view, std::string>> members;
    for (const auto& symbol : by_address(image.private_symbols()))
        members.emplace_back(symbol.name, json::number(symbol.value));
    return json::object(members);
}

}  // namespace

Result<ImageFacts> image_facts(const Abi& abi, const vdso::Image& image, std::string_view file) {
    auto bytes = image.bytes();
    std::string_view name = file.empty() ? abi.vdso.image : file;
    POSTERN_TRY_ASSIGN(header, kernel::elf::parse_header(bytes, name));
    u64 start = std::min<u64>(header.program_headers_offset, bytes.size());
    POSTERN_TRY_ASSIGN(segments, kernel::elf::parse_segments(header, bytes.subspan(start), name));
    ImageFacts facts{abi, image, std::string(file), header, std::move(segments), notes_of(bytes), {}};
    auto sections = sections_of(bytes);
    if (auto found = std::ranges::find(sections, ".eh_frame", &Section::name); found != sections.end())
        facts.frames = read_frame_descriptions(bytes.subspan(found->offset, found->size), found->address,
                                               header.byte_order, header.is_64bit() ? 8 : 4);
    return facts;
}

std::string symbol_table(const vdso::Image& image, TableStyle style) {
    Table table({"Offset", "Bytes", "Version", "Symbol"});
    for (const auto& symbol : by_address(image.symbols()))
        table.add({hex(symbol.value), fmt::format("{}", symbol.size), printable(symbol.version),
                   printable(symbol.name)});
    return table.text(style);
}

std::string as_text(const ImageFacts& facts) {
    std::string text = header_lines(facts);
    text += fmt::format("\nSegments\n{}", segment_table(facts));
    text += fmt::format("\nSymbols\n{}", symbol_table(facts.image, TableStyle::aligned));
    if (!facts.image.private_symbols().empty())
        text += fmt::format("\nPlaces that the image names to the emulator only\n{}", private_table(facts.image));
    if (facts.has_time_page()) text += fmt::format("\nTime page, right below the image\n{}", field_table(facts.abi));
    if (facts.is_own() && !facts.abi.vdso.helper_pages.empty()) text += fmt::format("\nHelper pages\n{}", helper_table(facts.abi));
    return text;
}

std::string as_json(const ImageFacts& facts) {
    return json::object({
               {"abi", json::string(facts.abi.name)},
               {"soname", json::string(facts.image.soname())},
               {"file", json::string(facts.is_own() ? facts.abi.vdso.image : facts.file)},
               {"size", json::number(facts.image.bytes().size())},
               {"machine", json::string(kernel::elf::machine_name(facts.header.machine))},
               {"bits", json::number(facts.header.is_64bit() ? 64 : 32)},
               {"byte_order", json::string(facts.header.byte_order == ByteOrder::little ? "little" : "big")},
               {"flags", json::number(facts.header.flags)},
               {"entry", json::number(facts.image.entry())},
               {"clock_mode", facts.has_time_page() ? json::string(name_of(facts.abi.vdso.default_clock_mode)) : "null"},
               {"segments", segments_json(facts)},
               {"notes", notes_json(facts)},
               {"symbols", symbols_json(facts.image)},
               {"private_offsets", private_json(facts.image)},
               {"unwinding", unwinding_json(facts)},
               {"time_page", time_page_json(facts)},
               {"helper_pages", facts.is_own() ? helpers_json(facts.abi) : "[]"},
           }) + "\n";
}

}  // namespace postern::tools
