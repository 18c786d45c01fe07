#include "kernel/stack.hpp"

#include "elf_builder.hpp"
#include "kernel/loader.hpp"

#include <cerrno>
#include <doctest/doctest.h>
#include <map>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace postern;
using namespace postern::kernel;
using postern::test::simple_program;
using postern::test::TemporaryFolder;

namespace {

Result<Image> load(const std::string& path, std::vector<std::string> arguments,
                   std::vector<std::string> environment, std::array<std::byte, 16> random = {}) {
    return load_image({.name = path, .host_path = path, .arguments = std::move(arguments),
                       .environment = std::move(environment),
                       .resolve = [](std::string_view name) { return std::string(name); }, .random = random});
}

/// Reads an initial stack as a C library's start code would.
struct StackReader {
    Image& image;
    GuestAddr at = image.program.stack_start;

    u64 word() {
        auto value = image.memory->read_word(at);
        REQUIRE(value);
        at += image.abi->word_size;
        return *value;
    }
    std::string text(u64 address) {
        auto text = image.memory->read_string(GuestAddr{address}, 1 << 20);
        REQUIRE(text);
        return *text;
    }
    std::vector<u64> pointers() {
        std::vector<u64> list;
        while (u64 value = word()) list.push_back(value);
        return list;
    }
    std::vector<std::pair<u64, u64>> vector() {
        std::vector<std::pair<u64, u64>> entries;
        do {
            u64 type = word();
            entries.emplace_back(type, word());
        } while (entries.back().first != AT_NULL);
        return entries;
    }
};

}  // namespace

TEST_CASE("the initial stack reads as start code reads it") {
    TemporaryFolder folder;
    const std::vector<std::string> arguments = {"program", "", "three"},
                                   environment = {"A=1", "LONG=" + std::string(5000, 'x')};
    for (const Abi* abi : all_abis()) {
        CAPTURE(abi->name);
        std::string path = folder.file("program", simple_program(*abi).build());
        auto image = load(path, arguments, environment);
        if (!image) FAIL(image.error().message);
        CHECK((abi->layout.upward_stack || image->program.stack_start.is_aligned(16)));

        StackReader reader{*image};
        CHECK(reader.word() == 3);
        auto argv = reader.pointers();
        REQUIRE(argv.size() == 3);
        for (std::size_t i = 0; i < 3; ++i) CHECK(reader.text(argv[i]) == arguments[i]);
        auto envp = reader.pointers();
        REQUIRE(envp.size() == 2);
        for (std::size_t i = 0; i < 2; ++i) CHECK(reader.text(envp[i]) == environment[i]);
        auto entries = reader.vector();
        CHECK(entries == image->program.auxv);

        // Strings: arguments, environment, the file's name, and a null word at the very top.
        CHECK(argv[1] == argv[0] + sizeof "program");
        CHECK(envp[0] == argv[2] + sizeof "three");
        CHECK(image->program.arguments_start.value == argv[0]);
        CHECK(image->program.arguments_end.value == envp[0]);
        std::map<u64, u64> auxv(entries.begin(), entries.end());
        u64 name_end = auxv[AT_EXECFN] + path.size() + 1;
        CHECK(image->program.environment_end.value == auxv[AT_EXECFN]);
        CHECK(reader.text(auxv[AT_EXECFN]) == path);
        if (abi->layout.upward_stack) continue;   // nothing is at its end, and the platform's name is behind this one
        CHECK(name_end + abi->word_size == abi->layout.stack_top);
        CHECK(image->memory->read_word(GuestAddr{name_end}) == 0);
    }
}

TEST_CASE("the auxiliary vector has the kernel's entries in the kernel's order") {
    TemporaryFolder folder;
    for (const Abi* abi : all_abis()) {
        CAPTURE(abi->name);
        auto image = load(folder.file("program", simple_program(*abi).build()), {"program"}, {});
        REQUIRE(image);
        std::vector<u64> expected;
        for (AuxHead head : abi->start.auxv_head) expected.push_back(head.type);
        for (u64 type : {AT_HWCAP, AT_PAGESZ, AT_CLKTCK, AT_PHDR, AT_PHENT, AT_PHNUM, AT_BASE, AT_FLAGS,
                         AT_ENTRY, AT_UID, AT_EUID, AT_GID, AT_EGID, AT_SECURE, AT_RANDOM}) {
            expected.push_back(type);
        }
        if (abi->start.hwcap2) expected.push_back(AT_HWCAP2);
        expected.push_back(AT_EXECFN);
        if (!abi->start.platform.empty()) expected.push_back(AT_PLATFORM);
        if (!abi->start.base_platform.empty()) expected.push_back(AT_BASE_PLATFORM);
        expected.push_back(AT_NULL);
        std::vector<u64> types;
        for (auto [type, value] : image->program.auxv) types.push_back(type);
        CHECK(types == expected);

        std::map<u64, u64> auxv(image->program.auxv.begin(), image->program.auxv.end());
        StackReader reader{*image};
        CHECK(auxv[AT_PAGESZ] == 4096);
        CHECK(auxv[AT_CLKTCK] == 100);
        CHECK(auxv[AT_PHENT] == (abi->is_64bit() ? 56 : 32));
        CHECK(auxv[AT_PHNUM] == 3);
        CHECK(auxv[AT_ENTRY] == 0x400400);
        CHECK(auxv[AT_UID] == ::getuid());
        CHECK(auxv[AT_SYSINFO_EHDR] == image->vdso.image.value);
        CHECK(image->memory->read(GuestPtr<u8>{{auxv[AT_SYSINFO_EHDR]}}) == u8{0x7f});
        if (!abi->start.platform.empty()) CHECK(reader.text(auxv[AT_PLATFORM]) == abi->start.platform);
        if (auxv.contains(AT_SYSINFO)) {
            CHECK(auxv[AT_SYSINFO] > image->vdso.image.value);
            CHECK(auxv[AT_SYSINFO] < image->vdso.image.value + image->vdso.image_size);
        }
    }
}

TEST_CASE("AT_RANDOM points to the bytes of the request") {
    std::array<std::byte, 16> wanted;
    for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = static_cast<std::byte>(200 + i);
    TemporaryFolder folder;
    auto image = load(folder.file("program", simple_program(*all_abis()[0]).build()), {"program"}, {}, wanted);
    REQUIRE(image);
    std::map<u64, u64> auxv(image->program.auxv.begin(), image->program.auxv.end());
    std::array<std::byte, 16> bytes;
    REQUIRE(image->memory->read(GuestAddr{auxv[AT_RANDOM]}, bytes));
    CHECK(bytes == wanted);
}

TEST_CASE("strings over the limits are E2BIG, those at the limit are not") {
    TemporaryFolder folder;
    std::string path = folder.file("program", simple_program(*all_abis()[0]).build());
    CHECK(load(path, {"p", std::string(argument_length_limit - 1, 'x')}, {}));
    auto longer = load(path, {"p", std::string(argument_length_limit, 'x')}, {});
    REQUIRE_FALSE(longer);
    CHECK(longer.error().error_number == E2BIG);
    CHECK(longer.error().kind == ErrorKind::not_runnable);

    rlimit stack{};
    REQUIRE(::getrlimit(RLIMIT_STACK, &stack) == 0);
    u64 limit = std::min<u64>(stack.rlim_cur / 4, 6u << 20);
    std::vector<std::string> many(limit / 1008 + 1,
                                  std::string(999, 'x'));  // with NUL and pointer 1008 bytes each
    CHECK_FALSE(load(path, {"p"}, many));
    many.resize(many.size() - 8);
    CHECK(load(path, {"p"}, many));
}

TEST_CASE("a program without arguments gets one empty one") {
    TemporaryFolder folder;
    auto image = load(folder.file("program", simple_program(*all_abis()[0]).build()), {}, {});
    REQUIRE(image);
    StackReader reader{*image};
    CHECK(reader.word() == 1);
    CHECK(reader.text(reader.word()) == "");
}

TEST_CASE("the stack grows down to its limit, and mmaps start below it") {
    TemporaryFolder folder;
    for (const Abi* abi : all_abis()) {
        CAPTURE(abi->name);
        if (abi->layout.upward_stack) continue;
        auto image = load(folder.file("program", simple_program(*abi).build()), {"program"}, {});
        REQUIRE(image);
        GuestAddr top{abi->layout.stack_top};
        u64 limit = top - image->memory->map_base();
        CHECK(limit >= u64{128} << 20);
        CHECK(image->memory->write(GuestPtr<u8>{top - (u64{1} << 20)}, u8{1}));
        CHECK(image->memory->find(top - 1)->start <= top - (u64{1} << 20));
        CHECK_FALSE(image->memory->write(GuestPtr<u8>{image->memory->map_base() + 0x1000}, u8{1}));
    }
}

TEST_CASE("a stack that grows up: strings, tables, stack pointer") {
    const Abi& abi = *find_abi("parisc");
    const std::vector<std::string> arguments = {"program", "two"}, environment = {"A=1", "LONG=" + std::string(5000, 'x')};
    const StackContents contents{.path = "/program", .arguments = arguments, .environment = environment, .random = {}};
    Image image;
    image.abi = &abi;
    image.memory = std::move(*memory::AddressSpace::create(abi));
    REQUIRE(map_stack(*image.memory, contents, false));
    REQUIRE(build_stack(image, contents));
    const ProgramInfo& program = image.program;

    StackReader reader{image};
    CHECK(reader.word() == 2);
    auto argv = reader.pointers(), envp = reader.pointers();
    REQUIRE(argv.size() == 2);
    REQUIRE(envp.size() == 2);
    CHECK(reader.text(argv[1]) == "two");
    CHECK(reader.text(envp[1]) == environment[1]);
    CHECK(reader.vector() == program.auxv);
    CHECK(program.stack_pointer.is_aligned(64));
    CHECK(program.stack_pointer >= reader.at);
    CHECK(program.stack_pointer - reader.at < 16 + 64);
    std::map<u64, u64> auxv(program.auxv.begin(), program.auxv.end());
    CHECK(reader.text(auxv[AT_PLATFORM]) == "PARISC");
    CHECK(reader.text(auxv[AT_EXECFN]) == "/program");
    CHECK(auxv[AT_EXECFN] < auxv[AT_PLATFORM]);
    CHECK(auxv[AT_RANDOM] < program.stack_start.value);

    // It begins at the mmap base, and grows.
    const memory::Mapping* stack = image.memory->find(program.stack_pointer);
    REQUIRE(stack != nullptr);
    CHECK(stack->start == image.memory->map_base());
    CHECK(stack->start.value < argv[0]);
    GuestAddr far = program.stack_pointer + (u64{1} << 20);
    CHECK(image.memory->find(far) == nullptr);
    CHECK(image.memory->write(GuestPtr<u8>{far}, u8{1}));
    CHECK(image.memory->find(far)->start == image.memory->map_base());
    CHECK_FALSE(image.memory->write(GuestPtr<u8>{program.stack_pointer + (u64{1} << 30)}, u8{1}));
}
