// Guest paths on the host: with a sysroot (or after the guest's own chroot) they are resolved component by
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

/// A name of /proc/5/fd that leads to no file system: "pipe:[77]".
bool is_path(std::string_view target) { return target.starts_with('/'); }

/// Whether process NAME runs this very emulator.
bool is_guest(std::string_view name) {
    struct stat its, own;
    return ::stat(fmt::format("/proc/{}/exe", name).c_str(), &its) == 0 && ::stat("/proc/self/exe", &own) == 0 &&
           its.st_dev == own.st_dev && its.st_ino == own.st_ino;
}

/// A host path for which the host answers ENOENT, whatever is tried.
constexpr const char* out_of_reach = "/proc/self/fd/none/none";

/// Walks guest paths. Its place is a name below the root of a tree: the guest's, or one outside that it was given.
class Walk {
public:
    /// `own_program`: the host path behind the guest's /proc/self/exe.
    Walk(const FileState& files, std::string_view own_program) : files_(files), own_program_(own_program) { enter_root(); }

    /// Relative paths start at a host directory.
    void start_in(std::string_view directory) {
        if (auto inside = path_in_sysroot(files_, directory)) enter_guest_tree(*inside);
        else enter_outside(directory);
    }

    /// The absolute host path without links, "." and "..". Components that do not exist are
    /// kept: the host will say ENOENT.
    std::string run(std::string path, LastLink last) {
        if (path.starts_with('/')) enter_root();
        std::string_view rest = path;
        for (std::string_view component; !(component = next_component(rest)).empty();) {
            if (component == ".") continue;
            if (component == "..") {
                // The host says what is wrong with a way up from where nobody can be.
                if (!is_directory(host_path(done_))) return host_path(done_) + "/..";
                if (!is_at_top()) done_.erase(done_.rfind('/'));
                continue;
            }
            std::string candidate = fmt::format("{}/{}", done_, component);
            bool stays = last == LastLink::keep && rest.empty();
            auto target = stays ? std::nullopt : read_link(host_path(candidate));
            if (!target) {
                done_ = std::move(candidate);
                continue;
            }
            if (++links_ > max_links) return too_many_links();
            if (in_guest_tree_ && is_host_folder(candidate) && is_magic_link(candidate)) {
                if (auto end = follow_magic_link(candidate, *target, rest)) return *end;
                continue;
            }
            if (is_path(*target)) enter_root();
            std::string joined = fmt::format("{}{}{}", *target, rest.empty() ? "" : "/", rest);
            path = std::move(joined);
            rest = path;
        }
        // A trailing slash asks for a directory.
        if (path.ends_with('/') && !done_.empty()) done_ += '/';
        return host_path(done_);
    }

private:
    void enter_guest_tree(std::string_view inside) {
        in_guest_tree_ = true;
        done_ = inside;
    }
    void enter_root() { enter_guest_tree(files_.root); }
    void enter_outside(std::string_view directory) {
        in_guest_tree_ = false;
        tree_ = !files_.outside.empty() && is_below(directory, files_.outside) ? files_.outside : directory;
        done_ = directory.substr(tree_.size());
        if (tree_ == "/") tree_.clear();
    }

    bool is_at_top() const { return done_.empty() || (in_guest_tree_ && done_ == files_.root); }

    std::string host_path(std::string_view place) const {
        if (in_guest_tree_) return host_path_in_sysroot(files_, place);
        return tree_.empty() && place.empty() ? "/" : fmt::format("{}{}", tree_, place);
    }

    /// Goes where a magic link leads; or the host path that ends the walk.
    std::optional<std::string> follow_magic_link(std::string& link, const std::string& target, std::string_view rest) {
        std::string_view names = link;
        next_component(names);
        std::string_view process = next_component(names);
        bool is_own = is_own_process(process), is_last = only_slashes(rest);
        if (link.ends_with("/root")) {   // the host's root is not the guest's, whichever process is asked
            enter_root();
            return std::nullopt;
        }
        if (is_own && link.ends_with("/exe")) {   // following it on the host would lead to the emulator
            return fmt::format("{}{}{}", own_program_, rest.empty() ? "" : "/", rest);
        }
        if (names.find("/map_files/") != names.npos) return out_of_reach;   // of the emulator
        auto inside = is_path(target) ? path_in_sysroot(files_, target) : std::nullopt;
        if (is_own ? is_last : (is_last && !is_path(target) && is_guest(process))) {
            done_ = std::move(link);   // the file itself, which may have no name any more
        } else if (inside && (is_own || is_guest(process))) {
            enter_guest_tree(*inside);
        } else if (is_own && is_path(target)) {
            enter_outside(target);
        } else if (is_own) {
            done_ = std::move(link);   // no directory: the host says so
        } else {
            return out_of_reach;
        }
        return std::nullopt;
    }

    const FileState& files_;
    std::string_view own_program_;
    bool in_guest_tree_ = true;
    std::string tree_;   ///< of a tree outside: its root, a host path without a trailing slash
    std::string done_;   ///< "" or "/a/b"
    int links_ = 0;
};

}  // namespace

bool is_own_process(std::string_view number) { return ::access(fmt::format("/proc/self/task/{}", number).c_str(), F_OK) == 0; }

std::optional<std::string> path_of_descriptor(int directory) {
    return read_link(directory == AT_FDCWD ? "/proc/self/cwd" : fmt::format("/proc/self/fd/{}", directory));
}

std::string_view without_root(std::string_view host, std::string_view root) {
    if (root.empty() || !is_below(host, root)) return host;
    return host == root ? "/" : host.substr(root.size());
}

std::optional<std::string_view> path_in_sysroot(const FileState& files, std::string_view host) {
    if (is_below(host, files.sysroot)) return host == "/" ? "" : host.substr(files.sysroot.size());
    if (is_host_folder(host)) return host;
    return std::nullopt;
}

std::string host_path_in_sysroot(const FileState& files, std::string_view place) {
    if (is_host_folder(place)) return std::string(place);
    return files.sysroot.empty() && place.empty() ? "/" : fmt::format("{}{}", files.sysroot, place);
}

std::string guest_path(Process& process, std::string_view host) {
    const FileState& files = process.files();
    auto inside = path_in_sysroot(files, host);
    if (!inside) return std::string(host);
    std::string_view path = without_root(*inside, files.root);
    return path.empty() ? "/" : std::string(path);
}

bool is_below_root(const FileState& files, std::string_view host) {
    auto inside = path_in_sysroot(files, host);
    return inside && is_below(*inside, files.root);
}

std::string host_path_below(const std::string& sysroot, std::string_view guest) {
    FileState files;
    files.sysroot = sysroot;
    bool is_relative = !guest.starts_with('/');
    return sysroot.empty() || is_relative ? std::string(guest) : Walk(files, "").run(std::string(guest), LastLink::follow);
}

std::string host_path(Process& process, std::string_view guest, LastLink last) {
    return host_path_at(process, AT_FDCWD, guest, last);
}

std::string host_path_at(Process& process, int directory, std::string_view guest, LastLink last) {
    const FileState& files = process.files();
    if (last == LastLink::follow && is_own_executable(guest)) return process.image().program.path;
    if ((files.sysroot.empty() && files.root.empty()) || guest.empty()) return std::string(guest);
    Walk walk(files, process.image().program.path);
    if (!guest.starts_with('/')) {
        auto from = path_of_descriptor(directory);
        if (!from || !is_path(*from)) return std::string(guest);   // the host says what is wrong
        walk.start_in(*from);
    }
    return walk.run(std::string(guest), last);
}

}  // namespace postern::kernel
