// Every instruction of the SH-4, in the order of its manual, and those that the SH-4A added.
#include "cpu/sh/branch.hpp"
#include "cpu/sh/float.hpp"
#include "cpu/sh/memory.hpp"

namespace postern::sh {

namespace {

/// In force whatever FPSCR says.
constexpr auto common_rows = std::to_array<Row>({
    // --- moves
    row<mov_imm>("1110nnnniiiiiiii", "mov #imm,Rn"),
    row<load_literal<i16>>("1001nnnndddddddd", "mov.w @(literal),Rn"),
    row<load_literal<i32>>("1101nnnndddddddd", "mov.l @(literal),Rn"),
    row<mov>("0110nnnnmmmm0011", "mov Rm,Rn"),
    row<store_at<i8>>("0010nnnnmmmm0000", "mov.b Rm,@Rn"),
    row<store_at<i16>>("0010nnnnmmmm0001", "mov.w Rm,@Rn"),
    row<store_at<i32>>("0010nnnnmmmm0010", "mov.l Rm,@Rn"),
    row<load_at<i8>>("0110nnnnmmmm0000", "mov.b @Rm,Rn"),
    row<load_at<i16>>("0110nnnnmmmm0001", "mov.w @Rm,Rn"),
    row<load_at<i32>>("0110nnnnmmmm0010", "mov.l @Rm,Rn"),
    row<store_before<i8>>("0010nnnnmmmm0100", "mov.b Rm,@-Rn"),
    row<store_before<i16>>("0010nnnnmmmm0101", "mov.w Rm,@-Rn"),
    row<store_before<i32>>("0010nnnnmmmm0110", "mov.l Rm,@-Rn"),
    row<load_after<i8>>("0110nnnnmmmm0100", "mov.b @Rm+,Rn"),
    row<load_after<i16>>("0110nnnnmmmm0101", "mov.w @Rm+,Rn"),
    row<load_after<i32>>("0110nnnnmmmm0110", "mov.l @Rm+,Rn"),
    row<store_disp_r0<i8>>("10000000nnnndddd", "mov.b r0,@(disp,Rn)"),
    row<store_disp_r0<i16>>("10000001nnnndddd", "mov.w r0,@(disp,Rn)"),
    row<store_disp>("0001nnnnmmmmdddd", "mov.l Rm,@(disp,Rn)"),
    row<load_disp_r0<i8>>("10000100mmmmdddd", "mov.b @(disp,Rm),r0"),
    row<load_disp_r0<i16>>("10000101mmmmdddd", "mov.w @(disp,Rm),r0"),
    row<load_disp>("0101nnnnmmmmdddd", "mov.l @(disp,Rm),Rn"),
    row<store_indexed<i8>>("0000nnnnmmmm0100", "mov.b Rm,@(r0,Rn)"),
    row<store_indexed<i16>>("0000nnnnmmmm0101", "mov.w Rm,@(r0,Rn)"),
    row<store_indexed<i32>>("0000nnnnmmmm0110", "mov.l Rm,@(r0,Rn)"),
    row<load_indexed<i8>>("0000nnnnmmmm1100", "mov.b @(r0,Rm),Rn"),
    row<load_indexed<i16>>("0000nnnnmmmm1101", "mov.w @(r0,Rm),Rn"),
    row<load_indexed<i32>>("0000nnnnmmmm1110", "mov.l @(r0,Rm),Rn"),
    row<store_gbr<i8>>("11000000dddddddd", "mov.b r0,@(disp,gbr)"),
    row<store_gbr<i16>>("11000001dddddddd", "mov.w r0,@(disp,gbr)"),
    row<store_gbr<i32>>("11000010dddddddd", "mov.l r0,@(disp,gbr)"),
    row<load_gbr<i8>>("11000100dddddddd", "mov.b @(disp,gbr),r0"),
    row<load_gbr<i16>>("11000101dddddddd", "mov.w @(disp,gbr),r0"),
    row<load_gbr<i32>>("11000110dddddddd", "mov.l @(disp,gbr),r0"),
    row<mova>("11000111dddddddd", "mova literal,r0"),
    row<movt>("0000nnnn00101001", "movt Rn"),
    row<swap_b>("0110nnnnmmmm1000", "swap.b Rm,Rn"),
    row<swap_w>("0110nnnnmmmm1001", "swap.w Rm,Rn"),
    row<xtrct>("0010nnnnmmmm1101", "xtrct Rm,Rn"),

    // --- arithmetic
    row<add>("0011nnnnmmmm1100", "add Rm,Rn"),
    row<add_imm>("0111nnnniiiiiiii", "add #imm,Rn"),
    row<addc>("0011nnnnmmmm1110", "addc Rm,Rn"),
    row<addv>("0011nnnnmmmm1111", "addv Rm,Rn"),
    row<cmp_eq_imm>("10001000iiiiiiii", "cmp/eq #imm,r0"),
    row<cmp_eq>("0011nnnnmmmm0000", "cmp/eq Rm,Rn"),
    row<cmp_hs>("0011nnnnmmmm0010", "cmp/hs Rm,Rn"),
    row<cmp_ge>("0011nnnnmmmm0011", "cmp/ge Rm,Rn"),
    row<cmp_hi>("0011nnnnmmmm0110", "cmp/hi Rm,Rn"),
    row<cmp_gt>("0011nnnnmmmm0111", "cmp/gt Rm,Rn"),
    row<cmp_pz>("0100nnnn00010001", "cmp/pz Rn"),
    row<cmp_pl>("0100nnnn00010101", "cmp/pl Rn"),
    row<cmp_str>("0010nnnnmmmm1100", "cmp/str Rm,Rn"),
    row<div1>("0011nnnnmmmm0100", "div1 Rm,Rn"),
    row<div0s>("0010nnnnmmmm0111", "div0s Rm,Rn"),
    row<div0u>("0000000000011001", "div0u"),
    row<dmuls_l>("0011nnnnmmmm1101", "dmuls.l Rm,Rn"),
    row<dmulu_l>("0011nnnnmmmm0101", "dmulu.l Rm,Rn"),
    row<dt>("0100nnnn00010000", "dt Rn"),
    row<extend<i8>>("0110nnnnmmmm1110", "exts.b Rm,Rn"),
    row<extend<i16>>("0110nnnnmmmm1111", "exts.w Rm,Rn"),
    row<extend<u8>>("0110nnnnmmmm1100", "extu.b Rm,Rn"),
    row<extend<u16>>("0110nnnnmmmm1101", "extu.w Rm,Rn"),
    row<mac<u32, accumulate_long>>("0000nnnnmmmm1111", "mac.l @Rm+,@Rn+"),
    row<mac<u16, accumulate_word>>("0100nnnnmmmm1111", "mac.w @Rm+,@Rn+"),
    row<mul_l>("0000nnnnmmmm0111", "mul.l Rm,Rn"),
    row<muls_w>("0010nnnnmmmm1111", "muls.w Rm,Rn"),
    row<mulu_w>("0010nnnnmmmm1110", "mulu.w Rm,Rn"),
    row<neg>("0110nnnnmmmm1011", "neg Rm,Rn"),
    row<negc>("0110nnnnmmmm1010", "negc Rm,Rn"),
    row<sub>("0011nnnnmmmm1000", "sub Rm,Rn"),
    row<subc>("0011nnnnmmmm1010", "subc Rm,Rn"),
    row<subv>("0011nnnnmmmm1011", "subv Rm,Rn"),

    // --- logic
    row<and_>("0010nnnnmmmm1001", "and Rm,Rn"),
    row<and_imm>("11001001iiiiiiii", "and #imm,r0"),
    row<modify_byte<std::bit_and<u32>{}>>("11001101iiiiiiii", "and.b #imm,@(r0,gbr)"),
    row<not_>("0110nnnnmmmm0111", "not Rm,Rn"),
    row<or_>("0010nnnnmmmm1011", "or Rm,Rn"),
    row<or_imm>("11001011iiiiiiii", "or #imm,r0"),
    row<modify_byte<std::bit_or<u32>{}>>("11001111iiiiiiii", "or.b #imm,@(r0,gbr)"),
    row<tas_b>("0100nnnn00011011", "tas.b @Rn"),
    row<tst>("0010nnnnmmmm1000", "tst Rm,Rn"),
    row<tst_imm>("11001000iiiiiiii", "tst #imm,r0"),
    row<tst_b>("11001100iiiiiiii", "tst.b #imm,@(r0,gbr)"),
    row<xor_>("0010nnnnmmmm1010", "xor Rm,Rn"),
    row<xor_imm>("11001010iiiiiiii", "xor #imm,r0"),
    row<modify_byte<std::bit_xor<u32>{}>>("11001110iiiiiiii", "xor.b #imm,@(r0,gbr)"),

    // --- shifts
    row<rotl>("0100nnnn00000100", "rotl Rn"),
    row<rotr>("0100nnnn00000101", "rotr Rn"),
    row<rotcl>("0100nnnn00100100", "rotcl Rn"),
    row<rotcr>("0100nnnn00100101", "rotcr Rn"),
    row<shad>("0100nnnnmmmm1100", "shad Rm,Rn"),
    row<shll>("0100nnnn00100000", "shal Rn"),
    row<shar>("0100nnnn00100001", "shar Rn"),
    row<shld>("0100nnnnmmmm1101", "shld Rm,Rn"),
    row<shll>("0100nnnn00000000", "shll Rn"),
    row<shlr>("0100nnnn00000001", "shlr Rn"),
    row<shift_left<2>>("0100nnnn00001000", "shll2 Rn"),
    row<shift_right<2>>("0100nnnn00001001", "shlr2 Rn"),
    row<shift_left<8>>("0100nnnn00011000", "shll8 Rn"),
    row<shift_right<8>>("0100nnnn00011001", "shlr8 Rn"),
    row<shift_left<16>>("0100nnnn00101000", "shll16 Rn"),
    row<shift_right<16>>("0100nnnn00101001", "shlr16 Rn"),

    // --- branches
    row<bf>("10001011dddddddd", "bf label"),
    row<bf_s>("10001111dddddddd", "bf.s label"),
    row<bt>("10001001dddddddd", "bt label"),
    row<bt_s>("10001101dddddddd", "bt.s label"),
    row<bra>("1010dddddddddddd", "bra label"),
    row<braf>("0000nnnn00100011", "braf Rn"),
    row<bsr>("1011dddddddddddd", "bsr label"),
    row<bsrf>("0000nnnn00000011", "bsrf Rn"),
    row<jmp>("0100nnnn00101011", "jmp @Rn"),
    row<jsr>("0100nnnn00001011", "jsr @Rn"),
    row<rts>("0000000000001011", "rts"),

    // --- system
    row<clrmac>("0000000000101000", "clrmac"),
    row<clrs>("0000000001001000", "clrs"),
    row<clrt>("0000000000001000", "clrt"),
    row<sets>("0000000001011000", "sets"),
    row<sett>("0000000000011000", "sett"),
    row<nop>("0000000000001001", "nop"),
    row<trapa>("11000011iiiiiiii", "trapa #imm"),
    row<to_system<&State::gbr>>("0100mmmm00011110", "ldc Rm,gbr"),
    row<load_system<&State::gbr>>("0100mmmm00010111", "ldc.l @Rm+,gbr"),
    row<from_system<&State::gbr>>("0000nnnn00010010", "stc gbr,Rn"),
    row<store_system<&State::gbr>>("0100nnnn00010011", "stc.l gbr,@-Rn"),
    row<to_system<&State::mach>>("0100mmmm00001010", "lds Rm,mach"),
    row<to_system<&State::macl>>("0100mmmm00011010", "lds Rm,macl"),
    row<to_system<&State::pr>>("0100mmmm00101010", "lds Rm,pr"),
    row<load_system<&State::mach>>("0100mmmm00000110", "lds.l @Rm+,mach"),
    row<load_system<&State::macl>>("0100mmmm00010110", "lds.l @Rm+,macl"),
    row<load_system<&State::pr>>("0100mmmm00100110", "lds.l @Rm+,pr"),
    row<from_system<&State::mach>>("0000nnnn00001010", "sts mach,Rn"),
    row<from_system<&State::macl>>("0000nnnn00011010", "sts macl,Rn"),
    row<from_system<&State::pr>>("0000nnnn00101010", "sts pr,Rn"),
    row<store_system<&State::mach>>("0100nnnn00000010", "sts.l mach,@-Rn"),
    row<store_system<&State::macl>>("0100nnnn00010010", "sts.l macl,@-Rn"),
    row<store_system<&State::pr>>("0100nnnn00100010", "sts.l pr,@-Rn"),
    row<movca_l>("0000nnnn11000011", "movca.l r0,@Rn"),
    row<ocbi>("0000nnnn10010011", "ocbi @Rn"),
    row<ocbp>("0000nnnn10100011", "ocbp @Rn"),
    row<ocbp>("0000nnnn10110011", "ocbwb @Rn"),
    row<pref>("0000nnnn10000011", "pref @Rn"),

    // --- floating point: registers and modes
    row<flds>("1111mmmm00011101", "flds FRm,fpul"),
    row<fsts>("1111nnnn00001101", "fsts fpul,FRn"),
    row<frchg>("1111101111111101", "frchg"),
    mode_row<fschg>("1111001111111101", "fschg"),
    row<to_system<&State::fpul>>("0100mmmm01011010", "lds Rm,fpul"),
    row<load_system<&State::fpul>>("0100mmmm01010110", "lds.l @Rm+,fpul"),
    row<from_system<&State::fpul>>("0000nnnn01011010", "sts fpul,Rn"),
    row<store_system<&State::fpul>>("0100nnnn01010010", "sts.l fpul,@-Rn"),
    mode_row<lds_fpscr>("0100mmmm01101010", "lds Rm,fpscr"),
    mode_row<lds_l_fpscr>("0100mmmm01100110", "lds.l @Rm+,fpscr"),
    row<from_system<&State::fpscr>>("0000nnnn01101010", "sts fpscr,Rn"),
    row<store_system<&State::fpscr>>("0100nnnn01100010", "sts.l fpscr,@-Rn"),

    // --- privileged
    row<privileged<>>("0000000000111000", "ldtlb"),
    row<privileged<>>("0000000000101011", "rte"),
    row<privileged<>>("0000000000011011", "sleep"),
    row<privileged<Rm>>("0100mmmm00001110", "ldc Rm,sr"),
    row<privileged<Rm>>("0100mmmm00000111", "ldc.l @Rm+,sr"),
    row<privileged<Rn>>("0000nnnn00000010", "stc sr,Rn"),
    row<privileged<Rn>>("0100nnnn00000011", "stc.l sr,@-Rn"),
    row<privileged<Rm>>("0100mmmm00101110", "ldc Rm,vbr"),
    row<privileged<Rm>>("0100mmmm00100111", "ldc.l @Rm+,vbr"),
    row<privileged<Rn>>("0000nnnn00100010", "stc vbr,Rn"),
    row<privileged<Rn>>("0100nnnn00100011", "stc.l vbr,@-Rn"),
    row<privileged<Rm>>("0100mmmm00111110", "ldc Rm,ssr"),
    row<privileged<Rm>>("0100mmmm00110111", "ldc.l @Rm+,ssr"),
    row<privileged<Rn>>("0000nnnn00110010", "stc ssr,Rn"),
    row<privileged<Rn>>("0100nnnn00110011", "stc.l ssr,@-Rn"),
    row<privileged<Rm>>("0100mmmm01001110", "ldc Rm,spc"),
    row<privileged<Rm>>("0100mmmm01000111", "ldc.l @Rm+,spc"),
    row<privileged<Rn>>("0000nnnn01000010", "stc spc,Rn"),
    row<privileged<Rn>>("0100nnnn01000011", "stc.l spc,@-Rn"),
    row<privileged<Rm>>("0100mmmm11111010", "ldc Rm,dbr"),
    row<privileged<Rm>>("0100mmmm11110110", "ldc.l @Rm+,dbr"),
    row<privileged<Rn>>("0000nnnn11111010", "stc dbr,Rn"),
    row<privileged<Rn>>("0100nnnn11110010", "stc.l dbr,@-Rn"),
    row<privileged<Rn>>("0000nnnn00111010", "stc sgr,Rn"),
    row<privileged<Rn>>("0100nnnn00110010", "stc.l sgr,@-Rn"),
    row<privileged<Rm, Bank>>("0100mmmm1bbb1110", "ldc Rm,Bank"),
    row<privileged<Rm, Bank>>("0100mmmm1bbb0111", "ldc.l @Rm+,Bank"),
    row<privileged<Bank, Rn>>("0000nnnn1bbb0010", "stc Bank,Rn"),
    row<privileged<Bank, Rn>>("0100nnnn1bbb0011", "stc.l Bank,@-Rn"),

    // --- of the SH-4A
    unimplemented<Rm>("0000mmmm01100011", "movli.l @Rm,r0"),
    unimplemented<Rn>("0000nnnn01110011", "movco.l r0,@Rn"),
    unimplemented<Rm>("0100mmmm10101001", "movua.l @Rm,r0"),
    unimplemented<Rm>("0100mmmm11101001", "movua.l @Rm+,r0"),
    unimplemented<Rn>("0000nnnn11100011", "icbi @Rn"),
    unimplemented<Rn>("0000nnnn11010011", "prefi @Rn"),
    unimplemented<>("0000000010101011", "synco"),
    unimplemented<>("1111011111111101", "fpchg"),
});

/// FPSCR.PR = 0.
constexpr auto single_rows = std::to_array<Row>({
    row<binary<float, plus>>("1111nnnnmmmm0000", "fadd FRm,FRn"),
    row<binary<float, minus>>("1111nnnnmmmm0001", "fsub FRm,FRn"),
    row<binary<float, times>>("1111nnnnmmmm0010", "fmul FRm,FRn"),
    row<binary<float, divided>>("1111nnnnmmmm0011", "fdiv FRm,FRn"),
    row<fcmp_eq<float>>("1111nnnnmmmm0100", "fcmp/eq FRm,FRn"),
    row<fcmp_gt<float>>("1111nnnnmmmm0101", "fcmp/gt FRm,FRn"),
    row<fmac>("1111nnnnmmmm1110", "fmac fr0,FRm,FRn"),
    row<float_<float>>("1111nnnn00101101", "float fpul,FRn"),
    row<ftrc<float>>("1111mmmm00111101", "ftrc FRm,fpul"),
    row<fneg<float>>("1111nnnn01001101", "fneg FRn"),
    row<fabs<float>>("1111nnnn01011101", "fabs FRn"),
    row<fsqrt<float>>("1111nnnn01101101", "fsqrt FRn"),
    row<fsrra>("1111nnnn01111101", "fsrra FRn"),
    row<fldi0>("1111nnnn10001101", "fldi0 FRn"),
    row<fldi1>("1111nnnn10011101", "fldi1 FRn"),
    row<fipr>("1111nnmm11101101", "fipr FVm,FVn"),
    row<ftrv>("1111nn0111111101", "ftrv xmtrx,FVn"),
    row<fsca>("1111nnn011111101", "fsca fpul,DRn"),
});

/// FPSCR.PR = 1.
constexpr auto double_rows = std::to_array<Row>({
    row<binary<double, plus>>("1111nnn0mmm00000", "fadd DRm,DRn"),
    row<binary<double, minus>>("1111nnn0mmm00001", "fsub DRm,DRn"),
    row<binary<double, times>>("1111nnn0mmm00010", "fmul DRm,DRn"),
    row<binary<double, divided>>("1111nnn0mmm00011", "fdiv DRm,DRn"),
    row<fcmp_eq<double>>("1111nnn0mmm00100", "fcmp/eq DRm,DRn"),
    row<fcmp_gt<double>>("1111nnn0mmm00101", "fcmp/gt DRm,DRn"),
    row<float_<double>>("1111nnn000101101", "float fpul,DRn"),
    row<ftrc<double>>("1111mmm000111101", "ftrc DRm,fpul"),
    row<fneg<double>>("1111nnn001001101", "fneg DRn"),
    row<fabs<double>>("1111nnn001011101", "fabs DRn"),
    row<fsqrt<double>>("1111nnn001101101", "fsqrt DRn"),
    row<fcnvsd>("1111nnn010101101", "fcnvsd fpul,DRn"),
    row<fcnvds>("1111mmm010111101", "fcnvds DRm,fpul"),
});

/// FPSCR.SZ = 0.
constexpr auto move_rows = std::to_array<Row>({
    row<fmov<FRn, FRm>>("1111nnnnmmmm1100", "fmov FRm,FRn"),
    row<fmov_load<FRn>>("1111nnnnmmmm1000", "fmov.s @Rm,FRn"),
    row<fmov_load_indexed<FRn>>("1111nnnnmmmm0110", "fmov.s @(r0,Rm),FRn"),
    row<fmov_load_after<FRn>>("1111nnnnmmmm1001", "fmov.s @Rm+,FRn"),
    row<fmov_store<FRm>>("1111nnnnmmmm1010", "fmov.s FRm,@Rn"),
    row<fmov_store_before<FRm>>("1111nnnnmmmm1011", "fmov.s FRm,@-Rn"),
    row<fmov_store_indexed<FRm>>("1111nnnnmmmm0111", "fmov.s FRm,@(r0,Rn)"),
});

/// FPSCR.SZ = 1.
constexpr auto pair_move_rows = std::to_array<Row>({
    row<fmov<XDn, XDm>>("1111nnnnmmmm1100", "fmov XDm,XDn"),
    row<fmov_load<XDn>>("1111nnnnmmmm1000", "fmov @Rm,XDn"),
    row<fmov_load_indexed<XDn>>("1111nnnnmmmm0110", "fmov @(r0,Rm),XDn"),
    row<fmov_load_after<XDn>>("1111nnnnmmmm1001", "fmov @Rm+,XDn"),
    row<fmov_store<XDm>>("1111nnnnmmmm1010", "fmov XDm,@Rn"),
    row<fmov_store_before<XDm>>("1111nnnnmmmm1011", "fmov XDm,@-Rn"),
    row<fmov_store_indexed<XDm>>("1111nnnnmmmm0111", "fmov XDm,@(r0,Rn)"),
});

static_assert(disjoint(common_rows) && disjoint(single_rows) && disjoint(double_rows));
static_assert(disjoint(move_rows) && disjoint(pair_move_rows));
static_assert(disjoint(common_rows, single_rows) && disjoint(common_rows, double_rows));
static_assert(disjoint(common_rows, move_rows) && disjoint(common_rows, pair_move_rows));
static_assert(disjoint(single_rows, move_rows) && disjoint(double_rows, move_rows));

template <std::size_t n>
using Index = decode::Index<Isa, 4, n>;

constexpr Index<common_rows.size()> common(common_rows);
constexpr Index<single_rows.size()> singles(single_rows);
constexpr Index<double_rows.size()> doubles(double_rows);
constexpr Index<move_rows.size()> moves(move_rows);
constexpr Index<pair_move_rows.size()> pair_moves(pair_move_rows);

template <typename Visit>
void for_each_table(Visit visit) {
    visit(std::span<const Row>(common_rows));
    visit(std::span<const Row>(single_rows));
    visit(std::span<const Row>(double_rows));
    visit(std::span<const Row>(move_rows));
    visit(std::span<const Row>(pair_move_rows));
}

}  // namespace

const Row* find_row(u16 word, Mode mode) {
    if (const Row* found = common.find(word)) return found;
    if (const Row* found = mode.double_precision ? doubles.find(word) : singles.find(word)) return found;
    return mode.pairs ? pair_moves.find(word) : moves.find(word);
}

std::string print(u16 word, u32 address, Mode mode) {
    const Row* found = find_row(word, mode);
    return found ? decode::print(*found, word, address) : fmt::format(".word 0x{:04x}", word);
}

std::optional<InstructionText> print_start_of(std::span<const std::byte> code, u64 address, ByteOrder order) {
    if (code.size() < 2) return std::nullopt;
    u16 word = postern::load<u16>(code.data(), order);
    const Row* found = find_row(word, Mode::of(fpscr::at_start));
    if (!found) return std::nullopt;
    InstructionText text{.size = 2, .text = decode::print(*found, word, address), .target = {}};
    if (auto label = found->traits.label) {
        std::array<i32, Isa::max_operands> operands{};
        decode::decode_operands(*found, word, address, operands.data());
        text.target = static_cast<u32>(operands[*label]);
    }
    return text;
}

std::string coverage_table() {
    std::string text;
    for_each_table([&](auto rows) { text += decode::coverage_table(rows); });
    return text;
}

decode::Coverage coverage() {
    decode::Coverage all;
    for_each_table([&](auto rows) {
        auto [implemented, count] = decode::coverage(rows);
        all.implemented += implemented;
        all.rows += count;
    });
    return all;
}

}  // namespace postern::sh
