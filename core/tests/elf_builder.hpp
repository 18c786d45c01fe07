// Small ELF files for tests, correct unless a test asks for something else.
#pragma once

#include "abi/abi.hpp"
#include "kernel/elf.hpp"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

namespace postern::test {

/// Builds one ELF file: header, program headers, then what the segments hold at their offsets.
class ElfBuilder {
public:
    explicit ElfBuilder(const Abi& abi) : ElfBuilder(abi.elf.machine, abi.elf.elf_class, abi.byte_order) {
        header.flags = abi.elf.flags_value;
    }
    ElfBuilder(u16 machine, u8 elf_class, ByteOrder order) {
        header.elf_class = elf_class;
        header.byte_order = order;
        header.type = kernel::elf::type_executable;
        header.machine = machine;
        header.program_headers_offset = header_size();
        header.program_header_size = static_cast<u16>(wide() ? 56 : 32);
    }

    kernel::elf::Header header;     ///< program_header_count is filled in
    std::vector<kernel::elf::Segment> segments;
    std::vector<std::byte> contents = std::vector<std::byte>(0x3000);   ///< the whole file

    bool wide() const { return header.elf_class == kernel::elf::class_64; }
    u16 header_size() const { return wide() ? 64 : 52; }

    /// A loadable segment whose file part starts at `offset`; its address is congruent.
    kernel::elf::Segment& load(u64 address, u64 offset, u64 file_size, u64 memory_size, u32 flags) {
        segments.push_back({.type = kernel::elf::segment_load,
                            .flags = flags,
                            .offset = offset,
                            .address = address,
                            .file_size = file_size,
                            .memory_size = memory_size,
                            .alignment = 0x1000});
        return segments.back();
    }
    void interpreter(std::string_view path, u64 offset) {
        put_text(offset, path);
        segments.push_back({.type = kernel::elf::segment_interpreter,
                            .flags = 4,
                            .offset = offset,
                            .address = 0,
                            .file_size = path.size() + 1,
                            .memory_size = path.size() + 1,
                            .alignment = 1});
    }
    void gnu_stack(u32 flags) {
        segments.push_back({.type = kernel::elf::segment_gnu_stack, .flags = flags});
    }
    void put_text(u64 offset, std::string_view text) {
        std::ranges::copy(std::as_bytes(std::span(text)),
                          contents.begin() + static_cast<std::ptrdiff_t>(offset));
    }

    /// The bytes of the file.
    std::vector<std::byte> build() const {
        std::vector<std::byte> out = contents;
        u64 at = 0;
        auto put = [&](u64 value, unsigned width) {
            store_unsigned(out.data() + at, value, width, header.byte_order);
            at += width;
        };
        unsigned word = wide() ? 8 : 4;
        for (u8 byte : {0x7f, 0x45, 0x4c, 0x46, int{header.elf_class},
                        header.byte_order == ByteOrder::little ? 1 : 2, 1}) {
            put(byte, 1);
        }
        at = 16;
        put(header.type, 2), put(header.machine, 2), put(1, 4), put(header.entry, word);
        put(header.program_headers_offset, word), put(0, word), put(header.flags, 4), put(header_size(), 2);
        put(header.program_header_size, 2), put(segments.size(), 2);
        at = header_size();
        for (const auto& segment : segments) {
            put(segment.type, 4);
            if (wide()) put(segment.flags, 4);
            put(segment.offset, word), put(segment.address, word), put(segment.address, word);
            put(segment.file_size, word), put(segment.memory_size, word);
            if (!wide()) put(segment.flags, 4);
            put(segment.alignment, word);
        }
        return out;
    }
};

/// A program with code at 0x400000 and data at 0x402100, with bss behind the data.
inline ElfBuilder simple_program(const Abi& abi) {
    using namespace kernel::elf;
    ElfBuilder builder(abi);
    builder.header.entry = 0x400400;
    builder.load(0x400000, 0, 0x800, 0x800, flag_read | flag_execute);
    builder.load(0x402100, 0x1100, 0x100, 0x2000, flag_read | flag_write);
    builder.gnu_stack(flag_read | flag_write);
    builder.put_text(0x1100, "data");
    builder.put_text(0x1200, "behind the segment");
    return builder;
}

/// A folder that goes away with the object.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "postern-test-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data()) ? pattern : "";
    }
    ~TemporaryFolder() {
        if (!path_.empty()) std::filesystem::remove_all(path_);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    std::string path(std::string_view name) const { return path_ + "/" + std::string(name); }
    /// Writes a file, executable unless `mode` says otherwise, and returns its path.
    std::string file(std::string_view name, std::span<const std::byte> bytes, mode_t mode = 0755) const {
        std::ofstream(path(name), std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        ::chmod(path(name).c_str(), mode);
        return path(name);
    }
    std::string file(std::string_view name, std::string_view text, mode_t mode = 0755) const {
        return file(name, std::as_bytes(std::span(text)), mode);
    }

private:
    std::string path_;
};

}  // namespace postern::test
