// arm, the little-endian 32-bit EABI, as an arm64 kernel presents it to its 32-bit programs.
//
// Odd here:
//  * Two instruction sets: a system call is 4 bytes (svc 0, ARM) or 2 (Thumb), and bit 0 of an
//    entry point chooses. The number is in r7, and there is a seventh argument register, r6.
//  * 64-bit arguments take an even-numbered register and the next one; a register is skipped
//    to get there. Calls where that would need too many registers have their own argument
//    order: arm_fadvise64_64, arm_sync_file_range.
//  * Kernel-provided code at a fixed address: the "kuser" helpers in the [vectors] page
//    (compare-and-exchange, barrier, get_tls), and signal trampolines in [sigpage].
//  * Private calls from 0x0f0000 on: cacheflush, set_tls, get_tls, breakpoint.
//  * O_DIRECTORY, O_NOFOLLOW, O_DIRECT and O_LARGEFILE have numbers of their own.
//  * The thread pointer is the user read-only thread register (cp15 c13,c0,3).
//  * A program without PT_GNU_STACK gets every readable mapping executable.
//  * The compat view differs from a native kernel's: 4 GiB of address space instead of 3,
//    the stack ends at the vectors page, PIE programs at two thirds of the address space.
//
// Read in Linux 6.1: arch/arm/kernel/entry-common.S and traps.c (private calls),
// arch/arm/tools/syscall.tbl, arch/arm64/kernel/{sys32,sys_compat,signal32,vdso,kuser32}.*,
// arch/arm64/include/asm/{elf,processor,memory}.h, arch/arm/include/uapi/asm/fcntl.h.

#include "abi/define.hpp"

#define ABI_SYSCALLS "abi/syscalls/arm.tbl"
#define ABI_LAYOUTS "abi/layouts/arm.def"
#define ABI_NUMBERS "abi/numbers/arm.def"
#define ABI_EXPORTS "abi/vdso/arm.def"
#include "abi/tables.inc"

namespace postern {
namespace {

constexpr Register registers[] = {
    {"r0", 4}, {"r1", 4}, {"r2", 4}, {"r3", 4}, {"r4", 4}, {"r5", 4}, {"r6", 4}, {"r7", 4},
    {"r8", 4}, {"r9", 4}, {"r10", 4}, {"r11", 4}, {"r12", 4}, {"sp", 4}, {"lr", 4}, {"pc", 4},
    {"cpsr", 4}, {"tpidruro", 4},
    {"d0", 8}, {"d1", 8}, {"d2", 8}, {"d3", 8}, {"d4", 8}, {"d5", 8}, {"d6", 8}, {"d7", 8},
    {"d8", 8}, {"d9", 8}, {"d10", 8}, {"d11", 8}, {"d12", 8}, {"d13", 8}, {"d14", 8}, {"d15", 8},
    {"d16", 8}, {"d17", 8}, {"d18", 8}, {"d19", 8}, {"d20", 8}, {"d21", 8}, {"d22", 8}, {"d23", 8},
    {"d24", 8}, {"d25", 8}, {"d26", 8}, {"d27", 8}, {"d28", 8}, {"d29", 8}, {"d30", 8}, {"d31", 8},
    {"fpscr", 4},
};
consteval RegisterIndex reg(std::string_view name) { return define::index_of(registers, name); }

constexpr RegisterIndex syscall_arguments[] = {reg("r0"), reg("r1"), reg("r2"), reg("r3"),
                                               reg("r4"), reg("r5"), reg("r6")};
constexpr RegisterIndex call_arguments[] = {reg("r0"), reg("r1"), reg("r2"), reg("r3")};
constexpr AuxHead auxv_head[] = {aux_vdso};

constexpr HelperEntry kuser_entries[] = {
    {0xf60, "__kuser_cmpxchg64"}, {0xfa0, "__kuser_memory_barrier"},       {0xfc0, "__kuser_cmpxchg"},
    {0xfe0, "__kuser_get_tls"},   {0xffc, "__kuser_helper_version", true},
};
constexpr HelperPage helper_pages[] = {
    {.name = "[vectors]", .image = "arm-kuser.bin", .address = 0xffff'0000, .entries = kuser_entries},
    {.name = "[sigpage]", .image = "arm-sigpage.bin", .address = {}},
};

/// AT_HWCAP and AT_HWCAP2 bits that the engine's CPU executes: ARMv8 in AArch32 state. An arm64
/// kernel has no bit for 32 double registers (VFPD32), which all its processors have, nor for SWP,
/// which it can only emulate.
enum : u64 {
    half = 1 << 1, thumb = 1 << 2, fast_mult = 1 << 4, vfp = 1 << 6, edsp = 1 << 7, neon = 1 << 12,
    vfpv3 = 1 << 13, tls = 1 << 15, vfpv4 = 1 << 16, idiva = 1 << 17, idivt = 1 << 18, lpae = 1 << 20,
};
enum : u64 { aes = 1 << 0, pmull = 1 << 1, sha1 = 1 << 2, sha2 = 1 << 3, crc32 = 1 << 4 };

}  // namespace

constinit const Abi arm_abi{
    .name = "arm",
    .title = "ARM (32-bit EABI)",
    .machine = Machine::arm,
    .word_size = 4,
    .byte_order = ByteOrder::little,
    .elf = {.machine = 40, .elf_class = 1, .flags_mask = 0xff00'0000, .flags_value = 0x0500'0000},

    .registers = registers,
    .program_counter = reg("pc"),
    .stack_pointer = reg("sp"),
    .entry_pointer = {},

    .syscall = {.number = reg("r7"),
                .arguments = syscall_arguments,
                .result = reg("r0"),
                .trap_length = 4,
                .trap_length_thumb = 2,
                .align_pairs = true,
                .restart_number = 0},
    .syscall_numbers = syscall_numbers,
    .clone_order = CloneOrder::flags_stack_parent_tls_child,
    .thread_pointer = {.kind = ThreadPointerKind::register_value, .low = reg("tpidruro"), .high = {}},

    .layout = {.page_size = 4096,
               .task_size = 0xffff'f000,
               .stack_top = 0xffff'0000,
               .pie_base = 0xaaaa'a000},
    .start = {.auxv_head = auxv_head,
              .hwcap = half | thumb | fast_mult | vfp | edsp | neon | vfpv3 | tls | vfpv4 | idiva | idivt | lpae,
              .hwcap2 = aes | pmull | sha1 | sha2 | crc32,
              .platform = "v8l",
              .uname_machine = "armv8l",
              .missing_gnu_stack_means_exec = true},
    .vdso = {.soname = vdso_soname,
             .image = "arm.so",
             .exports = vdso_exports,
             .default_clock_mode = ClockMode::trap,
             .counter_instruction = true,
             .helper_pages = helper_pages,
             .call_arguments = call_arguments,
             .call_result = reg("r0"),
             .return_address = reg("lr")},
    .numbers = numbers,
    .layouts = struct_layouts,
    .signals = &arm_signals,
};

}  // namespace postern
