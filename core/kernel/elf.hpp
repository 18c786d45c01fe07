// ELF headers as the loader needs them, read strictly from bytes that nobody vouches for.
#pragma once

#include "base/endian.hpp"
#include "base/result.hpp"
#include "base/types.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern::kernel::elf {

inline constexpr u8 class_32 = 1, class_64 = 2;   // e_ident[EI_CLASS]

// e_type
inline constexpr u16 type_relocatable = 1, type_executable = 2, type_dynamic = 3, type_core = 4;

// p_type
inline constexpr u32 segment_load = 1, segment_interpreter = 3, segment_gnu_stack = 0x6474e551;

// p_flags
inline constexpr u32 flag_execute = 1, flag_write = 2, flag_read = 4;

/// What is read first: at least this much of a file holds every ELF header.
inline constexpr u64 header_size_limit = 64;

/// The file header, widened to 64 bits.
struct Header {
    u8 elf_class = 0;
    ByteOrder byte_order = ByteOrder::little;
    u16 type = 0;
    u16 machine = 0;
    u32 flags = 0;
    u64 entry = 0;
    u64 program_headers_offset = 0;
    u16 program_header_size = 0;
    u16 program_header_count = 0;

    bool is_64bit() const { return elf_class == class_64; }
    /// Bytes of all program headers together.
    u64 program_headers_size() const { return u64{program_header_size} * program_header_count; }
};

/// One program header, widened to 64 bits.
struct Segment {
    u32 type = 0;
    u32 flags = 0;
    u64 offset = 0;         ///< in the file, bytes
    u64 address = 0;        ///< p_vaddr
    u64 file_size = 0;      ///< bytes
    u64 memory_size = 0;    ///< bytes
    u64 alignment = 0;

    bool is_load() const { return type == segment_load; }
};

/// True if the bytes start as an ELF file does.
bool has_magic(std::span<const std::byte> bytes);

/// Reads the file header from the start of a file, in either class and byte order, and checks
/// all that can be checked without the rest: identification, version, sizes, type, that there
/// are program headers and that they take no more than a page (kernel: load_elf_phdrs).
/// Error (not_runnable, ENOEXEC): `name` and which field is wrong.
Result<Header> parse_header(std::span<const std::byte> bytes, std::string_view name);

/// Reads the program headers; `bytes` are those of the file at program_headers_offset.
/// Error (not_runnable, ENOEXEC): `bytes` is too short.
Result<std::vector<Segment>> parse_segments(const Header& header, std::span<const std::byte> bytes,
                                            std::string_view name);

/// Limits that loadable segments have to keep to.
struct Bounds {
    u64 page_size;
    u64 task_size;    ///< first address no mapping may reach
    u64 file_size;
};

/// Checks the loadable segments against each other and against the limits: sizes, file range,
/// congruence of address and offset, no overlap. An ET_DYN file's addresses are relative.
/// Stricter than Linux in three points, each of which would kill the program later: Linux maps
/// a segment beyond the end of the file (SIGBUS), silently lets segments overlap, and
/// starts a program whose entry lies outside of it.
/// Error (not_runnable, ENOEXEC, EINVAL or ENOMEM): which program header, and why.
Result<void> check_segments(const Header& header, std::span<const Segment> segments, const Bounds& bounds,
                            std::string_view name);

/// Where the loadable segments begin and end: p_vaddr of the lowest, rounded down to a page,
/// and the end of the highest, rounded up. Segments without memory do not count. Asserts that
/// there is one that does; check_segments has seen to it.
struct Extent {
    u64 start = 0;
    u64 end = 0;

    u64 size() const { return end - start; }
};
Extent extent_of(std::span<const Segment> segments, u64 page_size);

/// Largest power-of-two alignment of the loadable segments, at least a page
/// (kernel: maximum_alignment).
u64 alignment_of(std::span<const Segment> segments, u64 page_size);

/// "AArch64", or "machine 4711" for a number without a name.
std::string machine_name(u16 machine);

/// "a 32-bit big-endian program for MIPS", for messages.
std::string describe(const Header& header);

}  // namespace postern::kernel::elf
