#include "tools/frame_descriptions.hpp"

#include "vdso/elf_view.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace postern::tools {

namespace {

using vdso::ElfView;

/// DW_EH_PE_*: how a pointer is written.
enum PointerEncoding : u8 { form_mask = 0x0f, relative_to_itself = 0x10, application_mask = 0x70 };

struct CommonEntry {
    u8 pointer_encoding = 0;   // an address of the machine's width
    bool signal_frame = false;
};

/// Reads one entry front to back; `failed` once it would leave it.
class Reader {
public:
    Reader(ElfView view, u64 at) : view_(view), at_(at) {}

    u64 fixed(unsigned width) {
        auto value = view_.get(at_, static_cast<u8>(width));
        at_ += width;
        if (!value) failed = true;
        return value.value_or(0);
    }
    u64 leb128() {
        u64 value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            u64 byte = fixed(1);
            value |= (byte & 0x7f) << shift;
            if (!(byte & 0x80)) return value;
        }
        failed = true;
        return 0;
    }
    std::string_view string() {
        auto text = view_.string(at_);
        if (!text) failed = true;
        at_ += text.value_or("").size() + 1;
        return text.value_or("");
    }
    u64 position() const { return at_; }
    bool failed = false;

private:
    ElfView view_;
    u64 at_;
};

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

std::optional<CommonEntry> read_common(Reader reader, unsigned word_size) {
    CommonEntry entry;
    u64 version = reader.fixed(1);
    std::string_view augmentation = reader.string();
    reader.leb128();   // code alignment
    reader.leb128();   // data alignment
    version == 1 ? reader.fixed(1) : reader.leb128();   // return address column
    if (augmentation.starts_with('z')) reader.leb128();
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
    return reader.failed ? std::nullopt : std::optional(entry);
}

}  // namespace

bool FrameDescriptions::describes(u64 address) const {
    return std::ranges::any_of(ranges, [&](const Range& range) { return address - range.start < range.size; });
}

FrameDescriptions read_frame_descriptions(std::span<const std::byte> section, u64 address, ByteOrder order,
                                          unsigned word_size) {
    ElfView view(section, order);
    FrameDescriptions found;
    auto broken = [&] {
        found.complete = false;
        return found;
    };
    std::map<u64, CommonEntry> commons;   // by offset
    for (u64 at = 0; at < view.size();) {
        u64 length = view.get(at, 4).value_or(0);
        if (length == 0) break;   // the end
        auto entry = view.slice(0, at + 4 + std::min<u64>(length, view.size()));
        auto id = entry ? entry->get(at + 4, 4) : std::nullopt;
        if (!id) return broken();
        Reader reader(*entry, at + 8);
        if (*id == 0) {
            auto common = read_common(reader, word_size);
            if (!common) return broken();
            commons[at] = *common;
            ++found.common_entries;
        } else {
            auto common = commons.find(at + 4 - *id);
            auto width = common == commons.end() ? std::nullopt : width_of(common->second.pointer_encoding, word_size);
            if (!width) return broken();
            u8 encoding = common->second.pointer_encoding;
            u64 start = sign_extended(reader.fixed(*width), *width, encoding);
            if ((encoding & application_mask) == relative_to_itself) start += address + at + 8;
            u64 size = reader.fixed(*width);
            if (reader.failed) return broken();
            if (word_size == 4) start &= 0xffff'ffff;
            found.ranges.push_back({start, size, common->second.signal_frame});
        }
        at += 4 + length;
    }
    return found;
}

}  // namespace postern::tools
