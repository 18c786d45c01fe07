#include "cpu/unicorn/exit_checks.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <malloc.h>
#include <unistd.h>

namespace postern::unicorn {

namespace {

/// What lies around the switch in `struct uc_struct` (Unicorn 2.1, include/uc_priv.h).
struct Neighbours {
    std::uint32_t page_size;         // of the machine
    std::uint32_t page_mask;         // page_size - 1
    std::uint64_t host_page_size;
    std::uint64_t real_host_page_size;
    std::int32_t cache_line_size;
    std::int32_t cache_line_shift;
    std::uint32_t state_size;        // a saved context less its head
    std::uint32_t padding;
    std::uint64_t next_pc;
    std::uint8_t insert_hook;
    std::uint8_t first_block;
    std::uint8_t no_exit_checks;
    std::uint8_t initialised;
};

constexpr std::size_t largest_context_head = 64;

bool plausible(const Neighbours& found, std::size_t context_size, std::uint64_t host_page_size) {
    bool flags = found.insert_hook <= 1 && found.first_block <= 1 && found.no_exit_checks == 0 && found.initialised == 1;
    return flags && found.page_size >= 1024 && found.page_mask == found.page_size - 1 &&
           found.host_page_size == host_page_size && found.real_host_page_size == host_page_size &&
           found.state_size <= context_size && found.state_size + largest_context_head >= context_size;
}

}  // namespace

ExitChecks::ExitChecks(uc_engine* engine) {
    auto* bytes = reinterpret_cast<std::byte*>(engine);
    std::size_t size = malloc_usable_size(engine), context_size = uc_context_size(engine);
    auto host_page_size = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    for (std::size_t at = 0; at + sizeof(Neighbours) <= size; at += alignof(Neighbours)) {
        Neighbours found;
        std::memcpy(&found, bytes + at, sizeof found);
        if (!plausible(found, context_size, host_page_size)) continue;
        switch_ = reinterpret_cast<std::uint8_t*>(bytes + at + offsetof(Neighbours, no_exit_checks));
        return;
    }
}

}  // namespace postern::unicorn
