// /proc/cpuinfo as programs look at it: processors are counted, features are those of AT_HWCAP.
#include "abi/processor_text.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <sstream>
#include <vector>

using namespace postern;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

/// What follows the colon of the first line of a key, or "none".
std::string value_of(const std::string& text, std::string_view key) {
    for (const std::string& line : lines_of(text)) {
        auto colon = line.find(':');
        if (colon == line.npos) continue;
        std::string name = line.substr(0, line.find_last_not_of(" \t", colon - 1) + 1);
        if (name == key) return line.substr(std::min(colon + 2, line.size()));
    }
    return "none";
}

std::string between_blanks(std::string_view word) {
    std::string text(" ");
    text.append(word).append(" ");
    return text;
}

std::string text_of(std::string_view abi) {
    const unsigned one[] = {0};
    return processor_text(*find_abi(abi), one);
}

}  // namespace

TEST_CASE("cpuinfo: as many processors as there are, with their numbers") {
    for (const Abi* abi : all_abis()) {
        CAPTURE(abi->name);
        const unsigned processors[] = {0, 1, 5};
        std::string text = processor_text(*abi, processors);
        auto lines = lines_of(text);
        // As getconf, nproc's fallback and Python's count them: "processor" begins the line.
        CHECK(std::ranges::count_if(lines, [](const std::string& line) { return line.starts_with("processor"); }) == 3);
        CHECK(text.find('5') != text.npos);
        CHECK(text.find_first_of("{}") == text.npos);
        CHECK(text.ends_with('\n'));
    }
}

TEST_CASE("cpuinfo: what the processor is and can do") {
    CHECK(value_of(text_of("aarch64"), "Features").starts_with("fp asimd aes pmull sha1 sha2 crc32 atomics"));
    CHECK(value_of(text_of("arm"), "Features").ends_with("idiva idivt lpae aes pmull sha1 sha2 crc32"));
    CHECK(value_of(text_of("riscv64"), "isa") == "rv64imafdc");
    CHECK(value_of(text_of("riscv32"), "isa") == "rv32imafdc");
    CHECK(value_of(text_of("s390x"), "features") == "esan3 zarch ldisp eimm etf3eh highgprs ");
    CHECK(value_of(text_of("s390x"), "# processors") == "1");
    CHECK(value_of(text_of("ppc64le"), "timebase") == "512000000");
    CHECK(value_of(text_of("sh4eb"), "cpu family") == "sh4eb");
    CHECK(value_of(text_of("mips-n32"), "isa").ends_with("mips64r2"));
    CHECK(value_of(text_of("mips-o32"), "isa").ends_with("mips32r2"));
}

TEST_CASE("cpuinfo: the flags of x86 have each bit of AT_HWCAP by its name, and no other of that word") {
    constexpr std::string_view names[] = {"fpu", "vme", "de", "pse", "tsc", "msr", "pae", "mce", "cx8", "apic", "", "sep", "mtrr",
                                          "pge", "mca", "cmov", "pat", "pse36", "pn", "clflush", "", "dts", "acpi", "mmx", "fxsr",
                                          "sse", "sse2", "ss", "ht", "tm", "ia64", "pbe"};
    for (std::string_view abi : {"x86-64", "i386", "x32"}) {
        std::string flags = between_blanks(value_of(text_of(abi), "flags"));
        for (unsigned bit = 0; bit < std::size(names); ++bit) {
            if (names[bit].empty()) continue;
            CAPTURE(names[bit]);
            CHECK((flags.find(between_blanks(names[bit])) != flags.npos) == ((find_abi(abi)->start.hwcap >> bit & 1) != 0));
        }
    }
}
