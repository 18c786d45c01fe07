#include "kernel/random.hpp"

#include "base/endian.hpp"
#include "base/result.hpp"
#include "kernel/process.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string.h>
#include <sys/random.h>

namespace postern::kernel {

namespace {

/// Largest piece of keystream that one call computes, in blocks: the guest code asks for less.
constexpr u64 most_blocks = u64{1} << 25;

}  // namespace

RandomSource::RandomSource(u64 seed) {
    key_.emplace();
    store<u64>(key_->data(), seed, ByteOrder::little);
    constexpr std::string_view purpose = "postern --seed";
    std::memcpy(key_->data() + sizeof seed, purpose.data(), purpose.size());
}

i64 RandomSource::fill(std::span<std::byte> out, unsigned flags) {
    if (!key_) {
        ssize_t got = ::getrandom(out.data(), out.size(), flags);
        return got < 0 ? -errno : got;
    }
    // Half a block for the next key, the other half and whole blocks for the caller.
    std::array<std::byte, vdso::keystream_block_size> block;
    Key key = *key_;
    vdso::keystream(key, 0, block);
    std::ranges::copy(std::span(block).first(key.size()), key_->begin());
    std::span<const std::byte> rest = std::span<const std::byte>(block).subspan(key.size());
    std::size_t first = std::min(out.size(), rest.size());
    std::ranges::copy(rest.first(first), out.begin());
    std::span<std::byte> left = out.subspan(first);
    std::size_t whole = left.size() / block.size() * block.size();
    vdso::keystream(key, 1, left.first(whole));
    if (left.size() > whole) {
        vdso::keystream(key, static_cast<u32>(1 + whole / block.size()), block);
        std::ranges::copy(std::span(block).first(left.size() - whole), left.begin() + static_cast<std::ptrdiff_t>(whole));
    }
    ::explicit_bzero(key.data(), sizeof key);
    ::explicit_bzero(block.data(), sizeof block);
    return static_cast<i64>(out.size());
}

void RandomSource::fill_completely(std::span<std::byte> out) {
    while (!out.empty()) {
        i64 got = fill(out, 0);
        POSTERN_ASSERT(got > 0 || got == -EINTR);
        if (got > 0) out = out.subspan(static_cast<std::size_t>(got));
    }
}

RandomSource RandomSource::split() {
    RandomSource child;
    if (key_) child.key_ = take<vdso::keystream_key_size>();
    return child;
}

SysResult compute_keystream(Task& task, Arguments& arguments) {
    GuestAddr out{arguments.word()};
    u64 blocks = arguments.word();
    GuestAddr key_address{arguments.word()};
    if (blocks > most_blocks) return -EFAULT;
    std::array<std::byte, vdso::keystream_key_size> key;
    if (!task.memory().read(key_address, key)) return -EFAULT;
    auto counter = task.memory().read(GuestPtr<u32>{key_address + key.size()});
    u64 size = blocks * vdso::keystream_block_size;
    std::span<std::byte> target = task.memory().host_span(out, size, Access::write);
    if (!counter || target.size() != size) return -EFAULT;
    vdso::keystream(key, *counter, target);
    return 0;
}

}  // namespace postern::kernel
