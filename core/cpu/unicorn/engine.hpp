// What all Unicorn machines share: the virtual TLB, hooks, stops, registers by name.
#pragma once

#include "cpu/cpu.hpp"
#include "cpu/unicorn/block_exit.hpp"
#include "cpu/unicorn/exit_checks.hpp"
#include "cpu/unicorn/flat_access.hpp"
#include "cpu/unicorn/host_atomics.hpp"
#include "cpu/unicorn/register_words.hpp"

#include <array>
#include <csignal>
#include <initializer_list>
#include <list>
#include <unicorn/unicorn.h>

namespace postern::unicorn {

/// A register of the ABI's table and Unicorn's number for it. `special` registers are served
/// by the machine's own code.
struct RegisterName {
    std::string_view name;
    int unicorn_id;
};
inline constexpr int special_register = -1;

/// One engine instance. Machines derive from it and say what is different.
///
/// Everything that stops the engine from inside a hook goes through leave(): such stops are
/// exact. Work that must not happen while translated code is live (throwing translations
/// away, moving the program counter, loading floating-point state) is noted and done by
/// run() between two entries, so callers may ask for it at any time.
class UnicornCpu : public Cpu, public memory::TranslationListener {
public:
    struct Model {
        uc_arch architecture;
        int mode;
        int cpu_model;   ///< -1 = Unicorn's default
    };

    UnicornCpu(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler);
    ~UnicornCpu() override;

    u64 get(RegisterIndex index) const override;
    void set(RegisterIndex index, u64 value) override;
    void get_bytes(RegisterIndex index, std::span<std::byte> out) const override;
    void set_bytes(RegisterIndex index, std::span<const std::byte> in) override;
    void reset() override;
    Stop run() override;
    std::unique_ptr<CpuContext> make_context() const override;
    void save(CpuContext& context) override;
    void restore(const CpuContext& context) override;
    void forget_reservation() override {}
    void request_stop() noexcept override { stop_requested_ = 1; }
    void set_interruptible(bool on) override;
    bool interruptible() const override { return interruptible_; }
    int add_execution_hook(GuestAddr first, GuestAddr last, ExecutionCallback callback) override;
    void remove_execution_hook(int handle) override;
    CounterReader counter(ClockMode mode) const override;
    bool set_counter_points(std::span<const GuestAddr> points, std::span<std::byte> word) override;
    std::string_view engine_name() const override;

    void flush_translations() override;
    void invalidate_code(GuestAddr start, u64 size) override;
    void memory_is_shared() override;

protected:
    /// Opens the engine and installs the common hooks. Error: Unicorn's reason.
    Result<void> open(const Model& model, std::span<const RegisterName> names);

    /// Puts the machine in the state of a user process after the general reset.
    virtual void reset_machine() = 0;
    /// An exception that Unicorn reports by number: a system call, a trap ...
    virtual void interrupt(u32 number) = 0;
    /// The exception behind UC_ERR_INSN_INVALID; most machines have only one.
    virtual Stop invalid_instruction();
    /// Where emulation starts for a program counter (ARM: Thumb bit).
    virtual u64 start_address() const { return pc(); }
    /// Enters translated code at this address, which the program counter need not hold yet.
    virtual uc_err start_engine(u64 address) { return uc_emu_start(engine_, address, 0, 0, 0); }
    /// Machines that can tell from an instruction and the registers what it accesses: the address
    /// of the access that the page table has just refused.
    virtual std::optional<u64> accessed_address() const { return std::nullopt; }
    /// Whether interrupt() finds the engine standing on the instruction of a system call, and so
    /// calls step_over().
    virtual bool stands_on_system_call() const { return false; }
    /// Registers marked special_register.
    virtual u64 get_special(RegisterIndex index) const;
    virtual void set_special(RegisterIndex index, u64 value);
    virtual void get_special_bytes(RegisterIndex index, std::span<std::byte> out) const;
    virtual void set_special_bytes(RegisterIndex index, std::span<const std::byte> in);
    /// Whether the state at the start of this block is all in registers of the interface.
    virtual bool may_stop_before(u64) const { return true; }
    /// The engine is being left at the start of this block, of which its program counter
    /// knows nothing: chained blocks do not set it, and among execution hooks nobody does.
    virtual void stopping_before(u64 address) { set_pc(address); }
    /// Called before translated code is entered, and before a context is saved or restored.
    virtual void before_entry() {}
    /// What the machine keeps of each thread outside the engine's own state.
    using ThreadWords = std::array<u64, 3>;
    virtual ThreadWords thread_words() const { return {}; }
    virtual void set_thread_words(const ThreadWords&) {}
    /// Code of this page, as large as those of the TLB, is going to be translated.
    virtual void before_translation(u64 page_address, std::span<const std::byte> page) { (void)page_address, (void)page; }
    /// The engine was left with this stop and stands still: the place to mend the state of an
    /// exception. True: the stop was dealt with, and the guest goes on.
    virtual bool settle(Stop&) { return false; }
    u64 raw_get(int unicorn_id) const;
    void raw_set(int unicorn_id, u64 value);

    /// Serves a system call; to be called by interrupt() with the program counter behind
    /// the instruction.
    void serve_system_call();
    /// The handler's.
    GuestAddr fast_call_return() { return handler_.fast_call_return(); }
    /// From interrupt(), where the engine still stands on the instruction, of `length` bytes: goes on
    /// behind it. Returns its address. Written through the interface, a program counter ends the
    /// engine's inner loop.
    u64 step_over(unsigned length);
    /// Continues at another instruction after the hook.
    void resume_at(u64 address);
    /// Work is due that before_entry() will do: leaves translated code after the hook.
    void request_entry() { entry_due_ = true; }
    /// Ends emulation with this stop, from inside a hook.
    void leave(const Stop& stop);
    void leave_with_trap(TrapKind kind, GuestAddr address = {}, u32 detail = 0);
    std::string_view register_name(RegisterIndex index) const { return abi_.registers[index].name; }

    // --- the private page: code and data of ours that the CPU runs or reads, visible to
    //     the guest's address space only while in use (stubs), or always (x86 GDT).
    static constexpr u64 private_page_size = 4096;
    /// Makes the page appear at `address`; for 32-bit guests it must lie in the arena.
    void map_private_page(GuestAddr address);
    std::byte* private_page() const { return private_page_; }
    u64 private_page_address() const { return private_page_address_.value; }
    /// Runs `code` (guest instructions ending in a trap that reaches interrupt()) at `offset`
    /// of the private page. An offset always holds the same code. Not from inside a hook.
    /// Error: it ended otherwise than by its trap.
    uc_err run_private_code(u64 offset, std::span<const u8> code);
    /// The same for code that needs no more than these registers (numbers of Unicorn), which are as before
    /// afterwards, as is the program counter. `prepare` sets them.
    void run_aside(u64 offset, std::span<const u8> code, std::initializer_list<int> clobbered,
                   const std::function<void()>& prepare = {});
    bool runs_private_code() const { return in_private_code_; }
    /// What an access may do with the private page at this address; UC_PROT_NONE: it is not there.
    virtual uc_prot private_permissions(u64 address) const;

    uc_engine* engine_ = nullptr;
    memory::AddressSpace& memory_;
    bool in_hook_ = false;
    bool private_page_visible_ = false;
    u64 pc_bias_ = 0;   ///< added to the program counter while a hook runs before the engine steps on

private:
    struct Context;

    static bool on_tlb_fill(uc_engine*, u64 address, uc_mem_type type, uc_tlb_entry* entry, void* user);
    static void on_interrupt(uc_engine*, u32 number, void* user);
    static void on_block(uc_engine*, u64 address, u32 size, void* user);
    static void on_code(uc_engine*, u64 address, u32 size, void* user);
    static void on_counter_point(uc_engine*, u64 address, u32 size, void* user);
    bool fill(u64 address, uc_mem_type type, uc_tlb_entry& entry);
    void note_grant(u64 address, Access access);
    void grow_tlb();
    void enter_hooks();
    uc_err cover_virtual_addresses();
    Stop located_fault();
    static bool on_hole(uc_engine*, uc_mem_type, u64 address, int size, i64 value, void* user);
    /// Size of the pages the TLB hook is asked for.
    u64 tlb_page_size() const { return tlb_page_size_; }
    Stop stop_for_error(uc_err error);
    void prepare_entry();
    void flush_code();
    void use_host_atomics(bool on);
    void choose_exit_checks();
    void find_registers();

    struct ExecutionHook {
        UnicornCpu& cpu;
        uc_hook hook;
        ExecutionCallback callback;
        int handle;
        std::optional<GuestAddr> served_at;   // called already for the instruction that comes next
    };
    void call_execution_hook(ExecutionHook& hook, GuestAddr address);

    SyscallHandler& handler_;
    std::vector<int> ids_;                 // Unicorn number by register index
    std::vector<RegisterWord> words_;      // where the engine keeps the register; none = ask the interface
    unsigned calls_ = 0;                   // system calls until they are looked for
    Stop stop_;
    bool stopped_ = false;                 // leave() was called
    bool resume_ = false;                  // ... only to do pending work
    bool translated_ = false;              // there may be translations of guest code
    bool flush_code_due_ = false;
    bool entry_due_ = false;
    bool in_private_code_ = false;
    bool locating_fault_ = false;
    bool removing_hook_ = false;
    bool had_fault_ = false;               // there was one to locate
    std::optional<u64> fault_offset_;      // within the TLB page
    u64 hole_ = 0;                         // physical page without memory
    std::optional<u64> pending_pc_;
    volatile std::sig_atomic_t stop_requested_ = 0;
    bool interruptible_ = false;
    uc_hook block_hook_ = 0;
    std::vector<uc_hook> counter_hooks_;
    std::byte* counter_word_ = nullptr;
    u32 tlb_page_size_ = 0;
    u64 fills_ = 0;                        // since the last TLB flush
    u64 fill_limit_;
    ExitChecks exit_checks_;
    BlockExit block_exit_;
    HostAtomics atomics_{engine_};
    bool atomics_fail_ = false;            // once refused, they stay off
    std::unique_ptr<FlatAccess> flat_;     // 32-bit guests, where it can be
    std::list<ExecutionHook> execution_hooks_;
    int next_handle_ = 1;
    std::byte* private_page_ = nullptr;
    GuestAddr private_page_address_{~u64{0}};
    u64 private_page_physical_ = 0;
};

std::string engine_version();
Result<std::unique_ptr<Cpu>> create_x86(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler);
Result<std::unique_ptr<Cpu>> create_arm(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler);
Result<std::unique_ptr<Cpu>> create_aarch64(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler);
Result<std::unique_ptr<Cpu>> create_mips(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler);
Result<std::unique_ptr<Cpu>> create_ppc(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler);
Result<std::unique_ptr<Cpu>> create_riscv(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler);
Result<std::unique_ptr<Cpu>> create_s390x(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler);

}  // namespace postern::unicorn
