// Guest structs as rows (field, offset, width), never as host structs.
#pragma once

#include "abi/abi.hpp"
#include "base/endian.hpp"

#include <span>

namespace postern {

/// Structs that cross the system-call border. One enumerator per row of abi/layouts/structs.def.
enum class Struct : u8 {
#define POSTERN_STRUCT(name) name,
#include "abi/layouts/structs.def"
#undef POSTERN_STRUCT
};

/// Every field name of every struct (abi/layouts/fields.def). A field of a nested struct is
/// written with underscores: `_sigchld_pid`.
enum class Field : u16 {
#define POSTERN_FIELD(name) name,
#include "abi/layouts/fields.def"
#undef POSTERN_FIELD
};

struct FieldRow {
    Field field;
    u16 offset;        ///< bytes from the start of the struct
    u16 width;         ///< bytes; 1, 2, 4 or 8 for integers, else an array or nested struct
    bool is_signed;
};

struct StructLayout {
    u16 size = 0;      ///< bytes; 0 = the ABI has no such struct
    std::span<const FieldRow> fields;

    const FieldRow* find(Field field) const;
};

inline const StructLayout& layout_of(const Abi& abi, Struct which) {
    return abi.layouts[static_cast<std::size_t>(which)];
}

/// Reads and writes the fields of one guest struct in a byte buffer of the host.
class StructView {
public:
    /// `bytes` must hold at least the struct's size. Asserts that the ABI has the struct.
    StructView(const Abi& abi, Struct which, std::span<std::byte> bytes);

    /// Writes an integer field, truncated to its width. A field that the ABI's struct does
    /// not have is skipped: callers write all that they know.
    void set(Field field, u64 value);
    /// Reads an integer field, sign- or zero-extended by its type; 0 if there is none.
    u64 get(Field field) const;
    bool has(Field field) const { return layout_->find(field) != nullptr; }
    /// The bytes of a field (arrays, nested structs); empty if there is none.
    std::span<std::byte> bytes_of(Field field) const;

    std::size_t size() const { return layout_->size; }
    std::span<std::byte> bytes() const { return bytes_.first(layout_->size); }

private:
    const StructLayout* layout_;
    std::span<std::byte> bytes_;
    ByteOrder order_;
};

}  // namespace postern
