#include "kernel/signals_frame.hpp"

#include "kernel/process.hpp"
#include "kernel/signals_info.hpp"
#include "kernel/x87_tags.hpp"
#include "vdso/entry_points.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <string>
#include <vector>

namespace postern::kernel {
namespace {

constexpr u64 flag_siginfo = 4, flag_restorer = 0x04000000, flag_on_stack = 0x08000000;
constexpr i32 auto_disarm = static_cast<i32>(0x80000000u);

std::string counted_name(std::string_view first, unsigned distance) {
    std::size_t digits = first.find_last_not_of("0123456789") + 1;
    unsigned number = 0;
    std::from_chars(first.data() + digits, first.data() + first.size(), number);
    return std::string(first.substr(0, digits)) + std::to_string(number + distance);
}

std::vector<RegisterIndex> find_run(const Abi& abi, std::string_view first, unsigned count) {
    std::vector<RegisterIndex> run{abi.register_index(first)};
    for (unsigned i = 1; i < count; ++i) run.push_back(abi.register_index(counted_name(first, i)));
    return run;
}

unsigned stride_of(const FrameRow& row) { return row.stride ? row.stride : row.width; }

u64 width_mask(unsigned width) { return width >= 8 ? ~u64{0} : (u64{1} << (width * 8)) - 1; }

std::optional<vdso::SignalReturn> way_back(const FrameContext& context, const SignalFrame& layout,
                                           const SignalAction& action) {
    bool takes_restorer = context.abi.signals->takes_restorer;
    if (takes_restorer && (action.flags & flag_restorer)) return vdso::SignalReturn{action.restorer, std::nullopt};
    bool thumb = action.handler.value & 1;
    return vdso::signal_return(context.abi, layout, context.placement, context.image, thumb);
}

// Everything that the sources of one frame refer to.
struct FrameBuilder {
    const FrameContext& context;
    const SignalInfo& info;
    const SignalAction& action;
    SignalSet mask;
    const SignalAbi& rules;
    const SignalFrame& layout;
    u64 frame = 0;                  // guest addresses
    u64 state = 0;
    u64 return_address = 0;
    u64 handler_code = 0, handler_data = 0;   // where the handler is a descriptor
    GuestAddr return_code{};        // of the instructions there, if in a helper page

    const Abi& abi() const { return context.abi; }
    Cpu& cpu() const { return context.cpu; }

    bool applies(SignalCondition when) const {
        switch (when) {
            case SignalCondition::wants_siginfo: return (action.flags & flag_siginfo) != 0;
            case SignalCondition::after_fault: return info.kind == SignalInfo::Kind::fault;
            default: return true;
        }
    }

    u64 value(SignalSource source, u64 constant) const {
        const TaskSignals& signals = context.signals;
        switch (source) {
            case SignalSource::constant: return constant;
            case SignalSource::signal: return static_cast<u64>(signal_to_guest(abi(), info.signal));
            case SignalSource::mask: {   // word `constant` of it; MIPS has more of them than we have signals
                u64 shift = constant * abi().word_size * 8;
                return shift < 64 ? signal_set_to_guest(abi(), mask) >> shift : 0;
            }
            case SignalSource::stack_base: return signals.stack.base.value;
            case SignalSource::stack_flags: return static_cast<u32>(signals.stack.flags);
            case SignalSource::stack_size: return signals.stack.size;
            case SignalSource::on_stack:
                return on_alternate_stack(abi(), signals.stack, frame) ? constant : 0;
            case SignalSource::fault_address: return signals.fault.address.value;
            case SignalSource::trap_number: return signals.fault.trap_number;
            case SignalSource::error_code: return signals.fault.error_code;
            case SignalSource::frame: return frame + constant;
            case SignalSource::state: return state;
            case SignalSource::return_address: return return_address;
            case SignalSource::handler: return action.handler.value;
            case SignalSource::handler_code: return handler_code;
            case SignalSource::handler_data: return handler_data;
            default: return 0;
        }
    }

    bool find_return_address();
    bool read_descriptor();
    bool place();
    u64 top_of_stack(bool& entering) const;
    void write_row(const FrameRow& row, std::span<std::byte> out) const;
    void write_rows(std::span<const FrameRow> rows, std::span<std::byte> out) const;
    bool write_area(u64 address, unsigned size, std::span<const FrameRow> rows) const;
    bool write_frame() const;
    void enter(const EntryRow& row) const;
    void set_instruction_set(bool alternate) const;
};

bool FrameBuilder::find_return_address() {
    auto found = way_back(context, layout, action);
    if (!found) return false;
    return_address = found->address.value;
    return_code = found->code.value_or(GuestAddr{});
    return true;
}

bool FrameBuilder::read_descriptor() {
    const auto& rule = abi().function_descriptors;
    if (!rule) return true;
    if (rule->mark && !(action.handler.value & rule->mark)) {
        handler_code = action.handler.value & ~abi().layout.code_address_tags;
        handler_data = cpu().get(rule->data);
        return true;
    }
    GuestAddr descriptor{action.handler.value & ~(rule->mark | abi().layout.code_address_tags)};
    auto code = context.memory.read_word(descriptor);
    auto data = context.memory.read_word(descriptor + abi().word_size);
    if (!code || !data) return false;
    handler_code = *code;
    handler_data = *data;
    return true;
}

u64 FrameBuilder::top_of_stack(bool& entering) const {
    const AlternateStack& stack = context.signals.stack;
    u64 pointer = cpu().sp() - rules.red_zone;
    entering = (action.flags & flag_on_stack) && stack.size != 0 && !on_alternate_stack(abi(), stack, pointer);
    if (!entering) return pointer;
    if (const auto& start = rules.alternate_start) return align_down(stack.base.value + start->bias, start->alignment);
    return stack.base.value + stack.size;
}

bool FrameBuilder::place() {
    bool nested = on_alternate_stack(abi(), context.signals.stack, cpu().sp());
    bool entering = false;
    u64 pointer = top_of_stack(entering);
    if (const auto& area = rules.state) {
        pointer = align_down(pointer - area->size, area->alignment) - area->prefix;
        state = pointer & abi().word_mask();
    }
    bool upward = abi().layout.upward_stack.has_value();
    frame = upward ? align_down(pointer, layout.alignment)
                   : align_down(pointer - layout.size + layout.bias_before, layout.alignment) - layout.bias_after;
    frame &= abi().word_mask();
    // A frame that leaves the alternate stack would overwrite what lies behind it.
    const AlternateStack& stack = context.signals.stack;
    if (!nested && !entering) return true;
    if (upward) return frame >= stack.base.value && frame - stack.base.value + layout.size <= stack.size;
    return frame > stack.base.value && frame - stack.base.value <= stack.size;
}

void FrameBuilder::write_row(const FrameRow& row, std::span<std::byte> out) const {
    ByteOrder order = abi().byte_order;
    bool is_register = row.source == SignalSource::reg || row.source == SignalSource::bytes ||
                       row.source == SignalSource::x87_tags;
    std::span<const RegisterIndex> run;
    if (is_register) run = register_run(abi(), row.name, row.count);
    for (unsigned i = 0; i < row.count; ++i) {
        auto field = out.subspan(row.offset + i * stride_of(row), row.width);
        if (row.source == SignalSource::siginfo) write_signal_info(abi(), info, field);
        else if (row.source == SignalSource::bytes) {
            std::array<std::byte, 16> bytes{};
            cpu().get_bytes(run[i], std::span(bytes).first(abi().registers[run[i]].width));
            std::ranges::copy(std::span(bytes).first(row.width), field.begin());
        } else if (row.source == SignalSource::return_code) {
            if (return_code) (void)context.memory.peek(return_code, field);
        } else if (row.source == SignalSource::mask && row.width > abi().word_size) {
            for (unsigned word = 0; word * abi().word_size < row.width; ++word)
                store_unsigned(&field[word * abi().word_size], value(row.source, word), abi().word_size, order);
        } else {
            u64 number = value(row.source, row.value);
            if (row.source == SignalSource::x87_tags) number = full_tags(cpu(), run[0]) | row.value;
            else if (is_register) number = (cpu().get(run[i]) & row.taken) | row.value;
            store_unsigned(field.data(), number, row.width, order);
        }
    }
}

void FrameBuilder::write_rows(std::span<const FrameRow> rows, std::span<std::byte> out) const {
    for (const FrameRow& row : rows)
        if (applies(row.when)) write_row(row, out);
}

bool FrameBuilder::write_area(u64 address, unsigned size, std::span<const FrameRow> rows) const {
    std::vector<std::byte> bytes(size);
    write_rows(rows, bytes);
    return context.memory.write(GuestAddr{address}, bytes);
}

bool FrameBuilder::write_frame() const {
    std::vector<std::byte> bytes(layout.size - layout.gap);
    write_rows(layout.rows, bytes);
    for (const PointedBlock& block : layout.blocks)
        write_rows(block.rows, std::span(bytes).subspan(block.offset, block.size));
    return context.memory.write(GuestAddr{frame}, bytes);
}

// The status register must tell the truth at once: another frame may follow before the guest runs.
void FrameBuilder::set_instruction_set(bool alternate) const {
    if (!rules.state_bit) return;
    RegisterIndex index = register_run(abi(), rules.state_register, 1)[0];
    cpu().set(index, (cpu().get(index) & ~rules.state_bit) | (alternate ? rules.state_bit : 0));
}

void FrameBuilder::enter(const EntryRow& row) const {
    if (!applies(row.when)) return;
    for (RegisterIndex index : register_run(abi(), row.name, row.count)) {
        unsigned width = abi().registers[index].width;
        if (row.source == SignalSource::bytes) {
            std::array<std::byte, 16> zeros{};
            cpu().set_bytes(index, std::span(zeros).first(width));
        } else {
            u64 kept = row.kept ? cpu().get(index) & row.kept : 0;
            u64 wanted = (value(row.source, row.value) & width_mask(width) & ~row.kept) | kept;
            if (index == abi().program_counter) set_instruction_set(wanted & 1);
            cpu().set(index, wanted);
        }
    }
}

const SignalFrame& frame_of(const SignalAbi& rules, const SignalAction& action) {
    return rules.old && !(action.flags & flag_siginfo) ? *rules.old : rules.rt;
}

}  // namespace

std::span<const RegisterIndex> register_run(const Abi& abi, std::string_view first, unsigned count) {
    // Names are literals of the ABI's tables, so that their address identifies them.
    static std::map<std::tuple<const Abi*, const char*, unsigned>, std::vector<RegisterIndex>> runs;
    auto [entry, is_new] = runs.try_emplace({&abi, first.data(), count});
    if (is_new) entry->second = find_run(abi, first, count);
    return entry->second;
}

bool in_alternate_state(const Cpu& cpu) {
    const SignalAbi& rules = *cpu.abi().signals;
    if (rules.state_register.empty()) return false;
    return (cpu.get(register_run(cpu.abi(), rules.state_register, 1)[0]) & rules.state_bit) != 0;
}

bool on_alternate_stack(const Abi& abi, const AlternateStack& stack, u64 stack_pointer) {
    if (stack.flags & auto_disarm) return false;
    if (abi.layout.upward_stack) return stack_pointer >= stack.base.value && stack_pointer - stack.base.value < stack.size;
    return stack_pointer > stack.base.value && stack_pointer - stack.base.value <= stack.size;
}

FrameContext frame_context(Task& task) {
    Image& image = task.process.image();
    return {task.abi(), task.cpu(), task.memory(), task.signals, image.vdso,
            image.vdso_image ? &*image.vdso_image : nullptr};
}

bool has_way_back(const FrameContext& context, const SignalAction& action) {
    return way_back(context, frame_of(*context.abi.signals, action), action).has_value();
}

/// What an rt frame has there, without what belongs to the signal: mask, registers, their place.
bool save_context(const FrameContext& context, GuestAddr address, SignalSet mask) {
    const SignalFrame& layout = context.abi.signals->rt;
    u64 offset = *context.abi.signals->context_offset;
    const SignalInfo info{};
    const SignalAction action{};
    FrameBuilder builder{context, info, action, mask, *context.abi.signals, layout};
    for (const FrameRow& row : layout.rows) {
        if (row.offset < offset || row.source != SignalSource::mask) continue;
        std::vector<std::byte> bytes(row.offset + row.width);
        builder.write_row(row, bytes);
        if (!context.memory.write(address + (row.offset - offset), std::span(bytes).subspan(row.offset))) return false;
    }
    for (const PointedBlock& block : layout.blocks) {
        GuestAddr place = (address + (block.offset - offset)).align_down(layout.alignment);
        if (!context.memory.write_word(address + (block.pointer - offset), place.value)) return false;
        if (!builder.write_area(place.value, block.size, block.rows)) return false;
    }
    return true;
}

bool enter_handler(const FrameContext& context, const SignalInfo& info, const SignalAction& action,
                   SignalSet mask) {
    const SignalAbi& rules = *context.abi.signals;
    FrameBuilder builder{context, info, action, mask, rules, frame_of(rules, action)};
    if (!builder.find_return_address() || !builder.read_descriptor() || !builder.place()) return false;
    if (rules.state) {
        unsigned size = rules.state->prefix + rules.state->size;
        if (!builder.write_area(builder.state, size, rules.state->rows)) return false;
    }
    if (!builder.write_frame()) return false;
    if (rules.state)
        for (const EntryRow& row : rules.state->initial) builder.enter(row);
    for (const EntryRow& row : builder.layout.entry) builder.enter(row);
    if (context.signals.stack.flags & auto_disarm) context.signals.stack = {};
    return true;
}

}  // namespace postern::kernel
