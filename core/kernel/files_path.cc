// Guest paths on the host: a sysroot (or the guest's own chroot) is resolved component by
// component, so that neither ".." nor an absolute symbolic link leads out of it.
#include "kernel/files.hpp"
#include "kernel/process.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace postern::kernel {

namespace {

/// Longest chain of symbolic links (kernel: MAXSYMLINKS).
constexpr int max_links = 40;

/// Folders that belong to the running kernel, not to a file system tree.
constexpr std::array<std::string_view, 3> host_folders = {"/proc", "/sys", "/dev"};

bool is_below(std::string_view path, std::string_view folder) {
    return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

std::optional<std::string> read_link(const std::string& path) {
    char target[PATH_MAX];
    ssize_t length = ::readlink(path.c_str(), target, sizeof target);
    if (length < 0) return std::nullopt;
    return std::string(target, static_cast<std::size_t>(length));
}

/// Splits off the first component; `rest` keeps what follows.
std::string_view next_component(std::string_view& rest) {
    while (rest.starts_with('/')) rest.remove_prefix(1);
    std::string_view component = rest.substr(0, rest.find('/'));
    rest.remove_prefix(component.size());
    return component;
}

bool only_slashes(std::string_view rest) { return rest.find_first_not_of('/') == rest.npos; }

/// Walks an absolute guest path below `root` and returns the absolute guest path without
/// links, "." and "..". Components that do not exist are kept: the host will say ENOENT.
std::string resolve(std::string_view root, std::string path, LastLink last, bool host_folders_apply) {
    std::string done;   // "" or "/a/b"
    int links = 0;
    std::string_view rest = path;
    std::string kept_rest;
    while (true) {
        std::string_view component = next_component(rest);
        if (component.empty()) break;
        if (component == ".") continue;
        if (component == "..") {
            done.erase(std::min(done.rfind('/'), done.size()));
            continue;
        }
        std::string candidate = fmt::format("{}/{}", done, component);
        bool on_host = host_folders_apply && std::ranges::any_of(host_folders, [&](auto folder) {
            return is_below(candidate, folder);
        });
        // From here on the host resolves by itself.
        if (on_host) return fmt::format("{}{}", candidate, rest);
        bool is_last = only_slashes(rest);
        auto target = is_last && last == LastLink::keep && rest.empty()
                          ? std::nullopt
                          : read_link(fmt::format("{}{}", root, candidate));
        if (!target || ++links > max_links) {
            done = std::move(candidate);
            continue;
        }
        if (target->starts_with('/')) done.clear();
        kept_rest = fmt::format("{}{}{}", *target, rest.empty() ? "" : "/", rest);
        path = std::move(kept_rest);
        rest = path;
    }
    // A trailing slash asks for a directory.
    if (path.ends_with('/') && !done.empty()) done += '/';
    return done.empty() ? "/" : done;
}

std::string on_host(Process& process, std::string_view guest, LastLink last) {
    bool keeps = !process.files().root_changed;
    std::string resolved = resolve(process.files().root, std::string(guest), last, keeps);
    bool stays = keeps && std::ranges::any_of(host_folders, [&](auto folder) { return is_below(resolved, folder); });
    return stays ? resolved : fmt::format("{}{}", process.files().root, resolved);
}

}  // namespace

std::optional<std::string> path_of_descriptor(int directory) {
    return read_link(directory == AT_FDCWD ? "/proc/self/cwd" : fmt::format("/proc/self/fd/{}", directory));
}

std::string_view without_root(std::string_view host, std::string_view root) {
    if (root.empty() || !is_below(host, root)) return host;
    return host == root ? "/" : host.substr(root.size());
}

std::string guest_path(Process& process, std::string_view host) {
    return std::string(without_root(host, process.files().root));
}

std::string host_path(Process& process, std::string_view guest, LastLink last) {
    return host_path_at(process, AT_FDCWD, guest, last);
}

std::string host_path_at(Process& process, int directory, std::string_view guest, LastLink last) {
    const std::string& root = process.files().root;
    // Following this link on the host would lead to the emulator.
    if (last == LastLink::follow && is_own_executable(guest)) return process.image().program.path;
    if (root.empty() || guest.empty()) return std::string(guest);
    if (guest.starts_with('/')) return on_host(process, guest, last);
    // Plain names in a directory need no walk unless they are links or lead upwards.
    auto from = path_of_descriptor(directory);
    if (!from || !is_below(*from, root)) return std::string(guest);
    return on_host(process, fmt::format("{}/{}", guest_path(process, *from), guest), last);
}

}  // namespace postern::kernel
