#include "cpu/tlb.hpp"

namespace postern {

void Tlb::flush() {
    reads_.fill({.tag = no_page, .host = 0});
    writes_.fill({.tag = no_page, .host = 0});
}

std::byte* Tlb::fill(u64 address, Access access) {
    auto grant = memory_.translate({address}, access);
    if (!grant) {
        fault_ = {{address}, access, grant.error()};
        return nullptr;
    }
    u64 page = align_down(address, page_size);
    if (access == Access::write && code_pages_.erase(page)) holder_.code_written({page});
    std::byte* host = memory_.arena_base() + grant->arena_offset;
    Entry entry{.tag = page, .host = reinterpret_cast<u64>(host) - address};
    if (access != Access::execute) reads_[place(address)] = entry;
    if (access == Access::write) writes_[place(address)] = entry;
    return host;
}

void Tlb::note_code(GuestAddr page) {
    code_pages_.insert(page.value);
    Entry& entry = writes_[place(page.value)];
    if (entry.tag == page.value) entry.tag = no_page;
}

}  // namespace postern
