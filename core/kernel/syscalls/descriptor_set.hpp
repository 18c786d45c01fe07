// fd_set: a bit array in words of the ABI's size and byte order.
#pragma once

#include "abi/abi.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace postern::kernel {

class DescriptorSet {
public:
    /// Bytes that the kernel reads and writes for `count` descriptors.
    static u64 guest_size(const Abi& abi, int count) {
        return align_up(static_cast<u64>(count), abi.long_size() * 8u) / 8;
    }

    /// Bits from `count` on are dropped.
    static DescriptorSet from_guest(const Abi& abi, std::span<const std::byte> guest, int count) {
        DescriptorSet set;
        set.words_.resize(std::max<std::size_t>(guest.size() / 8 + 1, 1));
        set.guest_size_ = guest.size();
        unsigned bits = abi.long_size() * 8u;
        for (std::size_t at = 0; at < guest.size(); at += abi.long_size()) {
            u64 word = load_unsigned(guest.data() + at, abi.long_size(), abi.byte_order);
            std::size_t first = at / abi.long_size() * bits;
            set.words_[first / 64] |= word << first % 64;
        }
        auto end = static_cast<std::size_t>(count);
        for (std::size_t i = end / 64; i < set.words_.size(); ++i) {
            set.words_[i] &= i == end / 64 ? (u64{1} << end % 64) - 1 : 0;
        }
        return set;
    }

    std::vector<std::byte> to_guest(const Abi& abi) const {
        std::vector<std::byte> guest(guest_size_);
        unsigned bits = abi.long_size() * 8u;
        for (std::size_t at = 0; at < guest.size(); at += abi.long_size()) {
            std::size_t first = at / abi.long_size() * bits;
            store_unsigned(guest.data() + at, words_[first / 64] >> first % 64, abi.long_size(), abi.byte_order);
        }
        return guest;
    }

    /// The host's bit array (its words are 64 bits).
    u64* words() { return words_.data(); }

private:
    std::vector<u64> words_;
    std::size_t guest_size_ = 0;
};

}  // namespace postern::kernel
