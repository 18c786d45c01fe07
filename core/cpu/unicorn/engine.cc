#include "cpu/unicorn/engine.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <sys/mman.h>
#include <utility>

namespace postern::unicorn {

namespace {

// Unicorn's TLB starts with 256 entries and doubles inside a flush when it was well used.
constexpr u64 first_fill_limit = 256;
constexpr u64 last_fill_limit = 1 << 16;

// 2.1.1: the virtual-address lookup that cover_virtual_addresses is for.
constexpr unsigned last_version_without_check = 2u << 24 | 1u << 16 | 1u << 8 | 0xff;

// Throwing all translations away clears the whole code buffer, and so touches its memory:
// Unicorn's default of a gigabyte would cost half a second and a gigabyte each time.
constexpr u32 code_buffer_size = 16 << 20;

// To look for the words of registers takes as long as they save in some thousand system calls, so
// programs that make few do without.
constexpr unsigned calls_before_search = 1000;

Access access_of(uc_mem_type type) {
    switch (type) {
        case UC_MEM_WRITE: return Access::write;
        case UC_MEM_FETCH: return Access::execute;
        default: return Access::read;
    }
}

}  // namespace

std::string engine_version() {
    unsigned version = uc_version(nullptr, nullptr);
    return fmt::format("Unicorn {}.{}.{}", version >> 24, (version >> 16) & 0xff, (version >> 8) & 0xff);
}

UnicornCpu::UnicornCpu(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler)
    : Cpu(abi), memory_(memory), handler_(handler), fill_limit_(first_fill_limit) {}

UnicornCpu::~UnicornCpu() {
    memory_.set_listener(nullptr);
    if (engine_) uc_close(engine_);
    if (private_page_ && abi_.is_64bit()) ::munmap(private_page_, private_page_size);
}

Result<void> UnicornCpu::open(const Model& model, std::span<const RegisterName> names) {
    auto check = [](uc_err error, const char* what) -> Result<void> {
        if (error == UC_ERR_OK) return {};
        return fail(ErrorKind::internal, fmt::format("Unicorn: {}: {}", what, uc_strerror(error)));
    };
    POSTERN_TRY(check(uc_open(model.architecture, static_cast<uc_mode>(model.mode), &engine_), "cannot open"));
    POSTERN_TRY(check(uc_ctl_set_tcg_buffer_size(engine_, code_buffer_size), "cannot size the code buffer"));
    if (model.cpu_model >= 0) {
        POSTERN_TRY(check(uc_ctl_set_cpu_model(engine_, model.cpu_model), "cannot select the CPU model"));
    }
    POSTERN_TRY(check(uc_ctl_tlb_mode(engine_, UC_TLB_VIRTUAL), "no virtual TLB (2.1.1 or newer is needed)"));
    // 64-bit: behind the arena and the private page. 32-bit, where the arena is all there is:
    // its first page, which no guest can map.
    hole_ = abi_.is_64bit() ? memory_.arena_size() + 2 * private_page_size : 0;
    u64 start = abi_.is_64bit() ? 0 : memory_.page_size();
    POSTERN_TRY(check(uc_mem_map_ptr(engine_, start, memory_.arena_size() - start, UC_PROT_ALL,
                                     memory_.arena_base() + start), "cannot map guest memory"));
    POSTERN_TRY(check(cover_virtual_addresses(), "cannot map the address range"));
    POSTERN_TRY(check(uc_ctl_get_page_size(engine_, &tlb_page_size_), "cannot ask for the page size"));
    uc_hook hook;
    POSTERN_TRY(check(uc_hook_add(engine_, &hook, UC_HOOK_MEM_READ_UNMAPPED | UC_HOOK_MEM_WRITE_UNMAPPED,
                                  reinterpret_cast<void*>(on_hole), this, 1, 0), "cannot hook faults"));
    POSTERN_TRY(check(uc_hook_add(engine_, &hook, UC_HOOK_TLB_FILL, reinterpret_cast<void*>(on_tlb_fill), this, 1, 0),
                      "cannot hook the TLB"));
    POSTERN_TRY(check(uc_hook_add(engine_, &hook, UC_HOOK_INTR, reinterpret_cast<void*>(on_interrupt), this, 1, 0),
                      "cannot hook exceptions"));
    for (const Register& wanted : abi_.registers) {
        auto found = std::ranges::find(names, wanted.name, &RegisterName::name);
        if (found == names.end()) {
            return fail(ErrorKind::internal, fmt::format("{}: the engine has no register {}", abi_.name, wanted.name));
        }
        ids_.push_back(found->unicorn_id);
    }
    // No end address: with one, every run would look its page up and fail on it.
    POSTERN_TRY(check(uc_ctl_exits_enable(engine_), "cannot run without an end address"));
    words_.resize(abi_.registers.size());
    exit_checks_ = ExitChecks(engine_);
    if (!abi_.has_64bit_registers()) {
        bool aligned = abi_.machine == Machine::mips32;
        flat_ = FlatAccess::create(memory_.arena_base(), aligned ? FlatAccess::Check::page : FlatAccess::Check::end);
    }
    choose_exit_checks();
    memory_.set_listener(this);
    return {};
}

/// Stores by instructions that the engine implements as functions (s390x mvc and xc, aarch64
/// dc zva) look the *virtual* address up among the physical regions to decide whether they
/// may hit translated code, and crash where there is none. So there is one, executable and
/// behind everything else; no page grant ever points into it. Its host memory does not exist
/// and must not overlap the arena's, from which the engine finds its way back by address.
uc_err UnicornCpu::cover_virtual_addresses() {
    if (!abi_.is_64bit() || uc_version(nullptr, nullptr) > last_version_without_check) return UC_ERR_OK;
    u64 start = hole_ + (1 << 20);
    if (start >= abi_.layout.task_size) return UC_ERR_OK;   // the arena covers them
    return uc_mem_map_ptr(engine_, start, abi_.layout.task_size - start, UC_PROT_ALL,
                          memory_.arena_base() + memory_.arena_size());
}

std::string_view UnicornCpu::engine_name() const {
    static const std::string name = engine_version();
    return name;
}

// --- the page table

bool UnicornCpu::on_tlb_fill(uc_engine*, u64 address, uc_mem_type type, uc_tlb_entry* entry, void* user) {
    return static_cast<UnicornCpu*>(user)->fill(address, type, *entry);
}

bool UnicornCpu::fill(u64 address, uc_mem_type type, uc_tlb_entry& entry) {
    // What the machine cannot mean is not there; 32-bit registers may come sign-extended.
    if (!abi_.has_64bit_registers()) address &= abi_.word_mask();
    auto grant_private = [&](uc_prot permissions) {
        entry.paddr = private_page_physical_ + (address & (private_page_size - 1));
        entry.perms = permissions;
        return true;
    };
    if (uc_prot permissions = private_permissions(address)) return grant_private(permissions);
    address &= abi_.address_mask();
    Access access = access_of(type);
    // Code of ours never leaves its page: where it would, it has come to its end.
    if (in_private_code_ && access == Access::execute) return false;
    auto grant = memory_.translate({address}, access);
    if (!grant && removing_hook_) return grant_private(UC_PROT_ALL);   // it must not fail
    if (!grant && locating_fault_) {
        entry.paddr = hole_ + (address & (memory_.page_size() - 1));
        entry.perms = UC_PROT_ALL;
        return true;
    }
    if (!grant && stopped_) return false;   // the first reason counts; the engine looks ahead
    if (!grant) {
        stop_ = {.kind = Stop::Kind::fault, .address = {address}, .access = access, .fault = grant.error()};
        stopped_ = true;
        return false;
    }
    // Translated code is not asked whether it is written to (block_exit.cc).
    POSTERN_ASSERT(!(grant->permissions.write && grant->permissions.execute));
    if (access == Access::execute) {
        before_translation(GuestAddr{address}.align_down(tlb_page_size()).value,
                           {memory_.arena_base() + grant->arena_offset, tlb_page_size()});
    }
    entry.paddr = grant->arena_offset;
    entry.perms = static_cast<uc_prot>(UC_PROT_READ | (grant->permissions.write ? UC_PROT_WRITE : 0) |
                                       (grant->permissions.execute ? UC_PROT_EXEC : 0));
    if (flat_) note_grant(address, access);
    if (++fills_ > fill_limit_) grow_tlb();
    return true;
}

/// Every grant lets the page be read.
void UnicornCpu::note_grant(u64 address, Access access) {
    flat_->granted_read(address);
    if (access == Access::write) flat_->granted_write(address);
    if (access == Access::execute) flat_->granted_execution(address);
}

/// The TLB is only ever resized inside a flush, so a program with many pages would miss for
/// ever without one. Doubling the distance between flushes keeps their cost bounded.
void UnicornCpu::grow_tlb() {
    fills_ = 0;
    fill_limit_ = std::min(fill_limit_ * 2, last_fill_limit);
    uc_ctl_flush_tlb(engine_);
}

void UnicornCpu::flush_translations() {
    if (flat_) flat_->forget_grants();
    fills_ = 0;
    uc_ctl_flush_tlb(engine_);
}

void UnicornCpu::invalidate_code(GuestAddr, u64) {
    // The whole cache: Unicorn's ranged call translates the address through the TLB, so it
    // silently does nothing for pages that have just lost their execute permission.
    flush_code_due_ = true;
    if (!in_hook_) flush_code();
}

void UnicornCpu::flush_code() {
    flush_code_due_ = false;
    if (translated_) uc_ctl_flush_tb(engine_);
    translated_ = false;
    if (!flat_) return;
    flat_->forget_code();
    uc_ctl_flush_tlb(engine_);   // so that each page is asked for before it is translated again
}

void UnicornCpu::memory_is_shared() {
    if (!atomics_.on() && !atomics_fail_) use_host_atomics(true);
}

void UnicornCpu::use_host_atomics(bool on) {
    atomics_.set(on);
    invalidate_code({}, 0);
}

// --- running

Stop UnicornCpu::run() {
    for (;;) {
        prepare_entry();
        stopped_ = resume_ = false;
        stop_ = {};
        translated_ = true;
        uc_err error = start_engine(start_address());
        if (atomics_.take_refusal()) {
            atomics_fail_ = true;
            use_host_atomics(false);
            if (!stopped_) continue;
        }
        // Without a reason of ours the CPU went idle (ARM's wfi, which user space may execute):
        // there is always something to wake it, so it goes on.
        if (error == UC_ERR_OK && (resume_ || !stopped_)) continue;
        Stop stop = stop_;
        if (!stopped_) stop = stop_for_error(error);
        else if (stop.kind == Stop::Kind::fault) stop = located_fault();
        if (!settle(stop)) return stop;
    }
}

void UnicornCpu::prepare_entry() {
    if (flush_code_due_) flush_code();
    if (calls_ == calls_before_search) {
        ++calls_;   // once
        find_registers();
    }
    entry_due_ = false;
    enter_hooks();
    before_entry();
    if (pending_pc_) {
        u64 value = *pending_pc_;
        pending_pc_.reset();
        raw_set(ids_[abi_.program_counter], value);
    }
}

/// What the library's functions that are led past us work for.
void UnicornCpu::enter_hooks() {
    FlatAccess::enter(flat_.get());
    BlockExit::enter(&block_exit_);
    HostAtomics::enter(&atomics_);
}

/// The TLB hook only learns the page. For the address, the instruction runs once more with
/// the refused page placed where Unicorn has no memory: that hook gets every bit, and the
/// access still does not happen.
Stop UnicornCpu::located_fault() {
    Stop fault = stop_;
    u64 address = pc();
    if (fault.access == Access::execute) {
        // The first instruction of a page being illegal shows on s390x as a look at the page
        // before it.
        if ((fault.address + tlb_page_size()).value <= address) return invalid_instruction();
        fault.address = std::max(fault.address, GuestAddr{address});
        return fault;
    }
    if (auto known = accessed_address()) {
        if (GuestAddr{*known}.align_down(tlb_page_size()) == fault.address) fault.address = {*known};
        return fault;
    }
    if (!had_fault_) {
        had_fault_ = true;
        choose_exit_checks();
        flush_code();
    }
    locating_fault_ = translated_ = true;
    fault_offset_.reset();
    enter_hooks();
    u64 entry = start_address();   // with the instruction-set state, which a plain address would change
    uc_emu_start(engine_, entry, 0, 0, 0);
    if (atomics_.take_refusal()) {
        // No instruction of the host reaches memory that is not there. The engine's own do.
        use_host_atomics(false);
        raw_set(ids_[abi_.program_counter], entry);
        uc_emu_start(engine_, entry, 0, 0, 0);
        use_host_atomics(true);
    }
    locating_fault_ = false;
    uc_ctl_flush_tlb(engine_);
    raw_set(ids_[abi_.program_counter], entry);
    if (fault_offset_) fault.address += *fault_offset_;
    return fault;
}

bool UnicornCpu::on_hole(uc_engine*, uc_mem_type, u64 address, int, i64, void* user) {
    auto& cpu = *static_cast<UnicornCpu*>(user);
    cpu.fault_offset_ = address & (cpu.tlb_page_size() - 1);
    return false;
}

Stop UnicornCpu::stop_for_error(uc_err error) {
    if (error == UC_ERR_INSN_INVALID) return invalid_instruction();
    return {.kind = Stop::Kind::engine_error, .text = uc_strerror(error)};
}

Stop UnicornCpu::invalid_instruction() {
    return {.kind = Stop::Kind::trap, .trap = TrapKind::illegal_instruction, .address = {pc()}};
}

void UnicornCpu::leave(const Stop& stop) {
    stop_ = stop;
    stopped_ = true;
    uc_emu_stop(engine_);
}

void UnicornCpu::leave_with_trap(TrapKind kind, GuestAddr address, u32 detail) {
    leave({.kind = Stop::Kind::trap, .trap = kind, .detail = detail, .address = address});
}

void UnicornCpu::on_interrupt(uc_engine*, u32 number, void* user) {
    auto& cpu = *static_cast<UnicornCpu*>(user);
    if (cpu.in_private_code_) return cpu.leave({});
    cpu.in_hook_ = true;
    cpu.interrupt(number);
    cpu.in_hook_ = false;
}

void UnicornCpu::resume_at(u64 address) {
    set_pc(address);
    resume_ = true;
    uc_emu_stop(engine_);
}

void UnicornCpu::serve_system_call() {
    bool go_on = handler_.system_call();
    if (calls_ < calls_before_search && ++calls_ == calls_before_search) entry_due_ = true;
    if (!go_on) return leave({.kind = Stop::Kind::requested});
    if (pending_pc_ || flush_code_due_ || entry_due_) {
        resume_ = true;
        uc_emu_stop(engine_);
    }
}

// --- stops from outside

void UnicornCpu::on_block(uc_engine*, u64 address, u32, void* user) {
    auto& cpu = *static_cast<UnicornCpu*>(user);
    if (!cpu.stop_requested_) [[likely]] return;
    if (!cpu.interruptible_) return;
    if (cpu.in_private_code_ || cpu.locating_fault_) return;   // runs of ours come to their own end
    if (!cpu.may_stop_before(address)) return;                 // the next block will do
    cpu.stop_requested_ = 0;
    cpu.leave({.kind = Stop::Kind::requested});
    cpu.stopping_before(address);
    cpu.block_exit_.leave();
}

/// Execution hooks stop the engine at the instruction they are called for, and located_fault at the one
/// it repeats. A guest that lives on after a fault will have more.
void UnicornCpu::choose_exit_checks() { exit_checks_.set(!execution_hooks_.empty() || had_fault_); }

void UnicornCpu::set_interruptible(bool on) {
    POSTERN_ASSERT(!in_hook_);
    if (on == interruptible_) return;
    interruptible_ = on;
    // The hook stays for good. To remove it Unicorn goes through all blocks that have it, and shells switch for
    // every process that they start; and to install it again, all blocks have to be translated again.
    if (!on || block_hook_) return;
    uc_hook_add(engine_, &block_hook_, UC_HOOK_BLOCK, reinterpret_cast<void*>(on_block), this, 1, 0);
    flush_code();   // blocks translated before know nothing of the hook
}

}  // namespace postern::unicorn
