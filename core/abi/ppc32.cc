// ppc32, the 32-bit ABI (SVR4) of big-endian PowerPC, as a kernel for a PowerPC 7448 runs it.
//
// Odd here:
//  * Programs without PT_GNU_STACK may execute whatever they can read.
//  * 64-bit arguments start at an odd register, upper word first.
//  * An error is bit SO of condition register field 0 (cr, bit 0x10000000), and a positive errno.
//  * The number register is r0, the thread pointer r2; arguments start in r3, which is also the
//    result.
//  * The auxiliary vector starts with two entries that mean nothing (AT_IGNOREPPC), then cache
//    block sizes.
//  * The engine runs POWER9 in 32-bit mode, with VSX off: what is announced is less than what works.
//  * VRSAVE and the vector status register share the last slot of a frame's vectors.
//  * Addresses end at 0xb0000000: hashed page tables keep the segment above for modules.
//
// Read in Linux 6.1: arch/powerpc/include/asm/{elf,processor,task_size_32}.h, kernel/{process,
// cputable,setup-common,signal_32}.c, kernel/syscalls/syscall.tbl.

#include "abi/define.hpp"

#define ABI_SYSCALLS "abi/syscalls/ppc32.tbl"
#define ABI_LAYOUTS "abi/layouts/ppc32.def"
#define ABI_NUMBERS "abi/numbers/ppc32.def"
#define ABI_EXPORTS "abi/vdso/ppc32.def"
#include "abi/tables.inc"
#include "abi/ppc.hpp"

namespace postern {
namespace {

constexpr Register registers[] = {
    POSTERN_PPC_REGISTERS(4),
};
consteval RegisterIndex reg(std::string_view name) { return define::index_of(registers, name); }

constexpr RegisterIndex syscall_arguments[] = {reg("r3"), reg("r4"), reg("r5"), reg("r6"), reg("r7"), reg("r8")};
// Cache blocks are the engine's: programs clear whole ones with dcbz, by the size told here. The
// signal frame is the larger of the two kinds, with the frame of a called function in front of it.
constexpr AuxHead auxv_head[] = {
    {ppc::ignore, AuxHead::Value::constant, ppc::ignore}, {ppc::ignore, AuxHead::Value::constant, ppc::ignore},
    {ppc::data_block, AuxHead::Value::constant, 128}, {ppc::instruction_block, AuxHead::Value::constant, 128},
    {ppc::unified_block, AuxHead::Value::constant, 0},
    aux_vdso,
    {ppc::minimum_stack, AuxHead::Value::constant, 1536 + 80},
};

}  // namespace

constinit const Abi ppc32_abi{
    .name = "ppc32",
    .title = "ppc32 (PowerPC, 32-bit big-endian)",
    .machine = Machine::ppc32,
    .word_size = 4,
    .byte_order = ByteOrder::big,
    .elf = {.machine = 20, .elf_class = 1},

    .registers = registers,
    .program_counter = reg("pc"),
    .stack_pointer = reg("r1"),
    .entry_pointer = {},

    .syscall = {.number = reg("r0"),
                .arguments = syscall_arguments,
                .result = reg("r3"),
                .error_flag = ErrorFlag{reg("cr"), ppc::summary_overflow, ppc::summary_overflow},
                .trap_length = 4,
                .align_pairs = true,
                .restart_number = 0},
    .syscall_numbers = syscall_numbers,
    .clone_order = CloneOrder::flags_stack_parent_tls_child,
    .thread_pointer = {.kind = ThreadPointerKind::register_value, .low = reg("r2"), .high = {}},

    .layout = {.page_size = 4096,
               .task_size = 0xb000'0000,
               .stack_top = 0xb000'0000,
               .pie_base = 0x40'0000},
    .start = {.auxv_head = auxv_head,
              .hwcap = ppc::feature_32 | ppc::altivec | ppc::fpu | ppc::mmu,
              .hwcap2 = 0,
              .platform = "ppc7450",
              .base_platform = "ppc7450",
              .uname_machine = "ppc",
              .missing_gnu_stack_means_exec = true},
    .vdso = {.soname = vdso_soname,
             .image = "ppc32.so",
             .exports = vdso_exports,
             .default_clock_mode = ClockMode::trap,
             .helper_pages = {},
             .call_arguments = syscall_arguments,
             .call_result = reg("r3"),
             .return_address = reg("lr"),
             .timebase_frequency = 33'333'333},
    .numbers = numbers,
    .layouts = struct_layouts,
    .signals = &ppc32_signals,
};

}  // namespace postern
