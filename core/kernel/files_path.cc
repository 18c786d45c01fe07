// Guest paths on the host: a sysroot (or the guest's own chroot) is resolved component by
// component, so that neither ".." nor a symbolic link leads out of it, those of /proc included.
#include "kernel/files.hpp"
#include "kernel/process.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
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

bool is_directory(const std::string& path) {
    struct stat status;
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

/// Splits off the first component; `rest` keeps what follows.
std::string_view next_component(std::string_view& rest) {
    while (rest.starts_with('/')) rest.remove_prefix(1);
    std::string_view component = rest.substr(0, rest.find('/'));
    rest.remove_prefix(component.size());
    return component;
}

bool only_slashes(std::string_view rest) { return rest.find_first_not_of('/') == rest.npos; }

bool is_host_folder(std::string_view path) {
    return std::ranges::any_of(host_folders, [&](auto folder) { return is_below(path, folder); });
}

/// A link of /proc whose target is a file itself, not a path to it: "/proc/5/fd/3", "/proc/5/cwd", "/proc/5/task/6/root".
bool is_magic_link(std::string_view path) {
    constexpr std::array<std::string_view, 3> single = {"root", "cwd", "exe"};
    constexpr std::array<std::string_view, 3> folders = {"fd", "ns", "map_files"};
    if (next_component(path) != "proc") return false;
    std::string_view process = next_component(path);
    if (process.find_first_not_of("0123456789") != process.npos) return false;
    std::string_view name = next_component(path);
    if (name == "task") {
        next_component(path);
        name = next_component(path);
    }
    if (only_slashes(path)) return std::ranges::find(single, name) != single.end();
    next_component(path);
    return only_slashes(path) && std::ranges::find(folders, name) != folders.end();
}

/// A host path for which the host answers ELOOP: it must not follow the guest's links itself.
std::string too_many_links() {
    std::string path = "/proc/";
    for (int i = 0; i <= max_links; ++i) path += "self/../";
    return path;
}

/// Walks absolute guest paths below a root.
class Walk {
public:
    Walk(std::string_view root, bool host_folders_apply) : root_(root), host_folders_apply_(host_folders_apply) {}

    /// The absolute host path without links, "." and "..". Components that do not exist are
    /// kept: the host will say ENOENT.
    std::string run(std::string path, LastLink last) {
        std::string_view rest = path;
        for (std::string_view component; !(component = next_component(rest)).empty();) {
            if (component == ".") continue;
            if (component == "..") {
                // The host says what is wrong with a way up from where nobody can be.
                if (!is_directory(host_path(done_))) return host_path(done_) + "/..";
                done_.erase(std::min(done_.rfind('/'), done_.size()));
                continue;
            }
            std::string candidate = fmt::format("{}/{}", done_, component);
            bool stays = last == LastLink::keep && rest.empty();
            auto target = stays ? std::nullopt : link_target(candidate, only_slashes(rest));
            if (!target) {
                done_ = std::move(candidate);
                continue;
            }
            if (++links_ > max_links) return too_many_links();
            if (target->starts_with('/')) done_.clear();
            std::string joined = fmt::format("{}{}{}", *target, rest.empty() ? "" : "/", rest);
            path = std::move(joined);
            rest = path;
        }
        // A trailing slash asks for a directory.
        if (path.ends_with('/') && !done_.empty()) done_ += '/';
        return host_path(done_.empty() ? std::string_view("/") : std::string_view(done_));
    }

private:
    std::string host_path(std::string_view guest) const {
        bool on_host = host_folders_apply_ && is_host_folder(guest);
        return on_host ? std::string(guest) : fmt::format("{}{}", root_, guest);
    }

    /// Where a link leads, as a guest path; nothing: no link, or one that the host follows by itself.
    std::optional<std::string> link_target(const std::string& path, bool is_last) const {
        std::string host = host_path(path);
        auto target = read_link(host);
        if (!target || host != path || !is_magic_link(path)) return target;
        // The host's root is not the guest's, whichever process is asked.
        if (path.ends_with("/root")) return "/";
        if (is_below(*target, root_)) return std::string(without_root(*target, root_));
        // A file outside that the guest was given stays in reach, but no path leads on from it.
        return is_last ? std::nullopt : std::optional<std::string>(fmt::format("{}/outside", path));
    }

    std::string_view root_;
    bool host_folders_apply_;
    std::string done_;   // "" or "/a/b"
    int links_ = 0;
};

std::string on_host(Process& process, std::string_view guest, LastLink last) {
    return Walk(process.files().root, !process.files().root_changed).run(std::string(guest), last);
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
    bool within = from && (is_below(*from, root) || (!process.files().root_changed && is_host_folder(*from)));
    if (!within) return std::string(guest);
    return on_host(process, fmt::format("{}/{}", guest_path(process, *from), guest), last);
}

}  // namespace postern::kernel
