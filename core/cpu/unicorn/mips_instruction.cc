#include "cpu/unicorn/mips_instruction.hpp"

namespace postern::unicorn::mips {

namespace {

enum Opcode : u32 {
    special = 0, regimm = 1, j = 2, jal = 3, beq = 4, bgtz = 7, addi = 8, cop1 = 17, cop1x = 19, beql = 20, bgtzl = 23,
    daddi = 24, jalx = 29,
};

enum Special : u32 {
    jr = 8, jalr = 9, add = 32, sub = 34, dadd = 44, dsub = 46, tge = 48, tgeu = 49, tlt = 50, tltu = 51, teq = 52,
    tne = 54,
};

/// Conditions of traps, as the function field of SPECIAL has them; REGIMM has them at 8 less 48.
bool holds(u32 condition, u64 left, u64 right) {
    switch (condition) {
        case tge: return static_cast<i64>(left) >= static_cast<i64>(right);
        case tgeu: return left >= right;
        case tlt: return static_cast<i64>(left) < static_cast<i64>(right);
        case tltu: return left < right;
        case teq: return left == right;
        case tne: return left != right;
        default: return false;
    }
}

template <typename T>
bool sum_overflows(u64 left, u64 right, bool subtract) {
    T result;
    T a = static_cast<T>(left), b = static_cast<T>(right);
    return subtract ? __builtin_sub_overflow(a, b, &result) : __builtin_add_overflow(a, b, &result);
}

struct AccessRow {
    u8 opcode, size;
    bool is_store, is_signed, is_float, is_atomic;
};

constexpr AccessRow accesses[] = {
    {33, 2, false, true, false, false},    // lh
    {35, 4, false, true, false, false},    // lw
    {37, 2, false, false, false, false},   // lhu
    {39, 4, false, false, false, false},   // lwu
    {41, 2, true, false, false, false},    // sh
    {43, 4, true, false, false, false},    // sw
    {48, 4, false, true, false, true},     // ll
    {49, 4, false, false, true, false},    // lwc1
    {52, 8, false, true, false, true},     // lld
    {53, 8, false, false, true, false},    // ldc1
    {55, 8, false, false, false, false},   // ld
    {56, 4, true, false, false, true},     // sc
    {57, 4, true, false, true, false},     // swc1
    {60, 8, true, false, false, true},     // scd
    {61, 8, true, false, true, false},     // sdc1
    {63, 8, true, false, false, false},    // sd
};

}  // namespace

bool has_delay_slot(Instruction instruction) {
    u32 opcode = instruction.opcode();
    switch (opcode) {
        case special: return instruction.function() == jr || instruction.function() == jalr;
        case regimm: return (instruction.rt() & 0xc) == 0;   // bltz bgez, their likely and linking forms
        case j: case jal: case jalx: return true;
        case cop1: return instruction.rs() >= 8 && instruction.rs() <= 10;   // bc1f bc1t bc1any2 bc1any4
        default: return (opcode >= beq && opcode <= bgtz) || (opcode >= beql && opcode <= bgtzl);
    }
}

std::optional<MemoryAccess> memory_access(Instruction instruction, const RegisterReader& registers, u64 mask) {
    for (const AccessRow& row : accesses) {
        if (row.opcode != instruction.opcode()) continue;
        u64 address = registers(instruction.rs()) + static_cast<u64>(instruction.immediate());
        return MemoryAccess{row.size, row.is_store, row.is_signed, row.is_float, row.is_atomic, address & mask};
    }
    return std::nullopt;
}

bool traps(Instruction instruction, const RegisterReader& registers) {
    u64 left = registers(instruction.rs());
    if (instruction.opcode() == special) return holds(instruction.function(), left, registers(instruction.rt()));
    if (instruction.opcode() != regimm || instruction.rt() < 8) return false;
    return holds(instruction.rt() + tge - 8, left, static_cast<u64>(instruction.immediate()));
}

bool overflows(Instruction instruction, const RegisterReader& registers) {
    u64 left = registers(instruction.rs());
    u64 immediate = static_cast<u64>(instruction.immediate());
    switch (instruction.opcode()) {
        case addi: return sum_overflows<i32>(left, immediate, false);
        case daddi: return sum_overflows<i64>(left, immediate, false);
        case special: break;
        default: return false;
    }
    u64 right = registers(instruction.rt());
    switch (instruction.function()) {
        case add: return sum_overflows<i32>(left, right, false);
        case sub: return sum_overflows<i32>(left, right, true);
        case dadd: return sum_overflows<i64>(left, right, false);
        case dsub: return sum_overflows<i64>(left, right, true);
        default: return false;
    }
}

bool computes_float(Instruction instruction) {
    if (instruction.opcode() == cop1x) return instruction.function() >= 32;   // madd ... nmsub
    if (instruction.opcode() != cop1) return false;
    constexpr u32 move_to_control = 6;
    bool moves = instruction.function() >= 5 && instruction.function() <= 7;   // abs mov neg
    moves |= instruction.function() >= 17 && instruction.function() <= 19;     // movcf movz movn
    return instruction.rs() == move_to_control || (instruction.rs() >= 16 && !moves);
}

u32 break_code(Instruction instruction) {
    u32 code = instruction.word >> 6 & 0xfffff;
    return code >= 1 << 10 ? code >> 10 | (code & 0x3ff) << 10 : code;
}

u32 trap_code(Instruction instruction) {
    return instruction.opcode() == special ? instruction.word >> 6 & 0x3ff : 0;
}

}  // namespace postern::unicorn::mips
