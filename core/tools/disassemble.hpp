// Disassembly of kernel-provided code, through Capstone or the core that executes it.
#pragma once

#include "abi/abi.hpp"
#include "base/result.hpp"

#include "tools/constant_tracker.hpp"

#include <functional>
#include <map>
#include <span>
#include <string>

namespace postern::tools {

struct CodeLabel {
    std::string name;
    bool is_function = true;    ///< else a marked place inside one
    bool is_thumb = false;
};

/// Labels by the address of the instruction.
using CodeLabels = std::map<u64, CodeLabel>;

/// A comment on an instruction, from what is known of registers before it; empty = none.
using Commentator = std::function<std::string(const PrintedInstruction&, const ConstantTracker&)>;

/// A listing of `code`, whose first byte is at `address`: a heading per label, then address,
/// bytes, instruction, the label that a branch leads to, and the comment. Bytes that are no instruction
/// are shown as such; many of the same in a row are shown once. Comments need Capstone. Error: nobody knows the machine.
Result<std::string> disassemble(const Abi& abi, std::span<const std::byte> code, u64 address,
                                const CodeLabels& labels, const Commentator& comment = {});

}  // namespace postern::tools
