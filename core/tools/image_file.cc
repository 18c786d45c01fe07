#include "tools/image_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fmt/format.h>
#include <memory>

namespace postern::tools {

Result<std::vector<std::byte>> read_image_file(const std::string& path) {
    constexpr std::size_t most = 256 * 1024;   // the kernel's have a few pages
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
    std::vector<std::byte> bytes(most + 1);
    std::size_t size = file ? std::fread(bytes.data(), 1, bytes.size(), file.get()) : 0;
    if (!file || std::ferror(file.get())) return fail(ErrorKind::internal, fmt::format("{}: {}", path, strerror(errno)));
    if (size > most) return fail(ErrorKind::internal, fmt::format("{}: larger than {} bytes", path, most));
    bytes.resize(size);
    return bytes;
}

}  // namespace postern::tools
