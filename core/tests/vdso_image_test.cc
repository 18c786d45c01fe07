// Every image that Postern carries, read as a guest's own parser would, and images that break
// the rules.
#include "time_page.h"
#include "vdso/image.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>

using namespace postern;
using namespace postern::vdso;

namespace {

std::vector<std::byte> copy_of(std::span<const std::byte> bytes) { return {bytes.begin(), bytes.end()}; }

/// Everything that a caller may ask of an image, so that a sanitizer sees each read.
u64 use(const Image& image) {
    u64 sum = image.entry() + image.bytes().size() + image.soname().size() + image.time_page_version();
    for (const auto* symbols : {&image.symbols(), &image.private_symbols()}) {
        for (const Symbol& symbol : *symbols) {
            CHECK(symbol.value < image.bytes().size());
            CHECK(symbol.size <= image.bytes().size() - symbol.value);
            sum += std::hash<std::string_view>{}(symbol.name) + std::hash<std::string_view>{}(symbol.version);
        }
    }
    return sum;
}

/// A guest's address space as a table of mappings with bytes.
class FakeMemory final : public GuestMemory {
public:
    struct Mapping {
        std::vector<std::byte> bytes;
        Permissions permissions;
        std::string name;
    };
    std::map<u64, Mapping> mappings;  // by start; never overlapping
    u64 room = 0x7000'0000;
    u64 refuse_after = ~u64{0};

    bool peek(GuestAddr address, std::span<std::byte> out) const override {
        for (std::byte& byte : out) {
            auto* found = const_cast<FakeMemory*>(this)->find(address);
            if (!found) return false;
            byte = *found;
            address += 1;
        }
        return true;
    }
    bool poke(GuestAddr address, std::span<const std::byte> in) override {
        for (std::byte byte : in) {
            auto* found = find(address);
            if (!found) return false;
            *found = byte;
            address += 1;
        }
        return true;
    }
    Result<GuestAddr> map_special(GuestAddr hint, u64 size, Permissions permissions, bool fixed,
                                  const char* name) override {
        if (refuse_after-- == 0) return fail(ErrorKind::internal, "no room");
        size = align_up(size, 4096);
        u64 start = fixed ? hint.value : hint ? hint.value : room;
        if (fixed) remove(start, size);
        mappings[start] = {std::vector<std::byte>(size), permissions, name};
        return GuestAddr{start};
    }

private:
    std::byte* find(GuestAddr address) {
        auto above = mappings.upper_bound(address.value);
        if (above == mappings.begin()) return nullptr;
        auto& [start, mapping] = *std::prev(above);
        if (address.value - start >= mapping.bytes.size()) return nullptr;
        return &mapping.bytes[address.value - start];
    }
    /// Page by page, as munmap would: what is left of a mapping stays.
    void remove(u64 start, u64 size) {
        std::map<u64, Mapping> left;
        for (auto& [address, mapping] : mappings) {
            if (address >= start + size || address + mapping.bytes.size() <= start) {
                left[address] = std::move(mapping);
                continue;
            }
            for (u64 page = 0; page < mapping.bytes.size(); page += 4096) {
                if (address + page >= start && address + page < start + size) continue;
                auto first = mapping.bytes.begin() + static_cast<std::ptrdiff_t>(page);
                left[address + page] = {{first, first + 4096}, mapping.permissions, mapping.name};
            }
        }
        mappings = std::move(left);
    }
};

}  // namespace

TEST_CASE("vdso image: symbols are exactly the exports of the ABI") {
    for (const Abi* abi : known_abis()) {
        CAPTURE(abi->name);
        auto image = Image::of(*abi);
        REQUIRE(image.has_value());
        CHECK(image->soname() == abi->vdso.soname);
        CHECK(image->machine() == abi->elf.machine);
        CHECK(image->time_page_version() == POSTERN_TIME_PAGE_VERSION);
        std::set<std::pair<std::string_view, std::string_view>> found, wanted;
        for (const Symbol& symbol : image->symbols()) {
            CAPTURE(symbol.name);
            CHECK(symbol.size > 0);
            found.emplace(symbol.name, symbol.version);
        }
        for (const VdsoExport& row : abi->vdso.exports) wanted.emplace(row.symbol, row.version);
        CHECK(found.size() == image->symbols().size());
        CHECK(found == wanted);
        for (const VdsoExport& row : abi->vdso.exports) CHECK(image->find(row.symbol).has_value());
        CHECK(!image->find("__vdso_no_such_function"));
    }
}

TEST_CASE("vdso image: private places agree with the exports of the same behaviour") {
    for (const Abi* abi : known_abis()) {
        CAPTURE(abi->name);
        auto image = Image::of(*abi);
        REQUIRE(image.has_value());
        for (std::string_view name : {"sigreturn", "rt_sigreturn", "restart_syscall", "vsyscall"}) {
            auto row = std::ranges::find(abi->vdso.exports, name, &VdsoExport::function);
            if (row == abi->vdso.exports.end()) continue;
            CAPTURE(name);
            CHECK(image->private_offset(name) == image->find(row->symbol));
        }
        bool reads_clocks = std::ranges::any_of(
            abi->vdso.exports, [](const VdsoExport& row) { return row.function.starts_with("clock_gettime"); });
        CHECK(reads_clocks == std::ranges::any_of(image->private_symbols(), [](const auto& place) {
            return place.name.starts_with("counter_point.");
        }));
        if (image->entry()) CHECK(image->private_offset("vsyscall") == image->entry());
        CHECK(!image->private_offset("nowhere"));
    }
}

/// Those that install maps: not the ones an emulator serves by faults.
static u64 installed_helpers(const Abi& abi) {
    return static_cast<u64>(std::ranges::count_if(abi.vdso.helper_pages,
                                                  [](const HelperPage& page) { return page.served.empty(); }));
}

TEST_CASE("vdso image: helper pages are built in") {
    for (const Abi* abi : known_abis()) {
        for (const HelperPage& page : abi->vdso.helper_pages) {
            CAPTURE(page.image);
            CHECK(!embedded_file(page.image).empty());
        }
    }
    CHECK(embedded_file("").empty());
    CHECK(embedded_file("no-such-image.so").empty());
}

TEST_CASE("vdso image: truncated files are refused") {
    for (const Abi* abi : known_abis()) {
        CAPTURE(abi->name);
        auto whole = copy_of(embedded_file(abi->vdso.image));
        auto complete = Image::parse(whole);
        REQUIRE(complete.has_value());
        u64 refused = 0;
        for (size_t size = 0; size < whole.size(); size += size < 512 ? 1 : 7) {
            // A copy of its own, so that a sanitizer knows where it ends.
            std::vector<std::byte> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            auto image = Image::parse(part);
            if (image)
                use(*image);
            else
                ++refused;
        }
        CHECK(refused > 512);
    }
}

TEST_CASE("vdso image: damaged files never lead outside") {
    std::minstd_rand random{7};
    u64 refused = 0, accepted = 0, sum = 0;
    for (const Abi* abi : known_abis()) {
        auto whole = embedded_file(abi->vdso.image);
        for (int round = 0; round < 4'000; ++round) {
            auto bytes = copy_of(whole);
            for (unsigned change = 0; change <= random() % 4; ++change) {
                // Mostly where the tables are: headers, dynamic section, symbols, notes.
                size_t position =
                    random() % (random() % 3 ? std::min<size_t>(bytes.size(), 2'048) : bytes.size());
                constexpr u8 nasty[] = {0, 1, 0x7f, 0x80, 0xff};
                bytes[position] = std::byte{random() % 2 ? nasty[random() % 5] : static_cast<u8>(random())};
            }
            auto image = Image::parse(bytes);
            if (image) {
                sum += use(*image);
                ++accepted;
            } else {
                CHECK(image.error().message.starts_with("broken vDSO image: "));
                ++refused;
            }
        }
    }
    CHECK(sum != 0);
    CHECK(refused > 1'000);
    CHECK(accepted > 1'000);
}

TEST_CASE("vdso image: install puts the time page directly below the image") {
    for (const Abi* abi : known_abis()) {
        CAPTURE(abi->name);
        FakeMemory memory;
        auto placement = install(*abi, memory, {});
        REQUIRE(placement.has_value());
        auto image = embedded_file(abi->vdso.image);
        CHECK(placement->time_page + abi->layout.page_size == placement->image);
        CHECK(placement->image_size == align_up(image.size(), abi->layout.page_size));
        const auto& vvar = memory.mappings.at(placement->time_page.value);
        CHECK(vvar.name == "[vvar]");
        CHECK(vvar.permissions == read_only);
        CHECK(vvar.bytes.size() == POSTERN_TIME_PAGE_SIZE);
        CHECK(std::ranges::all_of(vvar.bytes, [](std::byte byte) { return byte == std::byte{}; }));
        const auto& vdso = memory.mappings.at(placement->image.value);
        CHECK(vdso.name == "[vdso]");
        CHECK(vdso.permissions == read_execute);
        CHECK(vdso.bytes.size() == placement->image_size);
        CHECK(std::ranges::equal(std::span(vdso.bytes).first(image.size()), image));

        CHECK(placement->helpers.size() == installed_helpers(*abi));
        for (const PlacedHelper& helper : placement->helpers) {
            CAPTURE(helper.page->name);
            if (helper.page->address)
                CHECK(helper.address.value == *helper.page->address);
            else
                CHECK(helper.address < placement->time_page);
            const auto& mapping = memory.mappings.at(helper.address.value);
            CHECK(mapping.name == helper.page->name);
            CHECK(mapping.permissions == read_execute);
            auto bytes = embedded_file(helper.page->image);
            CHECK(std::ranges::equal(std::span(mapping.bytes).first(bytes.size()), bytes));
        }
        CHECK(memory.mappings.size() == 2 + placement->helpers.size());
    }
}

TEST_CASE("vdso image: install reports what it could not map") {
    for (const Abi* abi : known_abis()) {
        for (u64 calls = 0; calls < 2 + installed_helpers(*abi); ++calls) {
            FakeMemory memory;
            memory.refuse_after = calls;
            auto placement = install(*abi, memory, {});
            REQUIRE(!placement.has_value());
            CHECK(placement.error().message == "no room");
        }
    }
    Abi without = *all_abis().front();
    without.vdso.image = "no-such-image.so";
    FakeMemory memory;
    auto placement = install(without, memory, {});
    REQUIRE(!placement.has_value());
    CHECK(placement.error().message == "no-such-image.so: this build holds no such image");
    CHECK(!Image::of(without));
}
