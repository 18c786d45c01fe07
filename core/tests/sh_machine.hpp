// An SH-4 with a page of code and a page of data, and an assembler made of its own decoder.
#pragma once

#include "cpu/sh/core.hpp"

#include <doctest/doctest.h>
#include <initializer_list>
#include <string>
#include <unordered_map>

namespace sh_test {

using namespace postern;

inline constexpr u32 code_page = 0x10000, next_code_page = 0x11000, data_page = 0x20000, unmapped = 0x7000'0040;

/// The word that is printed as `text` at `address`. Targets may be written as "." with a distance.
/// Everything is found by printing it: what the decoder does not print cannot be written.
inline u16 assemble(std::string text, u32 address, sh::Mode mode) {
    if (auto dot = std::min(text.find(".+"), text.find(".-")); dot != text.npos) {
        std::size_t end = text.find_first_not_of("0123456789", dot + 2);
        std::string target = fmt::format("0x{:x}", address + static_cast<u32>(std::stoi(text.substr(dot + 1))));
        text.replace(dot, end == text.npos ? end : end - dot, target);
    }
    bool relative = text.find("0x") != text.npos;
    static std::unordered_map<std::string, u16> words[4];
    auto& known = words[mode.number()];
    auto search = [&](u32 first, u32 last) -> std::optional<u16> {
        for (u32 word = first; word <= last; ++word)
            if (sh::print(static_cast<u16>(word), address, mode) == text) return static_cast<u16>(word);
        return std::nullopt;
    };
    if (relative) {
        for (auto [first, last] : {std::pair{0x8900u, 0xbfffu}, {0xc700u, 0xc7ffu}, {0xd000u, 0xdfffu}})
            if (auto found = search(first, last)) return *found;
    } else {
        if (known.empty())
            for (u32 word = 0; word < 0x10000; ++word) known.emplace(sh::print(static_cast<u16>(word), 0, mode), static_cast<u16>(word));
        if (auto found = known.find(text); found != known.end()) return found->second;
    }
    FAIL("no such instruction: " << text);
    return 0;
}

/// The ABI as far as the core asks for it.
inline Abi minimal_abi(ByteOrder order) {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> made;
        for (const char* file : {"r", "fr", "xf"})
            for (int i = 0; i < 16; ++i) made.push_back(file + std::to_string(i));
        for (const char* word : {"pc", "pr", "sr", "gbr", "mach", "macl", "fpul", "fpscr"}) made.emplace_back(word);
        return made;
    }();
    static const std::vector<Register> registers = [] {
        std::vector<Register> made;
        for (const std::string& name : names) made.push_back({name, 4});
        return made;
    }();
    Abi abi = *find_abi("mipsel-o32");   // a 32-bit address space
    abi.name = "sh4-test";
    abi.machine = Machine::sh4;
    abi.byte_order = order;
    abi.registers = registers;
    abi.program_counter = abi.register_index("pc");
    abi.stack_pointer = abi.register_index("r15");
    abi.syscall = {.number = abi.register_index("r3"), .arguments = {}, .result = abi.register_index("r0"), .trap_length = 2,
                   .restart_number = 0};
    return abi;
}

/// For cases that touch memory: TEST_CASE_TEMPLATE(name, Order, Little, Big).
using Little = std::integral_constant<ByteOrder, ByteOrder::little>;
using Big = std::integral_constant<ByteOrder, ByteOrder::big>;

struct ShMachine : SyscallHandler {
    explicit ShMachine(ByteOrder order = ByteOrder::little) : abi(minimal_abi(order)) {
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
    double get_double(int n) const {
        auto word = [&](int i) { return u64{get("fr" + std::to_string(i))}; };
        return std::bit_cast<double>(word(n) << 32 | word(n + 1));
    }
    void set_double(int n, double value) {
        auto bits = std::bit_cast<u64>(value);
        set("fr" + std::to_string(n), static_cast<u32>(bits >> 32));
        set("fr" + std::to_string(n + 1), static_cast<u32>(bits));
    }
    float get_float(int n) const { return std::bit_cast<float>(get("fr" + std::to_string(n))); }
    void set_float(int n, float value) { set("fr" + std::to_string(n), std::bit_cast<u32>(value)); }
    bool t() const { return get("sr") & 1; }

    template <std::integral T> T peek(u32 address) const { return *memory->peek(GuestPtr<T>{{address}}); }
    template <std::integral T> void poke(u32 address, T value) {
        std::byte bytes[sizeof(T)];
        store(bytes, value, abi.byte_order);
        REQUIRE(memory->poke({address}, bytes));
    }

    /// Writes instructions, for the present mode.
    void write(std::initializer_list<std::string> lines, u32 address = code_page) {
        sh::Mode mode = sh::Mode::of(get("fpscr"));
        for (const std::string& line : lines) {
            poke(address, assemble(line, address, mode));
            address += 2;
        }
    }
    /// Runs instructions up to a breakpoint behind them.
    Stop run(std::initializer_list<std::string> lines, u32 address = code_page) {
        write(lines, address);
        poke(address + static_cast<u32>(lines.size()) * 2, u16{0xc33c});   // trapa #60
        set("pc", address);
        return cpu->run();
    }
    /// The same; nothing else may stop it.
    void execute(std::initializer_list<std::string> lines) {
        Stop stop = run(lines);
        REQUIRE(stop.kind == Stop::Kind::trap);
        REQUIRE(stop.trap == TrapKind::breakpoint);
        REQUIRE(get("pc") == code_page + lines.size() * 2);
    }

    Abi abi;
    std::unique_ptr<memory::AddressSpace> memory;
    std::unique_ptr<Cpu> cpu;
    int calls = 0;
    std::function<bool()> on_call;
};

}  // namespace sh_test
