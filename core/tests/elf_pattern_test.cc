// What binfmt_misc would be told about each ABI, tried on programs of every ABI and on programs of none.
#include "abi/elf_pattern.hpp"
#include "base/endian.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <random>

using namespace postern;

namespace {

std::vector<std::string> matching(std::span<const std::byte> file) {
    std::vector<std::string> names;
    for (const Abi* abi : all_abis())
        if (elf_pattern(*abi).matches(file)) names.emplace_back(abi->name);
    return names;
}

std::vector<std::byte> beginning_of(const std::filesystem::path& path) {
    std::vector<std::byte> bytes(128);
    std::ifstream file(path, std::ios::binary);
    file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(file.gcount()));
    return bytes;
}

struct FileHeader {
    ByteOrder byte_order;
    u8 elf_class;
    u16 machine;
    u32 flags;

    std::vector<std::byte> bytes(u16 type = 2) const {
        std::vector<std::byte> file(64);
        auto put = [&](std::size_t offset, u64 value, unsigned width) {
            store_unsigned(file.data() + offset, value, width, byte_order);
        };
        const u8 identification[] = {0x7f, 'E', 'L', 'F', elf_class, u8(byte_order == ByteOrder::little ? 1 : 2), 1};
        for (std::size_t i = 0; i < std::size(identification); ++i) put(i, identification[i], 1);
        put(16, type, 2);
        put(18, machine, 2);
        put(20, 1, 4);
        put(elf_class == 2 ? 48 : 36, flags, 4);
        return file;
    }
};

constexpr auto little = ByteOrder::little, big = ByteOrder::big;

}  // namespace

TEST_CASE("elf_pattern: every guest program is of its own ABI and of no other") {
    unsigned programs = 0;
    for (const Abi* abi : all_abis()) {
        for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(POSTERN_GUEST_PROGRAMS) / abi->name)) {
            if (entry.path().filename() == "SHA256SUMS") continue;
            CAPTURE(entry.path());
            CHECK(matching(beginning_of(entry.path())) == std::vector<std::string>{std::string(abi->name)});
            ++programs;
        }
    }
    CHECK(programs > 50 * all_abis().size());
}

TEST_CASE("elf_pattern: what no ABI is") {
    struct Row {
        const char* what;
        FileHeader header;
    };
    const Row rows[] = {
        {"ARM, OABI", {little, 1, 40, 0x0200'0000}},
        {"ARM, EABI version 4", {little, 1, 40, 0x0400'0000}},
        {"ARM, big-endian", {big, 1, 40, 0x0500'0000}},
        {"MIPS o64", {big, 1, 8, 0x2000}},
        {"SuperH, FDPIC", {little, 1, 42, 0x8000}},
        {"PA-RISC, 64 bits by its flags", {big, 1, 15, 0x8'0000}},
        {"PA-RISC, 64 bits by its class", {big, 2, 15, 0}},
        {"PowerPC, little-endian, 32 bits", {little, 1, 20, 0}},
        {"PowerPC 64, little-endian, ELFv1", {little, 2, 21, 1}},
        {"AArch64, ILP32", {little, 1, 183, 0}},
        {"AArch64, big-endian", {big, 2, 183, 0}},
        {"SPARC", {big, 1, 2, 0}},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        CHECK(matching(row.header.bytes()).empty());
    }
}

TEST_CASE("elf_pattern: it says what identify_abi says") {
    std::mt19937 random(1);
    for (const Abi* named : all_abis()) {
        for (int i = 0; i < 2000; ++i) {
            FileHeader header{random() % 2 ? little : big, u8(1 + random() % 2), named->elf.machine, static_cast<u32>(random())};
            // All bits at random would hardly ever be the ones that count.
            header.flags &= static_cast<u32>(random());
            if (random() % 2) header.flags = (header.flags & ~named->elf.flags_mask) | named->elf.flags_value;
            CAPTURE(header.flags);
            const Abi* abi = identify_abi(header.machine, header.elf_class, header.byte_order, header.flags);
            auto expected = abi ? std::vector<std::string>{std::string(abi->name)} : std::vector<std::string>{};
            CHECK(matching(header.bytes(2)) == expected);
            CHECK(matching(header.bytes(3)) == expected);
            CHECK(matching(header.bytes(1)).empty());
            CHECK(matching(header.bytes(4)).empty());
        }
    }
}

TEST_CASE("elf_pattern: files that are too short, and other operating systems") {
    for (const Abi* abi : all_abis()) {
        CAPTURE(abi->name);
        auto file = FileHeader{abi->byte_order, abi->elf.elf_class, abi->elf.machine, abi->elf.flags_value}.bytes();
        ElfPattern pattern = elf_pattern(*abi);
        CHECK(pattern.matches(file));
        CHECK(pattern.matches(std::span(file).first(pattern.magic.size())));
        CHECK_FALSE(pattern.matches(std::span(file).first(pattern.magic.size() - 1)));
        file[7] = std::byte{3};   // GNU
        CHECK(pattern.matches(file));
        file[7] = std::byte{9};   // FreeBSD
        CHECK_FALSE(pattern.matches(file));
    }
}
