// Prints random PA-RISC instructions that can be executed in isolation, for isa/compare_parisc.
//
//     parisc_words COUNT SEED      so many of each row: "word text", as hexadecimal and as the decoder prints it
//     parisc_words                 prints the words on standard input (hexadecimal address and word on each line)
//
// Addresses are in r20, indices in r22; r27 to r31 belong to the frame, and branches go over two instructions.
#include "cpu/parisc/isa.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <iostream>
#include <random>

using namespace postern;

namespace {

constexpr u64 base_register = 20, index_register = 22;

/// Not what leads elsewhere, stops the program, is of the system, or may trap.
bool is_usable(const parisc::Row& row) {
    static constexpr std::string_view others[] = {
        "break", "diag", "syncdma", "rfi", "rfi,r", "ssm", "rsm", "mtsm", "mtsp", "mfsp", "mtctl", "mfctl", "ldsid", "lpa", "lci", "ldwa", "stwa",
        "probe,r", "probe,w", "probei,r", "probei,w", "idtlba", "idtlbp", "iitlba", "iitlbp", "pdtlb", "pdtlbe", "pitlb", "pitlbe",
        "be", "be,l", "bv", "blr", "bve", "bve,l", "b,gate", "b,l,push"};
    std::string_view name = row.syntax.substr(0, row.syntax.find_first_of(" {"));
    bool may_trap = name.find(",tsv") != name.npos || name.find(",tc") != name.npos;
    bool is_long_call = name == "b,l" && row.syntax.ends_with("%r2");
    return row.execute && !may_trap && !is_long_call && std::ranges::find(others, name) == std::end(others);
}

u64 low_sign_field(i64 value, unsigned bits) { return (static_cast<u64>(value) & ((u64{1} << (bits - 1)) - 1)) << 1 | (value < 0); }

u64 choose_field(const decode::OperandKind& kind, std::string_view syntax, std::mt19937& random) {
    bool is_semaphore = syntax.starts_with("ldcw"), is_address = syntax.find("base") != syntax.npos;
    u64 any = random() % (u64{1} << kind.bits);
    if (kind.name == "base") return is_address && !syntax.starts_with("ldo") ? base_register : any % 20;
    if (kind.name == "rx") return index_register;
    if (kind.name == "{sr,}" || kind.name == "sr") return 0;
    if (kind.name == "label") return 4;   // over two instructions
    if (kind.name == "{,test}") return std::array<u64, 8>{0, 1, 2, 5, 6, 9, 13, 17}[any % 8];
    if (is_address && (kind.name == "disp" || kind.name == "imm")) {
        i64 scale = kind.bits == 12 ? 4 : kind.bits == 11 ? 8 : 1;
        i64 value = static_cast<i64>(random() % 33) - 16;
        if (is_semaphore || random() % 2) value &= ~i64{3};
        return low_sign_field(value / scale, kind.bits);
    }
    if (kind.name.starts_with("fr")) {
        // Never the status, and its other half.
        while (kind.decode(any, 0) < 2 || kind.decode(any, 0) >= 66) any = random() % (u64{1} << kind.bits);
        return any;
    }
    if (kind.name.starts_with("r")) return any < 27 && any != base_register && any != index_register ? any : any % 20;
    return any;
}

u32 choose_word(const parisc::Row& row, std::mt19937& random) {
    u64 word = row.pattern.match;
    for (std::size_t i = 0; i < row.operand_count; ++i) {
        u64 field = choose_field(row.operands[i].kind, row.syntax, random);
        for (u64 mask = row.operands[i].mask; mask != 0; mask &= mask - 1, field >>= 1)
            if (field & 1) word |= mask & -mask;
    }
    return static_cast<u32>(word);
}

}  // namespace

int main(int count, char** arguments) {
    if (count == 1) {
        for (u32 address, word; std::cin >> std::hex >> address >> word;) std::printf("%s\n", parisc::print(word, address).c_str());
        return 0;
    }
    if (count != 3) return 127;
    std::mt19937 random(static_cast<u32>(std::atoi(arguments[2])));
    for (const parisc::Row& row : parisc::all_rows())
        if (is_usable(row))
            for (int i = std::atoi(arguments[1]); i > 0; --i) {
                u32 word = choose_word(row, random);
                std::printf("%08x %s\n", word, parisc::print(word, 0).c_str());
            }
    return 0;
}
