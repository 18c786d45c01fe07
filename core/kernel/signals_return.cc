// sigreturn: from a frame back to registers, mask and alternate stack.
#include "kernel/signals_frame.hpp"
#include "kernel/x87_tags.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace postern::kernel {
namespace {

struct FrameReader {
    const FrameContext& context;
    const SignalAbi& rules;
    u64 guest_mask = 0;             // as the words of a guest sigset
    AlternateStack stack{};
    bool restores_stack = false;
    u64 status = 0;                 // of the register with the instruction-set state

    const Abi& abi() const { return context.abi; }
    Cpu& cpu() const { return context.cpu; }

    bool read_area(GuestAddr address, unsigned size, std::span<const FrameRow> rows);
    bool read_row(const FrameRow& row, std::span<const std::byte> in);
    void read_register(const FrameRow& row, RegisterIndex index, std::span<const std::byte> field);
    void read_mask(const FrameRow& row, std::span<const std::byte> field);
    bool read_state(u64 address);
    bool read_block(GuestAddr frame, const PointedBlock& block);
};

void FrameReader::read_register(const FrameRow& row, RegisterIndex index, std::span<const std::byte> field) {
    if (row.source == SignalSource::bytes) {
        std::array<std::byte, 16> bytes{};
        std::ranges::copy(field, bytes.begin());
        cpu().set_bytes(index, std::span(bytes).first(abi().registers[index].width));
        return;
    }
    u64 value = load_unsigned(field.data(), row.width, abi().byte_order);
    if (row.source == SignalSource::x87_tags) value = abridged_tags(value);
    if (row.restored != ~u64{0}) {
        u64 old = cpu().get(index);
        value = (value & row.restored) | (old & ~row.restored);
        if (value == old && row.name != rules.state_register) return;
    }
    if (row.name == rules.state_register) status = value;
    if (index == abi().program_counter && rules.state_bit)
        value = (value & ~u64{1}) | (status & rules.state_bit ? 1 : 0);
    cpu().set(index, value);
}

void FrameReader::read_mask(const FrameRow& row, std::span<const std::byte> field) {
    unsigned width = std::min<unsigned>(row.width, abi().word_size);
    for (unsigned at = 0; at < row.width; at += width) {
        u64 word = load_unsigned(&field[at], width, abi().byte_order);
        u64 shift = (row.value * abi().word_size + at) * 8;
        if (shift < 64) guest_mask |= word << shift;   // MIPS has more signals than we keep
    }
}

bool FrameReader::read_state(u64 address) {
    if (!rules.state) return true;
    if (address) return read_area({address}, rules.state->prefix + rules.state->size, rules.state->rows);
    for (const EntryRow& row : rules.state->initial) {
        for (RegisterIndex index : register_run(abi(), row.name, row.count)) {
            std::array<std::byte, 16> zeros{};
            if (row.source == SignalSource::bytes)
                cpu().set_bytes(index, std::span(zeros).first(abi().registers[index].width));
            else cpu().set(index, row.value);
        }
    }
    return true;
}

bool FrameReader::read_row(const FrameRow& row, std::span<const std::byte> in) {
    auto field = in.subspan(row.offset, row.width);
    u64 number = row.width <= 8 && (row.width & (row.width - 1)) == 0
                     ? load_unsigned(field.data(), row.width, abi().byte_order)
                     : 0;
    switch (row.source) {
        case SignalSource::constant: return ((number ^ row.value) & row.restored) == 0;
        case SignalSource::mask: read_mask(row, field); return true;
        case SignalSource::stack_base: stack.base = {number}; restores_stack = true; return true;
        case SignalSource::stack_flags: stack.flags = static_cast<i32>(number); return true;
        case SignalSource::stack_size: stack.size = number; return true;
        case SignalSource::state: return read_state(number);
        case SignalSource::reg:
        case SignalSource::bytes:
        case SignalSource::x87_tags: break;
        default: return true;
    }
    auto run = register_run(abi(), row.name, row.count);
    unsigned stride = row.stride ? row.stride : row.width;
    for (unsigned i = 0; i < row.count; ++i) read_register(row, run[i], in.subspan(row.offset + i * stride, row.width));
    return true;
}

bool FrameReader::read_area(GuestAddr address, unsigned size, std::span<const FrameRow> rows) {
    std::vector<std::byte> bytes(size);
    if (!context.memory.read(address, bytes)) return false;
    // Validity first: a refused frame should not leave half its registers behind.
    auto is_check = [](const FrameRow& row) { return row.source == SignalSource::constant; };
    for (const FrameRow& row : rows)
        if (is_check(row) && !read_row(row, bytes)) return false;
    for (const FrameRow& row : rows)
        if (row.restored && !is_check(row) && !read_row(row, bytes)) return false;
    return true;
}

bool FrameReader::read_block(GuestAddr frame, const PointedBlock& block) {
    auto pointer = context.memory.read_word(frame + block.pointer);
    if (!pointer) return false;
    return *pointer == 0 || read_area({*pointer}, block.size, block.rows);
}

// As sigaltstack(2) would take it; what it would refuse stays as it is (kernel: restore_altstack).
void restore_stack(const FrameContext& context, const AlternateStack& stack) {
    constexpr i32 on_stack = 1, disable = 2, auto_disarm = static_cast<i32>(0x80000000u);
    i32 mode = stack.flags & ~auto_disarm;
    if (mode != 0 && mode != on_stack && mode != disable) return;
    if (on_alternate_stack(context.abi, context.signals.stack, context.cpu.sp())) return;
    if (mode == disable) context.signals.stack = {.base = {}, .size = 0, .flags = stack.flags};
    else if (stack.size >= context.abi.signals->minimum_stack) context.signals.stack = stack;
}

}  // namespace

std::optional<SignalSet> leave_handler(const FrameContext& context, FrameKind kind) {
    const SignalAbi& rules = *context.abi.signals;
    if (kind == FrameKind::old && !rules.old) return std::nullopt;
    const SignalFrame& layout = kind == FrameKind::old ? *rules.old : rules.rt;
    u64 pointer = context.cpu.sp();
    if (pointer % layout.sigreturn_alignment != 0) return std::nullopt;
    GuestAddr frame{(pointer - layout.sigreturn_distance) & context.abi.word_mask()};
    FrameReader reader{context, rules};
    if (!reader.read_area(frame, layout.size - layout.gap, layout.rows)) return std::nullopt;
    for (const PointedBlock& block : layout.blocks)
        if (!reader.read_block(frame, block)) return std::nullopt;
    if (reader.restores_stack) restore_stack(context, reader.stack);
    return signal_set_from_guest(context.abi, reader.guest_mask);
}

std::optional<SignalSet> load_context(const FrameContext& context, GuestAddr address) {
    const SignalAbi& rules = *context.abi.signals;
    u64 offset = *rules.context_offset;
    FrameReader reader{context, rules};
    u64 thread_pointer = context.cpu.get(context.abi.thread_pointer.low);
    for (const FrameRow& row : rules.rt.rows) {
        if (row.offset < offset || row.source != SignalSource::mask) continue;
        std::array<std::byte, 128> bytes;
        auto field = std::span(bytes).first(row.width);
        if (!context.memory.read(address + (row.offset - offset), field)) return std::nullopt;
        reader.read_mask(row, field);
    }
    for (const PointedBlock& block : rules.rt.blocks) {
        auto place = context.memory.read_word(address + (block.pointer - offset));
        if (!place || !reader.read_area({*place}, block.size, block.rows)) return std::nullopt;
    }
    context.cpu.set(context.abi.thread_pointer.low, thread_pointer);
    return signal_set_from_guest(context.abi, reader.guest_mask);
}

}  // namespace postern::kernel
