// A PA-RISC with two pages of code, a page of data and the gateway page, and an assembler made of its own decoder.
#pragma once

#include "abi/parisc.hpp"
#include "cpu/parisc/core.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <initializer_list>
#include <map>
#include <string>

namespace postern {
extern const Abi parisc_abi;
}

namespace parisc_test {

using namespace postern;

inline constexpr u32 code_page = 0x10000, next_code_page = 0x11000, data_page = 0x20000, unmapped = 0x7000'0040;
inline constexpr u32 gateway = static_cast<u32>(parisc::gateway_page);

/// The fields that are printed as what begins `text`, longest text first.
inline std::vector<std::pair<std::string, u64>> values_at(const decode::RowOperand& operand, u32 address, std::string_view text) {
    std::vector<std::pair<std::string, u64>> found;
    for (u64 field = 0; field < u64{1} << operand.kind.bits; ++field) {
        std::string printed = operand.kind.print(operand.kind.decode(field, address));
        if (text.starts_with(printed)) found.emplace_back(printed, field);
    }
    std::ranges::stable_sort(found, [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
    return found;
}

/// Fits the rest of a row's syntax to the rest of a text; adds the fields to `word`.
inline bool fit(const parisc::Row& row, std::string_view syntax, std::string_view text, u32 address, u32& word) {
    std::size_t at = syntax.npos;
    const decode::RowOperand* next = nullptr;
    for (std::size_t i = 0; i < row.operand_count; ++i) {
        if (row.operands[i].mask == 0) continue;
        std::size_t place = decode::find_operand(syntax, row.operands[i].kind.name);
        if (place < at) std::tie(at, next) = std::pair{place, &row.operands[i]};
    }
    if (!next) return syntax == text;
    if (!text.starts_with(syntax.substr(0, at))) return false;
    text.remove_prefix(at);
    syntax.remove_prefix(at + next->kind.name.size());
    for (const auto& [printed, field] : values_at(*next, address, text)) {
        u32 spread = 0;
        for (u64 mask = next->mask, rest = field; mask != 0; mask &= mask - 1, rest >>= 1)
            if (rest & 1) spread |= static_cast<u32>(mask & -mask);
        u32 filled = word | spread;
        if (fit(row, syntax, text.substr(printed.size()), address, filled)) {
            word = filled;
            return true;
        }
    }
    return false;
}

/// The word that is printed as `text` at `address`. Targets may be written as "." with a distance.
inline u32 assemble(std::string text, u32 address) {
    if (text == "nop") return 0x0800'0240;
    if (text == "break") return 0;
    if (auto dot = std::min(text.find(".+"), text.find(".-")); dot != text.npos) {
        std::size_t end = text.find_first_not_of("0123456789", dot + 2);
        std::string target = fmt::format("0x{:x}", address + static_cast<u32>(std::stoi(text.substr(dot + 1))));
        text.replace(dot, end == text.npos ? end : end - dot, target);
    }
    static std::map<std::pair<std::string, u32>, u32> known;
    auto [place, added] = known.try_emplace({text, text.find("0x") == text.npos ? 0 : address});
    if (!added) return place->second;
    std::string_view name = std::string_view(text).substr(0, text.find_first_of(", "));
    for (const parisc::Row& row : parisc::all_rows()) {
        if (!row.syntax.starts_with(name)) continue;
        u32 word = static_cast<u32>(row.pattern.match);
        if (fit(row, row.syntax, text, address, word)) return place->second = word;
    }
    FAIL("no such instruction: " << text);
    return 0;
}

struct PariscMachine : SyscallHandler {
    PariscMachine() {
        memory = std::move(*memory::AddressSpace::create(abi));
        cpu = std::move(*create_cpu(abi, *memory, *this));
        cpu->reset();
        REQUIRE(memory->map_special({code_page}, 0x2000, read_execute, true, "code"));
        REQUIRE(memory->map_special({data_page}, 0x1000, read_write, true, "data"));
    }

    bool system_call() override {
        ++calls;
        return on_call ? on_call() : false;
    }

    u32 get(std::string_view name) const { return static_cast<u32>(cpu->get(abi.register_index(name))); }
    void set(std::string_view name, u32 value) { cpu->set(abi.register_index(name), value); }
    u64 get_wide(int n) const { return cpu->get(abi.register_index("fr" + std::to_string(n))); }
    void set_wide(int n, u64 value) { cpu->set(abi.register_index("fr" + std::to_string(n)), value); }
    double get_double(int n) const { return std::bit_cast<double>(get_wide(n)); }
    void set_double(int n, double value) { set_wide(n, std::bit_cast<u64>(value)); }

    template <std::integral T> T peek(u32 address) const { return *memory->peek(GuestPtr<T>{{address}}); }
    template <std::integral T> void poke(u32 address, T value) {
        std::byte bytes[sizeof(T)];
        store(bytes, value, abi.byte_order);
        REQUIRE(memory->poke({address}, bytes));
    }

    void write(std::initializer_list<std::string> lines, u32 address = code_page) {
        for (const std::string& line : lines) {
            poke(address, assemble(line, address));
            address += 4;
        }
    }
    /// Runs instructions up to a breakpoint behind them.
    Stop run(std::initializer_list<std::string> lines, u32 address = code_page) {
        write(lines, address);
        poke(address + static_cast<u32>(lines.size()) * 4, u32{0});
        poke(address + static_cast<u32>(lines.size()) * 4 + 4, u32{0});
        set("iaoq0", address);
        return cpu->run();
    }
    /// The same; nothing else may stop it.
    void execute(std::initializer_list<std::string> lines) {
        Stop stop = run(lines);
        REQUIRE(stop.kind == Stop::Kind::trap);
        REQUIRE(stop.trap == TrapKind::breakpoint);
        REQUIRE(get("iaoq0") == code_page + lines.size() * 4);
    }

    const Abi& abi = parisc_abi;
    std::unique_ptr<memory::AddressSpace> memory;
    std::unique_ptr<Cpu> cpu;
    int calls = 0;
    std::function<bool()> on_call;
};

}  // namespace parisc_test
