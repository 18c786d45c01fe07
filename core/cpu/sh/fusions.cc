#include "cpu/sh/fusions.hpp"

#include "cpu/blocks/fuse.hpp"
#include "cpu/sh/branch.hpp"
#include "cpu/sh/memory.hpp"

namespace postern::sh {

using blocks::fuse;
using blocks::fuse_all;
using blocks::fuse_where;
using blocks::Fusion;
using blocks::Parts;
using blocks::Same;
using blocks::Sames;
using blocks::Step;

namespace {

// --- parts

/// Which operand of a handler is called so.
template <auto handler>
consteval std::size_t find_place(std::string_view name) {
    std::size_t index = 0;
    for (const auto& kind : decode::SignatureOf<handler>::kinds()) {
        if (kind.name == name) return index;
        ++index;
    }
    return blocks::no_operand;
}

/// A row's instruction.
template <auto handler>
struct Part {
    static constexpr Execute execute = run_handler<handler>;
    static constexpr std::size_t written = find_place<handler>("Rn");
    static constexpr std::array<std::size_t, 2> read = {find_place<handler>("Rm"), find_place<handler>("Rn")};

    [[gnu::always_inline]] static Step perform(blocks::State& state, const blocks::Operands& operands) {
        return sh::perform<handler>(static_cast<State&>(state), operands.data()) ? Step::on : Step::failed;
    }
    [[gnu::always_inline]] static Exit complete(blocks::State& state, const Instruction* instruction, const blocks::Operands& operands) {
        return sh::complete<handler>(static_cast<State&>(state), instruction, operands.data());
    }
};
template <auto... handler>
using These = Parts<Part<handler>...>;

/// Accesses at displacements that their instructions have no room for: `base`, which of its registers is the address, is
/// computed first.
template <auto access, Same base>
constexpr Fusion fuse_access = fuse_where<These<mov, add_imm, access>, Sames<Same::second, base>>;
/// With what is in front of it.
template <auto before, auto access, Same base>
constexpr Fusion fuse_before = fuse_where<These<before, mov, add_imm, access>, Sames<Same::none, Same::second, base>>;
/// With what is done to a word that is loaded so, or to the one that is stored.
template <auto after>
constexpr Fusion fuse_loaded = fuse_where<These<mov, add_imm, load_disp, after>, Sames<Same::second, Same::first, Same::first>,
                                          Sames<Same::second, Same::first, Same::none>>;
template <auto operation>
constexpr Fusion fuse_stored = fuse_where<These<mov, add_imm, operation, store_disp>, Sames<Same::second, Same::none, Same::first>>;
/// Two of them; a word that is copied so is stored as it was loaded.
template <auto first, auto second>
constexpr Fusion fuse_two = fuse_where<These<mov, add_imm, mov, add_imm, first, second>, Sames<Same::second, Same::none, Same::second, Same::none, Same::first>,
                                       Sames<Same::second, Same::none, Same::second, Same::none, Same::none>>;

// --- what programs are made of

constexpr These<mov, mov_imm, add, add_imm, load_disp, store_disp, load_at<i32>, store_at<i32>, load_literal<i32>, load_after<i32>, store_before<i32>> moves;
constexpr auto moves_and_moves = fuse_all(moves, moves);

constexpr These<cmp_eq, cmp_hs, cmp_ge, cmp_hi, cmp_gt, cmp_pz, cmp_pl, cmp_eq_imm, tst, tst_imm, dt> tests;
constexpr auto tests_and_branches = fuse_all(tests, These<bt, bf, bt_s, bf_s>());

constexpr These<and_, or_, xor_, sub, neg, not_, shld, shift_left<2>, shift_right<2>, shll, shlr, extend<u8>, extend<u16>> operations;
constexpr auto operations_and_moves = fuse_all(operations, These<mov, add, store_disp>());
constexpr auto moves_and_operations = fuse_all(These<mov, load_disp>(), operations);

constexpr auto products = std::to_array<Fusion>({
    fuse<Part<mul_l>, Part<from_system<&State::macl>>>,
    fuse<Part<dmulu_l>, Part<from_system<&State::mach>>>,
    fuse<Part<dmuls_l>, Part<from_system<&State::mach>>>,
    fuse_where<These<load_literal<i32>, mul_l, from_system<&State::macl>>>,
    fuse_where<These<load_literal<i32>, dmulu_l, from_system<&State::mach>>>,
});

/// Code that keeps its variables in memory.
template <auto... operation>
constexpr auto around_accesses = std::to_array<Fusion>({
    fuse_before<operation, load_disp, Same::first>..., fuse_before<operation, store_disp, Same::second>...,
    fuse_loaded<operation>..., fuse_stored<operation>...,
});
constexpr auto accesses = std::to_array<Fusion>({
    fuse_access<load_disp, Same::first>, fuse_access<store_disp, Same::second>,
    fuse_access<load_at<i32>, Same::first>, fuse_access<store_at<i32>, Same::second>,
    fuse_before<store_disp, load_disp, Same::first>, fuse_before<load_disp, store_disp, Same::second>,
    fuse_two<load_disp, load_disp>, fuse_two<load_disp, store_disp>,
    fuse_loaded<store_disp>, fuse_loaded<load_literal<i32>>, fuse_loaded<load_at<i8>>, fuse_loaded<load_at<i32>>, fuse_loaded<neg>,
});
constexpr auto operations_and_accesses = around_accesses<mov, mov_imm, add, add_imm, and_, or_, xor_, sub, shll, extend<u8>>;

}  // namespace

const blocks::FusionTable& fusions() {
    static const blocks::FusionTable table{
        moves_and_moves, tests_and_branches, operations_and_moves, moves_and_operations, products, accesses,
        operations_and_accesses,
    };
    return table;
}

}  // namespace postern::sh
