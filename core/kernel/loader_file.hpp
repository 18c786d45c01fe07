// Finding the file to run: what execve(2) checks before it looks at an ELF header, and the
// `#!` lines of scripts.
#pragma once

#include "base/result.hpp"
#include "base/types.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace postern::kernel {

/// An open host descriptor that closes itself.
class OpenFile {
public:
    OpenFile() = default;
    explicit OpenFile(int fd) : fd_(fd) {}
    OpenFile(OpenFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    OpenFile& operator=(OpenFile&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~OpenFile() {
        if (fd_ >= 0) ::close(fd_);
    }
    int fd() const { return fd_; }

private:
    int fd_ = -1;
};

/// A regular file that may be executed, open for reading.
struct ProgramFile {
    OpenFile file;
    std::string name;        ///< as the guest names it, for messages
    std::string host_path;
    u64 size = 0;            ///< bytes

    /// Up to `count` bytes from `offset`, fewer at the end of the file or on a read error.
    std::vector<std::byte> read(u64 offset, u64 count) const;
};

/// Turns a path as the guest names it into one of the host.
using PathResolver = std::function<std::string(std::string_view)>;

/// Opens a program. Never blocks on a FIFO and never opens a device. Error: not_found
/// (ENOENT, ENOTDIR), or not_runnable with execve's errno: EACCES for directories, other file
/// types, and files without execute permission or (unlike Linux, whose kernel need not ask)
/// read permission.
Result<ProgramFile> open_program(std::string_view name, std::string host_path);

/// What a `#!` line asks for.
struct ScriptLine {
    std::string interpreter;
    std::optional<std::string> argument;   ///< everything behind the interpreter, as one
};

/// Bytes of a file that Linux looks at for the `#!` line (kernel: BINPRM_BUF_SIZE).
inline constexpr u64 script_head_size = 256;

/// Reads a `#!` line from the first bytes of a file (kernel: fs/binfmt_script.c). Nothing:
/// there is none, the interpreter's name is empty, or it may be cut off at 256 bytes.
std::optional<ScriptLine> parse_script_line(std::span<const std::byte> head);

/// The ELF file behind a program, and the arguments it gets.
struct FoundProgram {
    ProgramFile file;
    std::vector<std::string> arguments;
};

/// Opens `name` and follows `#!` lines until a file has none. Error: as open_program, and
/// ELOOP for more than five scripts in a row, ENOENT for a missing interpreter, ENOEXEC for
/// an empty file or a file that is neither a script nor ELF.
Result<FoundProgram> find_program(const std::string& name, std::string host_path,
                                  std::vector<std::string> arguments, const PathResolver& resolve);

}  // namespace postern::kernel
