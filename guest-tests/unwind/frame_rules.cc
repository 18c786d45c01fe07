#include "unwind/frame_rules.hpp"

#include <fmt/format.h>

namespace postern::unwinding {

namespace {

using tools::DwarfReader;
using Kind = RegisterRule::Kind;

enum CallFrame : u8 {   // DW_CFA_*; the first three carry an operand in their low six bits
    advance_loc = 0x40, offset = 0x80, restore = 0xc0,
    nop = 0x00, advance_loc1 = 0x02, advance_loc2 = 0x03, advance_loc4 = 0x04,
    offset_extended = 0x05, restore_extended = 0x06, undefined = 0x07, same_value = 0x08, register_rule = 0x09,
    remember_state = 0x0a, restore_state = 0x0b, def_cfa = 0x0c, def_cfa_register = 0x0d, def_cfa_offset = 0x0e,
    def_cfa_expression = 0x0f, expression = 0x10, offset_extended_sf = 0x11, def_cfa_sf = 0x12,
    def_cfa_offset_sf = 0x13, val_offset = 0x14, val_offset_sf = 0x15, val_expression = 0x16,
    GNU_args_size = 0x2e,
};

enum Operation : u8 {   // DW_OP_*
    op_deref = 0x06, op_const1u = 0x08, op_const1s = 0x09, op_const2u = 0x0a, op_const2s = 0x0b,
    op_const4u = 0x0c, op_const4s = 0x0d, op_constu = 0x10, op_consts = 0x11, op_dup = 0x12, op_and = 0x1a,
    op_minus = 0x1c, op_plus = 0x22, op_plus_uconst = 0x23, op_lit0 = 0x30, op_lit31 = 0x4f, op_breg0 = 0x70,
    op_breg31 = 0x8f, op_bregx = 0x92,
};

/// Runs call frame instructions until they are about the code behind `wanted`.
class Interpreter {
public:
    Interpreter(const tools::FrameDescriptions::Common& common, u64 start, u64 wanted, ByteOrder order)
        : common_(common), location_(start), wanted_(wanted), order_(order) {
        rules.return_column = common.return_column;
        rules.signal_frame = common.signal_frame;
    }

    /// Error: an instruction that is not known, or cut off.
    Result<void> run(std::span<const std::byte> instructions) {
        DwarfReader reader{vdso::ElfView(instructions, order_)};
        while (!reader.at_end() && location_ <= wanted_) {
            u8 code = static_cast<u8>(reader.fixed(1)), low = code & 0x3f;
            switch (code & 0xc0) {
                case advance_loc: location_ += low * common_.code_alignment; break;
                case offset: set(low, Kind::offset, factored(reader.leb128())); break;
                case restore: restore_initial(low); break;
                default:
                    if (!run_extended(code, reader))
                        return fail(ErrorKind::internal, fmt::format("DW_CFA {:#x} is not known", code));
            }
        }
        return reader.failed ? Result<void>(fail(ErrorKind::internal, "cut off")) : Result<void>();
    }
    /// What `restore` goes back to from here on.
    void end_of_common() { initial_ = rules.registers; }

    FrameRules rules;

private:
    i64 factored(u64 count) const { return static_cast<i64>(count) * common_.data_alignment; }
    void set(u64 number, Kind kind, i64 at = 0, std::span<const std::byte> expression = {}) {
        rules.registers[number] = {kind, at, expression};
    }
    void restore_initial(u64 number) {
        if (auto found = initial_.find(number); found != initial_.end()) rules.registers[number] = found->second;
        else rules.registers.erase(number);
    }
    static std::span<const std::byte> block(DwarfReader& reader) { return reader.bytes(reader.leb128()); }

    bool run_extended(u8 code, DwarfReader& reader) {
        switch (code) {
            case nop: return true;
            case advance_loc1: location_ += reader.fixed(1) * common_.code_alignment; return true;
            case advance_loc2: location_ += reader.fixed(2) * common_.code_alignment; return true;
            case advance_loc4: location_ += reader.fixed(4) * common_.code_alignment; return true;
            case remember_state: remembered_.push_back(rules); return true;
            case restore_state:
                if (remembered_.empty()) return false;
                rules = remembered_.back();
                remembered_.pop_back();
                return true;
            case GNU_args_size: reader.leb128(); return true;
            default: return run_cfa_rule(code, reader) || run_register_rule(code, reader);
        }
    }

    bool run_cfa_rule(u8 code, DwarfReader& reader) {
        switch (code) {
            case def_cfa: define_cfa(reader.leb128()); rules.cfa.offset = static_cast<i64>(reader.leb128()); return true;
            case def_cfa_sf: define_cfa(reader.leb128()); rules.cfa.offset = signed_factored(reader); return true;
            case def_cfa_register: define_cfa(reader.leb128()); return true;
            case def_cfa_offset: rules.cfa.offset = static_cast<i64>(reader.leb128()); return true;
            case def_cfa_offset_sf: rules.cfa.offset = signed_factored(reader); return true;
            case def_cfa_expression: rules.cfa = {Kind::expression_value, 0, block(reader)}; return true;
            default: return false;
        }
    }
    void define_cfa(u64 number) {
        rules.cfa_register = number;
        rules.cfa.kind = Kind::same;
    }
    i64 signed_factored(DwarfReader& reader) const { return reader.signed_leb128() * common_.data_alignment; }

    bool run_register_rule(u8 code, DwarfReader& reader) {
        if (code < offset_extended || code > val_expression) return false;
        u64 number = reader.leb128();
        switch (code) {
            case offset_extended: set(number, Kind::offset, factored(reader.leb128())); return true;
            case offset_extended_sf: set(number, Kind::offset, signed_factored(reader)); return true;
            case val_offset: set(number, Kind::offset_value, factored(reader.leb128())); return true;
            case val_offset_sf: set(number, Kind::offset_value, signed_factored(reader)); return true;
            case restore_extended: restore_initial(number); return true;
            case undefined: set(number, Kind::undefined); return true;
            case same_value: set(number, Kind::same); return true;
            case register_rule: set(number, Kind::other_register, static_cast<i64>(reader.leb128())); return true;
            case expression: set(number, Kind::expression, 0, block(reader)); return true;
            case val_expression: set(number, Kind::expression_value, 0, block(reader)); return true;
            default: return false;
        }
    }

    const tools::FrameDescriptions::Common& common_;
    u64 location_, wanted_;
    ByteOrder order_;
    std::map<u64, RegisterRule> initial_;
    std::vector<FrameRules> remembered_;
};

/// The stack of an expression. Reading from an empty one fails the whole.
class Stack {
public:
    void push(u64 value) { values_.push_back(value); }
    u64 pop() {
        if (values_.empty()) {
            failed = true;
            return 0;
        }
        u64 value = values_.back();
        values_.pop_back();
        return value;
    }
    bool failed = false;

private:
    std::vector<u64> values_;
};

bool push_constant(u8 code, DwarfReader& in, Stack& stack) {
    switch (code) {
        case op_const1u: stack.push(in.fixed(1)); return true;
        case op_const1s: stack.push(static_cast<u64>(static_cast<i8>(in.fixed(1)))); return true;
        case op_const2u: stack.push(in.fixed(2)); return true;
        case op_const2s: stack.push(static_cast<u64>(static_cast<i16>(in.fixed(2)))); return true;
        case op_const4u: stack.push(in.fixed(4)); return true;
        case op_const4s: stack.push(static_cast<u64>(static_cast<i32>(in.fixed(4)))); return true;
        case op_constu: stack.push(in.leb128()); return true;
        case op_consts: stack.push(static_cast<u64>(in.signed_leb128())); return true;
        default:
            if (code < op_lit0 || code > op_lit31) return false;
            stack.push(code - op_lit0);
            return true;
    }
}

bool calculate(u8 code, DwarfReader& in, Stack& stack) {
    switch (code) {
        case op_plus_uconst: stack.push(stack.pop() + in.leb128()); return true;
        case op_plus: stack.push(stack.pop() + stack.pop()); return true;
        case op_and: stack.push(stack.pop() & stack.pop()); return true;
        case op_minus: {
            u64 subtrahend = stack.pop();
            stack.push(stack.pop() - subtrahend);
            return true;
        }
        case op_dup: {
            u64 value = stack.pop();
            stack.push(value);
            stack.push(value);
            return true;
        }
        default: return false;
    }
}

/// Operations that read the frame. Nothing: not one of them; false: the value cannot be read.
std::optional<bool> read(u8 code, DwarfReader& in, Stack& stack, const FrameReader& reader, unsigned word_size) {
    std::optional<u64> value;
    if (code == op_deref) {
        value = reader.get_memory(stack.pop(), word_size);
    } else if ((code >= op_breg0 && code <= op_breg31) || code == op_bregx) {
        u64 number = code == op_bregx ? in.leb128() : code - op_breg0;
        u64 distance = static_cast<u64>(in.signed_leb128());
        value = reader.get_register(number);
        if (value) value = *value + distance;
    } else {
        return std::nullopt;
    }
    stack.push(value.value_or(0));
    return value.has_value();
}

}  // namespace

Result<std::optional<FrameRules>> rules_at(const tools::FrameDescriptions& descriptions, u64 address,
                                           ByteOrder order) {
    const auto* range = descriptions.find(address);
    if (!range) return std::nullopt;
    const auto& common = descriptions.commons[range->common];
    Interpreter interpreter(common, range->start, address, order);
    POSTERN_TRY(interpreter.run(common.instructions));
    interpreter.end_of_common();
    POSTERN_TRY(interpreter.run(range->instructions));
    return interpreter.rules;
}

Result<u64> evaluate(std::span<const std::byte> expression, std::optional<u64> first, const FrameReader& reader,
                     ByteOrder order, unsigned word_size) {
    Stack stack;
    if (first) stack.push(*first);
    DwarfReader in{vdso::ElfView(expression, order)};
    while (!in.at_end()) {
        u8 code = static_cast<u8>(in.fixed(1));
        if (push_constant(code, in, stack) || calculate(code, in, stack)) continue;
        auto done = read(code, in, stack, reader, word_size);
        if (!done) return fail(ErrorKind::internal, fmt::format("DW_OP {:#x} is not known", code));
        if (!*done) return fail(ErrorKind::internal, "an expression reads what cannot be read");
    }
    u64 value = stack.pop();
    if (stack.failed || in.failed) return fail(ErrorKind::internal, "an expression that is cut off");
    return word_size == 4 ? value & 0xffff'ffff : value;
}

}  // namespace postern::unwinding
