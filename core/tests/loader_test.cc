#include "kernel/loader.hpp"

#include "elf_builder.hpp"

#include <cerrno>
#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace postern;
using namespace postern::kernel;
using postern::test::ElfBuilder;
using postern::test::simple_program;
using postern::test::TemporaryFolder;

namespace {

std::string as_is(std::string_view path) { return std::string(path); }

Result<Image> load(const std::string& path, std::vector<std::string> arguments = {"program"}) {
    return load_image({.name = path,
                       .host_path = path,
                       .arguments = std::move(arguments),
                       .environment = {"A=1"},
                       .resolve = as_is,
                       .random = {}});
}

std::string text_at(Image& image, u64 address, u64 size) {
    std::string text(size, '?');
    return image.memory->read(GuestAddr{address}, std::as_writable_bytes(std::span(text))) ? text
                                                                                           : "(unmapped)";
}

Permissions permissions_at(Image& image, u64 address) {
    const memory::Mapping* mapping = image.memory->find(GuestAddr{address});
    return mapping ? mapping->permissions : Permissions{};
}

/// The error of a program that must not load.
Error refusal(const Result<Image>& image) {
    REQUIRE_FALSE(image);
    return image.error();
}

void check_refused(const Result<Image>& image, ErrorKind kind, int error_number, std::string_view part) {
    CAPTURE(part);
    Error error = refusal(image);
    CHECK(error.kind == kind);
    CHECK(error.error_number == error_number);
    CAPTURE(error.message);
    CHECK(error.message.find(part) != std::string::npos);
}

std::size_t entries(const char* folder) {
    auto range = std::filesystem::directory_iterator(folder);
    return static_cast<std::size_t>(std::distance(begin(range), end(range)));
}

std::size_t host_mappings() {
    std::ifstream maps("/proc/self/maps");
    return static_cast<std::size_t>(std::count(std::istreambuf_iterator<char>(maps), {}, '\n'));
}

/// Where entry points are descriptors; elsewhere only marked pointers are.
bool has_descriptor_entry(const Abi& abi) { return abi.function_descriptors && abi.function_descriptors->mark == 0; }

}  // namespace

TEST_CASE("ET_EXEC programs lie at their addresses, bss is zero, the heap follows") {
    TemporaryFolder folder;
    for (const Abi* abi : all_abis()) {
        CAPTURE(abi->name);
        auto path = folder.file(abi->name, simple_program(*abi).build());
        auto image = load(path);
        if (!image) FAIL(image.error().message);
        CHECK(image->abi == abi);
        // A descriptor there would be zeros.
        CHECK(image->program.entry.value == (has_descriptor_entry(*abi) ? 0 : 0x400400));
        CHECK(image->program.program_entry.value == 0x400400);
        CHECK(image->program.interpreter_base.value == 0);
        CHECK(image->program.brk_start.value == 0x405000);
        CHECK(image->brk_current.value == 0x405000);
        u64 header_size = abi->is_64bit() ? 64 : 52;
        CHECK(image->program.program_headers.value == 0x400000 + header_size);
        CHECK(text_at(*image, 0x400001, 3) == "ELF");
        CHECK(text_at(*image, 0x402100, 4) == "data");
        // The file goes on behind the segment, memory does not.
        CHECK(text_at(*image, 0x402200, 6) == std::string(6, '\0'));
        CHECK(text_at(*image, 0x4040ff, 1) == std::string(1, '\0'));
        CHECK(permissions_at(*image, 0x400000) == read_execute);
        CHECK(permissions_at(*image, 0x402000) == read_write);
        CHECK(permissions_at(*image, 0x404000) == read_write);
        CHECK(image->memory->find(GuestAddr{0x401000}) == nullptr);
        CHECK(image->memory->find(GuestAddr{0x405000}) == nullptr);
    }
}

TEST_CASE("writing to a program's data leaves the file alone") {
    TemporaryFolder folder;
    const Abi& abi = *all_abis()[0];
    auto path = folder.file("program", simple_program(abi).build());
    auto image = load(path);
    REQUIRE(image);
    REQUIRE(image->memory->write(GuestPtr<u32>{{0x402100}}, u32{0x21212121}));
    auto again = load(path);
    REQUIRE(again);
    CHECK(text_at(*again, 0x402100, 4) == "data");
}

TEST_CASE("static PIEs go among the mmaps, programs with an interpreter to their own place") {
    TemporaryFolder folder;
    for (const Abi* abi : all_abis()) {
        CAPTURE(abi->name);
        auto builder = simple_program(*abi);
        builder.header.type = elf::type_dynamic;
        builder.header.entry -= 0x400000;
        for (auto& segment : builder.segments) segment.address &= 0xffff;
        auto static_pie = load(folder.file("static", builder.build()));
        REQUIRE(static_pie);
        u64 bias = static_pie->program.program_entry.value - 0x400;
        CHECK(bias % 0x1000 == 0);
        CHECK(bias + 0x5000 <= static_pie->memory->map_base().value);
        CHECK(static_pie->program.brk_start.value == abi->layout.pie_base);
        CHECK(text_at(*static_pie, bias + 0x2100, 4) == "data");

        std::string interpreter = folder.file("interpreter", builder.build());
        auto program = builder;
        program.interpreter(interpreter, 0x600);
        auto image = load(folder.file("dynamic", program.build()));
        if (!image) FAIL(image.error().message);
        CHECK(image->program.program_entry.value == abi->layout.pie_base + 0x400);
        CHECK(image->program.interpreter_base.value != 0);
        CHECK(image->program.entry.value ==
              image->program.interpreter_base.value + (has_descriptor_entry(*abi) ? 0 : 0x400));
        CHECK(image->program.brk_start.value == abi->layout.pie_base + 0x5000);
        CHECK(text_at(*image, image->program.interpreter_base.value + 0x2100, 4) == "data");
    }
}

TEST_CASE("an entry that is a descriptor is read where it was mapped, and moved along") {
    TemporaryFolder folder;
    const Abi& abi = *find_abi("ppc64");
    auto builder = simple_program(abi);
    std::string text(16, '\0');
    store(reinterpret_cast<std::byte*>(text.data()), u64{0x480}, ByteOrder::big);
    store(reinterpret_cast<std::byte*>(text.data() + 8), u64{0x9000}, ByteOrder::big);
    builder.put_text(0x400, text);
    builder.header.type = elf::type_dynamic;
    builder.header.entry -= 0x400000;
    for (auto& segment : builder.segments) segment.address &= 0xffff;
    auto image = load(folder.file("static", builder.build()));
    REQUIRE(image);
    u64 bias = image->program.program_entry.value - 0x400;
    CHECK(image->program.entry.value == bias + 0x480);
    CHECK(image->program.entry_data == bias + 0x9000);
}

TEST_CASE("bad interpreters are refused") {
    TemporaryFolder folder;
    const Abi& abi = *all_abis()[0];
    auto with_interpreter = [&](std::string_view name) {
        auto builder = simple_program(abi);
        builder.interpreter(name, 0x600);
        return load(folder.file("program", builder.build()));
    };
    check_refused(with_interpreter("/no/such/ld.so"), ErrorKind::not_runnable, ENOENT,
                  "interpreter /no/such/ld.so");
    check_refused(with_interpreter("/proc"), ErrorKind::not_runnable, EACCES, "a directory");
    check_refused(with_interpreter(""), ErrorKind::not_runnable, ENOEXEC, "interpreter name of 1 bytes");
    std::string other = folder.file("other", simple_program(*all_abis()[1]).build());
    check_refused(with_interpreter(other), ErrorKind::not_runnable, ELIBBAD, "interpreter " + other);
    std::string broken = folder.file("broken", "\177ELF");
    check_refused(with_interpreter(broken), ErrorKind::not_runnable, ENOEXEC, "truncated");

    auto unfinished = simple_program(abi);
    unfinished.interpreter("/lib/ld.so", 0x600);
    unfinished.segments.back().file_size -= 1;
    check_refused(load(folder.file("program", unfinished.build())), ErrorKind::not_runnable, ENOEXEC,
                  "without end");
}

TEST_CASE("PT_GNU_STACK decides who may execute what") {
    TemporaryFolder folder;
    for (const Abi* abi : all_abis()) {
        CAPTURE(abi->name);
        auto builder = simple_program(*abi);
        auto plain = load(folder.file("plain", builder.build()));
        REQUIRE(plain);
        CHECK_FALSE(plain->program.executable_stack);
        CHECK_FALSE(permissions_at(*plain, plain->program.stack_start.value).execute);
        builder.segments.back().flags |= elf::flag_execute;
        auto executable = load(folder.file("executable", builder.build()));
        REQUIRE(executable);
        CHECK(permissions_at(*executable, executable->program.stack_start.value).execute);
        CHECK_FALSE(permissions_at(*executable, 0x402100).execute);
        builder.segments.pop_back();
        auto absent = load(folder.file("absent", builder.build()));
        REQUIRE(absent);
        bool implied = abi->start.missing_gnu_stack_means_exec;
        CHECK(absent->program.readable_is_executable == implied);
        CHECK(permissions_at(*absent, absent->program.stack_start.value).execute == implied);
        CHECK(permissions_at(*absent, 0x402100).execute == implied);
        CHECK(permissions_at(*absent, 0x404000).execute == implied);
    }
}

TEST_CASE("files that are no programs say what they are") {
    TemporaryFolder folder;
    auto refused = [](const std::string& path, ErrorKind kind, int error_number, std::string_view part) {
        check_refused(load(path), kind, error_number, part);
    };
    using enum ErrorKind;
    refused(folder.path("missing"), not_found, ENOENT, "no such file");
    refused(folder.file("file", "x") + "/below", not_found, ENOTDIR, "no such file");
    refused("/proc", not_runnable, EACCES, "a directory, not a program");
    refused("/dev/null", not_runnable, EACCES, "a device, not a program");
    refused(folder.file("empty", ""), not_runnable, ENOEXEC, "an empty file");
    refused(folder.file("text", "hello\n"), not_runnable, ENOEXEC, "neither an ELF program nor a script");
    refused(folder.file("data", simple_program(*all_abis()[0]).build(), 0644), not_runnable, EACCES,
            "no permission to execute");
    REQUIRE(::mkfifo(folder.path("fifo").c_str(), 0755) == 0);
    refused(folder.path("fifo"), not_runnable, EACCES, "a pipe, not a program");
    refused(folder.file("short", "\177ELF\2\1\1"), not_runnable, ENOEXEC, "truncated within the ELF header");
    ElfBuilder sparc(43, elf::class_64, ByteOrder::big);
    sparc.load(0x10000, 0, 0x100, 0x100, 5);
    refused(folder.file("sparc", sparc.build()), not_runnable, ENOEXEC, "a 64-bit big-endian program for SPARC v9");
    std::filesystem::create_symlink("loop", folder.path("loop"));
    refused(folder.path("loop"), not_runnable, ELOOP, "cannot open");
}

TEST_CASE("segments where nothing can be mapped are refused") {
    TemporaryFolder folder;
    const Abi& abi = *all_abis()[0];
    auto low = simple_program(abi);
    low.load(0, 0, 0x100, 0x100, 4);
    check_refused(load(folder.file("low", low.build())), ErrorKind::not_runnable, EPERM,
                  "program header 3: cannot map");
    auto on_stack = simple_program(abi);
    on_stack.load(abi.layout.stack_top - 0x2000, 0, 0x100, 0x100, 6);
    check_refused(load(folder.file("stack", on_stack.build())), ErrorKind::not_runnable, ENOMEM, "taken");
    auto huge = simple_program(abi);
    huge.header.type = elf::type_dynamic;
    huge.segments[1].memory_size = abi.layout.task_size / 8 * 7;
    check_refused(load(folder.file("huge", huge.build())), ErrorKind::not_runnable, ENOMEM,
                  "program header 1: cannot map");
    huge.segments[1].memory_size = abi.layout.task_size - 0x1000000;
    check_refused(load(folder.file("huge", huge.build())), ErrorKind::not_runnable, ENOMEM, "no room");
    auto cut = simple_program(abi).build();
    cut.resize(0x1150);
    check_refused(load(folder.file("cut", cut)), ErrorKind::not_runnable, ENOEXEC,
                  "program header 1: segment reaches beyond the end of the file");
}

TEST_CASE("#! lines are read as the kernel reads them") {
    auto parse = [](std::string_view text) { return parse_script_line(std::as_bytes(std::span(text))); };
    auto plain = parse("#!/bin/sh\necho");
    REQUIRE(plain);
    CHECK(plain->interpreter == "/bin/sh");
    CHECK_FALSE(plain->argument);
    auto spaced = parse("#! \t/bin/awk  -f x \t\nrest");
    REQUIRE(spaced);
    CHECK(spaced->interpreter == "/bin/awk");
    CHECK(spaced->argument == "-f x");
    auto unfinished = parse("#!/bin/sh -x");
    REQUIRE(unfinished);
    CHECK(unfinished->argument == "-x");
    CHECK_FALSE(parse("#!\n"));
    CHECK_FALSE(parse("#!   \t \nfoo"));
    CHECK_FALSE(parse("#"));
    CHECK_FALSE(parse("#/bin/sh\n"));
    CHECK(parse(std::string_view("#!/bin/sh\0-x\n", 13))->interpreter == "/bin/sh");
    // A name that may go on behind the 256 bytes is not tried; an argument is cut.
    std::string long_name = "#!/" + std::string(300, 'a');
    CHECK_FALSE(parse(long_name));
    long_name[255] = ' ';
    REQUIRE(parse(long_name));
    CHECK(parse(long_name)->interpreter.size() == 253);
    auto long_argument = parse("#!/bin/sh " + std::string(300, 'a'));
    REQUIRE(long_argument);
    CHECK(long_argument->argument->size() == 245);
}

TEST_CASE("scripts run their interpreter, up to five deep") {
    TemporaryFolder folder;
    std::string interpreter = folder.file("interpreter", simple_program(*all_abis()[0]).build());
    std::string script = folder.file("script", "#!" + interpreter + "  one argument \n");
    auto image = load(script, {"zero", "one", "two"});
    if (!image) FAIL(image.error().message);
    std::string expected =
        interpreter + '\0' + "one argument" + '\0' + script + '\0' + "one" + '\0' + "two" + '\0';
    CHECK(image->program.command_line == expected);
    CHECK(image->program.path == interpreter);
    CHECK(image->program.name == script);

    std::string last = interpreter;
    for (int depth = 1; depth <= 6; ++depth) {
        CAPTURE(depth);
        last = folder.file(fmt::format("nested{}", depth), "#!" + last + "\n");
        auto nested = load(last);
        if (depth <= 5) CHECK(nested);
        else check_refused(nested, ErrorKind::not_runnable, ELOOP, "script");
    }
    std::string self = folder.path("self");
    folder.file("self", "#!" + self + "\n");
    check_refused(load(self), ErrorKind::not_runnable, ELOOP, "script");
    check_refused(load(folder.file("dangling", "#!/no/such/shell\n")), ErrorKind::not_runnable, ENOENT,
                  "script interpreter /no/such/shell: no such file");
    check_refused(load(folder.file("folder", "#!/proc\n")), ErrorKind::not_runnable, EACCES, "a directory");
}

TEST_CASE("loading leaks neither descriptors nor mappings, in success and failure") {
    TemporaryFolder folder;
    const Abi& abi = *all_abis()[0];
    std::string good = folder.file("good", simple_program(abi).build());
    auto overlapping = simple_program(abi);
    overlapping.load(abi.layout.stack_top - 0x2000, 0, 0x100, 0x100, 6);
    std::string bad = folder.file("bad", overlapping.build());
    std::string script = folder.file("script", "#!" + good + "\n");
    auto once = [&] {
        CHECK(load(good));
        CHECK(load(script));
        CHECK_FALSE(load(bad));
        CHECK_FALSE(load(folder.path("missing")));
    };
    once();
    std::size_t descriptors = entries("/proc/self/fd"), mappings = host_mappings();
    for (int i = 0; i < 100; ++i) once();
    CHECK(entries("/proc/self/fd") == descriptors);
    CHECK(host_mappings() <= mappings + 2);
}
