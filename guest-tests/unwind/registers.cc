#include "unwind/registers.hpp"

#include "base/result.hpp"

#include <algorithm>

namespace postern::unwinding {

namespace {

constexpr NumberedRun amd64[] = {{0, "rax"}, {1, "rdx"}, {2, "rcx"}, {3, "rbx"}, {4, "rsi"}, {5, "rdi"},
                                 {6, "rbp"}, {7, "rsp"}, {8, "r8", 8}, {16, "rip"}};
constexpr NumberedRun i386[] = {{0, "eax"}, {1, "ecx"}, {2, "edx"}, {3, "ebx"}, {4, "esp"},
                                {5, "ebp"}, {6, "esi"}, {7, "edi"}, {8, "eip"}};
constexpr NumberedRun aarch64[] = {{0, "x0", 31}, {31, "sp"}};
constexpr NumberedRun arm[] = {{0, "r0", 13}, {13, "sp"}, {14, "lr"}, {15, "pc"}};
// The program counter has no number of its own; 66 is the compiler's for that of a signal frame.
constexpr NumberedRun mips[] = {{1, "r1", 31}, {66, "pc"}};
// 67: as 66 above.
constexpr NumberedRun ppc[] = {{0, "r0", 32}, {65, "lr"}, {67, "pc"}, {70, "cr"}};
// 64: the same.
constexpr NumberedRun riscv[] = {{1, "x1", 31}, {64, "pc"}};
// 32: the same. The numbers in between are floating-point registers (s390_floating_point).
constexpr NumberedRun s390x[] = {{0, "r0", 16}, {32, "psw_addr"}};
// 16 is the program counter of a signal frame; calls have their return address in 17.
constexpr NumberedRun sh4[] = {{0, "r0", 16}, {16, "pc"}, {17, "pr"}, {18, "gbr"}, {20, "mach"}, {21, "macl"},
                               {23, "fpul"}, {24, "fpscr"}, {25, "fr0", 16}};

// 89 is the program counter of a signal frame; calls have their return address in r2.
constexpr NumberedRun parisc[] = {{1, "r1", 31}, {88, "sar"}, {89, "iaoq0"}};

constexpr std::string_view mips_preserved = "r16 r17 r18 r19 r20 r21 r22 r23 r29 r30";
constexpr std::string_view ppc_preserved =
    "r1 r2 r14 r15 r16 r17 r18 r19 r20 r21 r22 r23 r24 r25 r26 r27 r28 r29 r30 r31";
constexpr std::string_view riscv_preserved = "x2 x3 x4 x8 x9 x18 x19 x20 x21 x22 x23 x24 x25 x26 x27";

constexpr MachineRegisters machines[] = {
    {Machine::x86_64, amd64, "rbx rbp rsp r12 r13 r14 r15", 7},
    {Machine::i386, i386, "ebx esp ebp esi edi", 4},
    {Machine::aarch64, aarch64, "x19 x20 x21 x22 x23 x24 x25 x26 x27 x28 x29 sp", 31},
    {Machine::arm, arm, "r4 r5 r6 r7 r8 r9 r10 r11 sp", 13},
    {Machine::mips32, mips, mips_preserved, 29},
    {Machine::mips64, mips, mips_preserved, 29},
    {Machine::ppc32, ppc, ppc_preserved, 1},
    {Machine::ppc64, ppc, ppc_preserved, 1},
    {Machine::riscv32, riscv, riscv_preserved, 2},
    {Machine::riscv64, riscv, riscv_preserved, 2},
    {Machine::s390x, s390x, "r6 r7 r8 r9 r10 r11 r12 r13 r15", 15, 160, 96},
    {Machine::sh4, sh4, "r8 r9 r10 r11 r12 r13 r14 r15 fr12 fr13 fr14 fr15", 15},
    {Machine::parisc, parisc, "r3 r4 r5 r6 r7 r8 r9 r10 r11 r12 r13 r14 r15 r16 r17 r18 r30", 30, 0, 0, true},
};

}  // namespace

const MachineRegisters& registers_of(Machine machine) {
    const auto* found = std::ranges::find(machines, machine, &MachineRegisters::machine);
    POSTERN_ASSERT(found != std::end(machines));
    return *found;
}

}  // namespace postern::unwinding
