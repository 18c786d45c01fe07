// postern image
#include "cpu/cpu.hpp"
#include "tools/command.hpp"
#include "tools/disassemble.hpp"
#include "tools/elf_parts.hpp"
#include "tools/image_facts.hpp"
#include "vdso/time_page_fields.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>

namespace postern::tools {

namespace {

constexpr auto footer = R"(Without an option: what the image is, its segments, notes and frame descriptions, the symbols
that a guest finds in it with their versions, the offsets that it keeps for the emulator
only, the layout of the time page that its functions read, and the ABI's helper pages.

The image is the very file that is mapped into the guest: the same offsets hold there,
counted from AT_SYSINFO_EHDR; the time page ends where the image starts.

--disassemble comments on instructions whose operands are known from the ones before:
"the time page" or "address of F" where its address is computed, "F" where field F of it is
read, "system call N" at a trap. Branches show the function they lead to.

--helper chooses one of the ABI's pages of kernel-provided code instead (`postern abis`
names them), for --disassemble and --extract.

--json prints one object. Numbers are in bytes, offsets count from the image's start:
  abi, soname, file, size, machine, bits, byte_order, flags, entry (0 = none), clock_mode
  segments         [{type, offset, size, flags}]
  notes            [{owner, type, text}]
  symbols          [{name, version, offset, size}]; bit 0 of an offset set = Thumb code
  private_offsets  {name: offset}
  unwinding        {cie_count, fde_count, code_bytes, undescribed: [name]}, or null
  time_page        {version, below_image, fields: [{name, offset, width, meaning}]}
  helper_pages     [{name, file, address (null = next to the vDSO), size}]

Examples:
  postern image x86-64 --symbols
  postern image s390x --disassemble | less
  postern image arm --helper '[vectors]' --disassemble
  postern image i386 --extract vdso.so && gdb vdso.so)";

struct ImageOptions {
    std::string abi, extract, helper;
    bool symbols = false, disassemble = false, json = false;
};

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

/// The field at an address of the time page, "line.anchor", or nothing if it is not there.
std::string field_at(const Abi& abi, u64 address) {
    u64 offset = (address + vdso::time_page_size(abi)) & abi.word_mask();
    for (const auto& field : vdso::time_page_fields) {
        if (offset - field.offset >= field.width) continue;
        u64 inside = offset - field.offset;
        return inside ? fmt::format("{}+{}", field.name, inside) : std::string(field.name);
    }
    return {};
}

bool is_time_page(const Abi& abi, u64 address) {
    return ((address + vdso::time_page_size(abi)) & abi.word_mask()) == 0;
}

/// The system call that a trap instruction makes, if its number is known.
std::string system_call_at(const Abi& abi, const PrintedInstruction& instruction, const ConstantTracker& registers) {
    constexpr std::string_view traps[] = {"syscall", "int", "svc", "sc", "ecall"};
    if (std::ranges::find(traps, instruction.mnemonic) == std::end(traps)) return {};
    auto number = registers.value_of(abi.registers[abi.syscall.number].name);
    auto immediate = std::strtoull(std::string(instruction.operands).c_str(), nullptr, 0);
    if (instruction.mnemonic == "svc" && immediate != 0) number = immediate;   // s390: the trap may carry it
    if (!number) return "system call";
    if (*number == counter_syscall_number) return "Postern's counter";
    if (*number == keystream_syscall_number) return "Postern's keystream";
    auto row = std::ranges::find(abi.syscall_numbers, *number, &SyscallNumber::number);
    return row == abi.syscall_numbers.end() ? fmt::format("system call {}", *number)
                                            : fmt::format("system call {}", row->name);
}

/// What an instruction has to do with the world outside the image.
std::string remark(const Abi& abi, const PrintedInstruction& instruction, const ConstantTracker& registers) {
    if (auto call = system_call_at(abi, instruction, registers); !call.empty()) return call;
    if (auto value = registers.computed(instruction)) {
        if (is_time_page(abi, *value)) return "the time page";
        auto field = field_at(abi, *value);
        return field.empty() ? field : "address of " + field;
    }
    auto address = registers.memory_operand(instruction);
    return address ? field_at(abi, *address) : std::string();
}

Result<std::string> disassemble_image(const Abi& abi, const vdso::Image& image) {
    auto comment = [&](const PrintedInstruction& instruction, const ConstantTracker& registers) {
        return remark(abi, instruction, registers);
    };
    std::string text;
    for (const Section& section : sections_of(image.bytes())) {
        if (!section.executable) continue;
        POSTERN_TRY_ASSIGN(listing, disassemble(abi, image.bytes().subspan(section.offset, section.size),
                                                section.address, labels_of(abi, image), comment));
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
    POSTERN_TRY_ASSIGN(facts, image_facts(*abi, *image));
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
