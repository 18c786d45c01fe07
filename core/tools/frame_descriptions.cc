#include "tools/frame_descriptions.hpp"

#include <map>
#include <optional>

namespace postern::tools {

using vdso::ElfView;

u64 DwarfReader::fixed(unsigned width) {
    auto value = view_.get(at_, static_cast<u8>(width));
    at_ += width;
    if (!value) failed = true;
    return value.value_or(0);
}

std::pair<u64, unsigned> DwarfReader::leb128_and_bits() {
    u64 value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        u64 byte = fixed(1);
        value |= (byte & 0x7f) << shift;
        if (!(byte & 0x80)) return {value, shift + 7};
    }
    failed = true;
    return {0, 64};
}

i64 DwarfReader::signed_leb128() {
    auto [value, bits] = leb128_and_bits();
    unsigned unused = bits < 64 ? 64 - bits : 0;
    return static_cast<i64>(value << unused) >> unused;
}

std::string_view DwarfReader::string() {
    auto text = view_.string(at_);
    if (!text) failed = true;
    at_ += text.value_or("").size() + 1;
    return text.value_or("");
}

std::span<const std::byte> DwarfReader::bytes(u64 size) {
    auto part = view_.slice(at_, size);
    if (!part) failed = true;
    at_ += size;
    return part ? part->bytes() : std::span<const std::byte>{};
}

namespace {

/// DW_EH_PE_*: how a pointer is written.
enum PointerEncoding : u8 { form_mask = 0x0f, relative_to_itself = 0x10, application_mask = 0x70 };

std::optional<unsigned> width_of(u8 encoding, unsigned word_size) {
    switch (encoding & form_mask) {
        case 0x0: return word_size;
        case 0x2: case 0xa: return 2;
        case 0x3: case 0xb: return 4;
        case 0x4: case 0xc: return 8;
        default: return std::nullopt;
    }
}

u64 sign_extended(u64 value, unsigned width, u8 encoding) {
    bool is_signed = (encoding & 0x08) || width == 8;
    if (!is_signed || width == 8) return value;
    unsigned unused = 64 - 8 * width;
    return static_cast<u64>(static_cast<i64>(value << unused) >> unused);
}

std::optional<FrameDescriptions::Common> read_common(DwarfReader reader, unsigned word_size) {
    FrameDescriptions::Common entry;
    u64 version = reader.fixed(1);
    std::string_view augmentation = reader.string();
    entry.code_alignment = reader.leb128();
    entry.data_alignment = reader.signed_leb128();
    entry.return_column = version == 1 ? reader.fixed(1) : reader.leb128();
    entry.augmented = augmentation.starts_with('z');
    if (entry.augmented) reader.leb128();
    for (char letter : augmentation) {
        if (letter == 'R') entry.pointer_encoding = static_cast<u8>(reader.fixed(1));
        if (letter == 'S') entry.signal_frame = true;
        if (letter == 'L') reader.fixed(1);
        if (letter == 'P') {
            auto width = width_of(static_cast<u8>(reader.fixed(1)), word_size);
            if (!width) return std::nullopt;
            reader.fixed(*width);
        }
    }
    entry.instructions = reader.rest();
    return reader.failed ? std::nullopt : std::optional(entry);
}

}  // namespace

const FrameDescriptions::Range* FrameDescriptions::find(u64 address) const {
    auto found = std::ranges::find_if(ranges, [&](const Range& range) { return address - range.start < range.size; });
    return found == ranges.end() ? nullptr : &*found;
}

FrameDescriptions read_frame_descriptions(std::span<const std::byte> section, u64 address, ByteOrder order,
                                          unsigned word_size) {
    ElfView view(section, order);
    FrameDescriptions found;
    auto broken = [&] {
        found.complete = false;
        return found;
    };
    std::map<u64, unsigned> commons;   // index by offset
    for (u64 at = 0; at < view.size();) {
        u64 length = view.get(at, 4).value_or(0);
        if (length == 0) break;   // the end
        auto entry = view.slice(0, at + 4 + std::min<u64>(length, view.size()));
        auto id = entry ? entry->get(at + 4, 4) : std::nullopt;
        if (!id) return broken();
        DwarfReader reader(*entry, at + 8);
        if (*id == 0) {
            auto common = read_common(reader, word_size);
            if (!common) return broken();
            commons[at] = static_cast<unsigned>(found.commons.size());
            found.commons.push_back(*common);
        } else {
            auto index = commons.find(at + 4 - *id);
            if (index == commons.end()) return broken();
            const FrameDescriptions::Common& common = found.commons[index->second];
            auto width = width_of(common.pointer_encoding, word_size);
            if (!width) return broken();
            u8 encoding = common.pointer_encoding;
            u64 start = sign_extended(reader.fixed(*width), *width, encoding);
            if ((encoding & application_mask) == relative_to_itself) start += address + at + 8;
            u64 size = reader.fixed(*width);
            if (common.augmented) reader.bytes(reader.leb128());
            auto instructions = reader.rest();
            if (reader.failed) return broken();
            if (word_size == 4) start &= 0xffff'ffff;
            found.ranges.push_back({start, size, common.signal_frame, index->second, instructions});
        }
        at += 4 + length;
    }
    return found;
}

}  // namespace postern::tools
