// Which vDSO a program gets: Postern's, a file's, none; and files that cannot be one.
#include "kernel/loader.hpp"
#include "vdso/entry_points.hpp"

#include <algorithm>
#include <cstring>
#include <doctest/doctest.h>
#include <random>

using namespace postern;
using namespace postern::kernel;

namespace {

std::vector<std::byte> file_of(const Abi& abi) {
    auto bytes = vdso::embedded_file(abi.vdso.image);
    return {bytes.begin(), bytes.end()};
}

VdsoChoice choice_of(std::vector<std::byte> bytes) {
    return {.kind = VdsoChoice::Kind::file, .name = "some.so",
            .bytes = std::make_shared<std::vector<std::byte>>(std::move(bytes))};
}

/// Replaces a word everywhere: the owners of notes are the only such strings of an image.
std::vector<std::byte> renamed(std::vector<std::byte> bytes, std::string_view from, std::string_view to) {
    auto at = bytes.begin();
    auto same = [](std::byte byte, char letter) { return byte == static_cast<std::byte>(letter); };
    while ((at = std::search(at, bytes.end(), from.begin(), from.end(), same)) != bytes.end())
        std::memcpy(&*at, to.data(), to.size());
    return bytes;
}

std::string complaint(const Abi& abi, const VdsoChoice& choice) {
    auto chosen = choose_vdso(abi, choice);
    return chosen ? "" : chosen.error().message;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("vDSO choice: own, none, and the own one as a file") {
    for (const Abi* abi : all_abis()) {
        CAPTURE(abi->name);
        auto own = choose_vdso(*abi, {});
        REQUIRE((own && *own));
        auto none = choose_vdso(*abi, {.kind = VdsoChoice::Kind::none});
        REQUIRE(none);
        CHECK_FALSE(none->has_value());
        VdsoChoice choice = choice_of(file_of(*abi));
        auto from_file = choose_vdso(*abi, choice);
        REQUIRE((from_file && *from_file));
        CHECK((*from_file)->symbols().size() == (*own)->symbols().size());
        CHECK((*from_file)->linux_version() != 0);

        // Without our notes it has no page, and then a kernel's note says that it needs another.
        auto foreign = renamed(file_of(*abi), "Postern", "Foreign");
        CHECK(has(complaint(*abi, choice_of(foreign)), "reads data pages of that kernel"));
        choice = choice_of(renamed(foreign, "Linux", "Other"));
        auto plain = choose_vdso(*abi, choice);
        REQUIRE((plain && *plain));
        CHECK((*plain)->time_page_version() == 0);
        CHECK((*plain)->private_symbols().empty());
        // Handlers return through what it exports, where the ABI's own vDSO exports that.
        const SignalFrame& frame = abi->signals->rt;
        vdso::Placement placement{.time_page = {}, .image = {0x1000}, .image_size = 0x1000, .helpers = {}};
        auto row = std::ranges::find(abi->vdso.exports, frame.vdso_return, &VdsoExport::function);
        bool exported = !frame.page_return && !frame.vdso_return.empty() && row != abi->vdso.exports.end();
        CHECK(vdso::signal_return(*abi, frame, placement, &**plain, false).has_value() == exported);
    }
}

TEST_CASE("vDSO choice: a file for another ABI") {
    const Abi& arm = *find_abi("arm");
    VdsoChoice choice = choice_of(file_of(*find_abi("s390x")));
    CHECK(has(complaint(arm, choice), "S/390"));
    CHECK(has(complaint(arm, choice), "the program's ABI is arm"));
    choice.other_abis_get_own = true;
    auto own = choose_vdso(arm, choice);
    REQUIRE((own && *own));
    CHECK((*own)->machine() == arm.elf.machine);
}

TEST_CASE("vDSO choice: truncated and damaged files") {
    std::mt19937 random(7);
    for (const Abi* abi : all_abis()) {
        CAPTURE(abi->name);
        const auto whole = file_of(*abi);
        for (size_t size = 0; size < whole.size(); ++size) {
            CAPTURE(size);
            auto said = complaint(*abi, choice_of({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}));
            if (size < whole.size() / 4) CHECK(has(said, "vDSO some.so: "));
        }
        for (int round = 0; round < 2000; ++round) {
            auto bytes = whole;
            for (int flips = 0; flips < 3; ++flips)
                bytes[random() % (round % 2 ? 1024 : bytes.size())] = static_cast<std::byte>(random());
            VdsoChoice choice = choice_of(std::move(bytes));
            auto chosen = choose_vdso(*abi, choice);
            if (!chosen || !*chosen) continue;
            for (const vdso::Symbol& symbol : (*chosen)->symbols()) CHECK(symbol.value < choice.bytes->size());
        }
    }
    auto text = std::as_bytes(std::span{"not a shared object", 19});
    CHECK(has(complaint(*find_abi("arm"), choice_of({text.begin(), text.end()})), "vDSO some.so: "));
}

TEST_CASE("the gateway page lies above what a program can map, and address 0 is free") {
    const Abi& abi = *find_abi("parisc");
    auto memory = std::move(*memory::AddressSpace::create(abi));
    memory->set_map_base(GuestAddr{0xf000'0000});
    auto placement = vdso::install(abi, *memory, GuestAddr{});
    REQUIRE(placement);
    REQUIRE(placement->helpers.size() == 1);
    GuestAddr page = placement->helpers[0].address;
    CHECK(page.value == abi.layout.task_size);
    CHECK(memory->translate(page + 0x100, Access::execute).has_value());
    CHECK(memory->translate(page + 0x100, Access::write).error() == memory::FaultKind::protection);
    CHECK(memory->translate(GuestAddr{0x100}, Access::read).error() == memory::FaultKind::unmapped);
    CHECK(memory->translate(GuestAddr{0x100}, Access::execute).error() == memory::FaultKind::unmapped);
}
