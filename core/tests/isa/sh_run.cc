// Runs a static SH-4 program that makes no other system calls than write and exit: for comparing the
// core with other engines, instruction by instruction. How long it took goes to stderr.
//
//     sh_run PROGRAM           runs it; its exit status
//     sh_run --words PR SZ     prints every instruction word as the mode has it
#define DOCTEST_CONFIG_IMPLEMENT
#include "../sh_machine.hpp"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <unistd.h>

using namespace postern;

namespace {

constexpr u32 call_exit = 1, call_write = 4;

struct Runner : SyscallHandler {
    explicit Runner(ByteOrder order) : abi(sh_test::minimal_abi(order)) {
        memory = std::move(*memory::AddressSpace::create(abi));
        cpu = std::move(*create_cpu(abi, *memory, *this));
        cpu->reset();
    }
    u32 get(const char* name) const { return static_cast<u32>(cpu->get(abi.register_index(name))); }

    bool system_call() override {
        if (get("r3") == call_write) {
            auto bytes = memory->host_span({get("r5")}, get("r6"), Access::read);
            cpu->set(abi.register_index("r0"), static_cast<u64>(::write(static_cast<int>(get("r4")), bytes.data(), bytes.size())));
            return true;
        }
        exited = get("r3") == call_exit;
        return false;
    }

    /// Loads the segments of an ELF file.
    bool load_program(const std::vector<char>& file) {
        auto at = [&](std::size_t offset) { return reinterpret_cast<const std::byte*>(file.data() + offset); };
        auto word = [&](std::size_t offset) { return load<u32>(at(offset), abi.byte_order); };
        auto half = [&](std::size_t offset) { return load<u16>(at(offset), abi.byte_order); };
        for (u32 i = 0; i < half(44); ++i) {
            std::size_t header = word(28) + i * half(42);
            if (word(header) != 1) continue;
            u32 address = word(header + 8), start = address & ~0xfffu;
            u32 size = address + word(header + 20) - start;
            if (!memory->map_special({start}, size, {.read = true, .write = true, .execute = true}, true, "program")) return false;
            if (!memory->poke({address}, {at(word(header + 4)), word(header + 16)})) return false;
        }
        cpu->set_pc(word(24));
        return memory->map_special({0x7000'0000}, 0x10000, read_write, true, "stack").has_value();
    }

    Abi abi;
    std::unique_ptr<memory::AddressSpace> memory;
    std::unique_ptr<Cpu> cpu;
    bool exited = false;
};

/// Every word as the decoder prints it.
int print_words(sh::Mode mode) {
    for (u32 word = 0; word < 0x10000; ++word) std::printf("%04x %s\n", word, sh::print(static_cast<u16>(word), 0, mode).c_str());
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    if (count == 4 && arguments[1] == std::string_view("--words")) return print_words({arguments[2][0] == '1', arguments[3][0] == '1'});
    if (count != 2) return 127;
    std::ifstream in(arguments[1], std::ios::binary);
    std::vector<char> file{std::istreambuf_iterator<char>(in), {}};
    if (file.size() < 52) return 126;
    Runner runner(file[5] == 1 ? ByteOrder::little : ByteOrder::big);
    if (!runner.load_program(file)) return 126;
    runner.cpu->set(runner.abi.register_index("r15"), 0x7000'fff0);
    auto start = std::chrono::steady_clock::now();
    Stop stop = runner.cpu->run();
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::fprintf(stderr, "%.3f s\n", seconds.count());
    if (runner.exited) return static_cast<int>(runner.get("r4"));
    std::fprintf(stderr, "stopped: kind %d trap %d address %llx pc %x\n", static_cast<int>(stop.kind), static_cast<int>(stop.trap),
                 static_cast<unsigned long long>(stop.address.value), runner.get("pc"));
    return 125;
}
