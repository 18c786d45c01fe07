#include "kernel/syscalls/socket_paths.hpp"

#include "kernel/files.hpp"
#include "kernel/process.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace postern::kernel {

namespace {

bool fits(const std::string& path) { return path.size() < sizeof(sockaddr_un{}.sun_path); }

bool is_same_file(const struct stat& a, const struct stat& b) { return a.st_dev == b.st_dev && a.st_ino == b.st_ino; }

/// A descriptor of ours on a directory, opened once for all sockets in it and open for as long as the process lives:
/// a socket's name leads through it. Or -errno.
int descriptor_of(FileState& files, const std::string& directory) {
    struct stat now{}, then{};
    if (::stat(directory.c_str(), &now) != 0) return -errno;
    auto known = files.socket_directories.find(directory);
    if (known != files.socket_directories.end() && ::fstat(known->second, &then) == 0 && is_same_file(now, then))
        return known->second;
    int opened = ::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0) return -errno;
    int reserved = reserve_fd(files, opened);
    if (reserved >= 0) files.socket_directories.insert_or_assign(directory, reserved);
    return reserved;
}

/// "/proc/PID/fd/N" and the rest of a name that goes by a descriptor; nothing for others.
struct ByDescriptor {
    std::string link;
    std::string rest;
};
std::optional<ByDescriptor> by_descriptor(const std::string& name) {
    int pid, fd, size = 0;
    if (std::sscanf(name.c_str(), "/proc/%d/fd/%d%n", &pid, &fd, &size) != 2 || size == 0) return std::nullopt;
    auto at = static_cast<std::size_t>(size);
    if (at == name.size() || name[at] != '/') return std::nullopt;
    return ByDescriptor{name.substr(0, at), name.substr(at)};
}

}  // namespace

std::expected<std::string, int> host_socket_path(Process& process, const std::string& guest) {
    std::string host = host_path(process, guest);
    if (!guest.starts_with('/')) {
        auto here = path_of_descriptor(AT_FDCWD);
        if (here && host == fmt::format("{}/{}", *here, guest)) return guest;
    }
    if (fits(host) || !host.starts_with('/')) return host;
    auto slash = host.rfind('/');
    int directory = descriptor_of(process.files(), host.substr(0, slash));
    if (directory < 0) return std::unexpected(directory);
    std::string name = fmt::format("/proc/{}/fd/{}{}", ::getpid(), directory, host.substr(slash));
    if (!fits(name)) return std::unexpected(-ENAMETOOLONG);
    return name;
}

std::string guest_socket_path(Process& process, const std::string& host) {
    auto parts = by_descriptor(host);
    if (!parts) return guest_path(process, host);
    std::error_code none;
    auto directory = std::filesystem::read_symlink(parts->link, none);
    return none ? host : guest_path(process, directory.string() + parts->rest);
}

}  // namespace postern::kernel
