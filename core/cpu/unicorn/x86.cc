// x86-64, x32 and i386: ring 3 through a GDT of our own, TLS segments, system calls by `syscall`
// or by `int 0x80` and `sysenter`.
#include "cpu/unicorn/engine.hpp"

#include <array>
#include <cerrno>
#include <cstring>

namespace postern::unicorn {

namespace {

// SSE4.2, POPCNT, AES, PCLMUL, BMI1 and 2, MOVBE, ADX. The translator masks AVX, which it
// does not have. AT_HWCAP in core/abi was measured with this model.
constexpr int default_model = UC_CPU_X86_ICELAKE_CLIENT;

constexpr std::array names_64 = std::to_array<RegisterName>({
    {"rax", UC_X86_REG_RAX}, {"rbx", UC_X86_REG_RBX}, {"rcx", UC_X86_REG_RCX}, {"rdx", UC_X86_REG_RDX},
    {"rsi", UC_X86_REG_RSI}, {"rdi", UC_X86_REG_RDI}, {"rbp", UC_X86_REG_RBP}, {"rsp", UC_X86_REG_RSP},
    {"r8", UC_X86_REG_R8}, {"r9", UC_X86_REG_R9}, {"r10", UC_X86_REG_R10}, {"r11", UC_X86_REG_R11},
    {"r12", UC_X86_REG_R12}, {"r13", UC_X86_REG_R13}, {"r14", UC_X86_REG_R14}, {"r15", UC_X86_REG_R15},
    {"rip", UC_X86_REG_RIP}, {"eflags", special_register},
    {"cs", special_register}, {"ss", special_register}, {"ds", UC_X86_REG_DS}, {"es", UC_X86_REG_ES},
    {"fs", UC_X86_REG_FS}, {"gs", UC_X86_REG_GS},
    {"fs_base", UC_X86_REG_FS_BASE}, {"gs_base", UC_X86_REG_GS_BASE},
    {"fpcw", UC_X86_REG_FPCW}, {"fpsw", UC_X86_REG_FPSW}, {"fptag", special_register}, {"mxcsr", UC_X86_REG_MXCSR},
    {"st0", UC_X86_REG_ST0}, {"st1", UC_X86_REG_ST1}, {"st2", UC_X86_REG_ST2}, {"st3", UC_X86_REG_ST3},
    {"st4", UC_X86_REG_ST4}, {"st5", UC_X86_REG_ST5}, {"st6", UC_X86_REG_ST6}, {"st7", UC_X86_REG_ST7},
    {"xmm0", UC_X86_REG_XMM0}, {"xmm1", UC_X86_REG_XMM1}, {"xmm2", UC_X86_REG_XMM2}, {"xmm3", UC_X86_REG_XMM3},
    {"xmm4", UC_X86_REG_XMM4}, {"xmm5", UC_X86_REG_XMM5}, {"xmm6", UC_X86_REG_XMM6}, {"xmm7", UC_X86_REG_XMM7},
    {"xmm8", UC_X86_REG_XMM8}, {"xmm9", UC_X86_REG_XMM9}, {"xmm10", UC_X86_REG_XMM10},
    {"xmm11", UC_X86_REG_XMM11}, {"xmm12", UC_X86_REG_XMM12}, {"xmm13", UC_X86_REG_XMM13},
    {"xmm14", UC_X86_REG_XMM14}, {"xmm15", UC_X86_REG_XMM15},
    {"eax", UC_X86_REG_EAX}, {"ebx", UC_X86_REG_EBX}, {"ecx", UC_X86_REG_ECX}, {"edx", UC_X86_REG_EDX},
    {"esi", UC_X86_REG_ESI}, {"edi", UC_X86_REG_EDI}, {"ebp", UC_X86_REG_EBP}, {"esp", UC_X86_REG_ESP},
    {"eip", UC_X86_REG_EIP},
});

// Selectors as a 64-bit Linux kernel's GDT has them.
constexpr u16 kernel_data_selector = 0x10;
constexpr u16 code_32_selector = 0x23;
constexpr u16 data_selector = 0x2b;
constexpr u16 code_64_selector = 0x33;
constexpr u64 control_bits = 0x10600;   // CR4: OSFXSR, OSXMMEXCPT, FSGSBASE
constexpr unsigned first_thread_entry = 12, last_thread_entry = 14;

// Present, DPL 3, already marked as accessed: the CPU never has to write to the table.
constexpr u64 kernel_data_descriptor = 0x00cf93000000ffff;
constexpr u64 code_32_descriptor = 0x00cffb000000ffff;
constexpr u64 data_descriptor = 0x00cff3000000ffff;
constexpr u64 code_64_descriptor = 0x00affb000000ffff;

// EFLAGS bits a user process may change (kernel: FIX_EFLAGS), and those it always has.
constexpr u64 user_flags = 0x40dd5 | 0x10000;
constexpr u64 always_set_flags = 0x202;

// Parts of the private page: code, a stack for the one `iret`, the descriptor table.
constexpr u64 landing_offset = 0x100;
constexpr u64 frame_offset = 0x400;
constexpr u64 table_offset = 0x800;
constexpr u64 table_limit = 0x7ff;

enum Exception : u32 {
    divide_error = 0, debug = 1, breakpoint = 3, overflow = 4, bound = 5, invalid_opcode = 6,
    general_protection = 13, floating_point = 16, alignment_check = 17, simd = 19, linux_trap = 0x80,
};

}  // namespace

class X86Cpu final : public UnicornCpu {
public:
    using UnicornCpu::UnicornCpu;
    ~X86Cpu() override { uc_context_free(pristine_); }

    Result<void> start() {
        Model model{UC_ARCH_X86, wide() ? UC_MODE_64 : UC_MODE_32, default_model};
        POSTERN_TRY(open(model, names_64));
        // Above every user address; 32-bit pointers: the last page, which Linux leaves unmapped too.
        map_private_page({page_address()});
        private_page_visible_ = true;
        fptag_ = abi().register_index("fptag");
        flags_ = abi().register_index("eflags");
        // Without hooks the engine has ideas of its own of both.
        add_instruction_hook(UC_X86_INS_SYSCALL, on_syscall);
        add_instruction_hook(UC_X86_INS_SYSENTER, on_sysenter);
        // CPUID and AT_HWCAP2 promise rdfsbase and friends.
        raw_set(UC_X86_REG_CR4, raw_get(UC_X86_REG_CR4) | control_bits);
        enter_ring_3();
        uc_context_alloc(engine_, &pristine_);
        uc_context_save(engine_, pristine_);
        return {};
    }

    bool set_segment(unsigned entry, u32 base, u32 limit, u32 flags) override;
    std::optional<Segment> segment(unsigned entry) const override;

private:
    ThreadWords thread_words() const override;
    void set_thread_words(const ThreadWords& words) override;
    bool wide() const { return abi().machine == Machine::x86_64; }
    u64 page_address() const { return abi().is_64bit() ? 0xffff'ffff'8000'0000 : 0xffff'f000; }

    using InstructionHook = void (*)(uc_engine*, void*);
    void add_instruction_hook(int instruction, InstructionHook callback) {
        uc_hook hook;
        uc_hook_add(engine_, &hook, UC_HOOK_INSN, reinterpret_cast<void*>(callback), this, 1, 0, instruction);
    }
    static void on_syscall(uc_engine*, void* user) {
        auto& cpu = *static_cast<X86Cpu*>(user);
        if (!cpu.wide()) return cpu.refuse_instruction(TrapKind::illegal_instruction);   // Intel: 64-bit code only
        // The engine steps over the instruction after the hook.
        cpu.pc_bias_ = 2;
        cpu.in_hook_ = true;
        cpu.serve_system_call();
        cpu.in_hook_ = false;
        cpu.pc_bias_ = 0;
    }
    static void on_sysenter(uc_engine*, void* user) {
        auto& cpu = *static_cast<X86Cpu*>(user);
        // As in a kernel without the 32-bit table (see linux_trap).
        if (cpu.wide()) return cpu.refuse_instruction(TrapKind::general_protection);
        cpu.in_hook_ = true;
        cpu.serve_sysenter();
        cpu.in_hook_ = false;
    }
    void serve_sysenter();
    void refuse_instruction(TrapKind kind);

    void enter_ring_3();
    void forget_exception();
    void before_entry() override {
        if (exception_latched_) forget_exception();
    }
    void reset_machine() override;
    void interrupt(u32 number) override;
    u64 get_special(RegisterIndex index) const override;
    void set_special(RegisterIndex index, u64 value) override;
    u64 used_tags() const;
    void set_used_tags(u64 used);
    void set_descriptor(unsigned entry, u64 value) {
        std::memcpy(private_page() + table_offset + entry * 8, &value, sizeof value);
    }

    int flags_id() const { return wide() ? UC_X86_REG_RFLAGS : UC_X86_REG_EFLAGS; }

    RegisterIndex fptag_ = 0, flags_ = 0;
    uc_context* pristine_ = nullptr;   // ring 3, no exception under way
    bool exception_latched_ = false;
};

/// The processor forgets esp and eip: callers have put the stack pointer in ebp and what belongs in
/// ebp (the sixth argument) on that stack, and go on at the vDSO's landing pad.
void X86Cpu::serve_sysenter() {
    const SyscallConvention& convention = abi().syscall;
    u64 stack = get(convention.arguments[5]);
    set(abi().stack_pointer, stack);
    set_pc(fast_call_return().value);
    if (auto saved = memory_.read_word({stack})) {
        set(convention.arguments[5], *saved);
        return serve_system_call();
    }
    set(convention.result, static_cast<u32>(-EFAULT));
    resume_at(pc());
}

/// From the hook of an instruction that the engine would step over.
void X86Cpu::refuse_instruction(TrapKind kind) {
    in_hook_ = true;
    GuestAddr here{pc()};
    set_pc(here.value);
    leave_with_trap(kind, kind == TrapKind::illegal_instruction ? here : GuestAddr{});
    in_hook_ = false;
}

/// Unicorn starts in ring 0 and a plain write to CS changes the selector only, so user mode
/// is entered as a kernel does: by `iret`.
void X86Cpu::enter_ring_3() {
    set_descriptor(kernel_data_selector / 8, kernel_data_descriptor);
    set_descriptor(code_32_selector / 8, code_32_descriptor);
    set_descriptor(data_selector / 8, data_descriptor);
    set_descriptor(code_64_selector / 8, code_64_descriptor);
    uc_x86_mmr table{.selector = 0, .base = page_address() + table_offset, .limit = table_limit, .flags = 0};
    uc_reg_write(engine_, UC_X86_REG_GDTR, &table);

    if (!wide()) raw_set(UC_X86_REG_SS, kernel_data_selector);   // the stack is 16 bits wide before

    const u64 frame[5] = {page_address() + landing_offset, wide() ? code_64_selector : code_32_selector, 0x2,
                          page_address() + frame_offset, data_selector};
    for (unsigned i = 0; i < 5; ++i) {
        unsigned width = wide() ? 8 : 4;
        store_unsigned(private_page() + frame_offset + i * width, frame[i], width, ByteOrder::little);
    }
    const u8 landing[] = {0xcd, 0x80};   // int 0x80: back to us
    std::memcpy(private_page() + landing_offset, landing, sizeof landing);
    raw_set(wide() ? UC_X86_REG_RSP : UC_X86_REG_ESP, page_address() + frame_offset);
    if (wide()) run_private_code(0, std::to_array<u8>({0x48, 0xcf}));   // iretq
    else run_private_code(0, std::to_array<u8>({0xcf}));                // iretd
}

void X86Cpu::reset_machine() {
    raw_set(UC_X86_REG_CS, wide() ? code_64_selector : code_32_selector);
    raw_set(UC_X86_REG_SS, data_selector);
    if (!wide()) {
        raw_set(UC_X86_REG_DS, data_selector);
        raw_set(UC_X86_REG_ES, data_selector);
    }
    raw_set(flags_id(), 0x202);
    raw_set(UC_X86_REG_FPCW, 0x37f);
    raw_set(UC_X86_REG_FPTAG, 0xffff);
    raw_set(UC_X86_REG_MXCSR, 0x1f80);
}

/// The machine remembers an exception until a kernel has taken it, and turns the next one into
/// a double and then a triple fault, which halts it. No register of the interface clears
/// that, so the state before any exception comes back with the registers of now.
void X86Cpu::forget_exception() {
    exception_latched_ = false;
    std::array<std::array<std::byte, 16>, 64> values;
    std::size_t count = abi().registers.size();
    POSTERN_ASSERT(count <= values.size());
    for (std::size_t i = 0; i < count; ++i) get_bytes(static_cast<RegisterIndex>(i), values[i]);
    uc_context_restore(engine_, pristine_);
    for (std::size_t i = 0; i < count; ++i) {
        set_bytes(static_cast<RegisterIndex>(i), std::span{values[i]}.first(abi().registers[i].width));
    }
}

void X86Cpu::interrupt(u32 number) {
    exception_latched_ = number != linux_trap;
    switch (number) {
        case linux_trap:
            // 64-bit kernels serve the 32-bit table here; we have one table per process.
            if (!wide()) return serve_system_call();
            return leave_with_trap(TrapKind::general_protection);
        case divide_error: return leave_with_trap(TrapKind::integer_divide, {pc()});
        case overflow: return leave_with_trap(TrapKind::general_protection);
        case breakpoint:
        case debug: return leave_with_trap(TrapKind::breakpoint, {pc()});
        case invalid_opcode: return leave_with_trap(TrapKind::illegal_instruction, {pc()});
        case floating_point:
        case simd: return leave_with_trap(TrapKind::floating_point, {pc()});
        case alignment_check: return leave_with_trap(TrapKind::alignment);
        default: break;
    }
    // `int n` for any other n: the gate is not for ring 3, and the fault points at it.
    std::byte code[2];
    GuestAddr before{pc() - 2};
    if (memory_.peek(before, code) && code[0] == std::byte{0xcd} && code[1] == std::byte(number)) set_pc(before.value);
    leave_with_trap(TrapKind::general_protection, {}, number);
}

/// Descriptor flags as struct user_desc has them: bit 0 seg_32bit, 1-2 contents,
/// 3 read_exec_only, 4 limit_in_pages, 5 seg_not_present, 6 useable.
bool X86Cpu::set_segment(unsigned entry, u32 base, u32 limit, u32 flags) {
    if (entry < first_thread_entry || entry > last_thread_entry) return false;
    bool empty = base == 0 && limit == 0 && (flags & 0x28) == 0x28;
    u64 access = 0x61 | ((flags & 6) << 1) | (flags & 8 ? 0 : 2) | 0x10 | (flags & 0x20 ? 0 : 0x80);
    u64 attributes = ((flags & 0x10) >> 1) | ((flags & 1) << 2) | ((flags & 0x40) >> 6);
    u64 descriptor = (limit & 0xffff) | (u64{base & 0xffffff} << 16) | (access << 40) |
                     (u64{(limit >> 16) & 0xf} << 48) | (attributes << 52) | (u64{base >> 24} << 56);
    set_descriptor(entry, empty ? 0 : descriptor);
    // As in Linux, a segment register that names it has it at once.
    for (int id : {UC_X86_REG_FS, UC_X86_REG_GS})
        if (raw_get(id) == (entry << 3 | 3)) raw_set(id, raw_get(id));
    return true;
}

std::optional<Cpu::Segment> X86Cpu::segment(unsigned entry) const {
    if (entry < first_thread_entry || entry > last_thread_entry) return std::nullopt;
    u64 descriptor;
    std::memcpy(&descriptor, private_page() + table_offset + entry * 8, sizeof descriptor);
    u64 access = descriptor >> 40 & 0xff, attributes = descriptor >> 52 & 0xf;
    u64 flags = (access & 0x0c) >> 1 | (access & 2 ? 0 : 8) | (access & 0x80 ? 0 : 0x20) | (attributes & 8) << 1 |
                (attributes & 4) >> 2 | (attributes & 1) << 6;
    return Segment{.base = static_cast<u32>((descriptor >> 16 & 0xffffff) | (descriptor >> 56 << 24)),
                   .limit = static_cast<u32>((descriptor & 0xffff) | (descriptor >> 48 & 0xf) << 16),
                   .flags = static_cast<u32>(flags)};
}

/// Each thread has its own three descriptors (kernel: load_TLS).
UnicornCpu::ThreadWords X86Cpu::thread_words() const {
    ThreadWords words;
    static_assert(std::tuple_size_v<ThreadWords> == last_thread_entry - first_thread_entry + 1);
    std::memcpy(words.data(), private_page() + table_offset + first_thread_entry * 8, sizeof words);
    return words;
}

void X86Cpu::set_thread_words(const ThreadWords& words) {
    std::memcpy(private_page() + table_offset + first_thread_entry * 8, words.data(), sizeof words);
}

u64 X86Cpu::get_special(RegisterIndex index) const {
    if (index == flags_) return raw_get(flags_id()) | always_set_flags;
    if (index == fptag_) return used_tags();
    return raw_get(register_name(index) == "cs" ? UC_X86_REG_CS : UC_X86_REG_SS);
}

/// Code and stack segment are what they are: a process of ours has one of each, and a
/// hostile signal frame must not choose another privilege level.
void X86Cpu::set_special(RegisterIndex index, u64 value) {
    if (index == flags_) raw_set(flags_id(), (value & user_flags) | always_set_flags);
    if (index == fptag_) set_used_tags(value);
}

// The tag word as fxsave has it: one bit per physical register, set = in use.
u64 X86Cpu::used_tags() const {
    u64 full = raw_get(UC_X86_REG_FPTAG) & 0xffff;
    u64 used = 0;
    for (unsigned i = 0; i < 8; ++i) used |= u64{((full >> (2 * i)) & 3) != 3} << i;
    return used;
}

void X86Cpu::set_used_tags(u64 used) {
    u64 full = 0;
    for (unsigned i = 0; i < 8; ++i) full |= (used >> i & 1 ? 0u : 3u) << (2 * i);
    raw_set(UC_X86_REG_FPTAG, full);
}

Result<std::unique_ptr<Cpu>> create_x86(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler) {
    auto cpu = std::make_unique<X86Cpu>(abi, memory, handler);
    POSTERN_TRY(cpu->start());
    return cpu;
}

}  // namespace postern::unicorn
