// Formatting of trace lines, on guest memory that exists only here.
#include "abi/layouts.hpp"
#include "kernel/sys_result.hpp"
#include "kernel/syscall.hpp"
#include "trace/format.hpp"
#include "trace/names.hpp"
#include "trace/reporters.hpp"

#include <csignal>
#include <cstring>
#include <algorithm>
#include <doctest/doctest.h>
#include <set>

using namespace postern;
using namespace postern::trace;

namespace {

/// One mapped range of bytes.
class FakeMemory final : public GuestMemory {
public:
    static constexpr u64 base = 0x10000, size = 0x1000;

    bool peek(GuestAddr address, std::span<std::byte> out) const override {
        if (!inside(address, out.size())) return false;
        std::copy_n(&bytes_[address.value - base], out.size(), out.data());
        return true;
    }
    bool poke(GuestAddr address, std::span<const std::byte> in) override {
        if (!inside(address, in.size())) return false;
        std::ranges::copy(in, &bytes_[address.value - base]);
        return true;
    }
    Result<GuestAddr> map_special(GuestAddr, u64, Permissions, bool, const char*) override {
        return fail(ErrorKind::internal, "not here");
    }
    void put(u64 address, std::string_view text) {
        REQUIRE(poke({address}, std::as_bytes(std::span(text.data(), text.size()))));
    }
    void put_integer(const Abi& abi, u64 address, u64 value, unsigned width) {
        std::byte bytes[8];
        store_unsigned(bytes, value, width, abi.byte_order);
        REQUIRE(poke({address}, std::span(bytes, width)));
    }

private:
    static bool inside(GuestAddr address, u64 count) {
        return address.value >= base && count <= size && address.value - base <= size - count;
    }
    std::byte bytes_[size] = {};
};

constexpr u64 here = FakeMemory::base;
constexpr u64 nowhere = 0x500;

/// The text of a call with these arguments and this result.
std::string print(const Abi& abi, const GuestMemory& memory, std::string_view kinds, std::vector<u64> values,
                  i64 result = 0) {
    std::size_t index = 0;
    CallText text("f", parse_kinds(kinds), abi, memory, [&](bool) { return values.at(index++); });
    return text.finish(abi, memory, result);
}

const Abi& abi_called(std::string_view name) {
    const Abi* abi = find_abi(name);
    REQUIRE(abi);
    return *abi;
}

using RowSource = std::span<const kernel::SyscallRow> (*)();
constexpr RowSource row_sources[] = {kernel::file_rows,   kernel::directory_rows, kernel::poll_rows,
                                     kernel::memory_rows, kernel::process_rows,   kernel::signal_rows,
                                     kernel::time_rows,   kernel::system_rows,    kernel::network_rows,
                                     kernel::refused_rows};

}  // namespace

TEST_CASE("every kind that a system call row names is known") {
    std::size_t words = 0;
    for (RowSource source : row_sources) {
        for (const auto& row : source()) {
            CAPTURE(row.name);
            std::string_view rest = row.arguments;
            while (!rest.empty()) {
                std::string_view word = rest.substr(0, rest.find(','));
                rest.remove_prefix(std::min(word.size() + 1, rest.size()));
                word.remove_prefix(std::min(word.find_first_not_of(' '), word.size()));
                CAPTURE(word);
                CHECK(is_argument_kind(word));
                ++words;
            }
        }
    }
    CHECK(words > 100);
}

TEST_CASE("kinds have unique names and a formatter") {
    std::set<std::string_view> names;
    for (const ArgumentKind& kind : argument_kinds()) {
        CAPTURE(kind.name);
        CHECK(names.insert(kind.name).second);
        CHECK((kind.format != nullptr));
        CHECK_FALSE(kind.meaning.empty());
    }
}

TEST_CASE("every formatter survives null, wild and valid pointers on every ABI") {
    FakeMemory memory;
    for (const Abi* abi : all_abis()) {
        for (const ArgumentKind& kind : argument_kinds()) {
            for (u64 value : {u64{0}, nowhere, here, here + FakeMemory::size - 1, abi->word_mask()}) {
                for (u64 next : {u64{0}, u64{1}, here, abi->word_mask()}) {
                    for (i64 result : {i64{-14}, i64{0}, i64{3}, i64{1} << 20}) {
                        CAPTURE(abi->name);
                        CAPTURE(kind.name);
                        CAPTURE(value);
                        std::string text = print(*abi, memory, std::string(kind.name) + ", hex", {value, next}, result);
                        CHECK(text.starts_with("f("));
                        CHECK(text.find('\n') == text.npos);
                        CHECK(text.size() < 20000);
                    }
                }
            }
        }
    }
}

TEST_CASE("an unknown kind prints as hex") {
    FakeMemory memory;
    CHECK(print(abi_called("x86-64"), memory, "sundial, int", {0x1234, 5}) == "f(0x1234, 5)");
    CHECK_FALSE(is_argument_kind("sundial"));
}

TEST_CASE("numbers") {
    FakeMemory memory;
    const Abi& wide = abi_called("x86-64");
    const Abi& narrow = abi_called("arm");
    CHECK(print(wide, memory, "int, uint", {0xffffffff, 0xffffffff}) == "f(-1, 4294967295)");
    CHECK(print(narrow, memory, "long, ulong", {0xfffffffe, 0xfffffffe}) == "f(-2, 4294967294)");
    CHECK(print(wide, memory, "long, ptr, ptr, hex", {~u64{1}, 0, 0x10, 0}) == "f(-2, NULL, 0x10, 0)");
    CHECK(print(wide, memory, "dirfd, dirfd", {0xffffff9c, 3}) == "f(AT_FDCWD, 3)");
    CHECK(print(wide, memory, "mode, whence, signal", {0644, 2, 11}) == "f(0644, SEEK_END, SIGSEGV)");
    CHECK(print(wide, memory, "clockid, clockid", {1, 77}) == "f(CLOCK_MONOTONIC, 77)");
    CHECK(print(wide, memory, "prot, mmap_flags", {3, 0x22}) == "f(PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS)");
    CHECK(print(wide, memory, "clone_flags", {0x11}) == "f(SIGCHLD)");
    CHECK(print(wide, memory, "clone_flags", {0x4111}) == "f(CLONE_VM|CLONE_VFORK|SIGCHLD)");
    CHECK(print(wide, memory, "ioctl, ioctl", {0x5413, 0x9999}) == "f(TIOCGWINSZ, 0x9999)");
}

TEST_CASE("open flags are read in the guest's numbering") {
    FakeMemory memory;
    // O_DIRECTORY and O_DIRECT change places on the ARM ports.
    CHECK(print(abi_called("x86-64"), memory, "oflags", {0x10000}) == "f(O_RDONLY|O_DIRECTORY)");
    CHECK(print(abi_called("arm"), memory, "oflags", {0x4000}) == "f(O_RDONLY|O_DIRECTORY)");
    CHECK(print(abi_called("aarch64"), memory, "oflags", {0x10000}) == "f(O_RDONLY|O_DIRECT)");
    CHECK(print(abi_called("x86-64"), memory, "oflags", {01101}) == "f(O_WRONLY|O_CREAT|O_TRUNC)");
    CHECK(print(abi_called("s390x"), memory, "oflags", {0x20000000}) == "f(O_RDONLY|0x20000000)");
}

TEST_CASE("strings and buffers") {
    FakeMemory memory;
    const Abi& abi = abi_called("x86-64");
    memory.put(here, "/etc/passwd");
    memory.put(here + 0x100, std::string_view("a\"b\\\n\x01\xff", 7));
    CHECK(print(abi, memory, "path", {here}) == "f(\"/etc/passwd\")");
    CHECK(print(abi, memory, "path", {nowhere}) == "f(0x500)");
    CHECK(print(abi, memory, "path", {0}) == "f(NULL)");
    CHECK(print(abi, memory, "buf_in, size", {here + 0x100, 7}) == R"(f("a\"b\\\n\x01\xff", 7))");
    CHECK(print(abi, memory, "buf_out, size", {here, 100}, 4) == "f(\"/etc\", 100)");
    CHECK(print(abi, memory, "buf_out, size", {here, 100}, -14) == "f(0x10000, 100)");
    std::string text(40, 'x');
    memory.put(here, text);
    CHECK(print(abi, memory, "buf_in, size", {here, 40}) == "f(\"" + std::string(32, 'x') + "\"..., 40)");
}

TEST_CASE("a string that runs into unmapped memory ends there") {
    FakeMemory memory;
    memory.put(here + FakeMemory::size - 4, "tail");
    CHECK(print(abi_called("arm"), memory, "path", {here + FakeMemory::size - 4}) == "f(\"tail\")");
}

TEST_CASE("arrays of pointers take the ABI's word size and byte order") {
    for (const Abi* abi : all_abis()) {
        CAPTURE(abi->name);
        FakeMemory memory;
        memory.put(here + 0x200, std::string_view("ls\0-l\0", 6));
        memory.put_integer(*abi, here, here + 0x200, abi->word_size);
        memory.put_integer(*abi, here + abi->word_size, here + 0x203, abi->word_size);
        CHECK(print(*abi, memory, "strarray", {here}) == R"(f(["ls", "-l"]))");
        CHECK(print(*abi, memory, "envp", {here}) == "f(0x10000 /* 2 vars */)");
        // One iovec over "ls".
        memory.put_integer(*abi, here + abi->word_size, 2, abi->word_size);
        CHECK(print(*abi, memory, "iovec_in, size", {here, 1}) == R"(f([{iov_base="ls", iov_len=2}], 1))");
        CHECK(print(*abi, memory, "iovec_out, size", {here, 1}, 1) == R"(f([{iov_base="l", iov_len=2}], 1))");
    }
}

TEST_CASE("structs are read through the ABI's layout") {
    for (const Abi* abi : all_abis()) {
        CAPTURE(abi->name);
        FakeMemory memory;
        auto put = [&](Struct which, Field field, u64 value) {
            const FieldRow* row = layout_of(*abi, which).find(field);
            REQUIRE(row);
            memory.put_integer(*abi, here + row->offset, value, row->width);
        };
        put(Struct::timespec64, Field::tv_sec, 1700000000);
        put(Struct::timespec64, Field::tv_nsec, 999999999);
        CHECK(print(*abi, memory, "timespec64_out", {here}) == "f({tv_sec=1700000000, tv_nsec=999999999})");
        CHECK(print(*abi, memory, "timeval64_out", {here}) == "f({tv_sec=1700000000, tv_usec=999999999})");
        CHECK(print(*abi, memory, "timespec64_out", {here}, -14) == "f(0x10000)");
        put(Struct::old_timeval, Field::tv_sec, static_cast<u64>(-1));
        put(Struct::old_timeval, Field::tv_usec, 5);
        CHECK(print(*abi, memory, "timeval_in", {here}) == "f({tv_sec=-1, tv_usec=5})");
        put(Struct::stat, Field::st_mode, 0100644);
        put(Struct::stat, Field::st_size, 4711);
        std::string text = print(*abi, memory, "stat_out", {here});
        CAPTURE(text);
        CHECK(text.find("st_mode=S_IFREG|0644") != text.npos);
        CHECK(text.find("st_size=4711") != text.npos);
        memory.put_integer(*abi, here, 0x0300, 4);
        CHECK(print(*abi, memory, "wait_status", {here}, 100) == "f([{exited with 3}])");
        memory.put_integer(*abi, here, 9, 4);
        CHECK(print(*abi, memory, "wait_status", {here}, 100) == "f([{killed by SIGKILL}])");
        memory.put_integer(*abi, here, u64{1} << 14 | 1, 8);
        CHECK(print(*abi, memory, "sigset", {here}) == "f([HUP TERM])");
    }
}

TEST_CASE("a call that never returned shows addresses for what it would have written") {
    FakeMemory memory;
    const Abi& abi = abi_called("s390x");
    std::vector<u64> values{3, here, 10};
    std::size_t index = 0;
    CallText text("read", parse_kinds("fd, buf_out, size"), abi, memory, [&](bool) { return values[index++]; });
    CHECK(text.unfinished() == "read(3, 0x10000, 10)");
}

TEST_CASE("wide arguments ask for a register pair") {
    FakeMemory memory;
    std::vector<bool> asked;
    CallText text("pread64", parse_kinds("fd, buf_out, size, off64"), abi_called("arm"), memory, [&](bool wide) {
        asked.push_back(wide);
        return u64{0};
    });
    CHECK(asked == std::vector<bool>{false, false, false, true});
}

TEST_CASE("results") {
    CHECK(format_result(3, false) == "= 3");
    CHECK(format_result(0x7f0000, true) == "= 0x7f0000");
    CHECK(format_result(-2, false) == "= -1 ENOENT (No such file or directory)");
    CHECK(format_result(-2, true) == "= -1 ENOENT (No such file or directory)");
    CHECK(format_result(-4095, false) == "= -1 errno 4095");
    CHECK(format_result(-5000, false) == "= -5000");
    CHECK(format_result(kernel::restart_sys, false).starts_with("= ? ERESTARTSYS ("));
    CHECK(format_result(kernel::restart_block, false).starts_with("= ? ERESTART_RESTARTBLOCK ("));
}

TEST_CASE("flags, choices, signal sets") {
    constexpr NumberName names[] = {{1, "ONE"}, {2, "TWO"}};
    CHECK(format_flags(0, names) == "0");
    CHECK(format_flags(3, names) == "ONE|TWO");
    CHECK(format_flags(9, names) == "ONE|0x8");
    CHECK(format_flags(8, names) == "0x8");
    CHECK(format_choice(2, names) == "TWO");
    CHECK(format_choice(-7, names) == "-7");
    CHECK(format_signal_set(0) == "[]");
    CHECK(format_signal_set(u64{1} << (SIGCHLD - 1)) == "[CHLD]");
    CHECK(format_signal_set(~u64{0}) == "~[]");
    CHECK(format_signal_set(~u64{1}) == "~[HUP]");
    CHECK(signal_name(SIGSEGV) == "SIGSEGV");
    CHECK(signal_name(34) == "SIGRT_2");
    CHECK(signal_name(99) == "99");
}

TEST_CASE("signal lines") {
    CHECK(format_signal_line(SIGSEGV, 1, 0x10, {}) == "--- SIGSEGV {si_code=SEGV_MAPERR, si_addr=0x10} -> default action ---");
    CHECK(format_signal_line(SIGINT, 0, 77, {0x4000}) == "--- SIGINT {si_code=SI_USER, si_pid=77} -> handler 0x4000 ---");
    CHECK(format_signal_line(SIGSEGV, SI_KERNEL, 0, {}) == "--- SIGSEGV {si_code=SI_KERNEL} -> default action ---");
    CHECK(format_signal_line(SIGCHLD, 1, 78, {}) == "--- SIGCHLD {si_code=CLD_EXITED, si_pid=78} -> default action ---");
}

TEST_CASE("page lines") {
    vdso::ServiceRecord record{.reason = vdso::ServiceReason::tick, .sequence = 42,
                               .monotonic_before_ns = 1'000'000'005, .monotonic_after_ns = 1'000'000'006,
                               .host_monotonic_ns = 1'000'000'007, .realtime_offset_ns = -1, .window_ns = 2'500'000'000};
    CHECK(format_service(record) == "page: tick: sequence 42, monotonic 1.000000005 -> 1.000000006 (host 1.000000007), "
                                    "realtime - monotonic -0.000000001, holds 2.500000000 s");
}
