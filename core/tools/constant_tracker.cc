#include "tools/constant_tracker.hpp"

#include <algorithm>
#include <charconv>
#include <cctype>

namespace postern::tools {

namespace {

/// What an instruction does to its first operand. Names do not clash between machines.
enum class Effect : u8 { copy, address, add, subtract, set_high_half, insert_half, clear_if_same, pop };

struct Row {
    std::string_view mnemonic;
    Effect effect;
};
constexpr Row rows[] = {
    {"mov", Effect::copy},     {"movabs", Effect::copy}, {"movz", Effect::copy},    {"movw", Effect::copy},
    {"li", Effect::copy},      {"lghi", Effect::copy},   {"lhi", Effect::copy},     {"lgfi", Effect::copy},
    {"llilf", Effect::copy},   {"iilf", Effect::copy},   {"lgr", Effect::copy},     {"lr", Effect::copy},
    {"adr", Effect::copy},     {"adrp", Effect::copy},   {"larl", Effect::copy},    {"move", Effect::copy},
    {"mr", Effect::copy},      {"mv", Effect::copy},     {"movs", Effect::copy},    {"lea", Effect::address},
    {"la", Effect::address},   {"lay", Effect::address}, {"add", Effect::add},      {"adds", Effect::add},
    {"addi", Effect::add},     {"aghi", Effect::add},    {"ahi", Effect::add},      {"addiu", Effect::add},
    {"daddiu", Effect::add},   {"agfi", Effect::add},    {"sub", Effect::subtract}, {"subs", Effect::subtract},
    {"movt", Effect::set_high_half}, {"movk", Effect::insert_half}, {"xor", Effect::clear_if_same},
    {"pop", Effect::pop},
};

constexpr std::string_view no_fall_through[] = {"jmp", "b", "ret", "bx", "br", "j", "blr", "bctr", "jr", "udf"};

constexpr std::string_view calls[] = {"call", "bl", "blx", "brasl", "jal", "bal"};

/// Loads whose operand is the address itself (s390x).
constexpr std::string_view relative_loads[] = {"lrl", "lgrl", "lgfrl", "llgfrl"};

/// The address that a call pushes where the next instruction pops it: code finding itself.
constexpr std::string_view pushed_address = "pushed";

/// One name for a register and its parts: "ecx" and "rcx", "w3" and "x3".
std::string family(std::string_view name) {
    while (!name.empty() && (name[0] == '%' || name[0] == '$')) name.remove_prefix(1);
    std::string text(name);
    bool x86_word = text.size() == 3 && (text[0] == 'e' || text[0] == 'r') && std::isalpha(text[1]);
    if (x86_word && std::isalpha(text[2])) return text.substr(1);
    bool numbered = text.size() > 1 && std::isdigit(text[1]);
    bool x86_byte = text.size() == 2 && (text[1] == 'l' || text[1] == 'h') && text[0] >= 'a' && text[0] <= 'd';
    if (x86_byte) return {text[0], 'x'};
    if (numbered && text[0] == 'w') text[0] = 'x';
    if (numbered && text[0] == 'r' && (text.back() == 'd' || text.back() == 'w' || text.back() == 'b')) text.pop_back();
    return text;
}

std::optional<u64> number(std::string_view text) {
    if (text.starts_with('#')) text.remove_prefix(1);
    bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    int base = text.starts_with("0x") ? 16 : 10;
    if (base == 16) text.remove_prefix(2);
    u64 value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return negative ? u64{0} - value : value;
}

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

/// Operands between the commas that stand in no brackets.
std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    int depth = 0;
    std::size_t start = 0;
    for (std::size_t at = 0; at <= text.size(); ++at) {
        char byte = at < text.size() ? text[at] : ',';
        if (byte == '[' || byte == '(' || byte == '{') ++depth;
        if (byte == ']' || byte == ')' || byte == '}') --depth;
        if (byte != ',' || (depth > 0 && at < text.size())) continue;
        if (auto part = trimmed(text.substr(start, at - start)); !part.empty()) parts.push_back(part);
        start = at + 1;
    }
    return parts;
}

bool is_memory(std::string_view operand) { return operand.find_first_of("[(") != operand.npos; }

}  // namespace

void ConstantTracker::start_function(u64 pc_ahead) {
    pc_ahead_ = pc_ahead;
    state_.clear();
    waiting_.clear();
    reachable_ = true;
}

void ConstantTracker::leave_to(u64 target) {
    auto [entry, is_new] = waiting_.try_emplace(target, state_);
    if (!is_new) std::erase_if(entry->second, [&](const auto& known) {
        auto here = state_.find(known.first);
        return here == state_.end() || here->second != known.second;
    });
}

void ConstantTracker::arrive(u64 address) {
    auto entry = waiting_.find(address);
    if (entry == waiting_.end()) return;
    if (reachable_) leave_to(address);
    state_ = std::move(entry->second);
    reachable_ = true;
    waiting_.erase(entry);
}

std::optional<u64> ConstantTracker::value_of(std::string_view register_name) const {
    auto found = state_.find(family(register_name));
    return found == state_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<u64> ConstantTracker::operand(std::string_view text, const PrintedInstruction& instruction) const {
    if (auto value = number(text)) return value;
    if (text == "pc") return (instruction.address & ~u64{3}) + pc_ahead_;
    if (text == "rip" || text == "eip") return instruction.address + instruction.size;
    return value_of(text);
}

/// "rcx + 8", "rip - 0x40", "x1, #16": all terms known, or nothing.
std::optional<u64> ConstantTracker::sum(std::string_view terms, const PrintedInstruction& instruction) const {
    u64 total = 0;
    bool subtract = false;
    while (!terms.empty()) {
        std::size_t end = std::min(terms.find_first_of(",+ "), terms.size());
        if (std::string_view term = terms.substr(0, end); term == "-") {
            subtract = true;
        } else if (!term.empty()) {
            auto value = operand(term, instruction);
            if (!value) return std::nullopt;
            total += subtract ? u64{0} - *value : *value;
            subtract = false;
        }
        terms.remove_prefix(std::min(end + 1, terms.size()));
    }
    return total & word_mask_;
}

std::optional<u64> ConstantTracker::memory_operand(const PrintedInstruction& instruction) const {
    auto relative = std::ranges::find(relative_loads, instruction.mnemonic);
    auto operands = split(instruction.operands);
    if (relative != std::end(relative_loads) && operands.size() == 2)
        if (auto address = number(operands[1])) return *address & word_mask_;
    for (std::string_view text : operands) {
        if (auto open = text.find('['); open != text.npos) {
            auto close = text.find(']', open);
            if (text.substr(0, open).find(':') != text.npos || close == text.npos) return std::nullopt;   // a segment
            return sum(text.substr(open + 1, close - open - 1), instruction);
        }
        auto open = text.find('('), close = text.find(')');
        if (open == text.npos || close == text.npos || close < open) continue;
        auto base = sum(text.substr(open + 1, close - open - 1), instruction);
        auto displacement = open == 0 ? std::optional<u64>(0) : number(text.substr(0, open));
        if (base && displacement) return (*base + *displacement) & word_mask_;
    }
    return std::nullopt;
}

std::optional<u64> ConstantTracker::result(const PrintedInstruction& instruction,
                                           const std::vector<std::string_view>& operands) const {
    auto row = std::ranges::find(rows, instruction.mnemonic, &Row::mnemonic);
    bool is_load = instruction.mnemonic == "ldr" && operands.size() == 2 && operands[1].starts_with("[pc");
    if (is_load) {
        auto place = memory_operand(instruction);
        auto word = place ? read_literal_(*place) : std::nullopt;
        return word ? std::optional<u64>(*word) : std::nullopt;
    }
    if (row == std::end(rows) || operands.empty() || operands.size() > 3) return std::nullopt;
    auto first = operand(operands[operands.size() == 3 ? 1 : 0], instruction);
    std::optional<u64> second;
    if (operands.size() > 1 && !is_memory(operands.back())) second = operand(operands.back(), instruction);
    switch (row->effect) {
        case Effect::copy: return operands.size() == 2 ? second : std::nullopt;
        case Effect::address: return memory_operand(instruction);
        case Effect::add: return first && second ? std::optional(*first + *second) : std::nullopt;
        case Effect::subtract: return first && second ? std::optional(*first - *second) : std::nullopt;
        case Effect::set_high_half:
            return first && second ? std::optional((*first & 0xffff) | *second << 16) : std::nullopt;
        case Effect::clear_if_same:
            return operands.size() == 2 && operands[0] == operands[1] ? std::optional<u64>(0) : std::nullopt;
        case Effect::insert_half: return inserted_half(operands);
        case Effect::pop: return value_of(pushed_address);
    }
    return std::nullopt;
}

/// "x8, #0x7053, lsl #16".
std::optional<u64> ConstantTracker::inserted_half(const std::vector<std::string_view>& operands) const {
    auto before = value_of(operands[0]);
    auto half = operands.size() > 1 ? number(operands[1]) : std::nullopt;
    std::optional<u64> shift = 0;
    if (operands.size() > 2) shift = number(operands[2].substr(std::min(operands[2].find('#'), operands[2].size())));
    if (!before || !half || !shift || *shift > 48) return std::nullopt;
    return (*before & ~(u64{0xffff} << *shift)) | *half << *shift;
}

std::optional<u64> ConstantTracker::computed(const PrintedInstruction& instruction) const {
    auto value = result(instruction, split(instruction.operands));
    return value ? std::optional(*value & word_mask_) : std::nullopt;
}

void ConstantTracker::forget_written(const PrintedInstruction& instruction,
                                     const std::vector<std::string_view>& operands) {
    if (instruction.written) {
        for (const std::string& name : *instruction.written) state_.erase(family(name));
        return;
    }
    // Stores, comparisons and branches only read; of the rest, all operands but memory may change.
    constexpr std::string_view initials = "scbjt";
    constexpr std::string_view computing[] = {"sub", "sl", "sr", "sg"};
    bool reads_only = instruction.target || initials.find(instruction.mnemonic[0]) != initials.npos;
    bool computes = std::ranges::any_of(computing, [&](auto start) { return instruction.mnemonic.starts_with(start); });
    if (reads_only && !computes) return;
    for (std::string_view text : operands)
        if (!is_memory(text)) state_.erase(family(text));
}

void ConstantTracker::step(const PrintedInstruction& instruction) {
    auto operands = split(instruction.operands);
    auto value = result(instruction, operands);
    forget_written(instruction, operands);
    state_.erase(std::string(pushed_address));
    bool is_call = std::ranges::find(calls, instruction.mnemonic) != std::end(calls);
    u64 next = instruction.address + instruction.size;
    if (is_call) {
        if (instruction.target == next) state_[std::string(pushed_address)] = next;
        else state_.clear();   // the function may change anything
    } else if (instruction.target && *instruction.target > instruction.address) {
        leave_to(*instruction.target);
    }
    if (value && !operands.empty()) state_[family(operands[0])] = *value & word_mask_;
    bool ends = std::ranges::find(no_fall_through, instruction.mnemonic) != std::end(no_fall_through) ||
                instruction.operands.ends_with("pc}");
    if (ends) {
        state_.clear();
        reachable_ = false;
    }
    arrive(next);
}

}  // namespace postern::tools
