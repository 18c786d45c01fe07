#include "scripted_cpu.hpp"

#include "kernel/syscall.hpp"

#include <algorithm>
#include <atomic>
#include <fcntl.h>
#include <map>
#include <string_view>
#include <time.h>
#include <tuple>
#include <utility>
#include <unistd.h>

namespace postern::fuzz {

namespace {

std::atomic<u64> steps{0};

/// The calls of an ABI that do anything, and the number of exit_group.
struct Calls {
    std::vector<kernel::SyscallEntry> all;
    u64 exit_group = 0;
};

const Calls& calls_of(const Abi& abi) {
    static std::map<const Abi*, Calls> by_abi;
    auto [found, is_new] = by_abi.try_emplace(&abi);
    if (is_new)
        kernel::SyscallTable(abi).for_each([&](const kernel::SyscallEntry& entry) {
            if (entry.number->name == "exit_group") found->second.exit_group = entry.number->number;
            if (entry.row->function) found->second.all.push_back(entry);
        });
    return found->second;
}

u64 host_counter() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec);
}

constexpr u64 numbers[] = {0, 1, 2, 3, 4, 7, 8, 12, 15, 16, 24, 28, 31, 32, 63, 64, 65, 100, 128, 255, 256, 1024, 4095, 4096, 4097,
                           0x7fff, 0x8000, 0xffff, 0x10000, 0x7fff'ffff, 0x8000'0000, 0xffff'fffe, 0xffff'ffff,
                           0x7fff'ffff'ffff'ffff, 0x8000'0000'0000'0000, ~u64{0} - 1, ~u64{0}};

/// By name of the argument, what a number of it is likely to be.
bool is_number(std::string_view kind) {
    constexpr std::string_view kinds[] = {"size", "int", "uint", "off", "off64", "long", "mode", "whence", "clockid", "signal", "prot",
                                          "resource", "futex_op", "socket_type", "family", "cmd", "advice", "prctl", "dev"};
    return std::ranges::find(kinds, kind) != std::end(kinds);
}

bool is_flags(std::string_view kind) {
    return kind == "hex" || kind.ends_with("_flags") || kind == "oflags" || kind.ends_with("_options") || kind == "ioctl";
}

}  // namespace

// --- the script

u8 Script::byte() {
    if (rest_.empty()) return 0;
    u8 value = rest_.front();
    rest_ = rest_.subspan(1);
    return value;
}

u64 Script::number(unsigned count) {
    u64 value = 0;
    for (unsigned i = 0; i < count; ++i) value |= u64{byte()} << (8 * i);
    return value;
}

std::span<const u8> Script::bytes(std::size_t count) {
    auto taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
}

Script& script() {
    static Script current;
    return current;
}

u64 step_count() { return steps.load(std::memory_order_relaxed); }

// --- registers

ScriptedCpu::ScriptedCpu(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler)
    : Cpu(abi), memory_(memory), handler_(handler), registers_(abi.registers.size()) {}

u64 ScriptedCpu::get(RegisterIndex index) const {
    unsigned width = std::min<unsigned>(abi().registers[index].width, 8);
    return load_unsigned(registers_[index].data(), width, abi().byte_order);
}

void ScriptedCpu::set(RegisterIndex index, u64 value) {
    unsigned width = std::min<unsigned>(abi().registers[index].width, 8);
    store_unsigned(registers_[index].data(), value, width, abi().byte_order);
}

void ScriptedCpu::get_bytes(RegisterIndex index, std::span<std::byte> out) const {
    std::ranges::copy(std::span(registers_[index]).first(out.size()), out.begin());
}

void ScriptedCpu::set_bytes(RegisterIndex index, std::span<const std::byte> in) {
    POSTERN_ASSERT(in.size() <= registers_[index].size());
    std::ranges::copy(in, registers_[index].begin());
}

void ScriptedCpu::reset() { std::ranges::fill(registers_, std::array<std::byte, 16>{}); }

Cpu::CounterReader ScriptedCpu::counter(ClockMode) const { return host_counter; }

// --- what the guest has in memory

void ScriptedCpu::prepare_playground() {
    is_prepared_ = true;
    u64 page = memory_.page_size();
    using enum memory::MapRequest::Placement;
    std::ignore = memory_.map({.hint = playground, .size = 2 * page, .permissions = {.read = true, .write = true}, .placement = fixed});
    std::ignore = memory_.map({.hint = playground + 2 * page, .size = page, .permissions = {.read = true}, .placement = fixed});
    std::ignore = memory_.unmap(playground + 3 * page, page);
    GuestAddr second = playground + page;
    // Pairs of an address and a length: iovecs, messages, arguments of programs.
    for (unsigned i = 0; i < 64; ++i)
        std::ignore = memory_.write_word(second + i * abi().word_size, i % 2 == 0 ? (playground + 64 * i).value : 16 + i);
    constexpr std::string_view paths[] = {"a", "d", "d/b", "link", "loop/x", ".", "..", "../../x", "/a", "/proc/self/maps", "/proc/self/fd/3",
                                          "program", "script", "/proc/self/exe", "", "fifo", "/proc/self/stat", "name=value"};
    GuestAddr at = second + 1024;
    for (std::string_view path : paths) {
        std::ignore = memory_.write(at, std::as_bytes(std::span(path)));
        at += 32;
    }
}

GuestAddr path_address(u64 page, u8 choice) { return playground + page + 1024 + 32 * (choice % 18); }

// --- arguments

u64 ScriptedCpu::address() {
    Script& in = script();
    u64 page = memory_.page_size();
    u8 choice = in.byte();
    switch (choice % 8) {
        case 0: return (playground + in.byte()).value;
        case 1: return (playground + 16 * in.byte()).value;
        case 2: return (playground + page + 8 * (in.byte() % 64)).value;
        case 3: return (playground + 2 * page - in.byte()).value;       // writable, up to what is not
        case 4: return (playground + 3 * page - in.byte()).value;       // readable, up to what is not there
        case 5: return choice & 8 ? 0 : path_address(page, in.byte()).value;
        case 6: return choice & 8 ? abi().layout.task_size - in.byte() : get(abi().stack_pointer) - 64 + in.byte();
        default: return in.number(8);
    }
}

u64 ScriptedCpu::any_argument() {
    Script& in = script();
    switch (in.byte() % 4) {
        case 0: return numbers[in.byte() % std::size(numbers)];
        case 1: return in.byte();
        case 2: return u64{1} << (in.byte() % 64);
        default: return address();
    }
}

u64 ScriptedCpu::argument(std::string_view kind) {
    Script& in = script();
    u8 choice = in.byte();
    if (choice % 16 == 0) return any_argument();
    bool is_odd = choice & 1;
    if (kind == "fd" || kind == "dirfd") return is_odd && kind == "dirfd" ? static_cast<u64>(AT_FDCWD) : (choice >> 2) % 20;
    if (kind == "path" || kind == "str") return path_address(memory_.page_size(), choice).value;
    if (kind == "pid" || kind == "uid" || kind == "gid") return is_odd ? static_cast<u64>(::getpid()) : numbers[choice % 4] - 1;
    if (is_number(kind)) return is_odd ? choice >> 1 : numbers[(choice >> 1) % std::size(numbers)];
    if (is_flags(kind)) return is_odd ? u64{1} << (choice >> 3) : in.number(4);
    return address();
}

bool ScriptedCpu::call(u64 number, std::span<const u64> arguments) {
    const SyscallConvention& convention = abi().syscall;
    number_ = number;
    set(convention.number, number);
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (i < convention.arguments.size()) {
            set(convention.arguments[i], arguments[i]);
        } else if (const auto& stack = convention.stack_arguments) {
            u64 offset = stack->offset + (i - convention.arguments.size()) * abi().word_size;
            std::ignore = memory_.write_word(GuestAddr{sp()} + offset, arguments[i]);
        }
    }
    return handler_.system_call();
}

bool ScriptedCpu::make_call() {
    const Calls& calls = calls_of(abi());
    const kernel::SyscallEntry& entry = calls.all[script().number(2) % calls.all.size()];
    std::vector<u64> arguments;
    for (std::string_view rest = entry.row->arguments; !rest.empty();) {
        std::size_t end = std::min(rest.find(", "), rest.size());
        std::string_view kind = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 2, rest.size()));
        u64 value = argument(kind);
        bool is_pair = kind == "off64" && !abi().has_64bit_registers();
        if (is_pair && abi().syscall.align_pairs && arguments.size() % 2 != 0) arguments.push_back(0);
        arguments.push_back(value);
        if (is_pair) arguments.push_back(value >> 32);
    }
    return call(entry.number->number, arguments);
}

// --- steps

Stop ScriptedCpu::fault() {
    Script& in = script();
    u8 choice = in.byte();
    if (choice & 1) return {.kind = Stop::Kind::trap, .trap = static_cast<TrapKind>((choice >> 1) % 9), .address = {address()}};
    return {.kind = Stop::Kind::fault,
            .address = {address()},
            .access = choice & 2 ? Access::read : Access::write,
            .fault = static_cast<memory::FaultKind>((choice >> 2) % 3)};
}

void ScriptedCpu::write_memory() {
    GuestAddr at{address()};
    auto bytes = script().bytes(script().byte() % 64);
    std::ignore = memory_.write(at, std::as_bytes(bytes));
}

void ScriptedCpu::write_register() {
    auto index = static_cast<RegisterIndex>(script().byte() % registers_.size());
    set(index, any_argument());
}

Stop ScriptedCpu::run() {
    if (!is_prepared_) prepare_playground();
    while (!script().is_over()) {
        if (std::exchange(stop_requested_, 0)) return {};
        steps.fetch_add(1, std::memory_order_relaxed);
        switch (u8 choice = script().byte(); choice % 16) {
            case 0:
                if (choice % 64 == 0) return fault();
                break;
            case 1:
            case 2:
            case 3: write_memory(); break;
            case 4: write_register(); break;
            case 5: set(abi().stack_pointer, address()); break;
            default:
                if (!make_call()) return {};
        }
    }
    u64 status = 0;
    call(calls_of(abi()).exit_group, {&status, 1});
    return {};
}

}  // namespace postern::fuzz
