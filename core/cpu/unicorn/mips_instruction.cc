#include "cpu/unicorn/mips_instruction.hpp"

#include <span>

namespace postern::unicorn::mips {

namespace {

enum Opcode : u32 {
    special = 0, regimm = 1, j = 2, jal = 3, beq = 4, bgtz = 7, cop1 = 17, cop1x = 19, beql = 20, bgtzl = 23, jalx = 29,
};

enum Special : u32 { jr = 8, jalr = 9 };

enum Kind : u8 { load_unsigned_data, load_signed_data, store_data, load_float, store_float, load_atomic, store_atomic };

struct AccessRow {
    u8 code, size;       ///< size: 0 = up to eight bytes, wherever they are
    Kind kind;
};

/// By opcode; the address is base and offset.
constexpr AccessRow accesses[] = {
    {26, 0, load_unsigned_data}, {27, 0, load_unsigned_data},   // ldl, ldr
    {32, 1, load_signed_data},     // lb
    {33, 2, load_signed_data},     // lh
    {34, 0, load_signed_data},     // lwl
    {35, 4, load_signed_data},     // lw
    {36, 1, load_unsigned_data},   // lbu
    {37, 2, load_unsigned_data},   // lhu
    {38, 0, load_signed_data},     // lwr
    {39, 4, load_unsigned_data},   // lwu
    {40, 1, store_data},           // sb
    {41, 2, store_data},           // sh
    {42, 0, store_data},           // swl
    {43, 4, store_data},           // sw
    {44, 0, store_data}, {45, 0, store_data}, {46, 0, store_data},   // sdl, sdr, swr
    {48, 4, load_atomic},          // ll
    {49, 4, load_float},           // lwc1
    {52, 8, load_atomic},          // lld
    {53, 8, load_float},           // ldc1
    {55, 8, load_unsigned_data},   // ld
    {56, 4, store_atomic},         // sc
    {57, 4, store_float},          // swc1
    {60, 8, store_atomic},         // scd
    {61, 8, store_float},          // sdc1
    {63, 8, store_data},           // sd
};

/// By function of COP1X; the address is base and index.
constexpr AccessRow indexed_accesses[] = {
    {0, 4, load_float}, {1, 8, load_float}, {8, 4, store_float}, {9, 8, store_float},   // lwxc1 ldxc1 swxc1 sdxc1
    {5, 0, load_float}, {13, 0, store_float},   // luxc1, suxc1: the address loses its last three bits
};

const AccessRow* find_row(std::span<const AccessRow> rows, u32 code) {
    for (const AccessRow& row : rows)
        if (row.code == code) return &row;
    return nullptr;
}

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

std::optional<MemoryAccess> memory_access(Instruction instruction, const RegisterReader& registers) {
    bool is_indexed = instruction.opcode() == cop1x;
    const AccessRow* row = is_indexed ? find_row(indexed_accesses, instruction.function())
                                      : find_row(accesses, instruction.opcode());
    if (!row) return std::nullopt;
    bool is_store = row->kind == store_data || row->kind == store_float || row->kind == store_atomic;
    unsigned indexed_data = is_store ? instruction.fs() : instruction.fd();
    u64 displacement = is_indexed ? registers(instruction.rt()) : static_cast<u64>(instruction.immediate());
    return MemoryAccess{.size = row->size,
                        .is_store = is_store,
                        .is_signed = row->kind == load_signed_data,
                        .is_float = row->kind == load_float || row->kind == store_float,
                        .is_atomic = row->kind == load_atomic || row->kind == store_atomic,
                        .wants_alignment = row->size > 1,
                        .data_register = is_indexed ? indexed_data : instruction.rt(),
                        .address = registers(instruction.rs()) + displacement};
}

u32 break_code(Instruction instruction) {
    u32 code = instruction.word >> 6 & 0xfffff;
    return code >= 1 << 10 ? code >> 10 | (code & 0x3ff) << 10 : code;
}

u32 trap_code(Instruction instruction) {
    return instruction.opcode() == special ? instruction.word >> 6 & 0x3ff : 0;
}

}  // namespace postern::unicorn::mips
