// i386, the 32-bit x86 ABI, as a 64-bit kernel presents it to its 32-bit programs.
//
// Odd here:
//  * Two ways into the kernel: `int 0x80` (so the vDSO's __kernel_vsyscall, whose address is
//    AT_SYSINFO) and `sysenter`, which returns to the vDSO. 32-bit `syscall` is AMD's; the CPU
//    here is Intel's. The vDSO's function arguments are on the stack, system calls use six
//    registers, ebp being the sixth.
//  * Everything exists several times: three stat families (oldstat, stat, stat64), calls with
//    16-bit ids under the plain names and 32-bit ids under *32, 32-bit time under the plain
//    names and 64-bit time under *_time64, a struct-pointer mmap and select beside mmap2 and
//    _newselect, and the socketcall and ipc multiplexers.
//  * 64-bit arguments take two registers, low word first, in any position.
//  * 64-bit members of structs are 4-aligned: stat64 is 96 bytes and ends with st_ino,
//    flock64 is 24, epoll_event 12.
//  * The thread pointer is a segment: gs, with a descriptor set by set_thread_area or clone.
//  * A program without PT_GNU_STACK gets every readable mapping executable.
//  * The compat view differs from a native 32-bit kernel's: selectors 0x23 / 0x2b, 4 GiB - 8 KiB
//    of address space, PIE base TASK_UNMAPPED_BASE + 16 MiB, AT_PLATFORM always "i686".
//
// Read in Linux 6.1: arch/x86/entry/entry_64_compat.S, entry/syscalls/syscall_32.tbl,
// kernel/sys_ia32.c, include/asm/elf.h (auxv, compat bases), include/asm/page_64_types.h,
// kernel/tls.c (segments).

#include "abi/define.hpp"

#define ABI_SYSCALLS "abi/syscalls/i386.tbl"
#define ABI_LAYOUTS "abi/layouts/i386.def"
#define ABI_NUMBERS "abi/numbers/i386.def"
#define ABI_EXPORTS "abi/vdso/i386.def"
#include "abi/tables.inc"

namespace postern {
namespace {

constexpr Register registers[] = {
    {"eax", 4}, {"ebx", 4}, {"ecx", 4}, {"edx", 4}, {"esi", 4}, {"edi", 4}, {"ebp", 4}, {"esp", 4},
    {"eip", 4}, {"eflags", 4},
    {"cs", 2}, {"ss", 2}, {"ds", 2}, {"es", 2}, {"fs", 2}, {"gs", 2},
    {"fpcw", 2}, {"fpsw", 2}, {"fptag", 2}, {"mxcsr", 4},
    {"st0", 10}, {"st1", 10}, {"st2", 10}, {"st3", 10}, {"st4", 10}, {"st5", 10}, {"st6", 10}, {"st7", 10},
    {"xmm0", 16}, {"xmm1", 16}, {"xmm2", 16}, {"xmm3", 16}, {"xmm4", 16}, {"xmm5", 16}, {"xmm6", 16},
    {"xmm7", 16},
};

/// AT_HWCAP2, as in 64-bit programs of the same kernel.
constexpr u64 fsgsbase = 1 << 1;

consteval RegisterIndex reg(std::string_view name) { return define::index_of(registers, name); }

constexpr RegisterIndex syscall_arguments[] = {reg("ebx"), reg("ecx"), reg("edx"), reg("esi"), reg("edi"), reg("ebp")};
constexpr AuxHead auxv_head[] = {{.type = 32 /* AT_SYSINFO */, .kind = AuxHead::Value::vsyscall}, aux_vdso, {.type = 51 /* AT_MINSIGSTKSZ */, .constant = 1440}};

}  // namespace

constinit const Abi i386_abi{
    .name = "i386",
    .title = "i386 (32-bit x86)",
    .machine = Machine::i386,
    .word_size = 4,
    .byte_order = ByteOrder::little,
    .elf = {.machine = 3, .elf_class = 1, .alternative_machine = 6},

    .registers = registers,
    .program_counter = reg("eip"),
    .stack_pointer = reg("esp"),
    .entry_pointer = {},

    .syscall = {.number = reg("eax"),
                .arguments = syscall_arguments,
                .result = reg("eax"),
                .trap_length = 2,
                .restart_number = 0},
    .syscall_numbers = syscall_numbers,
    .clone_order = CloneOrder::flags_stack_parent_tls_child,
    .thread_pointer = {.kind = ThreadPointerKind::segment_descriptor, .low = reg("gs"), .high = {}},

    .layout = {.page_size = 4096,
               .task_size = 0xffff'e000,
               .stack_top = 0xffff'e000,
               .pie_base = 0x5655'5000},
    .start = {.auxv_head = auxv_head,
              .hwcap = 0x078b'fbfd,
              .hwcap2 = fsgsbase,
              .platform = "i686",
              .uname_machine = "i686",
              .missing_gnu_stack_means_exec = true},
    .vdso = {.soname = vdso_soname,
             .image = "i386.so",
             .exports = vdso_exports,
             .default_clock_mode = ClockMode::counter,
             .counter_instruction = true,
             .helper_pages = {},
             .call_arguments = {},
             .stack_argument_offset = 4,
             .call_result = reg("eax"),
             .return_address = {}},
    .numbers = numbers,
    .layouts = struct_layouts,
    .signals = &i386_signals,
};

}  // namespace postern
