#include "postern/postern.h"

#include "capi/handle.hpp"
#include "vdso/entry_points.hpp"

#include <algorithm>
#include <new>
#include <string_view>

using namespace postern;

namespace {

/// Runs the body of a function of the interface: no exception leaves it.
template <typename Body>
int guarded(Body body) noexcept {
    try {
        return body();
    } catch (const std::bad_alloc&) {
        return POSTERN_NO_ROOM;
    } catch (...) {
        return POSTERN_INTERNAL;
    }
}

/// There is one version of each struct so far.
template <typename Struct>
int check(const Struct* given) {
    if (!given) return POSTERN_BAD_ARGUMENT;
    return given->size == sizeof(Struct) ? POSTERN_OK : POSTERN_BAD_SIZE;
}

/// For functions of an installed vDSO that fill in a struct.
template <typename Struct>
int check_query(const postern_vdso* vdso, const Struct* out) {
    if (!vdso) return POSTERN_BAD_ARGUMENT;
    if (int status = check(out); status != POSTERN_OK) return status;
    return vdso->placement ? POSTERN_OK : POSTERN_NOT_INSTALLED;
}

struct Sentence {
    int status;
    const char* text;
};
constexpr Sentence sentences[] = {
    {POSTERN_OK, "no error"},
    {POSTERN_BAD_ARGUMENT, "bad argument: a null pointer, or a value outside its range"},
    {POSTERN_BAD_SIZE, "the size member of a struct is of no version of that struct"},
    {POSTERN_UNKNOWN_ABI, "no ABI of that name"},
    {POSTERN_NO_IMAGE, "this build of the library holds no vDSO image for the ABI"},
    {POSTERN_MEMORY, "a function of the guest's memory refused"},
    {POSTERN_NOT_INSTALLED, "the vDSO is not installed in a guest yet"},
    {POSTERN_INSTALLED_ALREADY, "the vDSO is installed in a guest already"},
    {POSTERN_NOT_FOUND, "no such symbol, clock, address or index"},
    {POSTERN_BAD_TIME_POLICY, "the text is no time policy"},
    {POSTERN_NO_ROOM, "out of memory"},
    {POSTERN_INTERNAL, "internal error of the library"},
    {POSTERN_TIME_RECORD, "the record of time ends, is of other reads, or cannot be written"},
};

ClockMode mode_of(const postern_options& options, const Abi& abi) {
    switch (options.clock_mode) {
        case POSTERN_MODE_DEFAULT:
            if (!options.counter) return ClockMode::page;
            return abi.vdso.counter_instruction ? ClockMode::counter : ClockMode::trap;
        case POSTERN_MODE_COUNTER: return ClockMode::counter;
        case POSTERN_MODE_TRAP: return ClockMode::trap;
        case POSTERN_MODE_PAGE: return ClockMode::page;
    }
    return ClockMode::none;
}

int open_vdso(std::string_view name, const postern_options& options, postern_vdso** vdso) {
    const Abi* abi = find_abi(name);
    if (!abi) return POSTERN_UNKNOWN_ABI;
    auto image = vdso::Image::of(*abi);
    if (!image) return POSTERN_NO_IMAGE;
    ClockMode mode = mode_of(options, *abi);
    bool needs_counter = mode == ClockMode::counter || mode == ClockMode::trap;
    if (mode == ClockMode::none || (needs_counter && !options.counter)) return POSTERN_BAD_ARGUMENT;
    vdso::Clock::Counter counter{.mode = mode, .read = {}};
    if (needs_counter) counter.read = {options.counter, options.counter_context};
    if (options.counter_mask) counter.mask = options.counter_mask;
    auto handle = std::make_unique<postern_vdso>(*abi, std::move(*image), counter);
    if (options.time_policy) {
        if (int status = postern_vdso_set_time(handle.get(), options.time_policy); status != POSTERN_OK) return status;
    }
    *vdso = handle.release();
    return POSTERN_OK;
}

/// Mappings in the order of postern_vdso_range.
bool describe_range(const postern_vdso& vdso, std::size_t index, postern_range& range) {
    const vdso::Placement& placement = *vdso.placement;
    const u64 page = vdso.abi.layout.page_size;
    constexpr unsigned code = POSTERN_READ | POSTERN_EXECUTE;
    if (index == 0) {
        range = {sizeof range, "[vvar]", placement.time_page.value, vdso::time_page_size(vdso.abi), POSTERN_READ};
    } else if (index == 1) {
        range = {sizeof range, "[vdso]", placement.image.value, placement.image_size, code};
    } else if (index - 2 < placement.helpers.size()) {
        const vdso::PlacedHelper& helper = placement.helpers[index - 2];
        u64 size = align_up(vdso::embedded_file(helper.page->image).size(), page);
        range = {sizeof range, helper.page->name.data(), helper.address.value, size, code};
    } else {
        return false;
    }
    return true;
}

}  // namespace

int postern_api_version(void) { return POSTERN_API_VERSION; }

const char* postern_strerror(int status) {
    auto found = std::ranges::find(sentences, status, &Sentence::status);
    return found == std::end(sentences) ? "unknown status" : found->text;
}

size_t postern_abi_count(void) { return all_abis().size(); }

const char* postern_abi_name(size_t index) {
    return index < all_abis().size() ? all_abis()[index]->name.data() : nullptr;
}

int postern_vdso_open(const char* abi, const postern_options* options, postern_vdso** vdso) {
    if (!abi || !vdso) return POSTERN_BAD_ARGUMENT;
    if (options && options->size != sizeof *options) return POSTERN_BAD_SIZE;
    return guarded([&] { return open_vdso(abi, options ? *options : postern_options{}, vdso); });
}

void postern_vdso_close(postern_vdso* vdso) { delete vdso; }

int postern_vdso_file(const postern_vdso* vdso, const void** bytes, size_t* length) {
    if (!vdso || !bytes || !length) return POSTERN_BAD_ARGUMENT;
    *bytes = vdso->image.bytes().data();
    *length = vdso->image.bytes().size();
    return POSTERN_OK;
}

int postern_vdso_install(postern_vdso* vdso, const postern_memory* memory, uint64_t hint) {
    if (!vdso) return POSTERN_BAD_ARGUMENT;
    if (int status = check(memory); status != POSTERN_OK) return status;
    if (!memory->read || !memory->write || !memory->map) return POSTERN_BAD_ARGUMENT;
    if (vdso->placement) return POSTERN_INSTALLED_ALREADY;
    return guarded([&]() -> int {
        vdso->memory.emplace(*memory);
        auto placed = vdso::install(vdso->abi, *vdso->memory, {hint});
        if (!placed) return POSTERN_MEMORY;
        vdso->placement = std::move(*placed);
        vdso->clock.bind(*vdso->memory, vdso->placement->time_page);
        return POSTERN_OK;
    });
}

int postern_vdso_moved(postern_vdso* vdso, uint64_t from, uint64_t length, uint64_t to) {
    if (!vdso) return POSTERN_BAD_ARGUMENT;
    if (!vdso->placement) return POSTERN_NOT_INSTALLED;
    GuestAddr page = vdso->placement->time_page;
    if (!vdso->placement->move({from}, length, {to})) return POSTERN_NOT_FOUND;
    if (vdso->placement->time_page != page) vdso->clock.bind(*vdso->memory, vdso->placement->time_page);
    return POSTERN_OK;
}

int postern_vdso_auxv(const postern_vdso* vdso, size_t index, postern_auxv* entry) {
    if (int status = check_query(vdso, entry); status != POSTERN_OK) return status;
    for (AuxHead head : vdso->abi.start.auxv_head) {
        if (head.kind == AuxHead::Value::constant) continue;   // not the vDSO's
        GuestAddr start = vdso->placement->image;
        u64 value = head.kind == AuxHead::Value::vdso ? start.value : vdso::system_call_entry(vdso->image, start);
        if (index-- != 0) continue;
        *entry = {.size = sizeof *entry, .type = head.type, .value = value};
        return POSTERN_OK;
    }
    return POSTERN_NOT_FOUND;
}

int postern_vdso_symbol(const postern_vdso* vdso, size_t index, postern_symbol* symbol) {
    if (int status = check_query(vdso, symbol); status != POSTERN_OK) return status;
    if (index >= vdso->image.symbols().size()) return POSTERN_NOT_FOUND;
    const vdso::Symbol& found = vdso->image.symbols()[index];
    *symbol = {.size = sizeof *symbol,
               .name = found.name.data(),
               .version = found.version.empty() ? "" : found.version.data(),
               .address = vdso->placement->image.value + found.value,
               .length = found.size};
    return POSTERN_OK;
}

int postern_vdso_find(const postern_vdso* vdso, const char* name, const char* version, uint64_t* address) {
    if (!vdso || !name || !address) return POSTERN_BAD_ARGUMENT;
    if (!vdso->placement) return POSTERN_NOT_INSTALLED;
    for (const vdso::Symbol& symbol : vdso->image.symbols()) {
        if (symbol.name != name || (version && symbol.version != version)) continue;
        *address = vdso->placement->image.value + symbol.value;
        return POSTERN_OK;
    }
    return POSTERN_NOT_FOUND;
}

int postern_vdso_range(const postern_vdso* vdso, size_t index, postern_range* range) {
    if (int status = check_query(vdso, range); status != POSTERN_OK) return status;
    return describe_range(*vdso, index, *range) ? POSTERN_OK : POSTERN_NOT_FOUND;
}

int postern_vdso_signal_return(const postern_vdso* vdso, int frame, int thumb, uint64_t* address) {
    if (!vdso || !address || (frame != POSTERN_FRAME_RT && frame != POSTERN_FRAME_OLD)) return POSTERN_BAD_ARGUMENT;
    if (!vdso->placement) return POSTERN_NOT_INSTALLED;
    const SignalAbi& rules = *vdso->abi.signals;
    if (frame == POSTERN_FRAME_OLD && !rules.old) return POSTERN_NOT_FOUND;
    const SignalFrame& layout = frame == POSTERN_FRAME_OLD ? *rules.old : rules.rt;
    auto found = vdso::signal_return(vdso->abi, layout, *vdso->placement, &vdso->image, thumb != 0);
    if (!found) return POSTERN_NOT_FOUND;
    *address = found->address.value;
    return POSTERN_OK;
}

int postern_vdso_service(postern_vdso* vdso) {
    if (!vdso) return POSTERN_BAD_ARGUMENT;
    if (!vdso->placement) return POSTERN_NOT_INSTALLED;
    vdso->clock.service(vdso::ServiceReason::request);
    return POSTERN_OK;
}

int postern_vdso_reseed(postern_vdso* vdso) {
    if (!vdso) return POSTERN_BAD_ARGUMENT;
    if (!vdso->placement) return POSTERN_NOT_INSTALLED;
    vdso->clock.reseed();
    return POSTERN_OK;
}

int postern_vdso_set_time(postern_vdso* vdso, const char* policy) {
    if (!vdso || !policy) return POSTERN_BAD_ARGUMENT;
    return guarded([&]() -> int {
        auto parsed = vdso::TimePolicy::parse(policy);
        if (!parsed || !vdso->clock.set_policy(*parsed)) return POSTERN_BAD_TIME_POLICY;
        return POSTERN_OK;
    });
}

int postern_vdso_clock_gettime(postern_vdso* vdso, int clock_id, int64_t* seconds, int64_t* nanoseconds) {
    if (!vdso || !seconds || !nanoseconds) return POSTERN_BAD_ARGUMENT;
    auto time = vdso->clock.read(clock_id);
    if (vdso->clock.failure()) return POSTERN_TIME_RECORD;
    if (!time) return POSTERN_NOT_FOUND;
    *seconds = time->seconds;
    *nanoseconds = time->nanoseconds;
    return POSTERN_OK;
}

int postern_vdso_clock_getres(const postern_vdso* vdso, int clock_id, int64_t* nanoseconds) {
    if (!vdso || !nanoseconds) return POSTERN_BAD_ARGUMENT;
    auto resolution = vdso->clock.resolution(clock_id);
    if (!resolution) return POSTERN_NOT_FOUND;
    *nanoseconds = *resolution;
    return POSTERN_OK;
}

int postern_vdso_counter(const postern_vdso* vdso, uint64_t* value) {
    if (!vdso || !value) return POSTERN_BAD_ARGUMENT;
    if (!vdso->counter.read) return POSTERN_NOT_FOUND;
    *value = vdso->counter.read() & vdso->counter.mask;
    return POSTERN_OK;
}

int postern_vdso_enter(postern_vdso* vdso, uint64_t pc, uint64_t return_address, uint64_t stack_pointer,
                       const uint64_t* arguments, size_t count) {
    if (!vdso || (count != 0 && !arguments)) return POSTERN_BAD_ARGUMENT;
    if (!vdso->placement) return POSTERN_NOT_INSTALLED;
    u64 offset = vdso->abi.instruction_address(pc) - vdso->placement->image.value;
    if (offset >= vdso->placement->image_size) return POSTERN_NOT_FOUND;
    auto starts_there = [&](const vdso::Symbol& symbol) { return vdso->abi.instruction_address(symbol.value) == offset; };
    auto symbol = std::ranges::find_if(vdso->image.symbols(), starts_there);
    if (symbol == vdso->image.symbols().end()) return POSTERN_NOT_FOUND;
    return guarded([&]() -> int {
        vdso->calls.enter(symbol->name.data(), {vdso->abi.instruction_address(return_address)}, stack_pointer,
                          {arguments, count});
        return POSTERN_OK;
    });
}

int postern_vdso_leave(postern_vdso* vdso, uint64_t pc, uint64_t stack_pointer, uint64_t result) {
    if (!vdso) return POSTERN_BAD_ARGUMENT;
    return guarded([&]() -> int {
        bool open = vdso->calls.leave(vdso->abi, {vdso->abi.instruction_address(pc)}, stack_pointer, result);
        return open ? POSTERN_OK : POSTERN_NOT_FOUND;
    });
}

int postern_vdso_next_call(postern_vdso* vdso, postern_call* call) {
    if (!vdso) return POSTERN_BAD_ARGUMENT;
    if (int status = check(call); status != POSTERN_OK) return status;
    auto taken = vdso->calls.take();
    if (!taken) return POSTERN_NOT_FOUND;
    *call = {.size = sizeof *call, .symbol = taken->symbol, .arguments = {}, .argument_count = taken->argument_count,
             .result = taken->result, .nanoseconds = taken->nanoseconds, .lost = taken->lost};
    std::ranges::copy(taken->arguments, call->arguments);
    return POSTERN_OK;
}
