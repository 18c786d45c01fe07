#include "cpu/sh/fusions.hpp"

#include "cpu/sh/branch.hpp"
#include "cpu/sh/memory.hpp"

namespace postern::sh {

using blocks::Fusion;

namespace {

// --- one function of several handlers

/// Which operand of a handler is called so; none: max_operands.
template <auto handler>
consteval std::size_t find_place(std::string_view name) {
    std::size_t index = 0;
    for (const auto& kind : decode::SignatureOf<handler>::kinds()) {
        if (kind.name == name) return index;
        ++index;
    }
    return blocks::max_operands;
}
template <auto handler>
constexpr std::size_t place_of_m = find_place<handler>("Rm");
template <auto handler>
constexpr std::size_t place_of_n = find_place<handler>("Rn");

/// Whether a register of an instruction is known to be Rn of the one before, so that the compiler need not look in memory
/// for what that one has just put there.
enum class Same : u32 { none, m, n };
constexpr u32 same_count = 3;
/// Where the handler has this register.
template <auto handler, Same same>
constexpr std::size_t place_of = same == Same::none ? blocks::max_operands : same == Same::m ? place_of_m<handler> : place_of_n<handler>;

template <auto before, auto handler, Same same>
constexpr bool can_be = place_of_n<before> != blocks::max_operands && place_of<handler, same> != blocks::max_operands;

template <auto before, auto handler>
Same same_of(const Instruction* instruction) {
    auto is = [&]<Same same>() {
        if constexpr (!can_be<before, handler, same>) return false;
        else return instruction[-1].operands[place_of_n<before>] == instruction->operands[place_of<handler, same>];
    };
    return is.template operator()<Same::m>() ? Same::m : is.template operator()<Same::n>() ? Same::n : Same::none;
}

/// `sames`: of the first of these handlers, and those behind it in higher digits. `written`: number of Rn of the one before.
template <u32 sames, auto handler, auto... rest>
[[gnu::always_inline]] inline Exit run_from(State& state, const Instruction* instruction, i32 written) {
    constexpr std::size_t known = place_of<handler, static_cast<Same>(sames % same_count)>;
    auto operand = [&](std::size_t place) __attribute__((always_inline)) { return place == known ? written : instruction->operands[place]; };
    const i32 operands[] = {operand(0), operand(1), operand(2)};
    if constexpr (sizeof...(rest) == 0) {
        return complete<handler>(state, instruction, operands);
    } else {
        if (!perform<handler>(state, operands)) [[unlikely]] return blocks::execute_slowly(state, instruction);
        constexpr std::size_t place = place_of_n<handler>;
        return run_from<sames / same_count, rest...>(state, instruction + 1, place < std::size(operands) ? operands[place % std::size(operands)] : 0);
    }
}
/// Flattened: a call that is left would keep the operands in memory, and the jumps to the next instruction from being jumps.
template <u32 sames, auto... handlers>
[[gnu::flatten]] Exit run_fused(blocks::State& state, const Instruction* first) {
    return run_from<sames * same_count, handlers...>(static_cast<State&>(state), first, 0);
}

// --- choosing it

template <auto first, auto second>
Execute choose_pair(const Instruction* at) {
    switch (same_of<first, second>(at + 1)) {
        case Same::m:
            if constexpr (can_be<first, second, Same::m>) return run_fused<1, first, second>;
            break;
        case Same::n:
            if constexpr (can_be<first, second, Same::n>) return run_fused<2, first, second>;
            break;
        case Same::none: break;
    }
    return run_fused<0, first, second>;
}
template <auto first, auto second>
constexpr Fusion fuse = {{run_handler<first>, run_handler<second>}, choose_pair<first, second>};

/// An access at a displacement that its instruction has no room for. `base`: which of its registers is the address.
template <auto access, Same base>
Execute choose_access(const Instruction* at) {
    constexpr u32 computed = static_cast<u32>(Same::n) + same_count * static_cast<u32>(base);
    if (same_of<mov, add_imm>(at + 1) == Same::n && same_of<add_imm, access>(at + 2) == base) return run_fused<computed, mov, add_imm, access>;
    return run_fused<0, mov, add_imm, access>;
}
template <auto access, Same base>
constexpr Fusion fuse_access = {{run_handler<mov>, run_handler<add_imm>, run_handler<access>}, choose_access<access, base>};

template <auto... handlers>
struct List {};
/// Each of the first with each of the second.
template <auto... first, auto... second>
constexpr auto fuse_all(List<first...>, List<second...> seconds) {
    std::array<Fusion, sizeof...(first) * sizeof...(second)> all;
    auto at = all.begin();
    auto add_with = [&]<auto one, auto... other>(List<other...>) { ((*at++ = fuse<one, other>), ...); };
    (add_with.template operator()<first>(seconds), ...);
    return all;
}

// --- what programs are made of

constexpr List<mov, mov_imm, add, add_imm, load_disp, store_disp, load_at<i32>, store_at<i32>, load_literal<i32>, load_after<i32>, store_before<i32>> moves;
constexpr auto moves_and_moves = fuse_all(moves, moves);

constexpr List<cmp_eq, cmp_hs, cmp_ge, cmp_hi, cmp_gt, cmp_pz, cmp_pl, cmp_eq_imm, tst, tst_imm, dt> tests;
constexpr auto tests_and_branches = fuse_all(tests, List<bt, bf, bt_s, bf_s>());

constexpr List<and_, or_, xor_, sub, neg, not_, shld, shift_left<2>, shift_right<2>, shll, shlr, extend<u8>, extend<u16>> operations;
constexpr auto operations_and_moves = fuse_all(operations, List<mov, add, store_disp>());
constexpr auto moves_and_operations = fuse_all(List<mov, load_disp>(), operations);

constexpr auto products = std::to_array<Fusion>({
    fuse<mul_l, from_system<&State::macl>>,
    fuse<dmulu_l, from_system<&State::mach>>,
    fuse<dmuls_l, from_system<&State::mach>>,
});
constexpr auto accesses = std::to_array<Fusion>({
    fuse_access<load_disp, Same::m>, fuse_access<store_disp, Same::n>, fuse_access<load_at<i32>, Same::m>, fuse_access<store_at<i32>, Same::n>,
});

}  // namespace

const blocks::FusionTable& fusions() {
    static const blocks::FusionTable table = [] {
        std::vector<Fusion> all;
        for (std::span<const Fusion> some : {std::span<const Fusion>(moves_and_moves), std::span<const Fusion>(tests_and_branches),
                                             std::span<const Fusion>(operations_and_moves), std::span<const Fusion>(moves_and_operations),
                                             std::span<const Fusion>(products), std::span<const Fusion>(accesses)}) {
            all.insert(all.end(), some.begin(), some.end());
        }
        return blocks::FusionTable(all);
    }();
    return table;
}

}  // namespace postern::sh
