#include "kernel/files.hpp"

#include "abi/layouts.hpp"
#include "kernel/process.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

namespace postern::kernel {

namespace {

/// How many descriptors Postern keeps for itself.
constexpr rlim_t reserved_fd_count = 64;

/// An address that no host process can have mapped, and one that the host refuses before it
/// looks at anything else.
void* const unmapped_host_address = reinterpret_cast<void*>(8);
void* const impossible_host_address = reinterpret_cast<void*>(~u64{4095});

}  // namespace

// --- descriptors

void initialize_files(FileState& files, const std::string& sysroot) {
    char canonical[PATH_MAX];
    if (!sysroot.empty()) files.sysroot = ::realpath(sysroot.c_str(), canonical) ? canonical : sysroot;
    while (files.sysroot.ends_with('/')) files.sysroot.pop_back();
    auto here = path_of_descriptor(AT_FDCWD);
    if (here == "/" && !files.sysroot.empty()) std::ignore = ::chdir(files.sysroot.c_str());   // the root is the root
    else if (here && !path_in_sysroot(files, *here)) files.outside = *here;

    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    rlim_t highest = std::min<rlim_t>(limit.rlim_max, 1u << 20);
    rlim_t guest = std::min(limit.rlim_cur, highest);
    // The host's soft limit stays the guest's, so that the host says EMFILE when Linux would;
    // descriptors above it stay usable.
    if (guest + reserved_fd_count > highest && highest > 2 * reserved_fd_count) guest = highest - reserved_fd_count;
    files.first_reserved_fd = static_cast<int>(guest);
    limit.rlim_cur = guest;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

int reserve_fd(FileState& files, int fd) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return -errno;
    rlimit raised = limit;
    raised.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &raised);
    int moved = ::fcntl(fd, F_DUPFD_CLOEXEC, files.first_reserved_fd);
    int error = errno;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    if (moved < 0) return -error;
    ::close(fd);
    return moved;
}

// --- flags

int open_flags_from_guest(const Abi& abi, unsigned guest) {
    return static_cast<int>(abi.numbers.bits_from_guest(NumberSet::open_flag, guest));
}

int creation_flags_from_guest(const Abi& abi, int guest) {
    return open_flags_from_guest(abi, static_cast<unsigned>(guest) & ~abi.ignored_creation_flags);
}

unsigned open_flags_to_guest(const Abi& abi, int host) {
    return static_cast<unsigned>(abi.numbers.bits_to_guest(NumberSet::open_flag, static_cast<unsigned>(host)));
}

unsigned map_flags_from_guest(const Abi& abi, unsigned guest) {
    return static_cast<unsigned>(abi.numbers.bits_from_guest(NumberSet::map_flag, guest));
}

// --- buffers

HostBuffers::HostBuffers(Task& task, GuestAddr address, u64 size, Access access) {
    add(task, address, std::min(size, max_transfer), access);
}

HostBuffers::HostBuffers(Task& task, GuestAddr vector, u64 count, Access access, bool) {
    if (count > IOV_MAX) {
        error_ = -EINVAL;
        return;
    }
    u64 element = layout_of(task.abi(), Struct::iovec).size;
    std::vector<std::byte> bytes(count * element);
    if (!task.memory().read(vector, bytes)) {
        error_ = -EFAULT;
        return;
    }
    for (u64 i = 0; i < count && error_ == 0; ++i) {
        StructView row(task.abi(), Struct::iovec, std::span(bytes).subspan(i * element, element));
        u64 length = row.get(Field::iov_len);
        if (task.abi().sign_extend_word(length) < 0) error_ = -EINVAL;
    }
    for (u64 i = 0; i < count && error_ == 0; ++i) {
        StructView row(task.abi(), Struct::iovec, std::span(bytes).subspan(i * element, element));
        u64 length = std::min(row.get(Field::iov_len), max_transfer - total_);
        if (length != 0 && !add(task, {row.get(Field::iov_base)}, length, access)) break;
    }
    if (parts_.empty()) parts_.push_back({nullptr, 0});
}

/// False: no more can be added, the host call ends at what is there.
bool HostBuffers::add(Task& task, GuestAddr address, u64 size, Access access) {
    total_ += size;
    if (size == 0) parts_.push_back({unmapped_host_address, 0});
    while (size != 0) {
        if (parts_.size() == IOV_MAX) return false;
        auto run = task.memory().host_span(address, size, access);
        if (run.empty()) {
            bool possible = address.value < task.abi().layout.task_size;
            parts_.push_back({possible ? unmapped_host_address : impossible_host_address, size});
            return false;
        }
        parts_.push_back({run.data(), run.size()});
        address += run.size();
        size -= run.size();
    }
    return true;
}

bool is_accessible(const iovec& piece) {
    return piece.iov_base != unmapped_host_address && piece.iov_base != impossible_host_address;
}

std::vector<std::byte> gather(std::span<const iovec> pieces, u64 size) {
    std::vector<std::byte> bytes;
    for (const iovec& piece : pieces) {
        if (piece.iov_len == 0) continue;
        if (bytes.size() == size || !is_accessible(piece)) break;
        auto begin = static_cast<const std::byte*>(piece.iov_base);
        bytes.insert(bytes.end(), begin, begin + std::min<u64>(piece.iov_len, size - bytes.size()));
    }
    return bytes;
}

void scatter(std::span<const iovec> pieces, std::span<const std::byte> bytes) {
    for (const iovec& piece : pieces) {
        if (piece.iov_len == 0) continue;
        if (bytes.empty() || !is_accessible(piece)) break;
        auto part = bytes.first(std::min(bytes.size(), piece.iov_len));
        std::memcpy(piece.iov_base, part.data(), part.size());
        bytes = bytes.subspan(part.size());
    }
}

// --- path arguments

std::expected<std::string, int> string_argument(Task& task, GuestAddr address) {
    auto text = task.memory().read_string(address, PATH_MAX);
    if (!text) return std::unexpected(-EFAULT);
    if (text->size() >= PATH_MAX) return std::unexpected(-ENAMETOOLONG);
    return std::move(*text);
}

std::expected<std::string, int> path_argument(Task& task, int directory, GuestAddr path, LastLink last) {
    auto text = string_argument(task, path);
    if (!text) return text;
    return host_path_at(task.process, directory, *text, last);
}

}  // namespace postern::kernel
