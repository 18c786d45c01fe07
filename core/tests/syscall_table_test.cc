// Rows and tables of system calls: complete, without duplicates, honest.
#include "abi/abi.hpp"
#include "kernel/syscall.hpp"
#include "trace/format.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <set>
#include <string>

using namespace postern;
using namespace postern::kernel;

TEST_CASE("every handler of every table has a row") {
    for (const Abi* abi : known_abis()) {
        CAPTURE(abi->name);
        for (const SyscallNumber& number : abi->syscall_numbers) {
            CAPTURE(number.name);
            CAPTURE(number.handler);
            CHECK(find_row(number.handler) != nullptr);
        }
    }
}

TEST_CASE("a handler exists once, and every row is some ABI's") {
    std::set<std::string_view> wanted;
    for (const Abi* abi : known_abis())
        for (const SyscallNumber& number : abi->syscall_numbers) wanted.insert(number.handler);
    std::set<std::string_view> seen;
    for (const SyscallRow* row : all_rows()) {
        CAPTURE(row->name);
        CHECK(seen.insert(row->name).second);
        CHECK(wanted.contains(row->name));
    }
}

TEST_CASE("rows say what they support, and why not") {
    for (const SyscallRow* row : all_rows()) {
        CAPTURE(row->name);
        CHECK((row->function == nullptr) == (row->support == Support::refused));
        CHECK((row->support == Support::full) == row->note.empty());
        CHECK((row->refusal > 0 && row->refusal < 4096));
    }
}

TEST_CASE("argument kinds of rows are known to the tracer") {
    for (const SyscallRow* row : all_rows()) {
        CAPTURE(row->name);
        CHECK(trace::parse_kinds(row->arguments).size() <= 7);
        for (std::string_view rest = row->arguments; !rest.empty();) {
            auto comma = std::min(rest.find(','), rest.size());
            std::string word(rest.substr(0, comma));
            rest.remove_prefix(std::min(comma + 1, rest.size()));
            std::erase(word, ' ');
            CAPTURE(word);
            CHECK(trace::is_argument_kind(word));
        }
    }
}

TEST_CASE("tables find every number and nothing else") {
    for (const Abi* abi : known_abis()) {
        CAPTURE(abi->name);
        SyscallTable table(*abi);
        for (const SyscallNumber& number : abi->syscall_numbers) {
            CAPTURE(number.name);
            const SyscallEntry* entry = table.find(number.number);
            REQUIRE(entry != nullptr);
            CHECK(entry->number == &number);
            CHECK(entry->row == find_row(number.handler));
        }
        std::size_t visited = 0;
        table.for_each([&](const SyscallEntry&) { ++visited; });
        CHECK(visited == abi->syscall_numbers.size());
        for (u64 absent : {u64{100'000}, ~u64{0}, u64{0xf0000}, u64{1} << 32}) {
            CAPTURE(absent);
            CHECK(table.find(absent) == nullptr);
        }
    }
}
