#include "kernel/elf.hpp"

#include "elf_builder.hpp"

#include <cerrno>
#include <doctest/doctest.h>

using namespace postern;
using namespace postern::kernel;
using postern::test::ElfBuilder;

namespace {

constexpr elf::Bounds bounds{.page_size = 0x1000, .task_size = 0x7fff'ffff'f000, .file_size = 0x3000};

/// A minimal correct file of each class and byte order.
ElfBuilder small_file(u8 elf_class, ByteOrder order) {
    ElfBuilder builder(62, elf_class, order);
    builder.header.entry = 0x10010;
    builder.load(0x10000, 0, 0x100, 0x200, elf::flag_read | elf::flag_execute);
    return builder;
}

Result<void> check(const ElfBuilder& builder, const elf::Bounds& limits = bounds) {
    auto bytes = builder.build();
    auto header = elf::parse_header(bytes, "file");
    if (!header) return std::unexpected(header.error());
    auto segments =
        elf::parse_segments(*header, std::span(bytes).subspan(header->program_headers_offset), "file");
    if (!segments) return std::unexpected(segments.error());
    return elf::check_segments(*header, *segments, limits, "file");
}

/// The message and errno of what has to be an error.
void check_refused(const Result<void>& result, std::string_view part, int error_number) {
    CAPTURE(part);
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::not_runnable);
    CHECK(result.error().error_number == error_number);
    CHECK(result.error().message.starts_with("file: "));
    CHECK(result.error().message.find(part) != std::string::npos);
}

}  // namespace

TEST_CASE("ELF headers of both classes and byte orders read the same") {
    for (u8 elf_class : {elf::class_32, elf::class_64}) {
        for (ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
            CAPTURE(elf_class);
            auto builder = small_file(elf_class, order);
            builder.header.flags = 0x05000400;
            auto bytes = builder.build();
            auto header = elf::parse_header(bytes, "file");
            REQUIRE(header);
            CHECK(header->elf_class == elf_class);
            CHECK(header->byte_order == order);
            CHECK(header->machine == 62);
            CHECK(header->entry == 0x10010);
            CHECK(header->flags == 0x05000400);
            auto segments = elf::parse_segments(
                *header, std::span(bytes).subspan(header->program_headers_offset), "file");
            REQUIRE(segments);
            REQUIRE(segments->size() == 1);
            CHECK((*segments)[0].address == 0x10000);
            CHECK((*segments)[0].file_size == 0x100);
            CHECK((*segments)[0].memory_size == 0x200);
            CHECK((*segments)[0].flags == 5);
            CHECK((*segments)[0].alignment == 0x1000);
            CHECK(check(builder));
        }
    }
}

TEST_CASE("an ELF file cut off anywhere in its headers is refused") {
    for (u8 elf_class : {elf::class_32, elf::class_64}) {
        auto bytes = small_file(elf_class, ByteOrder::big).build();
        auto whole = elf::parse_header(bytes, "file");
        REQUIRE(whole);
        u64 end = whole->program_headers_offset + whole->program_headers_size();
        for (u64 length = 0; length < end; ++length) {
            CAPTURE(length);
            auto header = elf::parse_header(std::span(bytes).first(length), "file");
            if (header) {
                CHECK(length >= whole->program_headers_offset);
                auto rest = std::span(bytes).first(length).subspan(header->program_headers_offset);
                CHECK_FALSE(elf::parse_segments(*header, rest, "file"));
            } else {
                CHECK(header.error().error_number == ENOEXEC);
            }
        }
    }
}

TEST_CASE("broken ELF headers are refused with the field that is wrong") {
    auto changed = [](auto change) {
        auto builder = small_file(elf::class_64, ByteOrder::little);
        change(builder);
        return builder;
    };
    check_refused(check(changed([](auto& b) { b.header.type = elf::type_relocatable; })), "object file",
                  ENOEXEC);
    check_refused(check(changed([](auto& b) { b.header.type = elf::type_core; })), "core dump", ENOEXEC);
    check_refused(check(changed([](auto& b) { b.header.type = 77; })), "file type 77", ENOEXEC);
    check_refused(check(changed([](auto& b) { b.header.program_header_size = 32; })), "32 bytes", ENOEXEC);
    check_refused(check(changed([](auto& b) { b.segments.clear(); })), "no program headers", ENOEXEC);
    check_refused(check(changed([](auto& b) { b.segments.resize(74); })), "74 program headers", ENOEXEC);
    check_refused(check(changed([](auto& b) { b.segments[0].type = 6; })), "no loadable segment", ENOEXEC);
    check_refused(check(changed([](auto& b) { b.header.entry = 0x20000; })), "entry 0x20000", ENOEXEC);

    auto bytes = small_file(elf::class_64, ByteOrder::little).build();
    auto with_byte = [&](std::size_t at, int value) {
        auto copy = bytes;
        copy[at] = static_cast<std::byte>(value);
        auto header = elf::parse_header(copy, "file");
        return header ? std::string() : header.error().message;
    };
    CHECK(with_byte(0, 'x') == "file: not an ELF file");
    CHECK(with_byte(4, 7) == "file: ELF header: class 7 is neither 32-bit nor 64-bit");
    CHECK(with_byte(5, 0) == "file: ELF header: byte order 0 is neither little nor big");
    CHECK(with_byte(6, 9) == "file: ELF header: unknown version 9");
    CHECK(with_byte(20, 9) == "file: ELF header: unknown version 9");
    CHECK(with_byte(52, 63) == "file: ELF header: says that it has 63 bytes, 64 needed");
}

TEST_CASE("impossible segments are refused by number") {
    auto with_second = [](u64 address, u64 offset, u64 file_size, u64 memory_size) {
        auto builder = small_file(elf::class_64, ByteOrder::little);
        builder.load(address, offset, file_size, memory_size, 6);
        return builder;
    };
    constexpr u64 most = ~u64{0};
    check_refused(check(with_second(0x20000, 0x1000, 0x20, 0x10)), "header 1: larger in the file", EINVAL);
    check_refused(check(with_second(0x20000, 0x1000, 0x10, most)),
                  "header 1: segment larger than the address space", ENOMEM);
    check_refused(check(with_second(most - 0xfff, 0x1000, 0x10, 0x1000)), "reaches beyond the address space",
                  EINVAL);
    check_refused(check(with_second(0x7fff'ffff'e000, 0x1000, 0x10, 0x1001)),
                  "reaches beyond the address space", EINVAL);
    check_refused(check(with_second(0x20000, 0x1000, 0x2001, 0x3000)), "reaches beyond the end of the file",
                  ENOEXEC);
    check_refused(check(with_second(0x20000, most & ~u64{0xfff}, 0x1000, 0x3000)), "end of the file",
                  ENOEXEC);
    check_refused(check(with_second(0x20010, 0x1000, 0x10, 0x10)), "place within a page", EINVAL);
    check_refused(check(with_second(0x10100, 0x1100, 0x10, 0x10)),
                  "header 1: segment overlaps that of program header 0", EINVAL);
    // Sharing a page is no overlap, and a segment without memory is none at all.
    CHECK(check(with_second(0x10200, 0x1200, 0x10, 0x10)));
    CHECK(check(with_second(0x10100, 0x1100, 0, 0)));
    CHECK(check(with_second(0x7fff'ffff'e000, 0x1000, 0x10, 0x1000)));
}

TEST_CASE("extent and alignment of segments") {
    auto builder = small_file(elf::class_64, ByteOrder::little);
    builder.load(0x20f00, 0xf00, 0x10, 0x3000, 6).alignment = 0x200000;
    builder.load(0x90000000, 0, 0, 0, 6).alignment = 0x3000;   // no memory; not a power of two
    auto extent = elf::extent_of(builder.segments, 0x1000);
    CHECK(extent.start == 0x10000);
    CHECK(extent.end == 0x24000);
    CHECK(elf::alignment_of(builder.segments, 0x1000) == 0x200000);
}

TEST_CASE("programs are described by machine, width and byte order") {
    ElfBuilder builder(8, elf::class_32, ByteOrder::big);
    CHECK(elf::describe(builder.header) == "a 32-bit big-endian program for MIPS");
    CHECK(elf::machine_name(243) == "RISC-V");
    CHECK(elf::machine_name(47110) == "machine 47110");
}
