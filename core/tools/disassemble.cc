#include "tools/disassemble.hpp"

#include "cpu/instruction_text.hpp"

#include <algorithm>
#include <capstone/capstone.h>
#include <cstdlib>
#include <fmt/format.h>
#include <memory>
#include <string_view>

namespace postern::tools {

namespace {

/// How Capstone names what an engine runs.
struct Decoder {
    Machine machine;
    cs_arch architecture;
    unsigned mode;
    unsigned thumb_mode;    // 0 = there is none
    unsigned unit;          // bytes of the shortest instruction
};
constexpr Decoder decoders[] = {
    {Machine::x86_64, CS_ARCH_X86, CS_MODE_64, 0, 1},
    {Machine::i386, CS_ARCH_X86, CS_MODE_32, 0, 1},
    {Machine::aarch64, CS_ARCH_ARM64, CS_MODE_ARM, 0, 4},
    {Machine::arm, CS_ARCH_ARM, CS_MODE_ARM, CS_MODE_THUMB, 4},
    {Machine::mips32, CS_ARCH_MIPS, CS_MODE_MIPS32, 0, 4},
    {Machine::mips64, CS_ARCH_MIPS, CS_MODE_MIPS64, 0, 4},
    {Machine::ppc32, CS_ARCH_PPC, CS_MODE_32, 0, 4},
    {Machine::ppc64, CS_ARCH_PPC, CS_MODE_64, 0, 4},
    {Machine::riscv32, CS_ARCH_RISCV, CS_MODE_RISCV32 | CS_MODE_RISCVC, 0, 2},
    {Machine::riscv64, CS_ARCH_RISCV, CS_MODE_RISCV64 | CS_MODE_RISCVC, 0, 2},
    {Machine::s390x, CS_ARCH_SYSZ, 0, 0, 2},
};

/// An instruction, and whether what is before it tells of its operands.
struct Disassembled {
    PrintedInstruction printed;
    bool is_tracked = true;
};

class Disassembler {
public:
    virtual ~Disassembler() = default;
    virtual void select(bool /*thumb*/) {}
    /// The instruction at the start of `code`; nothing: there is none. Its text is valid until the next call.
    virtual std::optional<Disassembled> decode(std::span<const std::byte> code, u64 address) = 0;
    /// Bytes of the shortest instruction.
    virtual unsigned unit() const = 0;
    /// How far ahead of the instruction its program counter reads (ARM: two instructions).
    virtual u64 pc_ahead() const { return 0; }
};

/// The address that ends the operands.
std::optional<u64> branch_target(std::string_view operands) {
    auto at = operands.rfind("0x");
    if (at == operands.npos) return std::nullopt;
    return std::strtoull(std::string(operands.substr(at)).c_str(), nullptr, 16);
}

/// A Capstone handle with room for one instruction.
class CapstoneDisassembler final : public Disassembler {
public:
    static Result<std::unique_ptr<Disassembler>> open(const Abi& abi) {
        const auto* decoder = std::ranges::find(decoders, abi.machine, &Decoder::machine);
        csh handle = 0;
        auto mode = [&] {
            unsigned order = abi.byte_order == ByteOrder::big ? static_cast<unsigned>(CS_MODE_BIG_ENDIAN) : 0;
            return static_cast<cs_mode>(decoder->mode | order);
        };
        if (decoder == std::end(decoders) || cs_open(decoder->architecture, mode(), &handle) != CS_ERR_OK)
            return fail(ErrorKind::internal, fmt::format("{}: this build has no disassembler for it", abi.name));
        cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON);
        return std::unique_ptr<Disassembler>(new CapstoneDisassembler(handle, *decoder));
    }
    CapstoneDisassembler(const CapstoneDisassembler&) = delete;
    CapstoneDisassembler& operator=(const CapstoneDisassembler&) = delete;
    ~CapstoneDisassembler() override {
        cs_free(instruction_, 1);
        cs_close(&handle_);
    }

    void select(bool thumb) override {
        if (!decoder_.thumb_mode) return;
        cs_option(handle_, CS_OPT_MODE, thumb ? decoder_.thumb_mode : decoder_.mode);
        unit_ = thumb ? 2 : decoder_.unit;
    }
    std::optional<Disassembled> decode(std::span<const std::byte> code, u64 address) override {
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(code.data());
        std::size_t size = code.size();
        u64 here = address;
        if (!cs_disasm_iter(handle_, &bytes, &size, &address, instruction_)) return std::nullopt;
        const cs_insn& found = *instruction_;
        PrintedInstruction printed{.address = here, .size = found.size, .mnemonic = found.mnemonic,
                                   .operands = found.op_str, .written = written(), .target = {}};
        if (is_branch()) printed.target = branch_target(found.op_str);
        return Disassembled{std::move(printed)};
    }
    unsigned unit() const override { return unit_; }
    u64 pc_ahead() const override { return decoder_.thumb_mode ? 2 * unit_ : 0; }

private:
    CapstoneDisassembler(csh handle, const Decoder& decoder)
        : decoder_(decoder), handle_(handle), instruction_(cs_malloc(handle)), unit_(decoder.unit) {}

    bool is_branch() const {
        return cs_insn_group(handle_, instruction_, CS_GRP_JUMP) || cs_insn_group(handle_, instruction_, CS_GRP_CALL) ||
               cs_insn_group(handle_, instruction_, CS_GRP_BRANCH_RELATIVE);
    }
    /// Registers that it changes, by name; nothing: Capstone does not know for this machine.
    std::optional<std::vector<std::string>> written() const {
        cs_regs read, changed;
        std::uint8_t read_count = 0, changed_count = 0;
        if (cs_regs_access(handle_, instruction_, read, &read_count, changed, &changed_count) != CS_ERR_OK)
            return std::nullopt;
        std::vector<std::string> names;
        for (unsigned i = 0; i < changed_count; ++i) names.emplace_back(cs_reg_name(handle_, changed[i]));
        return names;
    }

    const Decoder& decoder_;
    csh handle_;
    cs_insn* instruction_;
    unsigned unit_;
};

/// What a core of our own executes, as it prints it.
class CoreDisassembler final : public Disassembler {
public:
    CoreDisassembler(const InstructionPrinter& printer, ByteOrder order) : printer_(printer), order_(order) {}

    std::optional<Disassembled> decode(std::span<const std::byte> code, u64 address) override {
        auto found = printer_.print(code, address, order_);
        if (!found) return std::nullopt;
        text_ = std::move(found->text);
        std::string_view text = text_;
        auto end = std::min(text.find(' '), text.size());
        PrintedInstruction printed{.address = address, .size = found->size, .mnemonic = text.substr(0, end),
                                   .operands = text.substr(std::min(end + 1, text.size())), .written = {},
                                   .target = found->target};
        return Disassembled{std::move(printed), false};   // operands in another order than everybody else's
    }
    unsigned unit() const override { return printer_.unit; }

private:
    InstructionPrinter printer_;
    ByteOrder order_;
    std::string text_;
};

Result<std::unique_ptr<Disassembler>> open_disassembler(const Abi& abi) {
    if (auto printer = instruction_printer(abi)) return std::make_unique<CoreDisassembler>(*printer, abi.byte_order);
    return CapstoneDisassembler::open(abi);
}

std::string format_bytes(std::span<const std::byte> bytes) {
    std::string text;
    for (std::byte byte : bytes) text += fmt::format("{:02x} ", static_cast<unsigned>(byte));
    return text;
}

/// "  <name+0x10>" for an address that a function holds.
std::string label_of(u64 target, const CodeLabels& labels) {
    auto above = labels.upper_bound(target);
    while (above != labels.begin() && !std::prev(above)->second.is_function) --above;
    if (above == labels.begin()) return {};
    const auto& [address, label] = *std::prev(above);
    return target == address ? fmt::format("  <{}>", label.name)
                             : fmt::format("  <{}+{:#x}>", label.name, target - address);
}

std::string heading(u64 address, const CodeLabel& label) {
    return label.is_function ? fmt::format("\n{:x} <{}>:\n", address, label.name)
                             : fmt::format("{:8x}  {}:\n", address, label.name);
}

/// One pass over the code.
class Listing {
public:
    Listing(const Abi& abi, Disassembler& disassembler, std::span<const std::byte> code, u64 address,
            const CodeLabels& labels, const Commentator& comment)
        : disassembler_(disassembler), code_(code), address_(address), labels_(labels), comment_(comment),
          tracker_(disassembler.pc_ahead(), abi.word_mask(),
                   [this, order = abi.byte_order](u64 at) { return literal(at - address_, order); }) {}
    Listing(const Listing&) = delete;
    Listing& operator=(const Listing&) = delete;

    std::string text() {
        for (u64 at = 0; at < code_.size();) {
            u64 size = line(at), copies = copies_behind(at, size);
            at += size;
            if (copies < fewest_folded) continue;
            auto shown = text_.size();
            for (u64 i = 0; i < copies; ++i) at += line(at);
            text_.resize(shown);
            text_ += fmt::format("{:8}   ... {} times more\n", "", copies);
        }
        return std::move(text_);
    }

private:
    static constexpr u64 fewest_folded = 8;   // fewer of the same may be meant

    /// How often the bytes at `at` follow themselves, up to the next label.
    u64 copies_behind(u64 at, u64 size) const {
        auto next_label = labels_.upper_bound(address_ + at);
        u64 end = next_label == labels_.end() ? code_.size() : std::min<u64>(code_.size(), next_label->first - address_);
        u64 copies = 0;
        for (u64 next = at + size; next + size <= end; next += size, ++copies)
            if (!std::ranges::equal(code_.subspan(at, size), code_.subspan(next, size))) break;
        return copies;
    }
    std::optional<u32> literal(u64 offset, ByteOrder order) const {
        if (offset >= code_.size() || code_.size() - offset < 4) return std::nullopt;
        return load<u32>(&code_[offset], order);
    }
    u64 line(u64 at);
    std::string remarks(const Disassembled& instruction);

    Disassembler& disassembler_;
    std::span<const std::byte> code_;
    u64 address_;
    const CodeLabels& labels_;
    const Commentator& comment_;
    ConstantTracker tracker_;
    std::string text_;
};

/// Where a branch leads, and the comment.
std::string Listing::remarks(const Disassembled& instruction) {
    const PrintedInstruction& printed = instruction.printed;
    std::string text = printed.target ? label_of(*printed.target, labels_) : "";
    if (!instruction.is_tracked) return text;
    if (std::string remark = comment_ ? comment_(printed, tracker_) : ""; !remark.empty()) text += "  ; " + remark;
    tracker_.step(printed);
    return text;
}

/// Prints what is at an offset; how many bytes that is.
u64 Listing::line(u64 at) {
    constexpr int bytes_width = 3 * 8;
    u64 here = address_ + at;
    if (auto label = labels_.find(here); label != labels_.end()) {
        text_ += heading(here, label->second);
        if (label->second.is_function) {
            disassembler_.select(label->second.is_thumb);
            tracker_.start_function(disassembler_.pc_ahead());
        }
    }
    auto next_label = labels_.upper_bound(here);
    u64 most = next_label == labels_.end() ? code_.size() - at : std::min(code_.size() - at, next_label->first - here);
    auto rest = code_.subspan(at, most);
    auto instruction = disassembler_.decode(rest, here);
    if (!instruction) {
        auto skipped = rest.first(std::min<u64>(disassembler_.unit(), rest.size()));
        text_ += fmt::format("{:8x}:  {:<{}} (no instruction)\n", here, format_bytes(skipped), bytes_width);
        return skipped.size();
    }
    const PrintedInstruction& printed = instruction->printed;
    text_ += fmt::format("{:8x}:  {:<{}} {} {}{}", here, format_bytes(rest.first(printed.size)), bytes_width,
                         printed.mnemonic, printed.operands, remarks(*instruction));
    text_.erase(text_.find_last_not_of(' ') + 1);
    text_ += '\n';
    return printed.size;
}

}  // namespace

Result<std::string> disassemble(const Abi& abi, std::span<const std::byte> code, u64 address,
                                const CodeLabels& labels, const Commentator& comment) {
    POSTERN_TRY_ASSIGN(disassembler, open_disassembler(abi));
    return Listing(abi, *disassembler, code, address, labels, comment).text();
}

}  // namespace postern::tools
