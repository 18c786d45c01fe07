#include "cpu/unicorn/register_words.hpp"

#include "base/endian.hpp"
#include "cpu/unicorn/private_memory.hpp"

#include <array>
#include <malloc.h>

namespace postern::unicorn {

namespace {

// `struct CPUState` (2.1.1) starts with a cache of 4096 block pointers; a little behind it, it
// points back to its engine. The registers follow within the next pages.
constexpr std::size_t cache_size = 0x8000, back_pointer_size = 0x400, searched_size = 0x5000;

template <class T> T word_at(std::span<const std::byte> bytes, std::size_t offset) {
    return load<T>(bytes.data() + offset, host_byte_order);
}

/// What follows the cache in the engine's CPU, an object that it points to and that points back.
/// 0 = not found.
std::uintptr_t find_cpu_state(uc_engine* engine) {
    std::span words{reinterpret_cast<const std::byte*>(engine), malloc_usable_size(engine)};
    auto self = reinterpret_cast<std::uintptr_t>(engine);
    for (std::size_t at = 0; at + sizeof self <= words.size(); at += sizeof self) {
        auto candidate = word_at<std::uintptr_t>(words, at);
        if (candidate == 0 || candidate % alignof(std::max_align_t) != 0) continue;
        std::array<std::byte, back_pointer_size> part;
        if (read_carefully(candidate + cache_size, part) != part.size()) continue;
        for (std::size_t i = 0; i < part.size(); i += sizeof self) {
            if (word_at<std::uintptr_t>(part, i) == self) return candidate + cache_size;
        }
    }
    return 0;
}

/// Unlike anything else, also in its lower half; different for each register and round. Even, as
/// program counters are.
constexpr u64 marker_step = 16;
constexpr u64 marker(std::size_t index, unsigned round) {
    return 0x3b9e'71a4'5d26'0000 + round * 0x1'0000'2000 + index * marker_step;
}

class Search {
public:
    Search(uc_engine* engine, std::uintptr_t state, std::span<const int> ids)
        : engine_(engine), state_(state), ids_(ids), found_(ids.size()) {}

    std::vector<RegisterWord> run() {
        std::vector<u64> before;
        for (int id : ids_) before.push_back(read(id));
        write_markers(0);
        std::vector<std::byte> copy(searched_size);
        copy.resize(read_carefully(state_, copy));
        write_markers(1);
        look_for<u64>(copy);
        look_for<u32>(copy);
        for (std::size_t i = 0; i < ids_.size(); ++i) write(ids_[i], before[i]);
        return found_;
    }

private:
    u64 read(int id) const {
        u64 value = 0;
        uc_reg_read(engine_, id, &value);
        return value;
    }
    void write(int id, u64 value) { uc_reg_write(engine_, id, &value); }
    void write_markers(unsigned round) {
        for (std::size_t i = 0; i < ids_.size(); ++i) write(ids_[i], marker(i, round));
    }
    /// Of the places that showed a first marker, those that are the register.
    template <class T> void look_for(std::span<const std::byte> copy) {
        const T first = static_cast<T>(marker(0, 0));
        for (std::size_t at = 0; at + sizeof(T) <= copy.size(); at += sizeof(T)) {
            T distance = word_at<T>(copy, at) - first;
            std::size_t index = distance / marker_step;
            if (index >= found_.size() || distance % marker_step != 0 || found_[index]) continue;
            auto* place = reinterpret_cast<std::byte*>(state_ + at);
            if (is_register<T>(index, place)) found_[index] = {place, sizeof(T)};
        }
    }
    /// Shows the second marker, and what is written here shows in the interface.
    template <class T> bool is_register(std::size_t index, std::byte* place) const {
        auto shown = static_cast<T>(marker(index, 1)), ours = static_cast<T>(marker(index, 2));
        if (load<T>(place, host_byte_order) != shown) return false;
        store(place, ours, host_byte_order);
        if (static_cast<T>(read(ids_[index])) == ours) return true;
        store(place, shown, host_byte_order);
        return false;
    }

    uc_engine* engine_;
    std::uintptr_t state_;
    std::span<const int> ids_;
    std::vector<RegisterWord> found_;
};

}  // namespace

std::vector<RegisterWord> find_register_words(uc_engine* engine, std::span<const int> ids) {
    std::uintptr_t state = find_cpu_state(engine);
    return state ? Search{engine, state, ids}.run() : std::vector<RegisterWord>(ids.size());
}

}  // namespace postern::unicorn
