#include "abi/layouts.hpp"

#include "base/result.hpp"

namespace postern {
namespace {

u64 sign_extend(u64 value, unsigned width) {
    unsigned unused_bits = 64 - 8 * width;
    return static_cast<u64>(static_cast<i64>(value << unused_bits) >> unused_bits);
}

bool is_integer(const FieldRow& row) {
    return row.width == 1 || row.width == 2 || row.width == 4 || row.width == 8;
}

}  // namespace

const FieldRow* StructLayout::find(Field field) const {
    for (const FieldRow& row : fields)
        if (row.field == field) return &row;
    return nullptr;
}

StructView::StructView(const Abi& abi, Struct which, std::span<std::byte> bytes)
    : layout_(&layout_of(abi, which)), bytes_(bytes), order_(abi.byte_order) {
    POSTERN_ASSERT(layout_->size != 0);
    POSTERN_ASSERT(bytes_.size() >= layout_->size);
}

void StructView::set(Field field, u64 value) {
    const FieldRow* row = layout_->find(field);
    if (!row) return;
    POSTERN_ASSERT(is_integer(*row));
    store_unsigned(bytes_.data() + row->offset, value, row->width, order_);
}

u64 StructView::get(Field field) const {
    const FieldRow* row = layout_->find(field);
    if (!row) return 0;
    POSTERN_ASSERT(is_integer(*row));
    u64 value = load_unsigned(bytes_.data() + row->offset, row->width, order_);
    return row->is_signed ? sign_extend(value, row->width) : value;
}

std::span<std::byte> StructView::bytes_of(Field field) const {
    const FieldRow* row = layout_->find(field);
    return row ? bytes_.subspan(row->offset, row->width) : std::span<std::byte>{};
}

}  // namespace postern
