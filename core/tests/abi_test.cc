// The Abi objects: complete, consistent, and found by what real ELF headers say.
#include "abi/abi.hpp"
#include "abi/layouts.hpp"

#include <algorithm>
#include <bit>
#include <doctest/doctest.h>
#include <set>
#include <string>
#include <vector>

using namespace postern;

namespace {

/// What the engine of a machine must be able to name, as "first..last" or single names.
struct Convention {
    std::string_view abi;
    std::vector<std::pair<std::string, unsigned>> registers;   // name, width
};

void add_row(Convention& convention, const std::string& prefix, int first, int last, unsigned width) {
    for (int i = first; i <= last; ++i) convention.registers.emplace_back(prefix + std::to_string(i), width);
}

void add_names(Convention& convention, std::initializer_list<const char*> names, unsigned width) {
    for (const char* name : names) convention.registers.emplace_back(name, width);
}

std::vector<Convention> conventions() {
    Convention x86_64{"x86-64", {}}, x32{"x32", {}}, i386{"i386", {}}, aarch64{"aarch64", {}}, arm{"arm", {}}, s390x{"s390x", {}};
    add_names(x86_64, {"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "rip", "eflags", "fs_base", "gs_base"}, 8);
    add_row(x86_64, "r", 8, 15, 8);
    add_names(i386, {"eax", "ebx", "ecx", "edx", "esi", "edi", "ebp", "esp", "eip", "eflags"}, 4);
    for (Convention* x86 : {&x86_64, &i386}) {
        add_names(*x86, {"cs", "ss", "ds", "es", "fs", "gs", "fpcw", "fpsw", "fptag"}, 2);
        add_names(*x86, {"mxcsr"}, 4);
        add_row(*x86, "st", 0, 7, 10);
        add_row(*x86, "xmm", 0, x86 == &x86_64 ? 15 : 7, 16);
    }
    add_row(aarch64, "x", 0, 30, 8);
    add_names(aarch64, {"sp", "pc", "pstate", "tpidr_el0"}, 8);
    add_row(aarch64, "v", 0, 31, 16);
    add_names(aarch64, {"fpsr", "fpcr"}, 4);
    add_row(arm, "r", 0, 12, 4);
    add_names(arm, {"sp", "lr", "pc", "cpsr", "tpidruro", "fpscr"}, 4);
    add_row(arm, "d", 0, 31, 8);
    add_row(s390x, "r", 0, 15, 8);
    add_names(s390x, {"psw_mask", "psw_addr"}, 8);
    add_row(s390x, "a", 0, 15, 4);
    add_row(s390x, "f", 0, 15, 8);
    add_names(s390x, {"fpc"}, 4);
    Convention s390{"s390", {}};
    add_row(s390, "r", 0, 15, 4);
    add_names(s390, {"psw_mask", "psw_addr"}, 4);
    add_row(s390, "a", 0, 15, 4);
    add_row(s390, "f", 0, 15, 8);
    add_names(s390, {"fpc"}, 4);
    add_row(s390, "h", 0, 15, 4);
    Convention ppc32{"ppc32", {}}, ppc64{"ppc64", {}}, ppc64le{"ppc64le", {}};
    for (Convention* ppc : {&ppc32, &ppc64, &ppc64le}) {
        unsigned word = ppc == &ppc32 ? 4 : 8;
        add_row(*ppc, "r", 0, 31, word);
        add_names(*ppc, {"pc", "msr", "ctr", "lr", "xer"}, word);
        add_row(*ppc, "f", 0, 31, 8);
        add_row(*ppc, "v", 0, 31, 16);
        add_names(*ppc, {"cr", "fpscr", "vscr", "vrsave"}, 4);
        if (word == 8) add_row(*ppc, "vsl", 0, 31, 8);
    }
    Convention mips{"mips-o32", {}}, mipsel{"mipsel-o32", {}};
    for (Convention* each : {&mips, &mipsel}) {
        add_row(*each, "r", 1, 31, 4);
        add_names(*each, {"pc", "hi", "lo", "userlocal", "fcsr"}, 4);
        add_row(*each, "d", 0, 15, 8);
    }
    std::vector<Convention> wide_mips = {{"mips-n64", {}}, {"mips-n32", {}}, {"mipsel-n64", {}}, {"mipsel-n32", {}}};
    for (Convention& each : wide_mips) {
        add_row(each, "r", 1, 31, 8);
        add_names(each, {"pc", "hi", "lo", "userlocal"}, 8);
        add_names(each, {"fcsr"}, 4);
        add_row(each, "f", 0, 31, 8);
    }
    Convention riscv64{"riscv64", {}}, riscv32{"riscv32", {}};
    for (Convention* riscv : {&riscv64, &riscv32}) {
        unsigned word = riscv == &riscv32 ? 4 : 8;
        add_row(*riscv, "x", 1, 31, word);
        add_row(*riscv, "f", 0, 31, 8);
        add_names(*riscv, {"pc"}, word);
        add_names(*riscv, {"fcsr"}, 4);
    }
    Convention sh4{"sh4", {}}, sh4eb{"sh4eb", {}};
    for (Convention* sh : {&sh4, &sh4eb}) {
        add_row(*sh, "r", 0, 15, 4);
        add_names(*sh, {"pc", "pr", "sr", "gbr", "mach", "macl", "fpscr", "fpul"}, 4);
        add_row(*sh, "fr", 0, 15, 4);
        add_row(*sh, "xf", 0, 15, 4);
    }
    Convention parisc{"parisc", {}};
    add_row(parisc, "r", 1, 31, 4);
    add_names(parisc, {"psw", "iaoq0", "iaoq1", "sar", "cr27"}, 4);
    add_row(parisc, "fr", 0, 31, 8);
    x32.registers = x86_64.registers;   // the same machine
    return {x86_64, i386, x32, aarch64, arm, mips, wide_mips[0], wide_mips[1], mipsel, wide_mips[2], wide_mips[3],
            ppc32, ppc64, ppc64le, riscv64, riscv32, s390x, s390, sh4, sh4eb, parisc};
}

const SyscallNumber* find_call(const Abi& abi, std::string_view name) {
    auto found = std::ranges::find(abi.syscall_numbers, name, &SyscallNumber::name);
    return found == abi.syscall_numbers.end() ? nullptr : &*found;
}

struct KnownCall {
    std::string_view abi, name;
    u32 number;
    std::string_view handler;
};

}  // namespace

TEST_CASE("every ABI is found by its name, and only by that") {
    CHECK(known_abis().size() == conventions().size());
    for (const Abi* abi : known_abis()) {
        CAPTURE(abi->name);
        CHECK(find_abi(abi->name) == abi);
    }
    CHECK(find_abi("") == nullptr);
    CHECK(find_abi("x86_64") == nullptr);
    CHECK(find_abi("mips") == nullptr);
}

TEST_CASE("ABIs without an engine are known, and no program is theirs") {
    CHECK(all_abis().size() <= known_abis().size());
    CHECK(std::ranges::equal(all_abis(), known_abis().first(all_abis().size())));
    for (const Abi* abi : known_abis().subspan(all_abis().size())) {
        CAPTURE(abi->name);
        CHECK(identify_abi(abi->elf.machine, abi->elf.elf_class, abi->byte_order, abi->elf.flags_value) == nullptr);
    }
}

TEST_CASE("ELF headers of real programs belong to the right ABI") {
    struct Header {
        std::string_view abi;
        u16 machine;
        u8 elf_class;
        ByteOrder order;
        u32 flags;
    };
    // As `readelf -h` shows Debian's busybox-static of each architecture (arm: armhf and armel).
    const Header known[] = {
        {"x86-64", 62, 2, ByteOrder::little, 0},         {"i386", 3, 1, ByteOrder::little, 0},
        {"x32", 62, 1, ByteOrder::little, 0},
        {"i386", 6, 1, ByteOrder::little, 0},            {"aarch64", 183, 2, ByteOrder::little, 0},
        {"arm", 40, 1, ByteOrder::little, 0x5000400},    {"arm", 40, 1, ByteOrder::little, 0x5000200},
        {"mips-o32", 8, 1, ByteOrder::big, 0x70001007},  {"mips-o32", 8, 1, ByteOrder::big, 0x1005},
        {"mipsel-o32", 8, 1, ByteOrder::little, 0x70001007}, {"mipsel-o32", 10, 1, ByteOrder::little, 0x1000},
        {"mips-n64", 8, 2, ByteOrder::big, 0x80000007},  {"mips-n64", 8, 2, ByteOrder::big, 0x20000007},
        {"mipsel-n64", 8, 2, ByteOrder::little, 0x80000007}, {"mipsel-n64", 8, 2, ByteOrder::little, 0x60000006},
        {"mips-n32", 8, 1, ByteOrder::big, 0x80000027},  {"mipsel-n32", 8, 1, ByteOrder::little, 0x20000027},
        {"ppc32", 20, 1, ByteOrder::big, 0},             {"ppc64", 21, 2, ByteOrder::big, 1},
        {"ppc64", 21, 2, ByteOrder::big, 0},             {"ppc64le", 21, 2, ByteOrder::little, 2},
        {"riscv64", 243, 2, ByteOrder::little, 5},       {"riscv32", 243, 1, ByteOrder::little, 5},
        {"s390x", 22, 2, ByteOrder::big, 0},
        {"s390x", 0xa390, 2, ByteOrder::big, 0},
        {"s390", 22, 1, ByteOrder::big, 0},              {"s390", 22, 1, ByteOrder::big, 1},
        {"sh4", 42, 1, ByteOrder::little, 9},            {"sh4", 42, 1, ByteOrder::little, 0x109},
        {"sh4eb", 42, 1, ByteOrder::big, 9},
        {"parisc", 15, 1, ByteOrder::big, 0x210},        {"parisc", 15, 1, ByteOrder::big, 0x214},
    };
    for (const Header& header : known) {
        CAPTURE(header.abi);
        const Abi* abi = identify_abi(header.machine, header.elf_class, header.order, header.flags);
        REQUIRE(abi != nullptr);
        CHECK(abi->name == header.abi);
    }
    for (const Abi* abi : all_abis()) {
        CAPTURE(abi->name);
        CHECK(std::ranges::find(known, abi->name, &Header::abi) != std::end(known));
    }
    const Header others[] = {
        {"aarch64_be", 183, 2, ByteOrder::big, 0},
        {"arm OABI", 40, 1, ByteOrder::little, 0},   {"armeb", 40, 1, ByteOrder::big, 0x5000400},
        {"riscv big-endian", 243, 1, ByteOrder::big, 5},
        {"sh4 FDPIC", 42, 1, ByteOrder::little, 0x8009}, {"sh4eb FDPIC", 42, 1, ByteOrder::big, 0x8009},
        {"parisc64", 15, 2, ByteOrder::big, 0x8'0214},
        {"ppc64 ELFv2", 21, 2, ByteOrder::big, 2},   {"ppc64le ELFv1", 21, 2, ByteOrder::little, 1},
        {"mips n32 2008", 8, 1, ByteOrder::big, 0x80000427},  {"mips n64 r6", 8, 2, ByteOrder::big, 0xa0000407},
        {"mips o32 FP64", 8, 1, ByteOrder::big, 0x70001207}, {"mips o32 2008", 8, 1, ByteOrder::big, 0x70001407},
        {"mips o32 r6", 8, 1, ByteOrder::big, 0x90001407}, {"mips EABI", 8, 1, ByteOrder::big, 0x3001},
        {"none", 0, 2, ByteOrder::little, 0},
    };
    for (const Header& header : others) {
        CAPTURE(header.abi);
        CHECK(identify_abi(header.machine, header.elf_class, header.order, header.flags) == nullptr);
    }
}

TEST_CASE("register tables hold exactly the registers of the convention") {
    for (const Convention& convention : conventions()) {
        const Abi* abi = find_abi(convention.abi);
        REQUIRE(abi != nullptr);
        CAPTURE(abi->name);
        CHECK(abi->registers.size() == convention.registers.size());
        for (const auto& [name, width] : convention.registers) {
            CAPTURE(name);
            auto index = abi->find_register(name);
            REQUIRE(index.has_value());
            CHECK(abi->registers[*index].width == width);
            CHECK(abi->register_index(name) == *index);
        }
        CHECK_FALSE(abi->find_register("nonsense").has_value());
    }
}

TEST_CASE("x32 takes x86-64's numbers where both ABIs share the call") {
    const Abi& x32 = *find_abi("x32");
    auto handler = [&](u32 number) {
        auto found = std::ranges::find(x32.syscall_numbers, number, &SyscallNumber::number);
        return found == x32.syscall_numbers.end() ? std::string_view{} : found->handler;
    };
    constexpr u32 bit = 0x4000'0000;
    CHECK(handler(1) == "write");
    CHECK(handler(bit | 1) == "write");
    // Signal actions have 64-bit pointers there, and a number of their own here.
    CHECK(handler(13) == "x86_64_only");
    CHECK(handler(bit | 13).empty());
    CHECK(handler(512).empty());
    CHECK(handler(bit | 512) == "rt_sigaction");
    CHECK(handler(bit | 513) == "rt_sigreturn");
}

TEST_CASE("roles point at integer registers of the word's size") {
    for (const Abi* abi : known_abis()) {
        CAPTURE(abi->name);
        for (RegisterIndex role : {abi->program_counter, abi->stack_pointer, abi->syscall.number, abi->syscall.result,
                                   abi->vdso.call_result}) {
            CHECK(abi->registers[role].width == (abi->has_64bit_registers() ? 8 : 4));
        }
        auto on_stack = abi->syscall.stack_arguments.value_or(StackArguments{}).count;
        CHECK(abi->syscall.arguments.size() + on_stack >= 6);
        std::set<RegisterIndex> distinct(abi->syscall.arguments.begin(), abi->syscall.arguments.end());
        CHECK(distinct.size() == abi->syscall.arguments.size());
    }
}

TEST_CASE("system-call tables ascend and know what they must") {
    for (const Abi* abi : known_abis()) {
        CAPTURE(abi->name);
        auto numbers = abi->syscall_numbers;
        CHECK(numbers.size() > 300);
        for (std::size_t i = 1; i < numbers.size(); ++i) {
            CAPTURE(numbers[i].name);
            CHECK(numbers[i - 1].number < numbers[i].number);
        }
        for (std::string_view needed : {"read", "write", "exit_group", "rt_sigreturn", "mseal"}) {
            CAPTURE(needed);
            CHECK(find_call(*abi, needed) != nullptr);
        }
        // By number: x32 knows two of some names.
        auto restart = std::ranges::find(numbers, abi->syscall.restart_number, &SyscallNumber::number);
        REQUIRE(restart != numbers.end());
        CHECK(restart->name == "restart_syscall");
    }
}

TEST_CASE("handlers are named by behaviour") {
    const KnownCall known[] = {
        {"x86-64", "stat", 4, "stat"},           {"x86-64", "mmap", 9, "mmap"},
        {"x86-64", "sendfile", 40, "sendfile64"}, {"x86-64", "clock_gettime", 228, "clock_gettime"},
        {"i386", "oldstat", 18, "oldstat"},      {"i386", "stat", 106, "stat"},
        {"i386", "stat64", 195, "stat64"},       {"i386", "mmap", 90, "old_mmap"},
        {"i386", "mmap2", 192, "mmap2"},         {"i386", "select", 82, "old_select"},
        {"i386", "_newselect", 142, "select"},   {"i386", "umount", 22, "umount"},
        {"i386", "umount2", 52, "umount2"},      {"i386", "olduname", 109, "olduname"},
        {"i386", "oldolduname", 59, "oldolduname"}, {"i386", "getrlimit", 76, "old_getrlimit"},
        {"i386", "ugetrlimit", 191, "getrlimit"}, {"i386", "pread64", 180, "pread64"},
        {"i386", "clock_gettime", 265, "clock_gettime32"}, {"i386", "clock_gettime64", 403, "clock_gettime"},
        {"i386", "getuid", 24, "getuid16"},      {"i386", "getuid32", 199, "getuid"},
        {"aarch64", "newfstatat", 79, "newfstatat"}, {"aarch64", "fstat", 80, "fstat"},
        {"aarch64", "mmap", 222, "mmap"},        {"aarch64", "fadvise64", 223, "fadvise64_64"},
        {"arm", "sigreturn", 119, "sigreturn"},  {"arm", "statfs64", 266, "statfs64"},
        {"arm", "mmap2", 192, "mmap2"},          {"arm", "ARM_set_tls", 0xf0005, "ARM_set_tls"},
        {"arm", "arm_fadvise64_64", 270, "arm_fadvise64_64"},
        {"ppc32", "pread64", 179, "pread64"},    {"ppc32", "fadvise64_64", 254, "arm_fadvise64_64"},
        {"ppc64", "personality", 136, "personality"}, {"ppc64le", "mmap", 90, "mmap"},
        {"s390x", "mmap", 90, "old_mmap"},       {"s390x", "ipc", 117, "s390_ipc"},
        {"s390x", "personality", 136, "personality"}, {"s390x", "select", 142, "select"},
        {"s390x", "fadvise64", 253, "fadvise64_64"}, {"s390x", "getrlimit", 191, "getrlimit"},
        {"s390", "mmap2", 192, "old_mmap2"},     {"s390", "fadvise64", 253, "fadvise64"},
        {"sh4", "pipe", 42, "pipe"},             {"sh4", "pread64", 180, "padded_pread64"},
        {"sh4", "mmap", 90, "mmap"},             {"sh4", "cacheflush", 123, "sh_cacheflush"},
        {"sh4", "fadvise64_64", 272, "fadvise64_64"}, {"sh4", "sync_file_range", 314, "sync_file_range"},
        {"sh4eb", "pread64", 180, "padded_pread64"}, {"sh4eb", "cacheflush", 123, "sh_cacheflush"},
        {"parisc", "mmap", 90, "mmap"},          {"parisc", "mmap2", 89, "mmap2"},
        {"parisc", "madvise", 119, "parisc_madvise"}, {"parisc", "pipe2", 313, "pipe2"},
        {"parisc", "pread64", 108, "pread64"},   {"parisc", "sync_file_range", 292, "sync_file_range"},
        {"s390", "fadvise64_64", 264, "fadvise64_block"}, {"s390", "getrlimit", 76, "old_getrlimit"},
    };
    for (const KnownCall& call : known) {
        CAPTURE(call.abi);
        CAPTURE(call.name);
        const SyscallNumber* found = find_call(*find_abi(call.abi), call.name);
        REQUIRE(found != nullptr);
        CHECK(found->number == call.number);
        CHECK(found->handler == call.handler);
    }
}

TEST_CASE("flags that differ are single bits, each with a place of its own") {
    for (const Abi* abi : known_abis()) {
        CAPTURE(abi->name);
        auto count = static_cast<int>(abi->numbers[NumberSet::open_flag].size());
        u32 generic = 0, guest = 0;
        for (const NumberPair& pair : abi->numbers[NumberSet::open_flag]) {
            CHECK(pair.generic != pair.guest);
            CHECK(std::has_single_bit(static_cast<u32>(pair.generic)));
            CHECK(std::has_single_bit(static_cast<u32>(pair.guest)));
            generic |= static_cast<u32>(pair.generic);
            guest |= static_cast<u32>(pair.guest);
        }
        CHECK(std::popcount(generic) == count);
        CHECK(std::popcount(guest) == count);
    }
    CHECK(find_abi("x86-64")->numbers[NumberSet::open_flag].empty());
    CHECK(find_abi("arm")->numbers[NumberSet::open_flag].size() == 4);
}

TEST_CASE("every number of a set has one meaning, there and back") {
    for (const Abi* abi : known_abis()) {
        CAPTURE(abi->name);
        for (std::size_t i = 0; i < number_set_count; ++i) {
            CAPTURE(i);
            auto set = static_cast<NumberSet>(i);
            for (const NumberPair& pair : abi->numbers[set]) {
                if (pair.generic == pair.guest) continue;   // the row that every table has
                CAPTURE(pair.generic);
                CHECK(abi->numbers.to_guest(set, pair.generic) == pair.guest);
                CHECK(abi->numbers.from_guest(set, pair.guest) == pair.generic);
            }
        }
    }
}

TEST_CASE("numbers that another one took over mean nothing") {
    const NumberPair pairs[] = {{35, 45}, {36, 46}, {37, 35}};
    NumberTables numbers{};
    numbers.sets[static_cast<std::size_t>(NumberSet::error)] = pairs;
    CHECK(numbers.to_guest(NumberSet::error, 35) == 45);
    CHECK(numbers.to_guest(NumberSet::error, 2) == 2);
    CHECK(numbers.from_guest(NumberSet::error, 35) == 37);
    CHECK(numbers.from_guest(NumberSet::error, 36) == std::nullopt);
    CHECK(numbers.from_guest(NumberSet::error, 2) == 2);
}

TEST_CASE("ioctl requests: old ones by a table, encoded ones by their parts") {
    Abi abi = *find_abi("x86-64");
    CHECK(abi.ioctl_from_guest(0x5401) == 0x5401);
    CHECK(abi.ioctl_from_guest(0x80086601) == 0x80086601);
    const NumberPair pairs[] = {{0x5401, 0x402c7413}};
    abi.numbers.sets[static_cast<std::size_t>(NumberSet::ioctl_request)] = pairs;
    abi.ioctl = {.direction_shift = 29, .none = 1, .write = 4, .read = 2};
    CHECK(abi.ioctl_from_guest(0x402c7413) == 0x5401);
    CHECK(abi.ioctl_from_guest(0x5401) == 0);            // TCGETS of others
    CHECK(abi.ioctl_from_guest(0x40086601) == 0x80086601);   // FS_IOC_GETFLAGS reads
    CHECK(abi.ioctl_from_guest(0x80086602) == 0x40086602);   // FS_IOC_SETFLAGS writes
    CHECK(abi.ioctl_from_guest(0x20001260) == 0x1260);       // _IO(0x12, 96)
    abi.ioctl = {.direction_shift = 30, .none = 0, .write = 2, .read = 1};
    CHECK(abi.ioctl_from_guest(0x40086601) == 0x80086601);
    CHECK(abi.ioctl_from_guest(0x80086602) == 0x40086602);
    CHECK(abi.ioctl_from_guest(0x1260) == 0x1260);
}

TEST_CASE("what a process sees of its address space lies inside it") {
    for (const Abi* abi : known_abis()) {
        CAPTURE(abi->name);
        const AddressSpaceLayout& layout = abi->layout;
        CHECK(layout.page_size == 4096);
        CHECK(layout.stack_top <= layout.task_size);
        CHECK(layout.pie_base < layout.stack_top);
        CHECK(GuestAddr{layout.stack_top}.is_aligned(layout.page_size));
        CHECK(GuestAddr{layout.pie_base}.is_aligned(layout.page_size));
        CHECK((layout.task_size & ~abi->word_mask()) == 0);
        CHECK(std::ranges::find(abi->start.auxv_head, AuxHead::Value::vdso, &AuxHead::kind) !=
              abi->start.auxv_head.end());
        CHECK(abi->signals != nullptr);
    }
}

TEST_CASE("every vDSO but those of SuperH, which have none, serves the clock") {
    for (const Abi* abi : known_abis()) {
        CAPTURE(abi->name);
        CHECK_FALSE(abi->vdso.soname.empty());
        bool serves = std::ranges::any_of(abi->vdso.exports, [](const VdsoExport& exported) {
            return exported.symbol.ends_with("_clock_gettime") && exported.function.starts_with("clock_gettime");
        });
        CHECK(serves == (abi->machine != Machine::sh4));
        CHECK(abi->vdso.call_arguments.empty() == (abi->vdso.stack_argument_offset != 0));
    }
}
