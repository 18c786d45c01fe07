// Entries of binfmt_misc, the kernel's list of programs that run other files (kernel: fs/binfmt_misc.c,
// Documentation/admin-guide/binfmt-misc.rst).
#pragma once

#include "abi/abi.hpp"
#include "base/result.hpp"

#include <optional>
#include <string>

namespace postern::tools {

/// "postern-s390x": the name of an ABI's entry.
std::string binfmt_name(const Abi& abi);

/// The line that registers `interpreter`, an absolute path, for the ABI's programs; without a newline, all bytes as \xHH.
/// Error: no character is left that could divide the fields.
Result<std::string> binfmt_line(const Abi& abi, const std::string& interpreter);

/// What the kernel says of an entry.
struct BinfmtEntry {
    bool enabled = false;
    std::string interpreter, flags;
    std::string magic, mask;   ///< in hexadecimal
};

/// The file system binfmt_misc, where it is mounted.
class BinfmtRegister {
public:
    /// Error: there is none at `directory`, with what to do about it.
    static Result<BinfmtRegister> open(const std::string& directory);

    /// Nothing: there is no entry of the name.
    std::optional<BinfmtEntry> find(const std::string& name) const;
    /// Whether the kernel looks at the entries at all.
    bool enabled() const;
    /// Error: the kernel's, or that it may not be written.
    Result<void> add(const std::string& line) const;
    Result<void> remove(const std::string& name) const;

private:
    explicit BinfmtRegister(std::string directory) : directory_(std::move(directory)) {}
    Result<void> write(const std::string& file, const std::string& text) const;

    std::string directory_;
};

/// Whether an entry says what `binfmt_line` would, but for the interpreter.
bool is_current(const BinfmtEntry& entry, const Abi& abi);

/// Whether the kernel itself executes programs of the ABI. They must not go through Postern, which may be one of them.
bool is_native(const Abi& abi);

}  // namespace postern::tools
