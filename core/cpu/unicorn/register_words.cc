#include "cpu/unicorn/register_words.hpp"

#include <array>
#include <cstring>
#include <malloc.h>
#include <sys/uio.h>
#include <unistd.h>

namespace postern::unicorn {

namespace {

// `struct CPUState` (2.1.1) starts with a cache of 4096 block pointers; a little behind it, it
// points back to its engine. The registers follow within the next pages.
constexpr std::size_t back_pointer_start = 0x8000, back_pointer_size = 0x400;
constexpr std::size_t searched_size = 0x10000;

/// Memory of ours that may not exist: as much as there is of it.
std::size_t read_carefully(std::uintptr_t address, std::span<std::byte> out) {
    iovec local{out.data(), out.size()}, remote{reinterpret_cast<void*>(address), out.size()};
    ssize_t got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
    return got < 0 ? 0 : static_cast<std::size_t>(got);
}

template <class T> T word_at(std::span<const std::byte> bytes, std::size_t offset) {
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

/// The engine's CPU: an object that it points to, and that points back. 0 = not found.
std::uintptr_t find_cpu(uc_engine* engine) {
    std::span words{reinterpret_cast<const std::byte*>(engine), malloc_usable_size(engine)};
    auto self = reinterpret_cast<std::uintptr_t>(engine);
    for (std::size_t at = 0; at + sizeof self <= words.size(); at += sizeof self) {
        auto candidate = word_at<std::uintptr_t>(words, at);
        if (candidate < searched_size || candidate % alignof(std::max_align_t) != 0) continue;
        std::array<std::byte, back_pointer_size> part;
        if (read_carefully(candidate + back_pointer_start, part) != part.size()) continue;
        for (std::size_t i = 0; i < part.size(); i += sizeof self) {
            if (word_at<std::uintptr_t>(part, i) == self) return candidate;
        }
    }
    return 0;
}

/// Unlike anything else, different for each register and round. Even, as program counters are.
u64 masked(u64 value, unsigned width) { return width == 8 ? value : value & 0xffff'ffff; }
u64 marker(std::size_t index, unsigned round, unsigned width) {
    return masked(0x3b9e'71a4'5d26'0000 + round * 0x1'0000'2000 + index * 16, width);
}

u64 load_host(const std::byte* word, unsigned width) {
    u64 value = 0;
    std::memcpy(&value, word, width);
    return value;
}

class Search {
public:
    Search(uc_engine* engine, std::uintptr_t cpu, std::span<RegisterWord> registers)
        : engine_(engine), cpu_(cpu), registers_(registers) {}

    void run() {
        std::vector<u64> before;
        for (const RegisterWord& reg : registers_) before.push_back(read(reg));
        write_markers(0);
        std::vector<std::byte> copy(searched_size);
        copy.resize(read_carefully(cpu_, copy));
        write_markers(1);
        for (std::size_t i = 0; i < registers_.size(); ++i) find(i, copy);
        for (std::size_t i = 0; i < registers_.size(); ++i) write(registers_[i], before[i]);
    }

private:
    u64 read(const RegisterWord& reg) const {
        u64 value = 0;
        uc_reg_read(engine_, reg.unicorn_id, &value);
        return masked(value, reg.width);
    }
    void write(const RegisterWord& reg, u64 value) { uc_reg_write(engine_, reg.unicorn_id, &value); }
    void write_markers(unsigned round) {
        for (std::size_t i = 0; i < registers_.size(); ++i) write(registers_[i], marker(i, round, registers_[i].width));
    }
    /// Of the places that showed the first marker, the one that is the register.
    void find(std::size_t index, std::span<const std::byte> copy) {
        RegisterWord& reg = registers_[index];
        u64 wanted = marker(index, 0, reg.width);
        for (std::size_t at = 0; at + reg.width <= copy.size() && !reg.word; at += reg.width) {
            if (load_host(copy.data() + at, reg.width) != wanted) continue;
            auto* place = reinterpret_cast<std::byte*>(cpu_ + at);
            if (is_register(index, place)) reg.word = place;
        }
    }
    /// Shows the second marker, and what is written here shows in the interface.
    bool is_register(std::size_t index, std::byte* place) const {
        const RegisterWord& reg = registers_[index];
        u64 shown = marker(index, 1, reg.width), ours = marker(index, 2, reg.width);
        if (load_host(place, reg.width) != shown) return false;
        std::memcpy(place, &ours, reg.width);
        if (read(reg) == ours) return true;
        std::memcpy(place, &shown, reg.width);
        return false;
    }

    uc_engine* engine_;
    std::uintptr_t cpu_;
    std::span<RegisterWord> registers_;
};

}  // namespace

void find_register_words(uc_engine* engine, std::span<RegisterWord> registers) {
    if (std::uintptr_t cpu = find_cpu(engine)) Search{engine, cpu, registers}.run();
}

}  // namespace postern::unicorn
