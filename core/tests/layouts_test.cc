// Struct layouts: x86-64's against the host's own headers, the others against what their
// compilers say, and the accessors on both byte orders.
#include "abi/layouts.hpp"

#include <algorithm>
#include <array>
#include <asm/stat.h>
#include <cstddef>
#include <doctest/doctest.h>
#include <linux/stat.h>
#include <linux/time_types.h>
#include <linux/utime.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/timex.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <utility>

#undef st_atime
#undef st_mtime
#undef st_ctime

using namespace postern;

namespace {

struct HostField {
    Struct which;
    Field field;
    std::size_t offset, width;
};

struct HostStruct {
    Struct which;
    std::size_t size;
};

#define HOST_FIELD(name, type, member) \
    {Struct::name, Field::member, offsetof(type, member), sizeof(std::declval<type&>().member)}
#define HOST_FIELD_AS(name, type, member, field) \
    {Struct::name, Field::field, offsetof(type, member), sizeof(std::declval<type&>().member)}

const FieldRow& row_of(std::string_view abi, Struct which, Field field) {
    const FieldRow* row = layout_of(*find_abi(abi), which).find(field);
    REQUIRE(row != nullptr);
    return *row;
}

struct KnownField {
    std::string_view abi;
    Struct which;
    Field field;
    u16 offset, width;
};

struct KnownSize {
    std::string_view abi;
    Struct which;
    u16 size;
};

}  // namespace

// The tables of x86-64 describe an x86-64 host's structs.
#ifdef __x86_64__
TEST_CASE("x86-64 layouts are the host's") {
    const HostStruct sizes[] = {
        {Struct::stat, sizeof(struct stat)},           {Struct::statx, sizeof(struct statx)},
        {Struct::statfs, sizeof(struct statfs)},       {Struct::iovec, sizeof(iovec)},
        {Struct::rlimit, sizeof(rlimit)},              {Struct::rusage, sizeof(rusage)},
        {Struct::sysinfo, sizeof(struct sysinfo)},     {Struct::new_utsname, sizeof(utsname)},
        {Struct::epoll_event, sizeof(epoll_event)},    {Struct::pollfd, sizeof(pollfd)},
        {Struct::user_msghdr, sizeof(msghdr)},         {Struct::cmsghdr, sizeof(cmsghdr)},
        {Struct::timex, sizeof(timex)},                {Struct::timex64, sizeof(timex)},
        {Struct::timespec64, sizeof(__kernel_timespec)}, {Struct::itimerspec64, sizeof(__kernel_itimerspec)},
        {Struct::old_timeval, sizeof(timeval)},        {Struct::tms, sizeof(struct tms)},
        {Struct::utimbuf, sizeof(utimbuf)},
    };
    for (const HostStruct& host : sizes) {
        CAPTURE(static_cast<int>(host.which));
        CHECK(layout_of(*find_abi("x86-64"), host.which).size == host.size);
    }
    const HostField fields[] = {
        HOST_FIELD(stat, struct stat, st_dev), HOST_FIELD(stat, struct stat, st_ino),
        HOST_FIELD(stat, struct stat, st_nlink), HOST_FIELD(stat, struct stat, st_mode),
        HOST_FIELD(stat, struct stat, st_uid), HOST_FIELD(stat, struct stat, st_gid),
        HOST_FIELD(stat, struct stat, st_rdev), HOST_FIELD(stat, struct stat, st_size),
        HOST_FIELD(stat, struct stat, st_blksize), HOST_FIELD(stat, struct stat, st_blocks),
        HOST_FIELD_AS(stat, struct stat, st_atime, st_atime_sec), HOST_FIELD(stat, struct stat, st_atime_nsec),
        HOST_FIELD_AS(stat, struct stat, st_ctime, st_ctime_sec), HOST_FIELD(stat, struct stat, st_ctime_nsec),
        HOST_FIELD(statx, struct statx, stx_mask), HOST_FIELD(statx, struct statx, stx_mode),
        HOST_FIELD(statx, struct statx, stx_ino), HOST_FIELD(statx, struct statx, stx_size),
        HOST_FIELD_AS(statx, struct statx, stx_btime.tv_nsec, stx_btime_tv_nsec),
        HOST_FIELD(statx, struct statx, stx_dev_minor), HOST_FIELD(statx, struct statx, stx_mnt_id),
        HOST_FIELD(statfs, struct statfs, f_type), HOST_FIELD(statfs, struct statfs, f_bavail),
        HOST_FIELD(statfs, struct statfs, f_fsid), HOST_FIELD(statfs, struct statfs, f_namelen),
        HOST_FIELD(statfs, struct statfs, f_flags),
        HOST_FIELD_AS(rusage, rusage, ru_stime.tv_usec, ru_stime_tv_usec), HOST_FIELD(rusage, rusage, ru_maxrss),
        HOST_FIELD(rusage, rusage, ru_nivcsw),
        HOST_FIELD(sysinfo, struct sysinfo, loads), HOST_FIELD(sysinfo, struct sysinfo, procs),
        HOST_FIELD(sysinfo, struct sysinfo, mem_unit),
        HOST_FIELD(epoll_event, epoll_event, data), HOST_FIELD(pollfd, pollfd, revents),
        HOST_FIELD(user_msghdr, msghdr, msg_iov), HOST_FIELD(user_msghdr, msghdr, msg_flags),
        HOST_FIELD(cmsghdr, cmsghdr, cmsg_type),
        HOST_FIELD(timex, timex, constant), HOST_FIELD(timex, timex, tai), HOST_FIELD(timex64, timex, tick),
        HOST_FIELD(new_utsname, utsname, machine),
    };
    for (const HostField& host : fields) {
        CAPTURE(static_cast<int>(host.which));
        CAPTURE(static_cast<int>(host.field));
        const FieldRow* row = layout_of(*find_abi("x86-64"), host.which).find(host.field);
        REQUIRE(row != nullptr);
        CHECK(row->offset == host.offset);
        CHECK(row->width == host.width);
    }
}
#endif

// Sizes and offsets as each architecture's own compiler gives them for the kernel's headers.
TEST_CASE("layouts of the other ABIs are what their compilers say") {
    const KnownSize sizes[] = {
        {"i386", Struct::stat64, 96},     {"arm", Struct::stat64, 104},     {"i386", Struct::stat, 64},
        {"aarch64", Struct::stat, 128},   {"s390x", Struct::stat, 144},     {"x86-64", Struct::stat64, 0},
        {"i386", Struct::flock64, 24},    {"arm", Struct::flock64, 32},     {"i386", Struct::epoll_event, 12},
        {"arm", Struct::epoll_event, 16}, {"s390x", Struct::statfs, 88},    {"i386", Struct::statfs64, 84},
        {"i386", Struct::siginfo, 128},   {"s390x", Struct::sigaction, 32}, {"arm", Struct::sigaction, 20},
        {"i386", Struct::oldstat, 32},    {"arm", Struct::oldstat, 0},      {"i386", Struct::user_desc, 16},
        {"arm", Struct::rusage, 72},      {"arm", Struct::timespec64, 16},  {"arm", Struct::old_timespec, 8},
        {"arm", Struct::robust_list_head, 12}, {"ppc64", Struct::termios, 44}, {"ppc32", Struct::termios, 44},
        {"ppc32", Struct::stat64, 104},   {"ppc64", Struct::stat, 144},     {"ppc64le", Struct::statfs64, 120},
        {"mips-o32", Struct::stat64, 104}, {"mipsel-o32", Struct::stat, 144}, {"mips-o32", Struct::termios, 40},
        {"mips-n64", Struct::stat, 104}, {"mipsel-n32", Struct::stat, 104}, {"mips-n64", Struct::statfs, 128},
        {"mips-n32", Struct::sigaction, 24}, {"mipsel-n64", Struct::sigaction, 32},
        {"mips-o32", Struct::siginfo, 128}, {"mipsel-o32", Struct::sigaction, 24},
        {"riscv32", Struct::statfs64, 88}, {"riscv32", Struct::timespec64, 16}, {"riscv32", Struct::epoll_event, 16},
        {"riscv32", Struct::sigaction, 16},
        {"parisc", Struct::stat64, 104},  {"parisc", Struct::sigaction, 16}, {"parisc", Struct::siginfo, 128},
        {"sh4", Struct::stat64, 96},      {"sh4", Struct::flock64, 24},     {"sh4", Struct::sigaction, 20},
        {"sh4eb", Struct::stat64, 96},    {"sh4eb", Struct::epoll_event, 12}, {"sh4eb", Struct::siginfo, 128},
    };
    for (const KnownSize& known : sizes) {
        CAPTURE(known.abi);
        CAPTURE(static_cast<int>(known.which));
        CHECK(layout_of(*find_abi(known.abi), known.which).size == known.size);
    }
    const KnownField fields[] = {
        {"i386", Struct::stat64, Field::st_ino, 88, 8},       {"i386", Struct::stat64, Field::st_ino_low, 12, 4},
        {"i386", Struct::stat64, Field::st_size, 44, 8},      {"arm", Struct::stat64, Field::st_ino, 96, 8},
        {"arm", Struct::stat64, Field::st_size, 48, 8},       {"arm", Struct::stat64, Field::st_blocks, 64, 8},
        {"i386", Struct::stat, Field::st_mode, 8, 2},         {"aarch64", Struct::stat, Field::st_mode, 16, 4},
        {"aarch64", Struct::stat, Field::st_blksize, 56, 4},  {"s390x", Struct::stat, Field::st_blksize, 104, 8},
        {"s390x", Struct::stat, Field::st_nlink, 16, 8},      {"i386", Struct::flock64, Field::l_start, 4, 8},
        {"arm", Struct::flock64, Field::l_start, 8, 8},       {"i386", Struct::siginfo, Field::_sigfault_addr, 12, 4},
        {"s390x", Struct::siginfo, Field::_sigfault_addr, 16, 8}, {"ppc32", Struct::termios, Field::c_line, 35, 1},
        {"arm", Struct::siginfo, Field::_sigchld_stime, 28, 4}, {"i386", Struct::sigaction, Field::sa_mask, 12, 8},
        {"s390x", Struct::cmsghdr, Field::cmsg_level, 8, 4},  {"arm", Struct::cmsghdr, Field::cmsg_level, 4, 4},
        {"arm", Struct::epoll_event, Field::data, 8, 8},      {"i386", Struct::epoll_event, Field::data, 4, 8},
    };
    for (const KnownField& known : fields) {
        CAPTURE(known.abi);
        CAPTURE(static_cast<int>(known.which));
        CAPTURE(static_cast<int>(known.field));
        const FieldRow& row = row_of(known.abi, known.which, known.field);
        CHECK(row.offset == known.offset);
        CHECK(row.width == known.width);
    }
}

TEST_CASE("fields lie inside their structs") {
    for (const Abi* abi : known_abis()) {
        CAPTURE(abi->name);
        for (const StructLayout& layout : abi->layouts) {
            CHECK((layout.size == 0) == layout.fields.empty());
            for (const FieldRow& row : layout.fields) {
                CAPTURE(static_cast<int>(row.field));
                // linux_dirent64's name has no size of its own.
                CHECK((row.width > 0 || row.field == Field::d_name));
                CHECK(row.offset + row.width <= layout.size);
            }
        }
    }
}

TEST_CASE("a view writes and reads in guest order, cut to the field") {
    std::array<std::byte, 144> bytes{};
    const Abi& big = *find_abi("s390x");
    StructView view(big, Struct::stat, bytes);
    view.set(Field::st_mode, 0x1'0000'81a4);
    CHECK(bytes[24] == std::byte{0});
    CHECK(bytes[26] == std::byte{0x81});
    CHECK(bytes[27] == std::byte{0xa4});
    CHECK(view.get(Field::st_mode) == 0x81a4);
    CHECK(view.size() == 144);

    const Abi& little = *find_abi("arm");
    StructView small(little, Struct::old_timespec, bytes);
    small.set(Field::tv_sec, static_cast<u64>(i64{-2}));
    CHECK(bytes[0] == std::byte{0xfe});
    CHECK(static_cast<i64>(small.get(Field::tv_sec)) == -2);
    CHECK(small.bytes().size() == 8);
}

TEST_CASE("a field that the ABI does not have is skipped") {
    std::array<std::byte, 144> bytes{};
    StructView view(*find_abi("x86-64"), Struct::stat, bytes);
    CHECK_FALSE(view.has(Field::st_ino_low));
    view.set(Field::st_ino_low, ~u64{0});
    CHECK(view.get(Field::st_ino_low) == 0);
    CHECK(view.bytes_of(Field::st_ino_low).empty());
    CHECK(std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; }));
}
