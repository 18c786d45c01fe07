// The C interface: everything that an emulator is told, and every wrong call it could make.
#include "capi_guest.hpp"

#include "abi/abi.hpp"
#include "abi/signal_abi.hpp"
#include "base/endian.hpp"
#include "time_page.h"

#include <algorithm>
#include <cstring>
#include <doctest/doctest.h>
#include <elf.h>
#include <limits>
#include <map>
#include <new>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace postern;

namespace {

/// Every function that needs an installed vDSO, called correctly otherwise.
std::vector<int> call_everything(postern_vdso* vdso) {
    postern_auxv entry{.size = sizeof entry, .type = 0, .value = 0};
    postern_symbol symbol{};
    postern_range range{};
    symbol.size = sizeof symbol, range.size = sizeof range;
    u64 address = 0;
    return {postern_vdso_auxv(vdso, 0, &entry), postern_vdso_symbol(vdso, 0, &symbol),
            postern_vdso_range(vdso, 0, &range), postern_vdso_find(vdso, "__vdso_clock_gettime", nullptr, &address),
            postern_vdso_signal_return(vdso, POSTERN_FRAME_RT, 0, &address), postern_vdso_service(vdso),
            postern_vdso_reseed(vdso),
            postern_vdso_moved(vdso, 0, ~u64{0}, 0), postern_vdso_enter(vdso, 0, 0, 0, nullptr, 0)};
}

u32 sequence_of(Guest& guest, const Abi& abi, u64 page) {
    return load<u32>(guest.at(page + offsetof(postern_time_page, sequence)), abi.byte_order);
}

}  // namespace

TEST_CASE("C interface: every ABI's vDSO, installed and described") {
    for (size_t i = 0; i < postern_abi_count(); ++i) {
        const Abi& abi = *find_abi(postern_abi_name(i));
        CAPTURE(abi.name);
        Guest guest;
        postern_memory memory = memory_of(guest);
        Handle handle;
        REQUIRE(postern_vdso_open(postern_abi_name(i), nullptr, &handle.vdso) == POSTERN_OK);
        REQUIRE(postern_vdso_install(handle.vdso, &memory, 0) == POSTERN_OK);
        CHECK(postern_vdso_install(handle.vdso, &memory, 0) == POSTERN_INSTALLED_ALREADY);

        postern_range page{}, image{};
        page.size = sizeof page, image.size = sizeof image;
        REQUIRE(postern_vdso_range(handle.vdso, 0, &page) == POSTERN_OK);
        REQUIRE(postern_vdso_range(handle.vdso, 1, &image) == POSTERN_OK);
        CHECK(page.address + page.length == image.address);
        CHECK(page.permissions == POSTERN_READ);
        CHECK(std::string(image.name) == "[vdso]");
        const void* file;
        size_t length;
        REQUIRE(postern_vdso_file(handle.vdso, &file, &length) == POSTERN_OK);
        std::vector<std::byte> bytes(length);
        REQUIRE(read_guest(&guest, image.address, bytes.data(), length) == 0);
        CHECK(std::memcmp(bytes.data(), file, length) == 0);

        // The vector: exactly what the ABI's head says of the vDSO.
        std::map<u64, u64> auxv;
        postern_auxv entry{.size = sizeof entry, .type = 0, .value = 0};
        for (size_t index = 0; postern_vdso_auxv(handle.vdso, index, &entry) == POSTERN_OK; ++index)
            auxv[entry.type] = entry.value;
        CHECK(auxv[AT_SYSINFO_EHDR] == image.address);
        CHECK(auxv.contains(AT_SYSINFO) == (std::ranges::find(abi.start.auxv_head, AuxHead::Value::vsyscall, &AuxHead::kind) != abi.start.auxv_head.end()));

        std::set<std::pair<std::string, std::string>> symbols, exports;
        postern_symbol symbol{};
        symbol.size = sizeof symbol;
        for (size_t index = 0; postern_vdso_symbol(handle.vdso, index, &symbol) == POSTERN_OK; ++index) {
            symbols.emplace(symbol.name, symbol.version);
            u64 address = 0;
            CHECK(postern_vdso_find(handle.vdso, symbol.name, symbol.version, &address) == POSTERN_OK);
            CHECK(address == symbol.address);
            CHECK(symbol.address - image.address < length);
        }
        for (const VdsoExport& row : abi.vdso.exports) exports.emplace(row.symbol, row.version);
        CHECK(symbols == exports);

        for (const HelperPage& helper : abi.vdso.helper_pages) {
            if (!helper.served.empty()) continue;   // the emulator's own
            bool found = false;
            postern_range range{};
            range.size = sizeof range;
            for (size_t index = 2; postern_vdso_range(handle.vdso, index, &range) == POSTERN_OK; ++index)
                found |= helper.name == range.name && (!helper.address || *helper.address == range.address);
            CHECK(found);
        }
        u64 address = 0;
        bool trampoline = abi.signals->rt.page_return || !abi.signals->rt.vdso_return.empty();
        CHECK(postern_vdso_signal_return(handle.vdso, POSTERN_FRAME_RT, 0, &address) ==
              (trampoline ? POSTERN_OK : POSTERN_NOT_FOUND));
        CHECK((address != 0) == trampoline);

        u32 before = sequence_of(guest, abi, page.address);
        CHECK(before != 0);
        CHECK(postern_vdso_service(handle.vdso) == POSTERN_OK);
        CHECK(sequence_of(guest, abi, page.address) == before + 2);
    }
    CHECK(postern_abi_name(postern_abi_count()) == nullptr);
}

TEST_CASE("C interface: what a callback throws ends there") {
    Guest guest;
    postern_memory memory = memory_of(guest);
    Handle handle;
    REQUIRE(postern_vdso_open("arm", nullptr, &handle.vdso) == POSTERN_OK);
    memory.map = [](void*, uint64_t*, uint64_t, unsigned, int, const char*) -> int { throw std::bad_alloc(); };
    CHECK(postern_vdso_install(handle.vdso, &memory, 0) == POSTERN_NO_ROOM);
    memory.map = [](void*, uint64_t*, uint64_t, unsigned, int, const char*) -> int { throw 1; };
    CHECK(postern_vdso_install(handle.vdso, &memory, 0) == POSTERN_INTERNAL);
    memory.map = map_guest;
    CHECK(postern_vdso_install(handle.vdso, &memory, 0) == POSTERN_OK);
}

TEST_CASE("C interface: a move takes addresses and time page along") {
    const Abi& abi = *find_abi("arm");
    Guest guest;
    postern_memory memory = memory_of(guest);
    Handle handle;
    REQUIRE(postern_vdso_open("arm", nullptr, &handle.vdso) == POSTERN_OK);
    REQUIRE(postern_vdso_install(handle.vdso, &memory, 0) == POSTERN_OK);
    postern_range page{}, image{};
    page.size = sizeof page, image.size = sizeof image;
    REQUIRE(postern_vdso_range(handle.vdso, 0, &page) == POSTERN_OK);
    REQUIRE(postern_vdso_range(handle.vdso, 1, &image) == POSTERN_OK);
    u64 before = 0, after = 0, target = 0x5000'0000;
    REQUIRE(postern_vdso_find(handle.vdso, "__vdso_clock_gettime", nullptr, &before) == POSTERN_OK);
    REQUIRE(map_guest(&guest, &target, page.length + image.length, 0, 1, "") == 0);
    CHECK(postern_vdso_moved(handle.vdso, page.address, page.length + image.length, target) == POSTERN_OK);
    REQUIRE(postern_vdso_find(handle.vdso, "__vdso_clock_gettime", nullptr, &after) == POSTERN_OK);
    CHECK(after - before == target - page.address);
    CHECK(sequence_of(guest, abi, target) != 0);
    CHECK(postern_vdso_moved(handle.vdso, page.address, page.length, target) == POSTERN_NOT_FOUND);
}

TEST_CASE("C interface: the newest calls, nested and overwritten") {
    Guest guest;
    postern_memory memory = memory_of(guest);
    Handle handle;
    REQUIRE(postern_vdso_open("aarch64", nullptr, &handle.vdso) == POSTERN_OK);
    REQUIRE(postern_vdso_install(handle.vdso, &memory, 0) == POSTERN_OK);
    u64 function = 0;
    REQUIRE(postern_vdso_find(handle.vdso, "__kernel_clock_getres", nullptr, &function) == POSTERN_OK);
    postern_call call{};
    call.size = sizeof call;
    CHECK(postern_vdso_next_call(handle.vdso, &call) == POSTERN_NOT_FOUND);
    u64 arguments[] = {7, 8, 9, 10, 11};
    CHECK(postern_vdso_enter(handle.vdso, function + 4, 0x1000, 0x8000, arguments, 5) == POSTERN_NOT_FOUND);
    CHECK(postern_vdso_enter(handle.vdso, function, 0x1000, 0x8000, arguments, 5) == POSTERN_OK);
    CHECK(postern_vdso_enter(handle.vdso, function, 0x2000, 0x7000, nullptr, 0) == POSTERN_OK);   // left by a jump
    CHECK(postern_vdso_leave(handle.vdso, 0x1000, 0x7800, 1) == POSTERN_NOT_FOUND);   // below its frame
    CHECK(postern_vdso_leave(handle.vdso, 0x1000, 0x8000, 42) == POSTERN_OK);
    CHECK(postern_vdso_leave(handle.vdso, 0x2000, 0x8000, 1) == POSTERN_NOT_FOUND);
    REQUIRE(postern_vdso_next_call(handle.vdso, &call) == POSTERN_OK);
    CHECK(std::string(call.symbol) == "__kernel_clock_getres");
    CHECK(call.argument_count == 4);
    CHECK(call.arguments[3] == 10);
    CHECK(call.result == 42);
    CHECK(call.lost == 0);
    for (u64 i = 0; i < 70; ++i) {
        REQUIRE(postern_vdso_enter(handle.vdso, function, 0x1000, 0x8000, &i, 1) == POSTERN_OK);
        REQUIRE(postern_vdso_leave(handle.vdso, 0x1000, 0x8000, i) == POSTERN_OK);
    }
    REQUIRE(postern_vdso_next_call(handle.vdso, &call) == POSTERN_OK);
    CHECK(call.result == 6);
    CHECK(call.lost == 6);
    REQUIRE(postern_vdso_next_call(handle.vdso, &call) == POSTERN_OK);
    CHECK(call.lost == 0);
    for (u64 depth = 0; depth < 1000; ++depth)
        CHECK(postern_vdso_enter(handle.vdso, function, 0x1000, 0x8000 - depth, nullptr, 0) == POSTERN_OK);
}

TEST_CASE("C interface: wrong calls get a status, and change nothing") {
    postern_vdso* const untouched = reinterpret_cast<postern_vdso*>(0x10);
    postern_vdso* vdso = untouched;
    CHECK(postern_vdso_open(nullptr, nullptr, &vdso) == POSTERN_BAD_ARGUMENT);
    CHECK(postern_vdso_open("arm", nullptr, nullptr) == POSTERN_BAD_ARGUMENT);
    for (const char* name : {"", "vax", "arm ", "ARM", "x86_64"})
        CHECK(postern_vdso_open(name, nullptr, &vdso) == POSTERN_UNKNOWN_ABI);
    postern_options options{};
    for (size_t size : {size_t{0}, sizeof options - 1, sizeof options + 8, ~size_t{0}}) {
        options.size = size;
        CHECK(postern_vdso_open("arm", &options, &vdso) == POSTERN_BAD_SIZE);
    }
    options.size = sizeof options;
    for (int mode : {int{POSTERN_MODE_COUNTER}, int{POSTERN_MODE_TRAP}, -1, 4, 1 << 30}) {   // no counter, or no mode
        options.clock_mode = mode;
        CHECK(postern_vdso_open("arm", &options, &vdso) == POSTERN_BAD_ARGUMENT);
    }
    options.clock_mode = POSTERN_MODE_PAGE;
    options.time_policy = "";
    CHECK(postern_vdso_open("arm", &options, &vdso) == POSTERN_BAD_TIME_POLICY);
    CHECK(vdso == untouched);

    CHECK(std::ranges::all_of(call_everything(nullptr), [](int status) { return status == POSTERN_BAD_ARGUMENT; }));
    Handle handle;
    REQUIRE(postern_vdso_open("arm", nullptr, &handle.vdso) == POSTERN_OK);
    CHECK(std::ranges::all_of(call_everything(handle.vdso), [](int status) { return status == POSTERN_NOT_INSTALLED; }));

    Guest guest;
    CHECK(postern_vdso_install(handle.vdso, nullptr, 0) == POSTERN_BAD_ARGUMENT);
    for (int missing = 0; missing < 3; ++missing) {
        postern_memory memory = memory_of(guest);
        if (missing == 0) memory.read = nullptr;
        if (missing == 1) memory.write = nullptr;
        if (missing == 2) memory.map = nullptr;
        CHECK(postern_vdso_install(handle.vdso, &memory, 0) == POSTERN_BAD_ARGUMENT);
    }
    postern_memory memory = memory_of(guest);
    memory.size = sizeof memory - sizeof(void*);
    CHECK(postern_vdso_install(handle.vdso, &memory, 0) == POSTERN_BAD_SIZE);

    // Whatever callback refuses first: an error, and the next attempt may succeed.
    memory.size = sizeof memory;
    int calls_needed = 0;
    for (;; ++calls_needed) {
        REQUIRE(calls_needed < 50);
        guest.refuse = calls_needed;
        int status = postern_vdso_install(handle.vdso, &memory, 0);
        if (status == POSTERN_OK) break;
        CHECK(status == POSTERN_MEMORY);
    }
    CHECK(calls_needed >= 4);
    guest.refuse = 0;   // a page that cannot be written any more is no error: the guest has unmapped it
    CHECK(postern_vdso_service(handle.vdso) == POSTERN_OK);

    postern_symbol symbol{};
    postern_auxv entry{};
    postern_range range{};
    postern_call call{};
    CHECK(postern_vdso_symbol(handle.vdso, 0, &symbol) == POSTERN_BAD_SIZE);
    CHECK(postern_vdso_auxv(handle.vdso, 0, &entry) == POSTERN_BAD_SIZE);
    CHECK(postern_vdso_range(handle.vdso, 0, &range) == POSTERN_BAD_SIZE);
    CHECK(postern_vdso_next_call(handle.vdso, &call) == POSTERN_BAD_SIZE);
    symbol.size = sizeof symbol;
    for (size_t index : {size_t{1000}, ~size_t{0}})
        CHECK(postern_vdso_symbol(handle.vdso, index, &symbol) == POSTERN_NOT_FOUND);
    u64 address = 0x10;
    CHECK(postern_vdso_find(handle.vdso, "__vdso_clock_gettime", "LINUX_9.9", &address) == POSTERN_NOT_FOUND);
    CHECK(postern_vdso_find(handle.vdso, "", nullptr, &address) == POSTERN_NOT_FOUND);
    CHECK(postern_vdso_signal_return(handle.vdso, 2, 0, &address) == POSTERN_BAD_ARGUMENT);
    CHECK(postern_vdso_enter(handle.vdso, 0, 0, 0, nullptr, 1) == POSTERN_BAD_ARGUMENT);
    CHECK(postern_vdso_leave(handle.vdso, 0, 0, 0) == POSTERN_NOT_FOUND);
    CHECK(postern_vdso_counter(handle.vdso, &address) == POSTERN_NOT_FOUND);
    CHECK(address == 0x10);
    postern_vdso_close(nullptr);
}

TEST_CASE("C interface: each status has a sentence of its own, and no other number crashes") {
    std::set<std::string> sentences;
    for (int status = POSTERN_OK; status <= POSTERN_TIME_RECORD; ++status) sentences.insert(postern_strerror(status));
    CHECK(sentences.size() == POSTERN_TIME_RECORD + 1);
    for (int status : {-1, POSTERN_TIME_RECORD + 1, std::numeric_limits<int>::min()})
        CHECK(!sentences.contains(postern_strerror(status)));
    CHECK(postern_strerror(std::numeric_limits<int>::max()) != nullptr);
    CHECK(postern_api_version() == POSTERN_API_VERSION);
}

TEST_CASE("C interface: a random order of calls with random numbers") {
    std::mt19937_64 random(20261128);
    Guest guest;
    postern_memory memory = memory_of(guest);
    Handle handle;
    REQUIRE(postern_vdso_open("i386", nullptr, &handle.vdso) == POSTERN_OK);
    REQUIRE(postern_vdso_install(handle.vdso, &memory, 0) == POSTERN_OK);
    postern_range image{};
    image.size = sizeof image;
    for (int step = 0; step < 20'000; ++step) {
        REQUIRE(postern_vdso_range(handle.vdso, 1, &image) == POSTERN_OK);
        u64 near = image.address + random() % image.length, anywhere = random() >> random() % 64;
        u64 arguments[2] = {anywhere, near};
        std::vector<int> allowed{POSTERN_OK, POSTERN_NOT_FOUND};
        int status = POSTERN_OK;
        postern_call call{};
        call.size = sizeof call;
        switch (random() % 6) {
            case 0: status = postern_vdso_enter(handle.vdso, near, anywhere % 16, anywhere, arguments, random() % 3); break;
            case 1: status = postern_vdso_leave(handle.vdso, anywhere % 16, anywhere, near); break;
            case 2: status = postern_vdso_next_call(handle.vdso, &call); break;
            case 3: status = postern_vdso_moved(handle.vdso, anywhere, random() % 8192, random()); break;
            case 4: status = postern_vdso_moved(handle.vdso, image.address, 1, random() & 0xffff'f000); break;
            default: status = postern_vdso_service(handle.vdso);
        }
        CHECK(std::ranges::find(allowed, status) != allowed.end());
    }
}
