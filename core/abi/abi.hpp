// One guest ABI as data. Every per-ABI fact of the kernel interface lives in an `Abi`;
// shared code asks it for a capability and never compares it with a particular ABI.
// Absence is an empty span or an empty optional.
#pragma once

#include "base/endian.hpp"
#include "base/types.hpp"

#include <array>
#include <optional>
#include <span>
#include <string_view>

namespace postern {

/// The instruction set and mode an engine has to provide. Several ABIs may share one.
enum class Machine : u8 { x86_64, i386, aarch64, arm, mips32, mips64, ppc32, ppc64, riscv32, riscv64, s390x, sh4, parisc };

/// Index into `Abi::registers`.
using RegisterIndex = u8;

/// A register as the kernel interface names it. `width` in bytes: 1 to 8, or 10 and 16 for
/// floating-point and vector registers.
struct Register {
    std::string_view name;
    u8 width;
};

/// What decides from the ELF header that a file belongs to the ABI.
struct ElfIdentity {
    u16 machine;
    u8 elf_class;             ///< 1 = ELFCLASS32, 2 = ELFCLASS64
    u32 flags_mask = 0;       ///< e_flags & flags_mask == flags_value
    u32 flags_value = 0;
    u16 alternative_machine = 0;  ///< a second, historic e_machine; 0 = none
};

/// System call arguments on the stack, one word each (mips o32: the fifth to the eighth).
struct StackArguments {
    u8 offset;   ///< of the first, in bytes above the stack pointer
    u8 count;
};

/// How a system call says that it failed where the result register does not: bits of a register
/// that are set on failure and clear on success. The result is then errno itself, positive.
struct ErrorFlag {
    RegisterIndex index;
    u64 set;              ///< the bits on failure
    u64 mask;             ///< bits that belong to the flag
};

/// How a system call carries its arguments and result.
struct SyscallConvention {
    RegisterIndex number;
    std::span<const RegisterIndex> arguments;   ///< registers, in order
    std::optional<StackArguments> stack_arguments = {};   ///< those that the registers do not hold
    RegisterIndex result;
    std::optional<ErrorFlag> error_flag = {};   ///< absent: an error is a negative result
    /// Takes the second descriptor of pipe(2); absent: both go to memory.
    std::optional<RegisterIndex> second_result = {};
    u8 trap_length;              ///< bytes to step back for a restart, ARM state
    u8 trap_length_thumb = 0;    ///< the same in Thumb state; 0 = no such state
    /// 64-bit arguments on a 32-bit ABI: each takes two registers, in the order of the bytes
    /// in memory, starting at an even-numbered one if `align_pairs`.
    bool align_pairs = false;
    /// 32-bit words in 64-bit registers: a 64-bit argument or result takes one (x32, mips n32).
    bool wide_registers = false;
    /// Number of restart_syscall, put in the number register to continue a timed call.
    u32 restart_number;
};

/// Argument order of clone(2) after `flags` and `stack` (kernel: CONFIG_CLONE_BACKWARDS*).
enum class CloneOrder : u8 {
    flags_stack_parent_child_tls,   // x86-64
    flags_stack_parent_tls_child,   // CLONE_BACKWARDS: arm, aarch64, i386
    stack_flags_parent_child_tls,   // CLONE_BACKWARDS2: s390
};

/// How the thread pointer is set for CLONE_SETTLS and friends.
enum class ThreadPointerKind : u8 {
    register_value,      ///< `ThreadPointer::low` (and `high`: upper 32 bits) take the value
    segment_descriptor,  ///< i386: the value points to a struct user_desc
};

struct ThreadPointer {
    ThreadPointerKind kind = ThreadPointerKind::register_value;
    RegisterIndex low;
    std::optional<RegisterIndex> high;   ///< s390x: access register pair, this one holds the upper half
};

/// Code addresses that programs hand to the kernel are addresses of descriptors: code address,
/// data pointer, environment, one word each (ppc64 ELFv1: e_entry and signal handlers).
struct FunctionDescriptors {
    RegisterIndex data;   ///< takes the data pointer when the code is entered
    /// Bits that the address of a descriptor has and that of code has not (parisc: handlers may be either,
    /// e_entry is code). 0: all of them are descriptors.
    u64 mark = 0;
};

/// A stack that grows to higher addresses. It begins as far below `AddressSpaceLayout::stack_top` as the hard
/// limit of RLIMIT_STACK lets it grow: strings, then the tables, then the stack pointer.
struct UpwardStack {
    u64 unlimited_size;       ///< bytes, where there is no limit
    u64 largest_size;         ///< bytes, whatever the limit says
    u16 pointer_alignment;    ///< of the initial stack pointer
};

/// Where the kernel puts things (no randomisation). All values in bytes.
struct AddressSpaceLayout {
    u64 page_size;
    u64 task_size;          ///< first address no mapping may reach
    u64 stack_top;
    u64 pie_base;           ///< load bias of ET_DYN programs with an interpreter
    u64 lowest_map = 0x10000;   ///< vm.mmap_min_addr
    /// Bits of a word that the machine does not look at where it takes it for an address.
    u64 ignored_address_bits = 0;
    /// Bits of a code address that are no part of the address (parisc: a privilege level).
    u64 code_address_tags = 0;
    std::optional<UpwardStack> upward_stack = {};   ///< absent: the stack grows down from `stack_top`
};

/// One entry of the auxiliary vector's architecture-specific head.
struct AuxHead {
    enum class Value : u8 {
        constant,
        vsyscall,      ///< address of the vDSO's system call entry (AT_SYSINFO)
        vdso,          ///< address of the vDSO image (AT_SYSINFO_EHDR)
    };
    u32 type;          ///< AT_*
    Value kind = Value::constant;
    u64 constant = 0;
};
inline constexpr AuxHead aux_vdso{.type = 33, .kind = AuxHead::Value::vdso};   // AT_SYSINFO_EHDR

/// A register that a program begins with, besides the program counter and the stack pointer.
struct StartRegister {
    enum class Value : u8 {
        constant,
        argument_count,
        arguments,     ///< address of argv
        entry,         ///< first instruction
    };
    RegisterIndex index;
    Value kind = Value::constant;
    u64 constant = 0;
};

struct ProcessStart {
    std::span<const AuxHead> auxv_head;   ///< in order
    u64 hwcap;                           ///< AT_HWCAP: what the engine executes
    std::optional<u64> hwcap2;           ///< AT_HWCAP2, absent where the port has none
    std::string_view platform;           ///< AT_PLATFORM; empty = no entry
    std::string_view base_platform = {}; ///< AT_BASE_PLATFORM; empty = no entry
    std::string_view uname_machine;
    bool missing_gnu_stack_means_exec;   ///< READ_IMPLIES_EXEC without PT_GNU_STACK
    std::span<const StartRegister> registers = {};
};

/// One function or trampoline exported by the vDSO image (abi/vdso/<abi>.def).
struct VdsoExport {
    std::string_view symbol;
    std::string_view version;
    /// The behaviour behind the name: clock_gettime, clock_gettime64, clock_getres,
    /// clock_getres_time64, gettimeofday, gettimeofday64, time, getcpu, vsyscall, sigreturn, rt_sigreturn,
    /// restart_syscall. Selects how a trace prints the call.
    std::string_view function;
};

/// A function that programs call on a helper page, or a word that they read there.
struct HelperEntry {
    u16 offset;               ///< bytes, from the page's start
    std::string_view name;    ///< the kernel's
    bool is_data = false;
};

/// A function of a helper page that Linux serves by the fault of its first instruction's fetch:
/// where it is, and the system call whose arguments and work it has.
struct ServedFunction {
    u16 offset;               ///< bytes, from the page's start
    std::string_view call;
};

/// A page of kernel-provided code at a fixed address (ARM vectors page ...).
struct HelperPage {
    std::string_view name;        ///< as /proc/self/maps shows it
    std::string_view image;       ///< file below vdso-images/prebuilt, without folder
    std::optional<u64> address;   ///< fixed address; absent = placed next to the vDSO
    std::span<const HelperEntry> entries = {};
    /// Not empty: every fetch from the page faults, and the emulator serves those from here.
    std::span<const ServedFunction> served = {};
};

/// How guest code in the vDSO gets the time counter (see vdso-images/common/time_page.h).
enum class ClockMode : u8 {
    none = 0,      ///< page not usable: every call falls back to the system call
    counter = 1,   ///< the guest's own counter instruction
    trap = 2,      ///< one reserved trap that returns the host counter in a register
    page = 3,      ///< no counter: time stands still between page updates
};

struct VdsoAbi {
    std::string_view soname;
    std::string_view image;       ///< file below vdso-images/prebuilt, without folder
    std::span<const VdsoExport> exports;
    ClockMode default_clock_mode;          ///< what its image is fastest in under our engines
    bool counter_instruction = false;      ///< its image can also read one (ClockMode::counter)
    std::span<const HelperPage> helper_pages;
    /// Argument and result registers of a function call, for traces. Empty = on the stack
    /// (`stack_argument_offset` bytes above sp at entry).
    std::span<const RegisterIndex> call_arguments;
    u8 stack_argument_offset = 0;
    RegisterIndex call_result;
    std::optional<RegisterIndex> return_address;   ///< absent = top of stack
    u64 timebase_frequency = 0;   ///< Hz, for images that tell it (get_tbfreq)
};

/// A system call number, its name, and the behaviour behind it. `handler` is the name of a
/// row in kernel/syscalls; it differs from `name` where one name means different things on
/// different ABIs (`stat` and `newstat`, `mmap` and `old_mmap`).
struct SyscallNumber {
    u32 number;
    std::string_view name;
    std::string_view handler;
};

/// A generic number and the guest's; only pairs that differ are listed.
struct NumberPair {
    i64 generic;
    i64 guest;
};

/// What is numbered: errno values, signals, flags, requests ...
enum class NumberSet : u8 {
#define POSTERN_NUMBER_SET(name) name,
#include "abi/numbers/sets.def"
#undef POSTERN_NUMBER_SET
};

inline constexpr std::size_t number_set_count = 0
#define POSTERN_NUMBER_SET(name) +1
#include "abi/numbers/sets.def"
#undef POSTERN_NUMBER_SET
    ;

/// The numbers of an ABI that are not the generic ones (which are those of x86-64 hosts).
struct NumberTables {
    std::array<std::span<const NumberPair>, number_set_count> sets;

    constexpr std::span<const NumberPair> operator[](NumberSet set) const {
        return sets[static_cast<std::size_t>(set)];
    }
    /// The guest's number for a generic one.
    i64 to_guest(NumberSet set, i64 generic) const;
    /// The generic number; nothing if the guest's number means nothing here.
    std::optional<i64> from_guest(NumberSet set, i64 guest) const;
    /// The same for sets of bits; bits that mean nothing here are dropped.
    u64 bits_to_guest(NumberSet set, u64 generic) const;
    u64 bits_from_guest(NumberSet set, u64 guest) const;
};

/// How ioctl request numbers carry the direction of their argument, above the size and the rest
/// that are the same everywhere (kernel: _IOC_*).
struct IoctlEncoding {
    u8 direction_shift = 30;
    u8 none = 0, write = 1, read = 2;   ///< write: the kernel reads the argument

    bool operator==(const IoctlEncoding&) const = default;
};

/// What riscv_hwprobe(2) answers for one key.
struct HardwareProbe {
    i64 key;
    u64 value;
};

struct StructLayout;   // abi/layouts.hpp
struct SignalAbi;      // abi/signal_abi.hpp

struct Abi {
    std::string_view name;              ///< command-line name, "x86-64"
    std::string_view title;             ///< for tables: "x86-64 (AMD64)"
    Machine machine;
    u8 word_size;                       ///< bytes of a pointer, and of a long but for the next: 4 or 8
    /// Bytes of a long in calls, where it is wider than a pointer (x32: 8); 0 = the word's.
    u8 wide_long_size = 0;
    ByteOrder byte_order;
    ElfIdentity elf;

    std::span<const Register> registers;
    RegisterIndex program_counter;
    RegisterIndex stack_pointer;
    std::optional<RegisterIndex> entry_pointer;   ///< register that receives e_entry as well (ppc64le: r12)
    std::optional<FunctionDescriptors> function_descriptors = {};

    SyscallConvention syscall;
    std::span<const SyscallNumber> syscall_numbers;   ///< ascending
    CloneOrder clone_order;
    ThreadPointer thread_pointer;

    AddressSpaceLayout layout;
    ProcessStart start;
    VdsoAbi vdso;
    NumberTables numbers;
    IoctlEncoding ioctl = {};
    std::span<const HardwareProbe> hardware_probe = {};   ///< riscv: what the engine executes
    /// Bits that flags of pipe2(2), eventfd2(2) and the like may have set for nothing (parisc: of the old O_NONBLOCK).
    u32 ignored_creation_flags = 0;
    /// RLIM_INFINITY of struct rlimit where it is not all ones.
    std::optional<u64> rlimit_infinity = {};
    std::span<const StructLayout> layouts;            ///< indexed by abi::Struct
    const SignalAbi* signals;

    constexpr bool is_64bit() const { return word_size == 8; }
    constexpr u8 long_size() const { return wide_long_size ? wide_long_size : word_size; }
    /// A 64-bit number fits one register, though pointers may not need all of it.
    constexpr bool has_64bit_registers() const { return is_64bit() || syscall.wide_registers; }
    /// Largest address plus one that a register can hold as a pointer: 2^32 or (2^64 - 1).
    constexpr u64 word_mask() const { return word_size == 8 ? ~u64{0} : 0xffffffffu; }
    /// What of a word is an address where it is one.
    constexpr u64 address_mask() const { return word_mask() & ~layout.ignored_address_bits; }
    /// The address of the instruction that a code pointer means: bit 0 selects Thumb where there is
    /// such a state.
    constexpr u64 instruction_address(u64 pointer) const {
        return syscall.trap_length_thumb ? pointer & ~u64{1} : pointer & address_mask() & ~layout.code_address_tags;
    }
    /// Whether a function that began with stack pointer `at_entry` has ended where it is `now`, if it
    /// ended by returning.
    constexpr bool has_left_frame(u64 at_entry, u64 now) const {
        return layout.upward_stack ? now <= at_entry : now >= at_entry;
    }
    constexpr i64 sign_extend_word(u64 value) const {
        return word_size == 8 ? static_cast<i64>(value) : static_cast<i32>(value);
    }
    /// The generic number of an ioctl request: old requests one by one, encoded ones by their
    /// parts. 0, which is none, if it means nothing.
    u32 ioctl_from_guest(u32 guest) const;
    /// Index of the register called `name`; asserts that there is one.
    RegisterIndex register_index(std::string_view name) const;
    /// The same for a register that not every ABI has.
    std::optional<RegisterIndex> find_register(std::string_view name) const;
};

/// Every ABI whose programs Postern runs, in the order tables print them.
std::span<const Abi* const> all_abis();

/// These, and behind them the ABIs of which everything is known but what executes their instructions.
std::span<const Abi* const> known_abis();

/// The known ABI with this command-line name, or null.
const Abi* find_abi(std::string_view name);

/// The ABI of `all_abis` that an ELF header's identification belongs to, or null.
const Abi* identify_abi(u16 e_machine, u8 elf_class, ByteOrder byte_order, u32 e_flags);

}  // namespace postern
