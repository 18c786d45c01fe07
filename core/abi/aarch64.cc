// aarch64, the 64-bit ABI of ARMv8 and later, little-endian.
//
// Odd here:
//  * A young port with the generic system-call table: no open, stat, fork, pipe, poll, select;
//    only the *at, *2, p* forms. fstat and newfstatat use the generic 128-byte struct stat.
//  * O_DIRECTORY, O_NOFOLLOW, O_DIRECT and O_LARGEFILE are numbered as on arm.
//  * tpidr_el0 is the thread pointer and can be written by user code; no call sets it but clone.
//  * AT_MINSIGSTKSZ is a run-time value of the CPU: 4720 without SVE (a frame of 4688 bytes,
//    frame record and alignment).
//  * Linux lets user code read ID registers (HWCAP_CPUID) by emulating the trapped `mrs`; here
//    the bit is clear, and such an instruction is illegal.
//  * Page size is 4 KiB here; programs must cope with 16 and 64 KiB too, so they are linked
//    with 64 KiB alignment.
//
// Read in Linux 6.1: include/uapi/asm-generic/unistd.h, arch/arm64/include/asm/elf.h (auxv,
// PIE base), include/asm/processor.h (TASK_SIZE), kernel/signal.c (minsigstksz_setup),
// kernel/cpufeature.c (hwcaps), include/uapi/asm/fcntl.h.

#include "abi/define.hpp"

#define ABI_SYSCALLS "abi/syscalls/aarch64.tbl"
#define ABI_LAYOUTS "abi/layouts/aarch64.def"
#define ABI_NUMBERS "abi/numbers/aarch64.def"
#define ABI_EXPORTS "abi/vdso/aarch64.def"
#include "abi/tables.inc"

namespace postern {
namespace {

constexpr Register registers[] = {
    {"x0", 8}, {"x1", 8}, {"x2", 8}, {"x3", 8}, {"x4", 8}, {"x5", 8}, {"x6", 8}, {"x7", 8},
    {"x8", 8}, {"x9", 8}, {"x10", 8}, {"x11", 8}, {"x12", 8}, {"x13", 8}, {"x14", 8}, {"x15", 8},
    {"x16", 8}, {"x17", 8}, {"x18", 8}, {"x19", 8}, {"x20", 8}, {"x21", 8}, {"x22", 8}, {"x23", 8},
    {"x24", 8}, {"x25", 8}, {"x26", 8}, {"x27", 8}, {"x28", 8}, {"x29", 8}, {"x30", 8},
    {"sp", 8}, {"pc", 8}, {"pstate", 8}, {"tpidr_el0", 8},
    {"v0", 16}, {"v1", 16}, {"v2", 16}, {"v3", 16}, {"v4", 16}, {"v5", 16}, {"v6", 16}, {"v7", 16},
    {"v8", 16}, {"v9", 16}, {"v10", 16}, {"v11", 16}, {"v12", 16}, {"v13", 16}, {"v14", 16}, {"v15", 16},
    {"v16", 16}, {"v17", 16}, {"v18", 16}, {"v19", 16}, {"v20", 16}, {"v21", 16}, {"v22", 16}, {"v23", 16},
    {"v24", 16}, {"v25", 16}, {"v26", 16}, {"v27", 16}, {"v28", 16}, {"v29", 16}, {"v30", 16}, {"v31", 16},
    {"fpsr", 4}, {"fpcr", 4},
};
consteval RegisterIndex reg(std::string_view name) { return define::index_of(registers, name); }

constexpr RegisterIndex arguments[] = {reg("x0"), reg("x1"), reg("x2"), reg("x3"), reg("x4"), reg("x5")};
constexpr AuxHead auxv_head[] = {aux_vdso, {.type = 51 /* AT_MINSIGSTKSZ */, .constant = 4720}};

/// AT_HWCAP and AT_HWCAP2 bits of what the engine's most capable CPU model executes: each was
/// tried at EL0. Not there: CPUID (`mrs` of ID registers traps and nobody emulates it), SVE
/// (execution is not enabled), pointer authentication (keys are not set up), DIT, SSBS, I8MM,
/// BF16.
enum : u64 {
    fp = 1 << 0, asimd = 1 << 1, aes = 1 << 3, pmull = 1 << 4, sha1 = 1 << 5, sha2 = 1 << 6, crc32 = 1 << 7,
    atomics = 1 << 8, fphp = 1 << 9, asimdhp = 1 << 10, asimdrdm = 1 << 12, jscvt = 1 << 13,
    fcma = 1 << 14, lrcpc = 1 << 15, dcpop = 1 << 16, sha3 = 1 << 17, sm3 = 1 << 18, sm4 = 1 << 19,
    asimddp = 1 << 20, sha512 = 1 << 21, asimdfhm = 1 << 23, ilrcpc = 1 << 26, flagm = 1 << 27, sb = 1 << 29,
};
enum : u64 { dcpodp = 1 << 0, flagm2 = 1 << 7, frint = 1 << 8, rng = 1 << 16 };

}  // namespace

constinit const Abi aarch64_abi{
    .name = "aarch64",
    .title = "AArch64 (ARM 64-bit)",
    .machine = Machine::aarch64,
    .word_size = 8,
    .byte_order = ByteOrder::little,
    .elf = {.machine = 183, .elf_class = 2},

    .registers = registers,
    .program_counter = reg("pc"),
    .stack_pointer = reg("sp"),
    .entry_pointer = {},

    .syscall = {.number = reg("x8"),
                .arguments = arguments,
                .result = reg("x0"),
                .trap_length = 4,
                .restart_number = 128},
    .syscall_numbers = syscall_numbers,
    .clone_order = CloneOrder::flags_stack_parent_tls_child,
    .thread_pointer = {.kind = ThreadPointerKind::register_value, .low = reg("tpidr_el0"), .high = {}},

    .layout = {.page_size = 4096,
               .task_size = u64{1} << 48,
               .stack_top = u64{1} << 48,
               .pie_base = 0xaaaa'aaaa'a000},
    .start = {.auxv_head = auxv_head,
              .hwcap = fp | asimd | aes | pmull | sha1 | sha2 | crc32 | atomics | fphp | asimdhp | asimdrdm |
                       jscvt | fcma | lrcpc | dcpop | sha3 | sm3 | sm4 | asimddp | sha512 | asimdfhm | ilrcpc |
                       flagm | sb,
              .hwcap2 = dcpodp | flagm2 | frint | rng,
              .platform = "aarch64",
              .uname_machine = "aarch64",
              .missing_gnu_stack_means_exec = false},
    .vdso = {.soname = vdso_soname,
             .image = "aarch64.so",
             .exports = vdso_exports,
             .default_clock_mode = ClockMode::trap,
             .counter_instruction = true,
             .helper_pages = {},
             .call_arguments = arguments,
             .call_result = reg("x0"),
             .return_address = reg("x30")},
    .numbers = numbers,
    .layouts = struct_layouts,
    .signals = &aarch64_signals,
};

}  // namespace postern
