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

/// A row's instruction, in programs whose byte order is not the host's (`swap`), or is.
template <bool swap, auto handler>
struct Part {
    static constexpr Execute execute = run_handler<handler>;
    static constexpr std::size_t written = find_place<handler>("Rn");
    static constexpr std::array<std::size_t, 2> read = {find_place<handler>("Rm"), find_place<handler>("Rn")};

    [[gnu::always_inline]] static Step perform(blocks::State& state, const blocks::Operands& operands) {
        return sh::perform<handler>(own(state), operands.data()) ? Step::on : Step::failed;
    }
    [[gnu::always_inline]] static Exit complete(blocks::State& state, const Instruction* instruction, const blocks::Operands& operands) {
        return sh::complete<handler>(own(state), instruction, operands.data());
    }

private:
    /// Accesses look at the byte order, which the compiler is told here.
    [[gnu::always_inline]] static State& own(blocks::State& state) {
        if (state.swap != swap) __builtin_unreachable();
        return static_cast<State&>(state);
    }
};
template <bool swap, auto... handler>
using These = Parts<Part<swap, handler>...>;

/// Accesses at displacements that their instructions have no room for: `base`, which of its registers is the address, is
/// computed first.
template <bool swap, auto access, Same base>
constexpr Fusion fuse_access = fuse_where<These<swap, mov, add_imm, access>, Sames<Same::second, base>>;
/// With what is in front of it.
template <bool swap, auto before, auto access, Same base>
constexpr Fusion fuse_before = fuse_where<These<swap, before, mov, add_imm, access>, Sames<Same::none, Same::second, base>>;
/// With what is done to a word that is loaded so, or to the one that is stored.
template <bool swap, auto after>
constexpr Fusion fuse_loaded = fuse_where<These<swap, mov, add_imm, load_disp, after>, Sames<Same::second, Same::first, Same::first>,
                                          Sames<Same::second, Same::first, Same::none>>;
template <bool swap, auto operation>
constexpr Fusion fuse_stored = fuse_where<These<swap, mov, add_imm, operation, store_disp>, Sames<Same::second, Same::none, Same::first>>;
/// Two of them; a word that is copied so is stored as it was loaded.
template <bool swap, auto first, auto second>
constexpr Fusion fuse_two = fuse_where<These<swap, mov, add_imm, mov, add_imm, first, second>, Sames<Same::second, Same::none, Same::second, Same::none, Same::first>,
                                       Sames<Same::second, Same::none, Same::second, Same::none, Same::none>>;

// --- what programs are made of

template <bool swap>
constexpr These<swap, mov, mov_imm, add, add_imm, load_disp, store_disp, load_at<i32>, store_at<i32>, load_literal<i32>, load_after<i32>, store_before<i32>> moves;
template <bool swap>
constexpr auto moves_and_moves = fuse_all(moves<swap>, moves<swap>);

template <bool swap>
constexpr These<swap, cmp_eq, cmp_hs, cmp_ge, cmp_hi, cmp_gt, cmp_pz, cmp_pl, cmp_eq_imm, tst, tst_imm, dt> tests;
template <bool swap>
constexpr auto tests_and_branches = fuse_all(tests<swap>, These<swap, bt, bf, bt_s, bf_s>());

template <bool swap>
constexpr These<swap, and_, or_, xor_, sub, neg, not_, shld, shift_left<2>, shift_right<2>, shll, shlr, extend<u8>, extend<u16>> operations;
template <bool swap>
constexpr auto operations_and_moves = fuse_all(operations<swap>, These<swap, mov, add, store_disp>());
template <bool swap>
constexpr auto moves_and_operations = fuse_all(These<swap, mov, load_disp>(), operations<swap>);

template <bool swap>
constexpr auto products = std::to_array<Fusion>({
    fuse<Part<swap, mul_l>, Part<swap, from_system<&State::macl>>>,
    fuse<Part<swap, dmulu_l>, Part<swap, from_system<&State::mach>>>,
    fuse<Part<swap, dmuls_l>, Part<swap, from_system<&State::mach>>>,
    fuse_where<These<swap, load_literal<i32>, mul_l, from_system<&State::macl>>>,
    fuse_where<These<swap, load_literal<i32>, dmulu_l, from_system<&State::mach>>>,
});

/// Code that keeps its variables in memory.
template <bool swap, auto... operation>
constexpr auto around_accesses = std::to_array<Fusion>({
    fuse_before<swap, operation, load_disp, Same::first>..., fuse_before<swap, operation, store_disp, Same::second>...,
    fuse_loaded<swap, operation>..., fuse_stored<swap, operation>...,
});
template <bool swap>
constexpr auto accesses = std::to_array<Fusion>({
    fuse_access<swap, load_disp, Same::first>, fuse_access<swap, store_disp, Same::second>,
    fuse_access<swap, load_at<i32>, Same::first>, fuse_access<swap, store_at<i32>, Same::second>,
    fuse_before<swap, store_disp, load_disp, Same::first>, fuse_before<swap, load_disp, store_disp, Same::second>,
    fuse_two<swap, load_disp, load_disp>, fuse_two<swap, load_disp, store_disp>,
    fuse_loaded<swap, store_disp>, fuse_loaded<swap, load_literal<i32>>, fuse_loaded<swap, load_at<i8>>, fuse_loaded<swap, load_at<i32>>, fuse_loaded<swap, neg>,
});
template <bool swap>
constexpr auto operations_and_accesses = around_accesses<swap, mov, mov_imm, add, add_imm, and_, or_, xor_, sub, shll, extend<u8>>;

template <bool swap>
const blocks::FusionTable& table() {
    static const blocks::FusionTable table{
        moves_and_moves<swap>, tests_and_branches<swap>, operations_and_moves<swap>, moves_and_operations<swap>, products<swap>,
        accesses<swap>, operations_and_accesses<swap>,
    };
    return table;
}

}  // namespace

const blocks::FusionTable& fusions(bool swap) { return swap ? table<true>() : table<false>(); }

}  // namespace postern::sh
