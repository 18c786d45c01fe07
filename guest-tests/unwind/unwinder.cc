#include "unwind/unwinder.hpp"

#include "tools/elf_parts.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace postern::unwinding {

Result<DescribedCode> DescribedCode::read(std::string name, std::vector<std::byte> file, u64 bias) {
    DescribedCode code{std::move(name), std::move(file), {}, {}, bias};
    if (code.file.size() < 6) return fail(ErrorKind::not_runnable, code.name + ": not an ELF file");
    bool wide = code.file[4] == std::byte{2};
    ByteOrder order = code.file[5] == std::byte{1} ? ByteOrder::little : ByteOrder::big;
    for (const tools::Section& section : tools::sections_of(code.file)) {
        if (section.executable) code.ranges.emplace_back(section.address, section.size);
        if (section.name == ".eh_frame")
            code.descriptions = tools::read_frame_descriptions(std::span(code.file).subspan(section.offset, section.size),
                                                               section.address, order, wide ? 8 : 4);
    }
    if (code.descriptions.ranges.empty() || !code.descriptions.complete)
        return fail(ErrorKind::not_runnable, code.name + ": no frame descriptions that can be read");
    return code;
}

bool DescribedCode::contains(u64 guest_address) const {
    for (auto [start, size] : ranges)
        if (guest_address - bias - start < size) return true;
    return false;
}

Unwinder::Unwinder(const Abi& abi, Cpu& cpu, const memory::AddressSpace& memory)
    : abi_(abi), cpu_(cpu), memory_(memory), machine_(registers_of(abi.machine)) {
    for (const NumberedRun& run : machine_.runs)
        for (unsigned i = 0; i < run.count; ++i)
            indices_[run.number + i] = static_cast<RegisterIndex>(abi.register_index(run.name) + i);
}

Frame Unwinder::current(const std::array<std::optional<u64>, 16>& floating_point) const {
    Frame frame;
    for (u64 number = 0; number < frame.size(); ++number)
        if (indices_[number]) frame[number] = cpu_.get(*indices_[number]) & mask_of(number);
    if (abi_.machine == Machine::s390x)
        for (unsigned i = 0; i < 16; ++i) frame[16 + i] = floating_point[s390_floating_point[i]];
    return frame;
}

std::string Unwinder::name_of(u64 number) const {
    return number < indices_.size() && indices_[number] ? std::string(abi_.registers[*indices_[number]].name)
                                                       : fmt::format("DWARF register {}", number);
}

u64 Unwinder::number_of(std::string_view name) const {
    RegisterIndex index = abi_.register_index(name);
    auto found = std::ranges::find(indices_, std::optional(index));
    POSTERN_ASSERT(found != indices_.end());
    return static_cast<u64>(found - indices_.begin());
}

u64 Unwinder::mask_of(u64 number) const {
    unsigned width = number < indices_.size() && indices_[number] ? abi_.registers[*indices_[number]].width : 8;
    return width >= 8 ? ~u64{0} : (u64{1} << (8 * width)) - 1;
}

std::optional<u64> Unwinder::load(u64 address, unsigned width) const {
    std::array<std::byte, 8> bytes;
    auto part = std::span(bytes).first(width);
    if (!memory_.peek({address & abi_.word_mask()}, part)) return std::nullopt;
    return load_unsigned(part.data(), static_cast<u8>(width), abi_.byte_order);
}

Result<std::optional<u64>> Unwinder::apply(const RegisterRule& rule, u64 number, u64 cfa, const Frame& frame,
                                           const FrameReader& reader) const {
    using Kind = RegisterRule::Kind;
    unsigned width = number < indices_.size() && indices_[number] ? abi_.registers[*indices_[number]].width : 8;
    if (is_program_counter(number)) width = abi_.word_size;   // a pointer, also where registers are wider
    auto in_memory = [&](u64 address) -> Result<std::optional<u64>> {
        auto value = load(address, width);
        if (!value) return fail(ErrorKind::internal, fmt::format("{} is said to be at {:#x}", name_of(number), address));
        return value;
    };
    switch (rule.kind) {
        case Kind::undefined: return std::nullopt;
        case Kind::same: return number < frame.size() ? frame[number] : std::nullopt;
        case Kind::offset: return in_memory(cfa + static_cast<u64>(rule.offset));
        case Kind::offset_value: return (cfa + static_cast<u64>(rule.offset)) & mask_of(number);
        case Kind::other_register: {
            auto value = reader.get_register(static_cast<u64>(rule.offset));
            if (!value)
                return fail(ErrorKind::internal,
                            fmt::format("{} is said to be in register {}, which is not known", name_of(number), rule.offset));
            return *value & mask_of(number);
        }
        case Kind::expression:
        case Kind::expression_value: break;
    }
    auto value = evaluate(rule.expression, cfa, reader, abi_.byte_order, abi_.word_size);
    if (!value) return std::unexpected(value.error());
    if (rule.kind == Kind::expression) return in_memory(*value);
    return *value & mask_of(number);
}

Result<Unwinder::Step> Unwinder::step(const FrameRules& rules, const Frame& frame) {
    FrameReader reader{[&](u64 number) { return number < frame.size() ? frame[number] : std::nullopt; },
                       [&](u64 address, unsigned width) { return load(address, width); }};
    u64 cfa = 0;
    if (rules.cfa.kind == RegisterRule::Kind::expression_value) {
        POSTERN_TRY_ASSIGN(value, evaluate(rules.cfa.expression, {}, reader, abi_.byte_order, abi_.word_size));
        cfa = value;
    } else {
        auto base = reader.get_register(rules.cfa_register);
        if (!base) return fail(ErrorKind::internal, fmt::format("the CFA is said to be at register {}", rules.cfa_register));
        cfa = (*base + static_cast<u64>(rules.cfa.offset)) & abi_.word_mask();
    }
    Frame older = frame;
    u64 stack_pointer = (cfa - frame_bias()) & mask_of(machine_.stack_pointer);
    older[machine_.stack_pointer] = stack_pointer;
    for (const auto& [number, rule] : rules.registers) {
        if (number >= older.size()) continue;
        POSTERN_TRY_ASSIGN(value, apply(rule, number, cfa, frame, reader));
        older[number] = value;
    }
    return Step{older, stack_pointer};
}

Result<Unwinder::Caller> Unwinder::caller(const DescribedCode& code, Frame frame, u64 pc, bool is_exact) {
    bool has_signal_frame = false;
    for (unsigned depth = 0; depth < 16; ++depth) {
        u64 place = pc - code.bias - (is_exact ? 0 : 1);
        auto known = known_.find({&code, place});
        if (known == known_.end()) {
            POSTERN_TRY_ASSIGN(found, rules_at(code.descriptions, place, abi_.byte_order));
            known = known_.emplace(std::pair(&code, place), found).first;
        }
        if (!known->second) return fail(ErrorKind::internal, fmt::format("{:#x} has no description", place));
        const FrameRules& rules = *known->second;
        POSTERN_TRY_ASSIGN(older, step(rules, frame));
        frame = older.frame;
        auto return_address = rules.return_column < frame.size() ? frame[rules.return_column] : std::nullopt;
        if (!return_address) return fail(ErrorKind::internal, "the return address is not known");
        pc = abi_.instruction_address(*return_address & abi_.word_mask());
        is_exact = rules.signal_frame;
        has_signal_frame |= is_exact;
        if (code.contains(pc)) continue;
        Caller caller{frame, pc, older.stack_pointer, has_signal_frame, {}};
        for (const auto& [number, rule] : rules.registers)
            if (number < frame.size() && number != rules.return_column) caller.described.push_back(number);
        return caller;
    }
    return fail(ErrorKind::internal, "more frames than the image can have");
}

}  // namespace postern::unwinding
