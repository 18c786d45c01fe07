// Whether the kernel itself executes programs of an ABI: it is asked to execute one.
#include "abi/elf_pattern.hpp"
#include "base/endian.hpp"
#include "tools/binfmt_entry.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace postern::tools {

namespace {

constexpr std::string_view no_interpreter = "/proc/self/no-interpreter-of-this-name";

/// A program whose interpreter does not exist: a kernel that knows its machine says ENOENT, another one ENOEXEC.
std::vector<std::byte> make_probe(const Abi& abi) {
    bool wide = abi.elf.elf_class == 2;
    const unsigned word = wide ? 8 : 4, header_size = wide ? 64 : 52, segment_size = wide ? 56 : 32;
    std::vector<std::byte> file(header_size + segment_size);
    auto put = [&](std::size_t offset, u64 value, unsigned width) {
        store_unsigned(file.data() + offset, value, width, abi.byte_order);
    };
    ElfPattern pattern = elf_pattern(abi);
    for (std::size_t i = 0; i < pattern.magic.size(); ++i) file[i] = std::byte{pattern.magic[i]};
    put(24 + word, header_size, word);                  // e_phoff
    put(28 + 3 * word, header_size, 2);                 // e_ehsize
    put(30 + 3 * word, segment_size, 2);                // e_phentsize
    put(32 + 3 * word, 1, 2);                           // e_phnum
    put(header_size, 3, 4);                             // PT_INTERP
    put(header_size + word, file.size(), word);         // p_offset
    put(header_size + 4 * word, no_interpreter.size() + 1, word);   // p_filesz
    for (char byte : no_interpreter) file.push_back(std::byte(byte));
    file.push_back({});
    return file;
}

/// errno of executing the file, 0 if somebody has run it.
int errno_of_execution(int file) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return errno;
    pid_t child = ::fork();
    if (child == 0) {
        int null = ::open("/dev/null", O_RDWR);
        for (int fd : {0, 1, 2}) ::dup2(null, fd);   // of another emulator that runs it
        std::string path = fmt::format("/proc/self/fd/{}", file);
        char* const nothing[] = {path.data(), nullptr};
        ::execve(path.c_str(), nothing, nothing + 1);
        int error = errno;
        std::ignore = ::write(pipe[1], &error, sizeof error);
        ::_exit(0);
    }
    ::close(pipe[1]);
    int error = child < 0 ? EAGAIN : 0;
    if (child > 0) {
        std::ignore = ::read(pipe[0], &error, sizeof error);
        ::waitpid(child, nullptr, 0);
    }
    ::close(pipe[0]);
    return error;
}

}  // namespace

bool is_native(const Abi& abi) {
    auto probe = make_probe(abi);
    int file = ::memfd_create("probe", 0);   // open in the child until it is executed
    if (file < 0) return false;
    bool written = ::write(file, probe.data(), probe.size()) == static_cast<ssize_t>(probe.size());
    int error = written ? errno_of_execution(file) : errno;
    ::close(file);
    return error == ENOENT;
}

}  // namespace postern::tools
