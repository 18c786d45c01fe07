#include "kernel/elf.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>

namespace postern::kernel::elf {

namespace {

constexpr u64 ident_size = 16;
constexpr u64 page_limit = 4096;   // kernel: ELF_MIN_ALIGN, what the program headers may take

/// Reads fields one after the other; `word` is as wide as the file's class.
class FieldReader {
public:
    FieldReader(std::span<const std::byte> bytes, const Header& header)
        : bytes_(bytes), order_(header.byte_order), word_size_(header.is_64bit() ? 8 : 4) {}

    u16 half() { return static_cast<u16>(next(2)); }
    u32 full() { return static_cast<u32>(next(4)); }
    u64 word() { return next(word_size_); }
    void skip(u64 count) { position_ += count; }

private:
    u64 next(unsigned width) {
        POSTERN_ASSERT(position_ + width <= bytes_.size());
        u64 value = load_unsigned(bytes_.data() + position_, width, order_);
        position_ += width;
        return value;
    }

    std::span<const std::byte> bytes_;
    ByteOrder order_;
    unsigned word_size_;
    u64 position_ = 0;
};

u64 header_size(const Header& header) { return header.is_64bit() ? 64 : 52; }
u64 segment_size(const Header& header) { return header.is_64bit() ? 56 : 32; }

std::unexpected<Error> broken(std::string_view name, std::string why, int error_number = ENOEXEC) {
    return fail(ErrorKind::not_runnable, fmt::format("{}: {}", name, why), error_number);
}

std::unexpected<Error> broken_segment(std::string_view name, std::size_t index, std::string_view why,
                                      int error_number) {
    return fail(ErrorKind::not_runnable, fmt::format("{}: program header {}: {}", name, index, why),
                error_number);
}

/// EI_CLASS, EI_DATA and EI_VERSION.
Result<void> parse_identification(std::span<const std::byte> bytes, std::string_view name, Header& header) {
    auto class_byte = std::to_integer<u8>(bytes[4]);
    auto order_byte = std::to_integer<u8>(bytes[5]);
    auto version_byte = std::to_integer<u8>(bytes[6]);
    if (class_byte != class_32 && class_byte != class_64) {
        return broken(name, fmt::format("ELF header: class {} is neither 32-bit nor 64-bit", class_byte));
    }
    if (order_byte != 1 && order_byte != 2) {
        return broken(name, fmt::format("ELF header: byte order {} is neither little nor big", order_byte));
    }
    if (version_byte != 1) return broken(name, fmt::format("ELF header: unknown version {}", version_byte));
    header.elf_class = class_byte;
    header.byte_order = order_byte == 1 ? ByteOrder::little : ByteOrder::big;
    return {};
}

Result<void> check_type(const Header& header, std::string_view name) {
    switch (header.type) {
        case type_executable:
        case type_dynamic: return {};
        case type_relocatable: return broken(name, "a relocatable object file, not a program");
        case type_core: return broken(name, "a core dump, not a program");
        default: return broken(name, fmt::format("ELF header: file type {} is not a program", header.type));
    }
}

/// Number and size of the program headers, and that their place in the file is a possible one.
Result<void> check_program_headers(const Header& header, std::string_view name) {
    if (header.program_header_count == 0) return broken(name, "no program headers: nothing to load");
    if (header.program_header_size != segment_size(header)) {
        return broken(name, fmt::format("ELF header: program headers of {} bytes, {} expected",
                                        header.program_header_size, segment_size(header)));
    }
    if (header.program_headers_size() > page_limit) {
        return broken(name,
                      fmt::format("ELF header: {} program headers take {} bytes, more than {}",
                                  header.program_header_count, header.program_headers_size(), page_limit));
    }
    if (header.program_headers_offset > ~u64{0} - header.program_headers_size()) {
        return broken(name, "ELF header: program headers beyond any file's end");
    }
    return {};
}

Segment parse_segment(const Header& header, std::span<const std::byte> bytes) {
    FieldReader in(bytes, header);
    Segment segment;
    segment.type = in.full();
    if (header.is_64bit()) segment.flags = in.full();
    segment.offset = in.word();
    segment.address = in.word();
    in.skip(header.is_64bit() ? 8 : 4);   // p_paddr
    segment.file_size = in.word();
    segment.memory_size = in.word();
    if (!header.is_64bit()) segment.flags = in.full();
    segment.alignment = in.word();
    return segment;
}

/// What is wrong with one loadable segment by itself; empty = nothing.
struct Complaint {
    std::string_view why = {};
    int error_number = 0;
};

Complaint check_segment(const Segment& segment, const Bounds& bounds) {
    if (segment.file_size > segment.memory_size) return {"larger in the file than in memory", EINVAL};
    if (segment.memory_size > bounds.task_size) return {"segment larger than the address space", ENOMEM};
    if (segment.address > bounds.task_size - segment.memory_size) {
        return {"segment reaches beyond the address space", EINVAL};
    }
    if (segment.file_size != 0) {
        if (segment.offset > bounds.file_size || segment.file_size > bounds.file_size - segment.offset) {
            return {"segment reaches beyond the end of the file", ENOEXEC};
        }
        if ((segment.address - segment.offset) % bounds.page_size != 0) {
            return {"address and file offset differ in their place within a page", EINVAL};
        }
    }
    return {};
}

bool overlap(const Segment& a, const Segment& b) {
    return a.memory_size != 0 && b.memory_size != 0 && a.address < b.address + b.memory_size &&
           b.address < a.address + a.memory_size;
}

}  // namespace

bool has_magic(std::span<const std::byte> bytes) {
    return bytes.size() >= 4 && std::memcmp(bytes.data(), "\177ELF", 4) == 0;
}

Result<Header> parse_header(std::span<const std::byte> bytes, std::string_view name) {
    if (!has_magic(bytes)) return broken(name, "not an ELF file");
    if (bytes.size() < ident_size) return broken(name, "truncated within the ELF header");
    Header header;
    POSTERN_TRY(parse_identification(bytes, name, header));
    if (bytes.size() < header_size(header)) return broken(name, "truncated within the ELF header");

    FieldReader in(bytes.subspan(ident_size), header);
    header.type = in.half();
    header.machine = in.half();
    u32 version = in.full();
    header.entry = in.word();
    header.program_headers_offset = in.word();
    in.word();   // e_shoff
    header.flags = in.full();
    u16 own_size = in.half();
    header.program_header_size = in.half();
    header.program_header_count = in.half();

    if (version != 1) return broken(name, fmt::format("ELF header: unknown version {}", version));
    if (own_size < header_size(header)) {
        return broken(name, fmt::format("ELF header: says that it has {} bytes, {} needed", own_size,
                                        header_size(header)));
    }
    POSTERN_TRY(check_type(header, name));
    POSTERN_TRY(check_program_headers(header, name));
    return header;
}

Result<std::vector<Segment>> parse_segments(const Header& header, std::span<const std::byte> bytes,
                                            std::string_view name) {
    if (bytes.size() < header.program_headers_size())
        return broken(name, "truncated within the program headers");
    std::vector<Segment> segments;
    for (u64 i = 0; i < header.program_header_count; ++i) {
        segments.push_back(parse_segment(header, bytes.subspan(i * header.program_header_size)));
    }
    return segments;
}

Result<void> check_segments(const Header& header, std::span<const Segment> segments, const Bounds& bounds,
                            std::string_view name) {
    bool loads = false, has_entry = false;
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const Segment& segment = segments[i];
        if (!segment.is_load()) continue;
        loads = true;
        if (auto [why, error_number] = check_segment(segment, bounds); !why.empty()) {
            return broken_segment(name, i, why, error_number);
        }
        has_entry |= header.entry - segment.address < segment.memory_size;
        for (std::size_t k = 0; k < i; ++k) {
            if (segments[k].is_load() && overlap(segments[k], segment)) {
                return broken_segment(name, i, fmt::format("segment overlaps that of program header {}", k),
                                      EINVAL);
            }
        }
    }
    if (!loads) return broken(name, "no loadable segment: nothing to run");
    if (!has_entry)
        return broken(name, fmt::format("ELF header: entry {:#x} is in no segment", header.entry));
    return {};
}

Extent extent_of(std::span<const Segment> segments, u64 page_size) {
    Extent extent{.start = ~u64{0}, .end = 0};
    for (const Segment& segment : segments) {
        if (!segment.is_load() || segment.memory_size == 0) continue;
        extent.start = std::min(extent.start, align_down(segment.address, page_size));
        extent.end = std::max(extent.end, segment.address + segment.memory_size);
    }
    POSTERN_ASSERT(extent.start < extent.end);
    extent.end = align_up(extent.end, page_size);
    return extent;
}

u64 alignment_of(std::span<const Segment> segments, u64 page_size) {
    u64 alignment = page_size;
    for (const Segment& segment : segments) {
        if (segment.is_load() && std::has_single_bit(segment.alignment)) {
            alignment = std::max(alignment, segment.alignment);
        }
    }
    return alignment;
}

std::string machine_name(u16 machine) {
    switch (machine) {
#define MACHINE(number, name) \
    case number: return name;
#include "kernel/elf_machines.def"
#undef MACHINE
        default: return fmt::format("machine {}", machine);
    }
}

std::string describe(const Header& header) {
    return fmt::format("a {}-bit {}-endian program for {}", header.is_64bit() ? 64 : 32,
                       header.byte_order == ByteOrder::little ? "little" : "big",
                       machine_name(header.machine));
}

}  // namespace postern::kernel::elf
