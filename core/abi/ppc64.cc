// ppc64, the first ABI (ELFv1) of 64-bit big-endian PowerPC.
//
// Odd here:
//  * Code addresses of C are addresses of descriptors: {code, data pointer (r2), environment}.
//    e_entry is one, and so are signal handlers.
//  * An error is bit SO of condition register field 0 (cr, bit 0x10000000), and a positive errno.
//  * The number register is r0, the thread pointer r13; arguments start in r3, which is also the
//    result.
//  * The auxiliary vector starts with two entries that mean nothing (AT_IGNOREPPC), then cache
//    block sizes and geometries of the caches.
//  * Signal handlers are called by the vDSO.
//  * The kernel has pages of 4 KiB here, so addresses end at 64 TiB.
//
// Read in Linux 6.1: arch/powerpc/include/asm/{elf,processor,task_size_64}.h, kernel/{process,
// cputable,setup-common,signal_64}.c, kernel/syscalls/syscall.tbl.

#include "abi/define.hpp"

#define ABI_SYSCALLS "abi/syscalls/ppc64.tbl"
#define ABI_LAYOUTS "abi/layouts/ppc64.def"
#define ABI_NUMBERS "abi/numbers/ppc64.def"
#define ABI_EXPORTS "abi/vdso/ppc64.def"
#include "abi/tables.inc"
#include "abi/ppc.hpp"

namespace postern {
namespace {

constexpr Register registers[] = {
    POSTERN_PPC_REGISTERS(8),
    // The halves of vs0 ... vs31 beside the floating-point registers.
    POSTERN_PPC_THIRTY_TWO("vsl", 8),
};
consteval RegisterIndex reg(std::string_view name) { return define::index_of(registers, name); }

constexpr RegisterIndex syscall_arguments[] = {reg("r3"), reg("r4"), reg("r5"), reg("r6"), reg("r7"), reg("r8")};
// POWER9's caches: sizes, and lines (low half) with ways (high half): 32 KiB 8-way twice, 512 KiB
// 8-way, 10 MiB 20-way.
constexpr AuxHead auxv_head[] = {
    {ppc::ignore, AuxHead::Value::constant, ppc::ignore}, {ppc::ignore, AuxHead::Value::constant, ppc::ignore},
    {ppc::data_block, AuxHead::Value::constant, 128}, {ppc::instruction_block, AuxHead::Value::constant, 128},
    {ppc::unified_block, AuxHead::Value::constant, 0},
    aux_vdso,
    {40, AuxHead::Value::constant, 32 << 10}, {41, AuxHead::Value::constant, 8 << 16 | 128},
    {42, AuxHead::Value::constant, 32 << 10}, {43, AuxHead::Value::constant, 8 << 16 | 128},
    {44, AuxHead::Value::constant, 512 << 10}, {45, AuxHead::Value::constant, 8 << 16 | 128},
    {46, AuxHead::Value::constant, 10 << 20}, {47, AuxHead::Value::constant, 20 << 16 | 128},
    {ppc::minimum_stack, AuxHead::Value::constant, 4096 + 128},
};

}  // namespace

constinit const Abi ppc64_abi{
    .name = "ppc64",
    .title = "ppc64 (PowerPC, 64-bit big-endian, ELFv1)",
    .machine = Machine::ppc64,
    .word_size = 8,
    .byte_order = ByteOrder::big,
    .elf = {.machine = 21, .elf_class = 2, .flags_mask = 2, .flags_value = 0},

    .registers = registers,
    .program_counter = reg("pc"),
    .stack_pointer = reg("r1"),
    .entry_pointer = {},
    .function_descriptors = FunctionDescriptors{.data = reg("r2")},

    .syscall = {.number = reg("r0"),
                .arguments = syscall_arguments,
                .result = reg("r3"),
                .error_flag = ErrorFlag{reg("cr"), ppc::summary_overflow, ppc::summary_overflow},
                .trap_length = 4,
                .restart_number = 0},
    .syscall_numbers = syscall_numbers,
    .clone_order = CloneOrder::flags_stack_parent_tls_child,
    .thread_pointer = {.kind = ThreadPointerKind::register_value, .low = reg("r13"), .high = {}},

    .layout = {.page_size = 4096,
               .task_size = 0x4000'0000'0000,
               .stack_top = 0x4000'0000'0000,
               .pie_base = 0x1'0000'0000},
    .start = {.auxv_head = auxv_head,
              .hwcap = ppc::hwcap_64,
              .hwcap2 = ppc::hwcap2_64,
              .platform = "power9",
              .base_platform = "power9",
              .uname_machine = "ppc64",
              .missing_gnu_stack_means_exec = false},
    .vdso = {.soname = vdso_soname,
             .image = "ppc64.so",
             .exports = vdso_exports,
             .default_clock_mode = ClockMode::trap,
             .helper_pages = {},
             .call_arguments = syscall_arguments,
             .call_result = reg("r3"),
             .return_address = reg("lr"),
             .timebase_frequency = 512'000'000},
    .numbers = numbers,
    .layouts = struct_layouts,
    .signals = &ppc64_signals,
};

}  // namespace postern
