// Conversions between the host's and the guest's file structures, numbers and texts.
#include "abi/abi.hpp"
#include "abi/layouts.hpp"
#include "kernel/files.hpp"
#include "kernel/syscalls/descriptor_set.hpp"
#include "kernel/syscalls/dirents.hpp"
#include "kernel/syscalls/event_bytes.hpp"
#include "kernel/syscalls/file_status.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <string>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace postern;
using namespace postern::kernel;

namespace {

const Abi& abi_named(const char* name) {
    const Abi* abi = find_abi(name);
    REQUIRE(abi != nullptr);
    return *abi;
}

struct statx sample_status() {
    struct statx host{};
    host.stx_dev_major = 8;
    host.stx_dev_minor = 3;
    host.stx_rdev_major = 4;
    host.stx_rdev_minor = 65;
    host.stx_ino = 0x1234567;
    host.stx_mode = 0100644;
    host.stx_nlink = 2;
    host.stx_uid = 1000;
    host.stx_gid = 100;
    host.stx_size = 123456;
    host.stx_blksize = 4096;
    host.stx_blocks = 248;
    host.stx_atime.tv_sec = 1'700'000'000;
    host.stx_atime.tv_nsec = 1;
    host.stx_mtime.tv_sec = 1'700'000'001;
    host.stx_mtime.tv_nsec = 2;
    host.stx_ctime.tv_sec = 1'700'000'002;
    host.stx_ctime.tv_nsec = 999'999'999;
    return host;
}

}  // namespace

TEST_CASE("open flags go to the guest's numbers and back") {
    const Abi& x86 = abi_named("x86-64");
    CHECK(open_flags_from_guest(x86, 0x10000) == O_DIRECTORY);
    const Abi& arm = abi_named("arm");
    CHECK(open_flags_from_guest(arm, 0x4000) == O_DIRECTORY);
    CHECK(open_flags_from_guest(arm, 0x8000) == O_NOFOLLOW);
    CHECK(open_flags_from_guest(arm, 0x10000) == O_DIRECT);
    CHECK(open_flags_to_guest(arm, O_DIRECTORY) == 0x4000);
    // Bits that swap places must not be translated twice.
    CHECK(open_flags_from_guest(arm, 0x4000 | 0x10000) == (O_DIRECTORY | O_DIRECT));
    for (const Abi* abi : all_abis()) {
        CAPTURE(abi->name);
        for (int flag : {O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_NONBLOCK, O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW,
                         O_DIRECT, O_PATH, O_TMPFILE, O_SYNC}) {
            CAPTURE(flag);
            CHECK(open_flags_from_guest(*abi, open_flags_to_guest(*abi, flag)) == flag);
        }
    }
}

TEST_CASE("stat: every ABI's struct holds the host's facts") {
    struct statx host = sample_status();
    for (const Abi* abi : all_abis()) {
        for (Struct layout : {Struct::stat, Struct::stat64}) {
            std::size_t size = layout_of(*abi, layout).size;
            if (size == 0) continue;   // 64-bit ABIs have no stat64
            CAPTURE(abi->name);
            CAPTURE(static_cast<int>(layout));
            std::vector<std::byte> bytes(size, std::byte{0xaa});
            REQUIRE(convert_status(*abi, layout, host, bytes) == 0);
            StructView view(*abi, layout, bytes);
            CHECK(view.get(Field::st_dev) == 0x803);
            CHECK(view.get(Field::st_rdev) == 0x441);
            CHECK(view.get(Field::st_ino) == 0x1234567);
            CHECK(view.get(Field::st_mode) == 0100644);
            CHECK(view.get(Field::st_nlink) == 2);
            CHECK(view.get(Field::st_uid) == 1000);
            CHECK(view.get(Field::st_size) == 123456);
            CHECK(view.get(Field::st_blocks) == 248);
            CHECK(view.get(Field::st_mtime_sec) == 1'700'000'001);
            CHECK(view.get(Field::st_ctime_nsec) == 999'999'999);
            // Nothing of what was in the buffer may be left in padding.
            CHECK(std::ranges::count(bytes, std::byte{0xaa}) == 0);
        }
    }
}

TEST_CASE("stat: bytes of three ABIs as the kernel lays them out") {
    struct statx host = sample_status();
    std::vector<std::byte> s390x(144), i386(96), aarch64(128);
    REQUIRE(convert_status(abi_named("s390x"), Struct::stat, host, s390x) == 0);
    CHECK(load<u64>(s390x.data() + 48, ByteOrder::big) == 123456);
    CHECK(load<u32>(s390x.data() + 24, ByteOrder::big) == 0100644);
    REQUIRE(convert_status(abi_named("i386"), Struct::stat64, host, i386) == 0);
    CHECK(load<u32>(i386.data() + 12, ByteOrder::little) == 0x1234567);
    CHECK(load<u64>(i386.data() + 44, ByteOrder::little) == 123456);
    CHECK(load<u64>(i386.data() + 88, ByteOrder::little) == 0x1234567);
    REQUIRE(convert_status(abi_named("aarch64"), Struct::stat, host, aarch64) == 0);
    CHECK(load<u32>(aarch64.data() + 16, ByteOrder::little) == 0100644);
}

TEST_CASE("stat: what does not fit is EOVERFLOW, or a defined cut") {
    const Abi& arm = abi_named("arm");
    std::vector<std::byte> bytes(layout_of(arm, Struct::stat).size), bytes64(layout_of(arm, Struct::stat64).size);
    struct statx host = sample_status();
    host.stx_size = u64{1} << 31;
    CHECK(convert_status(arm, Struct::stat, host, bytes) == -EOVERFLOW);
    CHECK(convert_status(arm, Struct::stat64, host, bytes64) == 0);
    host = sample_status();
    host.stx_ino = u64{1} << 32;
    CHECK(convert_status(arm, Struct::stat, host, bytes) == -EOVERFLOW);
    CHECK(convert_status(arm, Struct::stat64, host, bytes64) == 0);
    CHECK(StructView(arm, Struct::stat64, bytes64).get(Field::st_ino) == u64{1} << 32);
    host = sample_status();
    host.stx_dev_minor = 256;
    CHECK(convert_status(arm, Struct::stat, host, bytes) == -EOVERFLOW);
    CHECK(convert_status(arm, Struct::stat64, host, bytes64) == 0);
    CHECK(StructView(arm, Struct::stat64, bytes64).get(Field::st_dev) == 0x100800);
    host = sample_status();
    host.stx_uid = 70000;
    REQUIRE(convert_status(arm, Struct::stat, host, bytes) == 0);
    CHECK(StructView(arm, Struct::stat, bytes).get(Field::st_uid) == 65534);
}

TEST_CASE("statfs: sizes that do not fit into 32 bits are EOVERFLOW, unknown file counts are not") {
    const Abi& i386 = abi_named("i386");
    std::vector<std::byte> bytes(layout_of(i386, Struct::statfs).size);
    struct statfs host{};
    host.f_type = 0xef53;
    host.f_bsize = 4096;
    host.f_blocks = 1000;
    host.f_files = ~u64{0};
    host.f_ffree = ~u64{0};
    host.f_fsid.__val[0] = 0x01020304;
    REQUIRE(convert_statfs(i386, Struct::statfs, host, bytes) == 0);
    CHECK(StructView(i386, Struct::statfs, bytes).get(Field::f_type) == 0xef53);
    CHECK(StructView(i386, Struct::statfs, bytes).get(Field::f_files) == 0xffffffff);
    CHECK(load<u32>(bytes.data() + 28, ByteOrder::little) == 0x01020304);
    host.f_blocks = u64{1} << 33;
    CHECK(convert_statfs(i386, Struct::statfs, host, bytes) == -EOVERFLOW);
}

namespace {

/// The host's own records of a directory with known names.
std::vector<std::byte> host_entries() {
    std::vector<std::byte> bytes;
    for (std::string_view name : {".", "a", "seven77", "a_rather_long_file_name.txt"}) {
        std::size_t start = bytes.size(), length = align_up(19 + name.size() + 1, 8);
        bytes.resize(start + length, std::byte{0xcc});
        store<u64>(bytes.data() + start, 1000 + name.size(), host_byte_order);
        store<i64>(bytes.data() + start + 8, static_cast<i64>(start + length), host_byte_order);
        store<u16>(bytes.data() + start + 16, static_cast<u16>(length), host_byte_order);
        bytes[start + 18] = std::byte{DT_REG};
        std::memcpy(bytes.data() + start + 19, name.data(), name.size());
        bytes[start + 19 + name.size()] = std::byte{0};
    }
    return bytes;
}

}  // namespace

TEST_CASE("directory entries: all records, every byte defined") {
    auto host = host_entries();
    for (const Abi* abi : all_abis()) {
        CAPTURE(abi->name);
        auto entries = convert_entries(*abi, Struct::linux_dirent64, host, 4096);
        CHECK(entries.complete);
        CHECK(entries.bytes.size() == host.size());
        CHECK(std::ranges::count(entries.bytes, std::byte{0xcc}) == 0);
        CHECK(load<u64>(entries.bytes.data(), abi->byte_order) == 1001);
        CHECK(load<u16>(entries.bytes.data() + 16, abi->byte_order) == 24);

        auto old = convert_entries(*abi, Struct::linux_dirent, host, 4096);
        CHECK(old.complete);
        unsigned word = abi->long_size();
        CHECK(load_unsigned(old.bytes.data(), word, abi->byte_order) == 1001);
        u64 length = load<u16>(old.bytes.data() + 2 * word, abi->byte_order);
        CHECK(length == align_up(2 * word + 2 + 1 + 2, word));
        CHECK(old.bytes[2 * word + 2] == std::byte{'.'});
        CHECK(old.bytes[length - 1] == std::byte{DT_REG});
    }
}

TEST_CASE("directory entries: a small buffer takes whole records and says where to go on") {
    auto host = host_entries();
    const Abi& arm = abi_named("arm");
    auto some = convert_entries(arm, Struct::linux_dirent64, host, 50);
    CHECK_FALSE(some.complete);
    CHECK(some.bytes.size() == 48);
    CHECK(some.next_offset == 48);
    auto none = convert_entries(arm, Struct::linux_dirent64, host, 23);
    CHECK(none.bytes.empty());
    CHECK_FALSE(none.overflow);
    store<u64>(host.data(), u64{1} << 40, host_byte_order);
    auto large = convert_entries(arm, Struct::linux_dirent, host, 4096);
    CHECK(large.bytes.empty());
    CHECK(large.overflow);
}

TEST_CASE("descriptor sets keep their bits in any word size and order") {
    for (const Abi* abi : all_abis()) {
        CAPTURE(abi->name);
        int count = 70;
        std::vector<std::byte> guest(DescriptorSet::guest_size(*abi, count));
        CHECK(guest.size() == (abi->long_size() == 8 ? 16u : 12u));
        for (int fd : {0, 5, 31, 32, 63, 64, 69}) {
            std::size_t bits = abi->long_size() * 8u, at = static_cast<std::size_t>(fd) / bits * abi->long_size();
            u64 word = load_unsigned(guest.data() + at, abi->long_size(), abi->byte_order);
            store_unsigned(guest.data() + at, word | u64{1} << fd % bits, abi->long_size(), abi->byte_order);
        }
        DescriptorSet set = DescriptorSet::from_guest(*abi, guest, count);
        CHECK(set.words()[0] == ((u64{1} << 63) | (u64{1} << 32) | (u64{1} << 31) | (1 << 5) | 1));
        CHECK(set.words()[1] == ((1 << 5) | 1));
        CHECK(set.to_guest(*abi) == guest);
        // Bits beyond the count are not the kernel's business.
        CHECK(DescriptorSet::from_guest(*abi, guest, 32).words()[0] == ((u64{1} << 31) | (1 << 5) | 1));
    }
}

TEST_CASE("descriptors that carry integers are recognised and swapped") {
    int counter = ::eventfd(0, EFD_CLOEXEC), watcher = ::inotify_init1(IN_CLOEXEC), file = ::memfd_create("x", 0);
    CHECK(event_kind(counter) == EventKind::counter);
    CHECK(event_kind(watcher) == EventKind::inotify);
    CHECK(event_kind(file) == EventKind::none);
    for (int fd : {counter, watcher, file}) ::close(fd);

    std::byte number[8];
    store<u64>(number, 5, ByteOrder::little);
    swap_event_bytes(EventKind::counter, number);
    CHECK(load<u64>(number, ByteOrder::big) == 5);

    std::vector<std::byte> events(16 + 16 + 16);
    store<u32>(events.data(), 1, host_byte_order);
    store<u32>(events.data() + 12, 16, host_byte_order);
    std::memcpy(events.data() + 16, "name", 4);
    store<u32>(events.data() + 32, 2, host_byte_order);
    swap_event_bytes(EventKind::inotify, events);
    CHECK(load<u32>(events.data() + 12, host_byte_order) == swap_bytes(u32{16}));
    CHECK(std::memcmp(events.data() + 16, "name", 4) == 0);
    CHECK(load<u32>(events.data() + 32, host_byte_order) == swap_bytes(u32{2}));
    // A record whose length lies is not followed beyond the end.
    store<u32>(events.data() + 12, 0xffffffff, host_byte_order);
    swap_event_bytes(EventKind::inotify, events);
}

TEST_CASE("maps has the kernel's columns") {
    auto memory = memory::AddressSpace::create(abi_named("x86-64"));
    REQUIRE(memory);
    memory::MapRequest request;
    request.hint = {0x400000};
    request.size = 0x2000;
    request.permissions = read_execute;
    request.placement = memory::MapRequest::Placement::fixed;
    REQUIRE((*memory)->map(request));
    request.hint = {0x7f0000000000};
    request.size = 0x1000;
    request.permissions = read_write;
    request.name = "/root/of/guest/bin/x";
    REQUIRE((*memory)->map(request));
    std::string expected =
        "00400000-00402000 r-xp 00000000 00:00 0 \n"
        "7f0000000000-7f0000001000 rw-p 00000000 00:00 0                          /bin/x\n";
    CHECK(format_maps(**memory, "/root/of/guest") == expected);
}

TEST_CASE("a path loses the guest's root only as whole components") {
    CHECK(without_root("/r/x", "/r") == "/x");
    CHECK(without_root("/r", "/r") == "/");
    CHECK(without_root("/rx/y", "/r") == "/rx/y");
    CHECK(without_root("/a", "") == "/a");
}
