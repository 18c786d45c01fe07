// The address space: mappings as Linux has them, checked access, the page table, dirty pages.
#include "memory/address_space.hpp"

#include <cerrno>
#include <cstring>
#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace postern;
using memory::AddressSpace;
using memory::FaultKind;
using memory::MapRequest;
using Placement = memory::MapRequest::Placement;

namespace {

constexpr u64 page = 4096;

std::unique_ptr<AddressSpace> space(std::string_view abi = "x86-64") {
    auto created = std::move(*AddressSpace::create(*find_abi(abi)));
    created->set_map_base({abi == "x86-64" ? u64{0x7fff'0000'0000} : u64{0xb000'0000}});
    return created;
}

GuestAddr map(AddressSpace& memory, u64 size, Permissions permissions = read_write, GuestAddr at = {}) {
    auto mapped = memory.map({.hint = at, .size = size, .permissions = permissions,
                              .placement = at ? Placement::fixed : Placement::anywhere});
    REQUIRE(mapped.has_value());
    return *mapped;
}

std::string bytes_at(AddressSpace& memory, GuestAddr address, std::size_t size) {
    std::string text(size, '?');
    return memory.read(address, std::as_writable_bytes(std::span{text})) ? text : "unreadable";
}

bool put(AddressSpace& memory, GuestAddr address, std::string_view text) {
    return memory.write(address, std::as_bytes(std::span{text}));
}

/// A temporary file with `size` bytes of the alphabet.
struct File {
    explicit File(std::size_t size) : fd(memfd_create("test", 0)) {
        std::string text;
        for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i % 26);
        REQUIRE(::write(fd, text.data(), size) == static_cast<ssize_t>(size));
    }
    ~File() { ::close(fd); }
    int fd;
};

struct CountingListener : memory::TranslationListener {
    void flush_translations() override { ++flushes; }
    void invalidate_code(GuestAddr start, u64 size) override { code.emplace_back(start, size); }
    void memory_is_shared() override { ++shares; }
    int flushes = 0, shares = 0;
    std::vector<std::pair<GuestAddr, u64>> code;
};

std::size_t mapping_count(AddressSpace& memory) {
    std::size_t count = 0;
    memory.for_each([&](const memory::Mapping&) { ++count; });
    return count;
}

}  // namespace

TEST_CASE("anonymous memory reads as zero and keeps what is written, across slots") {
    auto memory = space();
    u64 size = 3 * memory::Arena::slot_size;
    GuestAddr start = map(*memory, size, read_write, {0x5000'0000});
    GuestAddr border = GuestAddr{start + memory::Arena::slot_size}.align_down(memory::Arena::slot_size);
    CHECK(bytes_at(*memory, border - 4, 8) == std::string(8, '\0'));
    CHECK(put(*memory, border - 4, "abcdefgh"));
    CHECK(bytes_at(*memory, border - 4, 8) == "abcdefgh");
    CHECK(memory->host_span(border - 4, 8, Access::read).size() == 4);
}

TEST_CASE("access is what the permissions say") {
    auto memory = space();
    GuestAddr start = map(*memory, 4 * page);
    CHECK(memory->protect(start + page, page, read_only) == 0);
    CHECK(memory->protect(start + 2 * page, page, {}) == 0);
    CHECK(put(*memory, start, "x"));
    CHECK_FALSE(put(*memory, start + page, "x"));
    CHECK_FALSE(put(*memory, start + page - 1, "xy"));
    CHECK(bytes_at(*memory, start + page, 1) == std::string(1, '\0'));
    CHECK(bytes_at(*memory, start + 2 * page, 1) == "unreadable");
    CHECK(bytes_at(*memory, start + 2 * page - 1, 2) == "unreadable");
    CHECK(memory->translate(start + 2 * page, Access::read).error() == FaultKind::protection);
    CHECK(memory->translate(start + page, Access::write).error() == FaultKind::protection);
    CHECK(memory->translate(start, Access::execute).error() == FaultKind::protection);
    CHECK(memory->translate(start - page, Access::read).error() == FaultKind::unmapped);
    CHECK(mapping_count(*memory) == 4);
    CHECK(memory->protect(start, 4 * page, read_write) == 0);
    CHECK(mapping_count(*memory) == 1);
    CHECK(memory->protect(start + 3 * page, 2 * page, read_write) == -ENOMEM);
    CHECK(memory->protect(start + 1, page, read_write) == -EINVAL);
}

TEST_CASE("map answers as mmap does") {
    auto memory = space();
    auto error = [&](MapRequest request) { return memory->map(request).error(); };
    CHECK(error({.size = 0}) == -EINVAL);
    CHECK(error({.size = ~u64{0}}) == -ENOMEM);
    CHECK(error({.hint = {0x7fff'ffff'f000}, .size = page, .placement = Placement::fixed}) == -ENOMEM);
    CHECK(error({.hint = {123}, .size = page, .placement = Placement::fixed}) == -EINVAL);
    CHECK(error({.hint = {0}, .size = page, .placement = Placement::fixed}) == -EPERM);
    GuestAddr start = map(*memory, 2 * page);
    CHECK(start + 2 * page == GuestAddr{0x7fff'0000'0000});
    CHECK(error({.hint = start + page, .size = page, .placement = Placement::fixed_noreplace}) == -EEXIST);
    GuestAddr below = map(*memory, page);
    CHECK(below + page == start);
    CHECK(memory->unmap(start, page) == 0);
    CHECK(map(*memory, page) == start);   // the hole is found again
    auto hinted = memory->map({.hint = {0x1234'5678}, .size = page});
    CHECK(hinted.value() == GuestAddr{0x1234'5000});
}

TEST_CASE("unmap makes holes and returns memory") {
    auto memory = space();
    GuestAddr start = map(*memory, 3 * page);
    CHECK(put(*memory, start + page, "gone"));
    CHECK(memory->unmap(start + page, page) == 0);
    CHECK(bytes_at(*memory, start + page, 1) == "unreadable");
    CHECK(bytes_at(*memory, start, 1) == std::string(1, '\0'));
    CHECK(memory->unmap(start + 1, page) == -EINVAL);
    CHECK(memory->unmap(start, 0) == -EINVAL);
    CHECK(memory->unmap({0x10000}, 0x7fff'0000'0000) == 0);   // far more than there is
    CHECK(mapping_count(*memory) == 0);
    map(*memory, 3 * page, read_write, start);
    CHECK(bytes_at(*memory, start + page, 4) == std::string(4, '\0'));
}

TEST_CASE("slots come back when they are empty") {
    auto memory = space();
    for (u64 i = 1; i < 3 * (memory->arena_size() / memory::Arena::slot_size); ++i) {
        auto mapped = memory->map({.hint = {i * memory::Arena::slot_size}, .size = page, .permissions = read_write,
                                   .placement = Placement::fixed});
        REQUIRE(mapped.has_value());
        REQUIRE(memory->unmap(*mapped, page) == 0);
    }
    // Without giving any back the arena is full at some point, and says so.
    int error = 0;
    for (u64 i = 1; error == 0; ++i) {
        REQUIRE(i <= memory->arena_size() / memory::Arena::slot_size + 1);
        auto mapped = memory->map({.hint = {i * memory::Arena::slot_size}, .size = page, .permissions = read_write,
                                   .placement = Placement::fixed});
        if (!mapped) error = mapped.error();
    }
    CHECK(error == -ENOMEM);
}

TEST_CASE("files are mapped privately and shared, and end with SIGBUS") {
    auto memory = space();
    File file(page + 10);
    auto private_map = memory->map({.size = 3 * page, .permissions = read_write, .host_fd = file.fd});
    auto shared_map = memory->map({.size = page, .permissions = read_write, .shared = true, .host_fd = file.fd,
                                   .file_offset = page});
    REQUIRE(private_map.has_value());
    REQUIRE(shared_map.has_value());
    CHECK(bytes_at(*memory, *private_map, 3) == "abc");
    CHECK(bytes_at(*memory, *private_map + page + 9, 2) == std::string(1, 'a' + (page + 9) % 26) + '\0');
    CHECK(put(*memory, *private_map, "XYZ"));
    CHECK(put(*memory, *shared_map, "QRS"));
    char text[3];
    CHECK(::pread(file.fd, text, 3, 0) == 3);
    CHECK(std::string_view(text, 3) == "abc");
    CHECK(::pread(file.fd, text, 3, page) == 3);
    CHECK(std::string_view(text, 3) == "QRS");

    CHECK(memory->translate(*private_map + 2 * page, Access::read).error() == FaultKind::beyond_file);
    CHECK(bytes_at(*memory, *private_map + 2 * page, 1) == "unreadable");
    REQUIRE(::ftruncate(file.fd, 3 * page) == 0);
    CHECK(memory->translate(*private_map + 2 * page, Access::read).has_value());
    CHECK(bytes_at(*memory, *private_map + 2 * page, 1) == std::string(1, '\0'));
    CHECK(memory->map({.size = page, .permissions = read_only, .host_fd = file.fd, .file_offset = 1}).error() ==
          -EINVAL);

    // The file is cut under its mappings.
    REQUIRE(::ftruncate(file.fd, 10) == 0);
    const auto* mapping = memory->find(*shared_map);
    memory->file_resized(mapping->device, mapping->inode, 10);
    CHECK(memory->translate(*shared_map, Access::write).error() == FaultKind::beyond_file);
    CHECK_FALSE(put(*memory, *shared_map, "x"));
    CHECK(memory->translate(*private_map, Access::read).has_value());
}

TEST_CASE("remap shrinks, grows in place and moves") {
    auto memory = space();
    GuestAddr start = map(*memory, 2 * page, read_write, {0x4000'0000});
    CHECK(put(*memory, start + page, "kept"));
    CHECK(memory->remap(start, 2 * page, 4 * page, 0, {}).value() == start);
    CHECK(bytes_at(*memory, start + page, 4) == "kept");
    CHECK(memory->remap(start, 4 * page, 2 * page, 0, {}).value() == start);
    CHECK(bytes_at(*memory, start + 2 * page, 1) == "unreadable");

    map(*memory, page, read_write, start + 2 * page);   // in the way (and it merges)
    CHECK(memory->protect(start + 2 * page, page, read_only) == 0);
    CHECK(memory->remap(start, 2 * page, 3 * page, 0, {}).error() == -ENOMEM);
    GuestAddr moved = memory->remap(start, 2 * page, 3 * page, MREMAP_MAYMOVE, {}).value();
    CHECK(moved != start);
    CHECK(bytes_at(*memory, moved + page, 4) == "kept");
    CHECK(bytes_at(*memory, moved + 2 * page, 4) == std::string(4, '\0'));
    CHECK(bytes_at(*memory, start, 1) == "unreadable");

    // Across a slot border, to a fixed place.
    GuestAddr target{u64{0x9000'0000} - page};
    CHECK(memory->remap(moved, 3 * page, 3 * page, MREMAP_MAYMOVE | MREMAP_FIXED, target).value() == target);
    CHECK(bytes_at(*memory, target + page, 4) == "kept");
    CHECK(memory->remap(target, 3 * page, 3 * page, MREMAP_FIXED, start).error() == -EINVAL);
    CHECK(memory->remap({0x10'0000}, page, page, MREMAP_MAYMOVE, {}).error() == -EFAULT);
    CHECK(memory->remap(target, page, 0, 0, {}).error() == -EINVAL);
}

TEST_CASE("a shared file mapping grows by moving") {
    auto memory = space();
    File file(4 * page);
    auto start = memory->map({.size = page, .permissions = read_write, .shared = true, .host_fd = file.fd});
    auto moved = memory->remap(*start, page, 4 * page, MREMAP_MAYMOVE, {});
    REQUIRE(moved.has_value());
    CHECK(bytes_at(*memory, *moved + 3 * page, 1) == std::string(1, static_cast<char>('a' + 3 * page % 26)));
}

TEST_CASE("the stack grows to its limit and not into others") {
    for (std::string_view abi : {"x86-64", "arm"}) {
        CAPTURE(abi);
        auto memory = space(abi);
        memory->set_stack_limit(8 << 20);
        GuestAddr top{abi == "arm" ? 0xf000'0000u : 0x7fff'8000'0000u};
        REQUIRE(memory->map({.hint = top - 4 * page, .size = 4 * page, .permissions = read_write,
                             .placement = Placement::fixed, .grows_down = true}));
        CHECK(put(*memory, top - (1 << 20), "deep"));
        CHECK(bytes_at(*memory, top - (1 << 20), 4) == "deep");
        CHECK(memory->translate(top - (8 << 20), Access::write).has_value());
        CHECK(memory->translate(top - (8 << 20) - 1, Access::write).error() == FaultKind::unmapped);
        CHECK(mapping_count(*memory) == 1);
    }
}

TEST_CASE("a stack that grows up stops at its limit and in front of others") {
    auto memory = space("arm");
    memory->set_stack_limit(8 << 20);
    GuestAddr start{0xb000'0000};
    REQUIRE(memory->map({.hint = start, .size = 4 * page, .permissions = read_write, .placement = Placement::fixed,
                         .grows_up = true}));
    CHECK(put(*memory, start + (1 << 20), "high"));
    CHECK(bytes_at(*memory, start + (1 << 20), 4) == "high");
    CHECK(mapping_count(*memory) == 1);
    CHECK(memory->translate(start - 1, Access::write).error() == FaultKind::unmapped);
    CHECK(memory->translate(start + (8 << 20) - 1, Access::write).has_value());
    CHECK(memory->translate(start + (8 << 20), Access::write).error() == FaultKind::unmapped);
    GuestAddr other{0xa000'0000};
    REQUIRE(memory->map({.hint = other, .size = page, .permissions = read_write, .placement = Placement::fixed,
                         .grows_up = true}));
    REQUIRE(memory->map({.hint = other + (2 << 20), .size = page, .permissions = read_write,
                         .placement = Placement::fixed}));
    CHECK(memory->translate(other + (1 << 20) - 1, Access::write).has_value());
    CHECK(memory->translate(other + (1 << 20), Access::write).error() == FaultKind::unmapped);
}

TEST_CASE("grants never carry write and execute together, and write marks dirty") {
    auto memory = space();
    GuestAddr start = map(*memory, 2 * page, {.read = true, .write = true, .execute = true});
    memory->clear_dirty();
    CHECK(memory->translate(start, Access::read)->permissions == read_only);
    CHECK(memory->translate(start, Access::execute)->permissions == read_execute);
    std::vector<GuestAddr> dirty;
    memory->for_each_dirty([&](GuestAddr address) { dirty.push_back(address); });
    CHECK(dirty.empty());
    CHECK(memory->translate(start + page + 17, Access::write)->permissions == read_write);
    CHECK(put(*memory, start, "x"));
    memory->for_each_dirty([&](GuestAddr address) { dirty.push_back(address); });
    CHECK(dirty == std::vector{start, start + page});
}

TEST_CASE("a change record tells the bytes that differ, of private memory") {
    auto memory = space();
    GuestAddr start = map(*memory, 3 * page, read_write);
    CHECK(put(*memory, start, "before"));
    auto shared = memory->map({.size = page, .permissions = read_write, .shared = true});
    REQUIRE(shared.has_value());
    CountingListener listener;
    memory->set_listener(&listener);
    memory->begin_change_record();
    CHECK(listener.flushes == 1);   // or an engine that may write already would do so unseen
    CHECK(put(*memory, start + page - 2, "abcd"));
    CHECK(put(*memory, start, "beFoRe"));
    CHECK(put(*memory, start + 2 * page, std::string_view("\0\0", 2)));
    CHECK(put(*memory, *shared, "seen by all"));
    std::vector<std::pair<GuestAddr, std::string>> changes;
    auto note = [&](GuestAddr at, std::span<const std::byte> bytes) {
        changes.emplace_back(at, std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    };
    memory->for_each_change(note);
    CHECK(changes == std::vector<std::pair<GuestAddr, std::string>>{
                         {start + 2, "F"}, {start + 4, "R"}, {start + page - 2, "ab"}, {start + page, "cd"}});
    changes.clear();
    memory->end_change_record();
    CHECK(put(*memory, start, "again"));
    memory->for_each_change(note);
    CHECK(changes.empty());
    memory->set_listener(nullptr);
}

TEST_CASE("engines hear of memory that others may write, and only of that") {
    auto memory = space();
    CountingListener listener;
    memory->set_listener(&listener);
    map(*memory, page, read_write);
    auto shared = memory->map({.size = page, .permissions = read_only, .shared = true});
    REQUIRE(shared.has_value());
    CHECK(listener.shares == 0);
    CHECK(memory->protect(*shared, page, read_write) == 0);
    CHECK(listener.shares == 1);
    REQUIRE(memory->map({.size = page, .permissions = read_write, .shared = true}).has_value());
    CHECK(listener.shares == 2);
    memory->set_listener(nullptr);
}

TEST_CASE("engines hear of what became stale, and only then") {
    auto memory = space();
    CountingListener listener;
    memory->set_listener(&listener);
    GuestAddr start = map(*memory, 2 * page, {.read = true, .write = true, .execute = true});
    CHECK(listener.flushes == 0);
    CHECK(put(*memory, start, "x"));
    CHECK(listener.code.empty());
    CHECK(memory->translate(start, Access::execute).has_value());
    CHECK(put(*memory, start + 8, "xy"));
    CHECK(listener.code == std::vector{std::pair{start + 8, u64{2}}});
    CHECK(memory->protect(start, page, read_only) == 0);
    CHECK(listener.flushes == 1);
    CHECK(memory->protect(start, page, read_write) == 0);
    CHECK(listener.flushes == 1);
    listener.code.clear();
    CHECK(memory->unmap(start, 2 * page) == 0);
    CHECK(listener.flushes == 2);
    CHECK(listener.code.size() == 2);
    memory->set_listener(nullptr);
}

TEST_CASE("special mappings tell before they move") {
    auto memory = space();
    auto vvar = memory->map_special({}, page, read_only, false, "[vvar]");
    REQUIRE(vvar.has_value());
    CHECK_FALSE(put(*memory, *vvar, "x"));
    CHECK(memory->poke(*vvar, std::as_bytes(std::span{"page", 4})));
    CHECK(memory->special_span(*vvar, page).size() == page);
    std::string calls;
    std::optional<GuestAddr> moved_to;
    using Moment = memory::AddressSpace::Moment;
    memory->set_special_hook([&](Moment moment, const memory::SpecialChange& change) {
        calls += moment == Moment::before ? 'b' : 'a';
        moved_to = change.moved_to;
    });
    GuestAddr other = map(*memory, page);
    CHECK(memory->unmap(other, page) == 0);
    CHECK(calls.empty());
    GuestAddr moved = memory->remap(*vvar, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, *vvar - 16 * page).value();
    CHECK(calls == "ba");
    CHECK(moved_to == moved);
    CHECK(bytes_at(*memory, moved, 4) == "page");
    CHECK(memory->find(moved)->name == "[vvar]");
    CHECK(memory->unmap(moved, page) == 0);
    CHECK(calls == "baba");
    CHECK_FALSE(moved_to.has_value());
}

TEST_CASE("special mappings are changed whole, and [vvar] never becomes writable") {
    auto memory = space();
    auto data = memory->map_special({}, page, read_only, false, "[vvar]");
    auto code = memory->map_special({}, 2 * page, read_execute, false, "[vdso]");
    REQUIRE((data && code));
    CHECK(memory->unmap(*code, page) == -EINVAL);
    CHECK(memory->unmap(*code - page, 2 * page) == -EINVAL);
    CHECK(memory->protect(*code + page, page, read_only) == -EINVAL);
    CHECK(memory->map({.hint = *code + page, .size = page, .permissions = read_write,
                       .placement = memory::MapRequest::Placement::fixed}) == std::unexpected(-EINVAL));
    CHECK(memory->remap(*code, 2 * page, 3 * page, MREMAP_MAYMOVE, {}) == std::unexpected(-EFAULT));
    CHECK(memory->remap(*code, 2 * page, page, MREMAP_MAYMOVE, {}) == std::unexpected(-EINVAL));
    CHECK(memory->remap(*code, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, *code - 64 * page) ==
          std::unexpected(-EINVAL));
    CHECK(memory->protect(*code, 2 * page, {.read = true, .write = true, .execute = true}) == 0);
    CHECK(memory->protect(*data, page, read_write) == -EACCES);
    CHECK(memory->protect(*data, page, read_execute) == -EACCES);
    CHECK(memory->protect(*data, page, {}) == 0);
    CHECK(memory->protect(*data, page, read_only) == 0);
}

TEST_CASE("strings and words in guest order") {
    for (std::string_view abi : {"s390x", "i386"}) {
        CAPTURE(abi);
        auto memory = space("x86-64");
        auto other = std::move(*AddressSpace::create(*find_abi(abi)));
        other->set_map_base({0x6000'0000});
        GuestAddr start = map(*other, 2 * page);
        CHECK(other->write_word(start, 0x11223344));
        std::string expected = abi == "i386" ? std::string("\x44\x33\x22\x11", 4)
                                             : std::string("\0\0\0\0\x11\x22\x33\x44", 8);
        CHECK(bytes_at(*other, start, expected.size()) == expected);
        CHECK(other->read_word(start) == 0x11223344);
        CHECK(put(*other, start + page - 3, std::string_view("cross\0", 6)));
        CHECK(other->read_string(start + page - 3) == "cross");
        CHECK(other->read_string(start + page - 3, 4) == "cros");
        CHECK_FALSE(other->read_string(start + 2 * page - 1 + 1).has_value());
        CHECK(put(*other, start + 2 * page - 1, "x"));
        CHECK_FALSE(other->read_string(start + 2 * page - 1).has_value());
    }
}
