#include "tools/disassemble.hpp"

#include <algorithm>
#include <capstone/capstone.h>
#include <cstdlib>
#include <fmt/format.h>
#include <string_view>
#include <utility>

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

/// A Capstone handle with room for one instruction.
class Disassembler {
public:
    static Result<Disassembler> open(const Abi& abi) {
        const auto* decoder = std::ranges::find(decoders, abi.machine, &Decoder::machine);
        csh handle = 0;
        auto mode = [&] {
            unsigned order = abi.byte_order == ByteOrder::big ? static_cast<unsigned>(CS_MODE_BIG_ENDIAN) : 0;
            return static_cast<cs_mode>(decoder->mode | order);
        };
        if (decoder == std::end(decoders) || cs_open(decoder->architecture, mode(), &handle) != CS_ERR_OK)
            return fail(ErrorKind::internal, fmt::format("{}: this build has no disassembler for it", abi.name));
        cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON);
        return Disassembler(handle, *decoder);
    }
    Disassembler(Disassembler&& other) noexcept
        : decoder_(other.decoder_), handle_(std::exchange(other.handle_, 0)),
          instruction_(std::exchange(other.instruction_, nullptr)) {}
    ~Disassembler() {
        if (instruction_) cs_free(instruction_, 1);
        if (handle_) cs_close(&handle_);
    }

    void select(bool thumb) {
        if (!decoder_.thumb_mode) return;
        cs_option(handle_, CS_OPT_MODE, thumb ? decoder_.thumb_mode : decoder_.mode);
        unit_ = thumb ? 2 : decoder_.unit;
    }
    /// The instruction at the start of `code`, or null. Valid until the next call.
    const cs_insn* decode(std::span<const std::byte> code, u64 address) {
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(code.data());
        std::size_t size = code.size();
        return cs_disasm_iter(handle_, &bytes, &size, &address, instruction_) ? instruction_ : nullptr;
    }
    bool is_branch(const cs_insn& instruction) const {
        return cs_insn_group(handle_, &instruction, CS_GRP_JUMP) || cs_insn_group(handle_, &instruction, CS_GRP_CALL) ||
               cs_insn_group(handle_, &instruction, CS_GRP_BRANCH_RELATIVE);
    }
    /// Registers that it changes, by name; nothing: Capstone does not know for this machine.
    std::optional<std::vector<std::string>> written(const cs_insn& instruction) const {
        cs_regs read, changed;
        std::uint8_t read_count = 0, changed_count = 0;
        if (cs_regs_access(handle_, &instruction, read, &read_count, changed, &changed_count) != CS_ERR_OK)
            return std::nullopt;
        std::vector<std::string> names;
        for (unsigned i = 0; i < changed_count; ++i) names.emplace_back(cs_reg_name(handle_, changed[i]));
        return names;
    }
    unsigned unit() const { return unit_; }
    /// How far ahead of the instruction its program counter reads (ARM: two instructions).
    u64 pc_ahead() const { return decoder_.thumb_mode ? 2 * unit_ : 0; }

private:
    Disassembler(csh handle, const Decoder& decoder)
        : decoder_(decoder), handle_(handle), instruction_(cs_malloc(handle)), unit_(decoder.unit) {}

    const Decoder& decoder_;
    csh handle_;
    cs_insn* instruction_;
    unsigned unit_;
};

std::string format_bytes(std::span<const std::byte> bytes) {
    std::string text;
    for (std::byte byte : bytes) text += fmt::format("{:02x} ", static_cast<unsigned>(byte));
    return text;
}

/// The address that ends the operands.
std::optional<u64> branch_target(std::string_view operands) {
    auto at = operands.rfind("0x");
    if (at == operands.npos) return std::nullopt;
    return std::strtoull(std::string(operands.substr(at)).c_str(), nullptr, 16);
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
        for (u64 at = 0; at < code_.size();) at += line(at);
        return std::move(text_);
    }

private:
    std::optional<u32> literal(u64 offset, ByteOrder order) const {
        if (offset >= code_.size() || code_.size() - offset < 4) return std::nullopt;
        return load<u32>(&code_[offset], order);
    }
    u64 line(u64 at);
    std::string remarks(const cs_insn& instruction, u64 here);

    Disassembler& disassembler_;
    std::span<const std::byte> code_;
    u64 address_;
    const CodeLabels& labels_;
    const Commentator& comment_;
    ConstantTracker tracker_;
    std::string text_;
};

/// Where a branch leads, and the comment.
std::string Listing::remarks(const cs_insn& instruction, u64 here) {
    PrintedInstruction printed{.address = here, .size = instruction.size, .mnemonic = instruction.mnemonic,
                               .operands = instruction.op_str, .written = disassembler_.written(instruction),
                               .target = {}};
    if (disassembler_.is_branch(instruction)) printed.target = branch_target(instruction.op_str);
    std::string text = printed.target ? label_of(*printed.target, labels_) : "";
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
    const cs_insn* instruction = disassembler_.decode(rest, here);
    if (!instruction) {
        auto skipped = rest.first(std::min<u64>(disassembler_.unit(), rest.size()));
        text_ += fmt::format("{:8x}:  {:<{}} (no instruction)\n", here, format_bytes(skipped), bytes_width);
        return skipped.size();
    }
    text_ += fmt::format("{:8x}:  {:<{}} {} {}{}", here, format_bytes(rest.first(instruction->size)), bytes_width,
                         instruction->mnemonic, instruction->op_str, remarks(*instruction, here));
    text_.erase(text_.find_last_not_of(' ') + 1);
    text_ += '\n';
    return instruction->size;
}

}  // namespace

Result<std::string> disassemble(const Abi& abi, std::span<const std::byte> code, u64 address,
                                const CodeLabels& labels, const Commentator& comment) {
    POSTERN_TRY_ASSIGN(disassembler, Disassembler::open(abi));
    return Listing(abi, disassembler, code, address, labels, comment).text();
}

}  // namespace postern::tools
