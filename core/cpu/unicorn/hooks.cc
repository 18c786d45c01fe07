// Execution hooks, the counter, and the private page with code of ours.
#include "cpu/unicorn/engine.hpp"

#include "base/endian.hpp"
#include "cpu/host_counter.hpp"

#include <algorithm>
#include <cstring>
#include <sys/mman.h>
#include <time.h>
#include <utility>

namespace postern::unicorn {

namespace {

/// CNTVCT_EL0 as Unicorn computes it: the host's monotonic clock at 62.5 MHz.
u64 arm_counter() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec)) / 16;
}

}  // namespace

// --- execution hooks and the counter

void UnicornCpu::on_code(uc_engine*, u64 address, u32, void* user) {
    auto& hook = *static_cast<ExecutionHook*>(user);
    hook.cpu.call_execution_hook(hook, {address});
}

/// A callback that adds hooks makes translated code stale, which can only be dropped outside
/// the engine: it is left and entered again, and the instruction comes by a second time.
void UnicornCpu::call_execution_hook(ExecutionHook& hook, GuestAddr address) {
    if (in_private_code_ || locating_fault_) return;   // runs of ours, not the guest's
    if (resume_) return;                               // leaving: this hook has its turn the second time
    if (std::exchange(hook.served_at, std::nullopt) == address) return;
    in_hook_ = true;
    hook.callback(address);
    in_hook_ = false;
    if (!flush_code_due_) return;
    hook.served_at = address;
    resume_ = true;
    uc_emu_stop(engine_);
}

int UnicornCpu::add_execution_hook(GuestAddr first, GuestAddr last, ExecutionCallback callback) {
    auto& added = execution_hooks_.emplace_back(ExecutionHook{*this, 0, std::move(callback), next_handle_++, {}});
    uc_hook_add(engine_, &added.hook, UC_HOOK_CODE, reinterpret_cast<void*>(on_code), &added, first.value, last.value);
    choose_exit_checks();
    invalidate_code(first, last - first + 1);
    return added.handle;
}

void UnicornCpu::remove_execution_hook(int handle) {
    auto found = std::ranges::find(execution_hooks_, handle, &ExecutionHook::handle);
    if (found == execution_hooks_.end()) return;
    // Blocks that call the hook outlive it, so its entry stays and only falls silent.
    removing_hook_ = true;
    uc_hook_del(engine_, found->hook);
    removing_hook_ = false;
    uc_ctl_flush_tlb(engine_);
    found->callback = [](GuestAddr) {};
    invalidate_code({}, 0);
}

Cpu::CounterReader UnicornCpu::counter(ClockMode mode) const {
    bool arm = abi_.machine == Machine::arm || abi_.machine == Machine::aarch64;
    return arm && mode == ClockMode::counter ? arm_counter : host_counter;
}

void UnicornCpu::on_counter_point(uc_engine*, u64, u32, void* user) {
    auto& cpu = *static_cast<UnicornCpu*>(user);
    store(cpu.counter_word_, host_counter(), cpu.abi_.byte_order);
}

bool UnicornCpu::set_counter_points(std::span<const GuestAddr> points, std::span<std::byte> word) {
    for (uc_hook hook : counter_hooks_) uc_hook_del(engine_, hook);
    counter_hooks_.clear();
    if (counter_word_) store(counter_word_, u64{0}, abi_.byte_order);   // nobody keeps it true any more
    counter_word_ = word.data();
    bool served = true;
    for (GuestAddr point : points) {
        POSTERN_ASSERT(word.size() == sizeof(u64));
        uc_hook& hook = counter_hooks_.emplace_back();
        served = uc_hook_add(engine_, &hook, UC_HOOK_CODE, reinterpret_cast<void*>(on_counter_point), this,
                             point.value, point.value) == UC_ERR_OK && served;
    }
    invalidate_code({}, 0);
    return served;
}

// --- the private page

void UnicornCpu::map_private_page(GuestAddr address) {
    private_page_address_ = address;
    if (abi_.is_64bit()) {
        void* page = ::mmap(nullptr, private_page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        POSTERN_ASSERT(page != MAP_FAILED);
        private_page_ = static_cast<std::byte*>(page);
        private_page_physical_ = memory_.arena_size();
        uc_mem_map_ptr(engine_, private_page_physical_, private_page_size, UC_PROT_ALL, page);
        return;
    }
    // Physical addresses of 32-bit machines end with the arena: take a page that no guest
    // address space reaches.
    POSTERN_ASSERT(address.value >= abi_.layout.task_size);
    private_page_ = memory_.arena_base() + address.value;
    private_page_physical_ = address.value;
    void* page = ::mmap(private_page_, private_page_size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    POSTERN_ASSERT(page != MAP_FAILED);
}

/// The guest cannot tell the page from its own, so it may at most read it.
uc_prot UnicornCpu::private_permissions(u64 address) const {
    if (!private_page_visible_ || GuestAddr{address}.align_down(private_page_size) != private_page_address_)
        return UC_PROT_NONE;
    return in_private_code_ ? UC_PROT_ALL : UC_PROT_READ;
}

uc_err UnicornCpu::run_private_code(u64 offset, std::span<const u8> code) {
    POSTERN_ASSERT(!in_hook_ && private_page_ && offset + code.size() <= private_page_size);
    // Each piece of code has a place of its own, so there is never an old translation.
    std::memcpy(private_page_ + offset, code.data(), code.size());
    bool was_visible = private_page_visible_;
    private_page_visible_ = in_private_code_ = true;
    uc_ctl_flush_tlb(engine_);
    enter_hooks();
    uc_err error = start_engine((private_page_address_ + offset).value);
    in_private_code_ = false;
    private_page_visible_ = was_visible;
    stopped_ = false;
    uc_ctl_flush_tlb(engine_);
    return error;
}

}  // namespace postern::unicorn
