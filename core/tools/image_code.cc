#include "tools/image_code.hpp"

#include "cpu/cpu.hpp"
#include "tools/disassemble.hpp"
#include "tools/elf_parts.hpp"
#include "tools/table.hpp"
#include "vdso/time_page_fields.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

namespace postern::tools {

namespace {

/// Functions by what guests call them, and the emulator's places between them.
CodeLabels labels_of(const Abi& abi, const vdso::Image& image) {
    CodeLabels labels;
    u64 thumb_bit = abi.syscall.trap_length_thumb ? 1 : 0;
    for (const auto& symbol : image.private_symbols())
        labels[symbol.value & ~thumb_bit] = {.name = printable(symbol.name), .is_function = false};
    for (const auto& symbol : image.symbols()) {
        CodeLabel& label = labels[symbol.value & ~thumb_bit];
        if (label.is_function && !label.name.empty()) label.name += ", ";
        else label.name.clear();
        label.name += printable(symbol.name);
        if (!symbol.version.empty()) label.name += "@@" + printable(symbol.version);
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
std::string remark(const Abi& abi, bool has_page, const PrintedInstruction& instruction, const ConstantTracker& registers) {
    if (auto call = system_call_at(abi, instruction, registers); !call.empty()) return call;
    if (!has_page) return {};
    if (auto value = registers.computed(instruction)) {
        if (is_time_page(abi, *value)) return "the time page";
        auto field = field_at(abi, *value);
        return field.empty() ? field : "address of " + field;
    }
    auto address = registers.memory_operand(instruction);
    return address ? field_at(abi, *address) : std::string();
}

}  // namespace

Result<std::string> disassemble_image(const Abi& abi, const vdso::Image& image) {
    bool has_page = image.time_page_version() == POSTERN_TIME_PAGE_VERSION;
    auto comment = [&](const PrintedInstruction& instruction, const ConstantTracker& registers) {
        return remark(abi, has_page, instruction, registers);
    };
    CodeLabels labels = labels_of(abi, image);
    std::string text;
    u64 room = image.bytes().size();   // sections that lie over each other would make a listing without end
    for (const Section& section : sections_of(image.bytes())) {
        if (!section.executable) continue;
        if (section.size > room) return fail(ErrorKind::internal, "sections of code lie over each other");
        room -= section.size;
        POSTERN_TRY_ASSIGN(listing, disassemble(abi, image.bytes().subspan(section.offset, section.size),
                                                section.address, labels, comment));
        text += fmt::format("Section {}\n{}\n", printable(section.name), listing);
    }
    if (text.empty()) return fail(ErrorKind::internal, "no section of code");
    return text;
}

Result<std::string> disassemble_helper(const Abi& abi, const HelperPage& page) {
    u64 start = page.address.value_or(0);
    CodeLabels labels;
    for (const HelperEntry& entry : page.entries)
        labels[start + entry.offset] = {.name = std::string(entry.name), .is_function = !entry.is_data};
    for (const ServedFunction& served : page.served)
        labels[start + served.offset] = {.name = std::string(served.call)};
    return disassemble(abi, vdso::embedded_file(page.image), start, labels);
}

}  // namespace postern::tools
