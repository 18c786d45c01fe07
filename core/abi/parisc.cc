// parisc, the 32-bit ABI of PA-RISC (HP-PA 1.1), big-endian, as a 32-bit kernel serves it.
//
// Odd here:
//  * The stack grows to higher addresses, and so do its strings and tables: the stack pointer of a program's
//    start is above them, argc and argv are in registers. Frames of signals lie above the stack pointer.
//  * A system call is a branch to the gateway page: `ble 0x100(%sr2,%r0)`, number in r20, mostly set in
//    the instruction behind it. Arguments are in r26 downwards, the result in r28. The kernel returns to r31;
//    so here: behind the reserved trap of the page (vdso-images/helpers/parisc) the program counter is r31's,
//    and a call is repeated from 8 bytes before it, the branch.
//  * The gateway page is at address 0 of space 0, which only branches by sr2 reach; loads and jumps to address
//    0 are of the program's own space, and faults. Engines have one flat address space: there the page is at
//    `gateway_page`, above everything a program can map, and what is 0x100(%sr2,%r0) in code is 0x100 on that page.
//    Its code raises its privilege, and its light-weight calls are atomic since they start over.
//  * The program counter is two registers: iaoq0, and iaoq1, the next, which is not the one behind it in the
//    delay slot of a branch. Setting iaoq0 sets iaoq1 to the one behind it, and clears the nullification
//    in psw; setting iaoq1 or psw afterwards changes that. Both are without the privilege level that is in the
//    low two bits of code addresses; signal frames show it.
//  * A pointer to a function, bit 1 of which is set, is the address of a descriptor (plabel).
//  * 64-bit arguments take two registers, high word first, in any position.
//  * Numbers of their own for errors, signals, flags, requests, socket options. Directions of encoded requests
//    are the other way round.
//  * The thread pointer is control register 27, which programs read, and set by the gateway page.
//
// Read in Linux 6.1: arch/parisc/kernel/{syscall.S,sys_parisc.c,process.c,traps.c}, syscalls/syscall.tbl,
// include/asm/{elf,processor}.h, fs/binfmt_elf.c and fs/exec.c (CONFIG_STACK_GROWSUP).

#include "abi/define.hpp"
#include "abi/parisc.hpp"

#define ABI_SYSCALLS "abi/syscalls/parisc.tbl"
#define ABI_LAYOUTS "abi/layouts/parisc.def"
#define ABI_NUMBERS "abi/numbers/parisc.def"
#define ABI_EXPORTS "abi/vdso/parisc.def"
#include "abi/tables.inc"

namespace postern {
namespace {

constexpr Register registers[] = {
    {"psw", 4}, {"r1", 4}, {"r2", 4}, {"r3", 4}, {"r4", 4}, {"r5", 4}, {"r6", 4}, {"r7", 4},
    {"r8", 4}, {"r9", 4}, {"r10", 4}, {"r11", 4}, {"r12", 4}, {"r13", 4}, {"r14", 4}, {"r15", 4},
    {"r16", 4}, {"r17", 4}, {"r18", 4}, {"r19", 4}, {"r20", 4}, {"r21", 4}, {"r22", 4}, {"r23", 4},
    {"r24", 4}, {"r25", 4}, {"r26", 4}, {"r27", 4}, {"r28", 4}, {"r29", 4}, {"r30", 4}, {"r31", 4},
    {"iaoq0", 4}, {"iaoq1", 4}, {"sar", 4}, {"cr27", 4},
    {"fr0", 8}, {"fr1", 8}, {"fr2", 8}, {"fr3", 8}, {"fr4", 8}, {"fr5", 8}, {"fr6", 8}, {"fr7", 8},
    {"fr8", 8}, {"fr9", 8}, {"fr10", 8}, {"fr11", 8}, {"fr12", 8}, {"fr13", 8}, {"fr14", 8}, {"fr15", 8},
    {"fr16", 8}, {"fr17", 8}, {"fr18", 8}, {"fr19", 8}, {"fr20", 8}, {"fr21", 8}, {"fr22", 8}, {"fr23", 8},
    {"fr24", 8}, {"fr25", 8}, {"fr26", 8}, {"fr27", 8}, {"fr28", 8}, {"fr29", 8}, {"fr30", 8}, {"fr31", 8},
};
consteval RegisterIndex reg(std::string_view name) { return define::index_of(registers, name); }

constexpr RegisterIndex syscall_arguments[] = {reg("r26"), reg("r25"), reg("r24"), reg("r23"), reg("r22"), reg("r21")};
constexpr RegisterIndex call_arguments[] = {reg("r26"), reg("r25"), reg("r24"), reg("r23")};
constexpr AuxHead auxv_head[] = {aux_vdso};
constexpr StartRegister start_registers[] = {
    {.index = reg("r25"), .kind = StartRegister::Value::argument_count},
    {.index = reg("r24"), .kind = StartRegister::Value::arguments},
    {.index = reg("r31"), .kind = StartRegister::Value::entry},
};

constexpr HelperEntry gateway_entries[] = {{0xb0, "lws_entry"}, {0xe0, "set_thread_pointer"}, {0x100, "linux_gateway_entry"}};
constexpr HelperPage helper_pages[] = {
    {.name = "[gateway]", .image = "parisc-gateway.bin", .address = parisc::gateway_page, .entries = gateway_entries},
};

}  // namespace

constinit const Abi parisc_abi{
    .name = "parisc",
    .title = "PA-RISC (32-bit, PA 1.1)",
    .machine = Machine::parisc,
    .word_size = 4,
    .byte_order = ByteOrder::big,
    .elf = {.machine = 15, .elf_class = 1, .flags_mask = 0x8'0000 /* wide */, .flags_value = 0},

    .registers = registers,
    .program_counter = reg("iaoq0"),
    .stack_pointer = reg("r30"),
    .entry_pointer = {},
    .function_descriptors = FunctionDescriptors{.data = reg("r19"), .mark = 2},

    .syscall = {.number = reg("r20"),
                .arguments = syscall_arguments,
                .result = reg("r28"),
                .trap_length = 8,
                .restart_number = 0},
    .syscall_numbers = syscall_numbers,
    .clone_order = CloneOrder::flags_stack_parent_tls_child,
    .thread_pointer = {.kind = ThreadPointerKind::register_value, .low = reg("cr27"), .high = {}},

    .layout = {.page_size = 4096,
               .task_size = 0xfff0'0000,
               .stack_top = 0xfff0'0000,
               .pie_base = 0x4100'0000,
               .code_address_tags = 3,
               .upward_stack = UpwardStack{.unlimited_size = 100u << 20, .largest_size = 1u << 30,
                                           .pointer_alignment = 64}},
    .start = {.auxv_head = auxv_head,
              .hwcap = 0,
              .hwcap2 = {},
              .platform = "PARISC",
              .uname_machine = "parisc",
              .missing_gnu_stack_means_exec = true,
              .registers = start_registers},
    .vdso = {.soname = vdso_soname,
             .image = "parisc.so",
             .exports = vdso_exports,
             .default_clock_mode = ClockMode::trap,
             .helper_pages = helper_pages,
             .call_arguments = call_arguments,
             .call_result = reg("r28"),
             .return_address = reg("r2")},
    .numbers = numbers,
    .ioctl = {.write = 2, .read = 1},
    .ignored_creation_flags = 4,
    .layouts = struct_layouts,
    .signals = &parisc_signals,
};

}  // namespace postern
