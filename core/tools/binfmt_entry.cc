#include "tools/binfmt_entry.hpp"

#include "abi/elf_pattern.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <string_view>
#include <unistd.h>

namespace postern::tools {

namespace {

/// P: the interpreter gets argv[0] as well, and AT_FLAGS tells it so. F: it is opened now, so that it is there in other
/// roots and mount name spaces, too. (postern binfmt --help says why not C and O.)
constexpr std::string_view flags = "PF";

std::string escaped(const std::vector<u8>& bytes) {
    std::string text;
    for (u8 byte : bytes) text += fmt::format("\\x{:02x}", byte);
    return text;
}

std::string hexadecimal(const std::vector<u8>& bytes) {
    std::string text;
    for (u8 byte : bytes) text += fmt::format("{:02x}", byte);
    return text;
}

bool is_absent(const std::string& path) { return ::access(path.c_str(), F_OK) != 0; }

}  // namespace

std::string binfmt_name(const Abi& abi) { return fmt::format("postern-{}", abi.name); }

Result<std::string> binfmt_line(const Abi& abi, const std::string& interpreter) {
    ElfPattern pattern = elf_pattern(abi);
    std::string magic = escaped(pattern.magic), mask = escaped(pattern.mask);
    if (interpreter.contains('\n')) return fail(ErrorKind::internal, fmt::format("{}: a line break in the name", interpreter));
    for (char divider : std::string_view(":|,;!%"))
        if (!interpreter.contains(divider))
            return fmt::format("{0}{1}{0}M{0}{0}{2}{0}{3}{0}{4}{0}{5}", divider, binfmt_name(abi), magic, mask, interpreter, flags);
    return fail(ErrorKind::internal, fmt::format("{}: every character that could divide fields is in the name", interpreter));
}

bool is_current(const BinfmtEntry& entry, const Abi& abi) {
    ElfPattern pattern = elf_pattern(abi);
    return entry.magic == hexadecimal(pattern.magic) && entry.mask == hexadecimal(pattern.mask) && entry.flags == flags;
}

Result<BinfmtRegister> BinfmtRegister::open(const std::string& directory) {
    if (!is_absent(directory + "/register")) return BinfmtRegister(directory);
    if (is_absent(directory))
        return fail(ErrorKind::internal, fmt::format("{}: no such directory: the kernel lacks binfmt_misc, or its module is "
                                                     "not loaded (modprobe binfmt_misc)", directory));
    return fail(ErrorKind::internal, fmt::format("{0}: binfmt_misc is not mounted there: mount -t binfmt_misc binfmt_misc {0}",
                                                 directory));
}

bool BinfmtRegister::enabled() const {
    std::string word;
    std::ifstream(directory_ + "/status") >> word;
    return word == "enabled";
}

std::optional<BinfmtEntry> BinfmtRegister::find(const std::string& name) const {
    std::ifstream file(directory_ + "/" + name);
    if (!file) return std::nullopt;
    BinfmtEntry entry;
    for (std::string line; std::getline(file, line);) {
        std::size_t space = std::min(line.find(' '), line.size());
        std::string key = line.substr(0, space), value = line.substr(std::min(space + 1, line.size()));
        if (key == "enabled") entry.enabled = true;
        else if (key == "interpreter") entry.interpreter = value;
        else if (key == "flags:") entry.flags = value;
        else if (key == "magic") entry.magic = value;
        else if (key == "mask") entry.mask = value;
    }
    return entry;
}

Result<void> BinfmtRegister::write(const std::string& file, const std::string& text) const {
    std::string path = directory_ + "/" + file;
    auto failed = [&](const char* what) -> Result<void> {
        std::string_view advice = errno == EACCES || errno == EPERM ? " (only root may register)" : "";
        return fail(ErrorKind::internal, fmt::format("{}: {}: {}{}", path, what, std::strerror(errno), advice));
    };
    int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return failed("cannot be written");
    bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());   // the kernel takes a line at once
    auto result = written ? Result<void>{} : failed("the kernel refuses it");
    ::close(fd);
    return result;
}

Result<void> BinfmtRegister::add(const std::string& line) const { return write("register", line); }
Result<void> BinfmtRegister::remove(const std::string& name) const { return write(name, "-1"); }

}  // namespace postern::tools
