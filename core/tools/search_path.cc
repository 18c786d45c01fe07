#include "tools/search_path.hpp"

#include "kernel/files.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace postern::tools {

namespace {

bool is_regular_file(const std::string& path) {
    struct stat status{};
    return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

Result<std::string> find_program(std::string_view name, std::string_view search, std::string_view sysroot) {
    if (name.empty()) return fail(ErrorKind::not_found, "the program's name is empty", ENOENT);
    if (name.find('/') != name.npos) return std::string(name);
    std::string refused;
    for (std::string_view rest = search;;) {
        auto colon = std::min(rest.find(':'), rest.size());
        std::string_view directory = rest.substr(0, colon);
        std::string inside = directory.empty() ? fmt::format("./{}", name) : fmt::format("{}/{}", directory, name);
        std::string outside = kernel::host_path_below(std::string(sysroot), inside);
        if (is_regular_file(outside)) {
            if (access(outside.c_str(), X_OK) == 0) return inside;
            if (refused.empty()) refused = inside;
        }
        if (colon == rest.size()) break;
        rest.remove_prefix(colon + 1);
    }
    if (!refused.empty()) return refused;
    return fail(ErrorKind::not_found,
                fmt::format("{}: not found in PATH{}", name,
                            sysroot.empty() ? "" : fmt::format(" below {}", sysroot)), ENOENT);
}

}  // namespace postern::tools
