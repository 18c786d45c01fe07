#include "cpu/parisc/fusions.hpp"

#include "cpu/blocks/fuse.hpp"
#include "cpu/parisc/branch.hpp"
#include "cpu/parisc/ends.hpp"
#include "cpu/parisc/float_memory.hpp"

namespace postern::parisc {

using blocks::fuse;
using blocks::fuse_all;
using blocks::fuse_where;
using blocks::Fusion;
using blocks::Parts;
using blocks::Same;
using blocks::Sames;

namespace {

// --- parts

/// A row's instruction with what its completers select; 0: none of them.
template <auto handler, u32 selector = 0>
struct Part {
    using Called = CallerOf<handler>;

    static constexpr blocks::Execute execute = run_handler<handler, selector>;
    static constexpr std::size_t written = Called::slot_of({"rt"}, 0);
    static constexpr std::array<std::size_t, 2> read = {Called::slot_of({"r1", "r2", "base", "rx", "rr"}, 0),
                                                        Called::slot_of({"r1", "r2", "base", "rx", "rr"}, 1)};

    [[gnu::always_inline]] static Step perform(blocks::State& state, const blocks::Operands& operands) {
        return parisc::perform<handler, selector>(static_cast<State&>(state), operands);
    }
    [[gnu::always_inline]] static Exit complete(blocks::State& state, const Instruction* instruction, const blocks::Operands& operands) {
        return go_on_after(state, instruction, perform(state, operands));
    }
};

template <Exit (*function)(blocks::State&, const Instruction*)>
struct End {
    static constexpr blocks::Execute execute = function;
    static constexpr std::size_t written = blocks::no_operand;
    static constexpr std::array<std::size_t, 2> read = {blocks::no_operand, blocks::no_operand};

    [[gnu::always_inline]] static Exit complete(blocks::State& state, const Instruction* end, const blocks::Operands&) { return function(state, end); }
};
using EndBlock = End<end_block>;
using FinishBranch = End<finish_branch>;
using FinishQueue = End<finish_queue>;

// --- straight on

constexpr Parts<Part<ldo>, Part<ldil>, Part<addil>, Part<logic<or_>>, Part<logic<and_>>, Part<logic<xor_>>, Part<add<0, Carries::kept>>,
                Part<sub<>>, Part<add<1, Carries::kept>>, Part<add<2, Carries::kept>>, Part<extract<false>>,
                Part<load_displaced<u32>>, Part<store_displaced<u32>>, Part<load_short<u32>>, Part<store_short<u32>>> moves;
constexpr auto moves_and_moves = fuse_all(moves, moves);

constexpr auto others = std::to_array<Fusion>({
    fuse<Part<load_displaced<u8>>, Part<ldo>>,
    fuse<Part<load_short<u8>>, Part<ldo>>,
    fuse<Part<sub<>>, Part<sub_with<>>>,
    fuse<Part<add<0, Carries::set>>, Part<add_with<>>>,
    fuse<Part<add_with<>>, Part<shrp>>,
    fuse<Part<subi<>>, Part<mtctl>>,
    fuse<Part<mtctl>, Part<logic<and_>>>,
    fuse<Part<mtctl>, Part<shrp_variable>>,
    fuse<Part<mtctl>, Part<deposit_variable<true>>>,
    fuse<Part<logic<or_>>, Part<deposit_variable<true>>>,
    fuse<Part<subi<>>, Part<logic<xor_>>>,
    fuse<Part<sub<>>, Part<subi<>>>,
    fuse_where<Parts<Part<subi<>>, Part<mtctl>, Part<logic<and_>>>, Sames<Same::first, Same::none>>,
    fuse_where<Parts<Part<sub<>>, Part<subi<>>, Part<mtctl>>, Sames<Same::first, Same::first>>,
    fuse_where<Parts<Part<mtctl>, Part<shrp_variable>, Part<logic<or_>>>, Sames<Same::none, Same::second>>,
    fuse_where<Parts<Part<extract<false>>, Part<add<1, Carries::kept>>, Part<add<2, Carries::kept>>>, Sames<Same::first, Same::first>>,
});

template <typename T> using LoadFloat = Part<move_float_short<T, false>>;
template <typename T> using StoreFloat = Part<move_float_short<T, true>>;
constexpr auto floats = fuse_all(Parts<Part<ldo>, Part<load_displaced<u32>>, Part<store_displaced<u32>>, Part<store_short<u32>>, LoadFloat<float>, LoadFloat<double>>(),
                                 Parts<LoadFloat<float>, LoadFloat<double>, StoreFloat<double>>());
constexpr auto products = std::to_array<Fusion>({
    fuse_where<Parts<LoadFloat<double>, Part<xmpyu>, StoreFloat<double>>>,
    fuse_where<Parts<LoadFloat<float>, Part<xmpyu>, StoreFloat<double>>>,
    fuse<Part<xmpyu>, StoreFloat<double>>,
    fuse<LoadFloat<double>, Part<xmpyu>>,
    fuse<LoadFloat<float>, Part<xmpyu>>,
    fuse<LoadFloat<float>, Part<ldil>>,
    fuse<StoreFloat<double>, Part<load_short<u32>>>,
    fuse<StoreFloat<double>, Part<store_short<u32>>>,
});

// --- branches with their slots and where they go

/// One for each of the conditions that programs test, with ",n" or without.
template <auto handler, u32 nullifies, u32... conditions>
constexpr Parts<Part<handler, conditions << 1 | nullifies>...> on;
template <typename... Some, typename... Others>
constexpr Parts<Some..., Others...> operator+(Parts<Some...>, Parts<Others...>) { return {}; }

template <u32 nullifies>
constexpr auto conditional = on<cmpb<0>, nullifies, 1, 2, 3, 4, 5> + on<cmpb<1>, nullifies, 1, 2, 3, 4, 5> +
                             on<cmpib<0>, nullifies, 1, 2, 3, 4, 5> + on<cmpib<1>, nullifies, 1, 2, 3, 4, 5> +
                             on<addib<0>, nullifies, 1, 2> + on<addib<1>, nullifies, 1, 2> + on<movb, nullifies, 1, 5> + on<bb, nullifies, 0, 1>;

/// Each branch with each slot.
template <typename End, typename... Branch, typename... Slot>
constexpr auto fuse_slots(Parts<Branch...>, Parts<Slot...> slots) {
    std::array<Fusion, sizeof...(Branch) * sizeof...(Slot)> all;
    auto at = all.begin();
    auto add_with = [&]<typename One, typename... Other>(std::type_identity<One>, Parts<Other...>) {
        ((*at++ = fuse_where<Parts<One, Other, End>>), ...);
    };
    (add_with(std::type_identity<Branch>(), slots), ...);
    return all;
}
constexpr Parts<Part<ldo>, Part<logic<or_>>, Part<add<0, Carries::kept>>, Part<load_displaced<u32>>, Part<load_short<u32>>, Part<store_short<u8>>> slots;
constexpr Parts<Part<ldo>, Part<load_modify>> skipped_slots;
constexpr auto branches = fuse_slots<FinishBranch>(conditional<0>, slots);
constexpr auto nullifying_branches = fuse_slots<FinishBranch>(conditional<1>, skipped_slots);
constexpr auto bare_branches = fuse_all(conditional<0> + conditional<1>, Parts<FinishBranch>());

constexpr Parts<Part<ldo>, Part<logic<or_>>, Part<load_displaced<u32>>, Part<load_modify>, Part<store_displaced<u32>>, Part<store_short<u32>>, Part<sub<>>,
                StoreFloat<double>> jump_slots;
constexpr auto calls = fuse_slots<EndBlock>(Parts<Part<bl<17>>>(), jump_slots);
constexpr auto returns = fuse_slots<FinishQueue>(Parts<Part<bv>>(), jump_slots);
constexpr auto bare_jumps = std::to_array<Fusion>({fuse<Part<bl<17>>, EndBlock>, fuse<Part<bl<17>, 1>, EndBlock>, fuse<Part<bv, 1>, FinishQueue>, fuse<Part<bv>, FinishQueue>});

}  // namespace

const blocks::FusionTable& fusions() {
    static const blocks::FusionTable table{
        moves_and_moves, others, floats, products, branches, nullifying_branches, bare_branches, calls, returns,
        bare_jumps,
    };
    return table;
}

}  // namespace postern::parisc
