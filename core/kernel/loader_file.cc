#include "kernel/loader_file.hpp"

#include "kernel/elf.hpp"
#include "kernel/files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

namespace postern::kernel {

namespace {

/// Scripts whose interpreter is a script: Linux follows five (kernel: exec_binprm, measured).
constexpr unsigned script_limit = 5;

std::unexpected<Error> refuse(std::string_view name, std::string_view why, int error_number) {
    return fail(ErrorKind::not_runnable, fmt::format("{}: {}", name, why), error_number);
}

std::unexpected<Error> cannot_open(std::string_view name, int error_number) {
    if (error_number == ENOENT || error_number == ENOTDIR) {
        return fail(ErrorKind::not_found, fmt::format("{}: no such file", name), error_number);
    }
    return refuse(name, fmt::format("cannot open: {}", std::strerror(error_number)), error_number);
}

/// Why a file of this type is no program; empty for a regular file.
std::string_view wrong_type(mode_t mode) {
    if (S_ISREG(mode)) return {};
    if (S_ISDIR(mode)) return "a directory, not a program";
    if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device, not a program";
    if (S_ISFIFO(mode)) return "a pipe, not a program";
    return "not a regular file";
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

std::vector<std::byte> ProgramFile::read(u64 offset, u64 count) const {
    std::vector<std::byte> bytes(offset < size ? std::min(count, size - offset) : 0);
    std::size_t done = 0;
    while (done < bytes.size()) {
        ssize_t got = ::pread(file.fd(), bytes.data() + done, bytes.size() - done,
                              static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        done += static_cast<std::size_t>(got);
    }
    bytes.resize(done);
    return bytes;
}

Result<ProgramFile> open_program(std::string_view name, std::string host_path) {
    struct stat status;
    if (::stat(host_path.c_str(), &status) != 0) return cannot_open(name, errno);
    if (auto why = wrong_type(status.st_mode); !why.empty()) return refuse(name, why, EACCES);
    if (::faccessat(AT_FDCWD, host_path.c_str(), X_OK, AT_EACCESS) != 0) {
        return refuse(name, "no permission to execute it", errno);
    }
    // O_NONBLOCK: the name may have become a FIFO since.
    OpenFile file(::open(host_path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (file.fd() < 0) return cannot_open(name, errno);
    if (::fstat(file.fd(), &status) != 0) return cannot_open(name, errno);
    if (auto why = wrong_type(status.st_mode); !why.empty()) return refuse(name, why, EACCES);
    // What /proc/self/exe and maps show: absolute and without links.
    if (auto real_path = path_of_descriptor(file.fd())) host_path = std::move(*real_path);
    return ProgramFile{.file = std::move(file), .name = std::string(name), .host_path = std::move(host_path),
                       .size = static_cast<u64>(status.st_size)};
}

std::optional<ScriptLine> parse_script_line(std::span<const std::byte> head) {
    head = head.first(std::min<std::size_t>(head.size(), script_head_size));
    std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
    if (!text.starts_with("#!")) return std::nullopt;
    bool whole_file = text.size() < script_head_size;
    text.remove_prefix(2);

    auto newline = text.find('\n');
    bool line_is_whole = newline != text.npos || whole_file;
    std::string_view line = text.substr(0, newline);
    line = line.substr(0, line.find('\0'));
    line_is_whole |= line.size() < text.size();

    auto start = std::ranges::find_if_not(line, is_blank);
    auto skipped = static_cast<std::size_t>(start - line.begin());
    line.remove_prefix(skipped);
    auto name_end = static_cast<std::size_t>(std::ranges::find_if(line, is_blank) - line.begin());
    // A name that runs to the end of the 256 bytes may be cut off, and then is another name.
    if (line.empty() || (name_end == line.size() && !line_is_whole)) return std::nullopt;

    // The kernel ends the text at the last of its 256 bytes.
    line = line.substr(
        0, std::max(name_end, std::min<std::size_t>(line.size(), script_head_size - 3 - skipped)));
    ScriptLine script{.interpreter = std::string(line.substr(0, name_end)), .argument = std::nullopt};
    line.remove_prefix(name_end);
    while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
    while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
    if (!line.empty()) script.argument = std::string(line);
    return script;
}

Result<FoundProgram> find_program(const std::string& name, std::string host_path,
                                  std::vector<std::string> arguments, const PathResolver& resolve) {
    POSTERN_TRY_ASSIGN(first, open_program(name, std::move(host_path)));
    FoundProgram found{std::move(first), std::move(arguments)};
    for (unsigned scripts = 0;; ++scripts) {
        auto head = found.file.read(0, script_head_size);
        if (elf::has_magic(head)) return found;
        const std::string& current = found.file.name;
        if (found.file.size == 0) return refuse(current, "an empty file", ENOEXEC);
        auto script = parse_script_line(head);
        if (!script) return refuse(current, "neither an ELF program nor a script with a #! line", ENOEXEC);
        if (scripts == script_limit) {
            return refuse(name, fmt::format("a script whose interpreter is a script, more than {} times",
                                            script_limit), ELOOP);
        }
        auto interpreter = open_program(script->interpreter, resolve(script->interpreter));
        if (!interpreter) {
            return refuse(current, fmt::format("script interpreter {}", interpreter.error().message),
                          interpreter.error().error_number);
        }
        // The interpreter's own name takes the place of argv[0], and the script's follows.
        std::vector<std::string> rewritten{script->interpreter};
        if (script->argument) rewritten.push_back(*script->argument);
        rewritten.push_back(current);
        if (!found.arguments.empty()) {
            rewritten.insert(rewritten.end(), std::make_move_iterator(found.arguments.begin() + 1),
                             std::make_move_iterator(found.arguments.end()));
        }
        found = FoundProgram{std::move(*interpreter), std::move(rewritten)};
    }
}

}  // namespace postern::kernel
