#include "kernel/vfork.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <tuple>
#include <unistd.h>
#include <vector>

namespace postern::kernel {

namespace {

/// In front of each run of changed bytes.
struct RunHeader {
    u64 address;
    u64 size;   ///< bytes
};

std::vector<std::byte> receive_all(int socket) {
    std::vector<std::byte> received;
    std::array<std::byte, 65536> buffer;
    for (;;) {
        ssize_t count = ::read(socket, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return received;
        received.insert(received.end(), buffer.begin(), buffer.begin() + count);
    }
}

/// A child that was killed while it sent leaves the last run incomplete.
void take_over(memory::AddressSpace& memory, std::span<const std::byte> runs) {
    while (runs.size() >= sizeof(RunHeader)) {
        RunHeader header;
        std::memcpy(&header, runs.data(), sizeof header);
        runs = runs.subspan(sizeof header);
        if (header.size > runs.size()) return;
        // What the parent has unmapped meanwhile, or never had (a deeper stack), is nobody's.
        std::ignore = memory.poke({header.address}, runs.first(header.size));
        runs = runs.subspan(header.size);
    }
}

}  // namespace

i64 open_vfork_connection(FileState& files, VforkConnection& ends) {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) return -errno;
    int reserved = reserve_fd(files, fds[1]);
    if (reserved < 0) {
        ::close(fds[0]);
        ::close(fds[1]);
        return reserved;
    }
    ends = {.parent_end = fds[0], .child_end = reserved};
    return 0;
}

/// Linux lets nothing but death interrupt this wait, and default actions that kill are the host's own.
void await_vfork_child(Task& task, int parent_end) {
    std::vector<std::byte> changes;
    {
        Threads::Sleep sleep(task);
        changes = receive_all(parent_end);
    }
    take_over(task.memory(), changes);
}

void send_changes(const memory::AddressSpace& memory, int child_end) {
    std::vector<std::byte> runs;
    auto append = [&runs](std::span<const std::byte> bytes) { runs.insert(runs.end(), bytes.begin(), bytes.end()); };
    memory.for_each_change([&](GuestAddr start, std::span<const std::byte> bytes) {
        RunHeader header{start.value, bytes.size()};
        append(std::as_bytes(std::span(&header, 1)));
        append(bytes);
    });
    for (std::span<const std::byte> rest(runs); !rest.empty();) {
        ssize_t sent = ::send(child_end, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return;   // there is no parent any more
        rest = rest.subspan(static_cast<std::size_t>(sent));
    }
}

}  // namespace postern::kernel
