#include "cpu/unicorn/private_memory.hpp"

#include <sys/uio.h>
#include <unistd.h>

namespace postern::unicorn {

std::size_t read_carefully(std::uintptr_t address, std::span<std::byte> out) {
    iovec local{out.data(), out.size()}, remote{reinterpret_cast<void*>(address), out.size()};
    ssize_t got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
    return got < 0 ? 0 : static_cast<std::size_t>(got);
}

}  // namespace postern::unicorn
