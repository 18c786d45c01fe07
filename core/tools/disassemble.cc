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
    {Machine::ppc32, CS_ARCH_PPC, CS_MODE_32, 0, 4},
    {Machine::ppc64, CS_ARCH_PPC, CS_MODE_64, 0, 4},
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
    unsigned unit() const { return unit_; }

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

/// "  <name+0x10>" for the address that ends the operands, if a function holds it.
std::string branch_target(std::string_view operands, const CodeLabels& labels) {
    auto at = operands.rfind("0x");
    if (at == operands.npos) return {};
    u64 target = std::strtoull(std::string(operands.substr(at)).c_str(), nullptr, 16);
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

}  // namespace

Result<std::string> disassemble(const Abi& abi, std::span<const std::byte> code, u64 address,
                                const CodeLabels& labels) {
    POSTERN_TRY_ASSIGN(disassembler, Disassembler::open(abi));
    constexpr int bytes_width = 3 * 8;
    std::string text;
    for (u64 at = 0; at < code.size();) {
        u64 here = address + at;
        if (auto label = labels.find(here); label != labels.end()) {
            text += heading(here, label->second);
            if (label->second.is_function) disassembler.select(label->second.is_thumb);
        }
        auto next_label = labels.upper_bound(here);
        u64 most = next_label == labels.end() ? code.size() - at : std::min(code.size() - at, next_label->first - here);
        auto rest = code.subspan(at, most);
        if (const cs_insn* instruction = disassembler.decode(rest, here)) {
            text += fmt::format("{:8x}:  {:<{}} {} {}{}", here, format_bytes(rest.first(instruction->size)), bytes_width,
                                instruction->mnemonic, instruction->op_str,
                                disassembler.is_branch(*instruction) ? branch_target(instruction->op_str, labels) : "");
            text.erase(text.find_last_not_of(' ') + 1);
            text += '\n';
            at += instruction->size;
        } else {
            auto skipped = rest.first(std::min<u64>(disassembler.unit(), rest.size()));
            text += fmt::format("{:8x}:  {:<{}} (no instruction)\n", here, format_bytes(skipped), bytes_width);
            at += skipped.size();
        }
    }
    return text;
}

}  // namespace postern::tools
