// Instructions that are executed at once do what they do one by one, and where one of them fails the guest stands
// at it, with what the earlier ones have done and nothing else. Every fusion of every core's table is executed here
// with operands chosen at random, on addresses that may be written, only read, or neither, and so are its parts.
#include "cpu/blocks/cache.hpp"
#include "cpu/parisc/fusions.hpp"
#include "cpu/parisc/isa.hpp"
#include "cpu/sh/fusions.hpp"
#include "cpu/sh/isa.hpp"

#include <doctest/doctest.h>
#include <map>
#include <random>
#include <set>

using namespace postern;
using blocks::Execute;
using blocks::Exit;
using blocks::Fusion;
using blocks::Instruction;
using blocks::Operands;

namespace {

constexpr u32 code_address = 0x1000, instruction_size = 4;
constexpr u32 written_page = 0x20000, unmapped_page = 0x21000, constant_page = 0x22000;   // and nothing behind it

// --- what is chosen at random

using Random = std::mt19937;
u32 below(Random& random, u32 end) { return static_cast<u32>(random() % end); }

/// Near the end of a page, or anywhere on it; seldom misaligned.
u32 some_address(Random& random) {
    constexpr u32 pages[] = {written_page, written_page, written_page, constant_page, unmapped_page};
    u32 page = pages[below(random, 5)], distance = 4 * below(random, below(random, 2) ? 16 : 1024);
    return page + 0x1000 - 4 - distance + (below(random, 16) == 0 ? below(random, 4) : 0);
}
u32 some_value(Random& random) {
    switch (below(random, 8)) {
        case 0: return static_cast<u32>(random());
        case 1: return below(random, 64);
        default: return some_address(random);
    }
}

/// Bits of `value`, put where `mask` has ones, from the lowest on.
u64 spread(u64 value, u64 mask) {
    u64 word = 0;
    for (; mask != 0; mask &= mask - 1, value >>= 1)
        if (value & 1) word |= mask & -mask;
    return word;
}

/// A row's instruction with few registers, so that several have the same, and mostly small numbers. `selector`: of its
/// operands that select, the last one in the lowest bits.
template <typename Row, typename Selects>
u64 some_word(Random& random, const Row& row, u32 selector, Selects selects) {
    constexpr std::string_view registers[] = {"Rn", "Rm", "r1", "r2", "base", "rx", "rr", "rt"};
    u64 word = row.pattern.match;
    for (std::size_t i = row.operand_count; i-- > 0;) {
        const auto& [kind, mask] = row.operands[i];
        u64 field = below(random, 4) ? below(random, 64) : random();
        if (std::ranges::find(registers, kind.name) != std::end(registers)) field = below(random, 8) ? 1 + below(random, 3) : 0;
        if (selects(i)) {
            field = selector;
            selector >>= kind.bits;
        }
        word |= spread(field, mask);
    }
    return word;
}

// --- the cores

/// What a part of a fusion is made of.
template <typename Row>
struct Source {
    const Row* row;
    u32 selector = 0;
};

template <ByteOrder order>
struct Sh {
    using State = sh::State;
    static constexpr const char* abi = order == ByteOrder::little ? "sh4" : "sh4eb";
    static const blocks::FusionTable& table() { return sh::fusions(order != host_byte_order); }
    static State make(memory::AddressSpace& memory, CodeHolder& holder, blocks::Watcher& watcher) {
        return State(memory, holder, watcher, order != host_byte_order);
    }
    static std::map<Execute, Source<sh::Row>> sources() {
        std::map<Execute, Source<sh::Row>> found;
        for (u32 word = 0; word < 0x10000; ++word)
            if (const sh::Row* row = sh::find_row(static_cast<u16>(word), {}); row && row->execute) found[row->execute] = {row};
        return found;
    }
    static Operands operands(Random& random, const Source<sh::Row>& source) {
        Operands result{};
        u64 word = some_word(random, *source.row, 0, [](std::size_t) { return false; });
        decode::decode_operands(*source.row, word, some_address(random), result.data());
        return result;
    }
    static bool accesses(const sh::Row& row) { return row.syntax.contains('@'); }
    static bool is_branch(const sh::Row&) { return false; }   // with a slot that belongs to a fusion
    static void set_registers(Random& random, State& state) {
        for (u32& r : state.r) r = some_value(random);
        state.t = below(random, 2);
        state.mach = some_value(random);
        state.macl = some_value(random);
    }
};

struct Parisc {
    using State = parisc::State;
    static constexpr const char* abi = "parisc";
    static const blocks::FusionTable& table() { return parisc::fusions(); }
    static State make(memory::AddressSpace& memory, CodeHolder& holder, blocks::Watcher& watcher) { return State(memory, holder, watcher); }
    static std::map<Execute, Source<parisc::Row>> sources() {
        std::map<Execute, Source<parisc::Row>> found;
        for (const parisc::Row& row : parisc::all_rows()) {
            u32 bits = 0;
            for (std::size_t i = 0; i < row.operand_count; ++i)
                if (row.traits.uses[i] == parisc::Use::select) bits += row.operands[i].kind.bits;
            for (u32 selector = 0; row.execute && selector < 1u << bits; ++selector) found[row.traits.variants[selector]] = {&row, selector};
        }
        return found;
    }
    static Operands operands(Random& random, const Source<parisc::Row>& source) {
        const parisc::Row& row = *source.row;
        std::array<i64, parisc::Isa::max_operands> values{};
        u64 word = some_word(random, row, source.selector, [&](std::size_t i) { return row.traits.uses[i] == parisc::Use::select; });
        decode::decode_operands(row, word, code_address, values.data());
        Operands result{};
        std::size_t stored = 0;
        for (std::size_t i = 0; i < row.operand_count; ++i)
            if (row.traits.uses[i] == parisc::Use::store) result[stored++] = static_cast<i32>(values[i]);
        if (is_branch(row)) {
            result[blocks::max_operands - 2] = static_cast<i32>(code_address + (below(random, 2) ? 0x100 : -0x100u));
            result[blocks::max_operands - 1] = static_cast<i32>(code_address + 8);
        }
        return result;
    }
    static bool accesses(const parisc::Row& row) { return row.syntax.contains('(') && !row.syntax.starts_with("ldo") && !is_branch(row); }
    static bool is_branch(const parisc::Row& row) { return row.traits.flow >= parisc::Flow::go; }
    static void set_registers(Random& random, State& state) {
        for (u32 i = 1; i < 32; ++i) state.r[i] = some_value(random);
        for (u32& word : state.f) word = some_value(random);
        state.f[0] = state.f[1] = state.f[64] = state.f[65] = 0;
        state.sar = below(random, 32);
    }
};

// --- a guest without a program

struct Nobody : CodeHolder, blocks::Watcher {
    void code_written(GuestAddr) override {}
    blocks::Watch watch(u32) const override { return blocks::Watch::none; }
    bool reached(u32) override { return true; }
    void fetched(u32) override {}
};

/// How instructions were left.
struct Outcome {
    Exit exit;
    u32 pc;
    TrapKind trap{};
    GuestAddr address{};
    Access access{};
    bool operator==(const Outcome&) const = default;
};

template <typename Core>
struct Guest {
    Guest() {
        REQUIRE(memory->map_special({written_page}, 0x1000, read_write, true, "written"));
        REQUIRE(memory->map_special({constant_page}, 0x1000, read_only, true, "constant"));
        state.cache = &cache;
    }
    std::span<std::byte> page(u32 address) { return memory->special_span({address}, 0x1000); }

    Outcome run(const Instruction* code) {
        state.pc = 0;
        Exit exit = code->execute(state, code);
        if (exit == Exit::trap) return {exit, state.pc, state.trap.kind, {state.trap.address}};
        if (exit == Exit::fault) return {.exit = exit, .pc = state.pc, .address = state.tlb.fault().address, .access = state.tlb.fault().access};
        return {exit, state.pc};
    }

    Nobody nobody;
    std::unique_ptr<memory::AddressSpace> memory = std::move(*memory::AddressSpace::create(*find_abi(Core::abi)));
    blocks::BlockCache cache{2};
    typename Core::State state = Core::make(*memory, nobody, nobody);
};

Exit stand_here(blocks::State& state, const Instruction* instruction) {
    state.pc = instruction->address;
    return Exit::elsewhere;
}

// --- fusions

/// The instructions of a fusion, and two behind it: the last one may be skipped.
using Code = std::array<Instruction, Fusion::max_parts + 2>;

template <typename Core>
class Comparison {
public:
    void test_all() {
        std::size_t tested = 0;
        for (const Fusion& fusion : Core::table().all()) tested += test(fusion);
        CHECK(tested > 100);
    }

private:
    /// False: it has no access to memory.
    bool test(const Fusion& fusion) {
        fusion_ = &fusion;
        count_ = fusion.part_count();
        std::set<std::size_t> accesses;
        for (std::size_t i = 0; i < count_; ++i)
            if (source(i) && Core::accesses(*source(i)->row)) accesses.insert(i);
        if (accesses.empty()) return false;
        // At which parts it has failed, in any of its functions, and by function. A part of one of these may be unable
        // to fail: a load from where the part before has stored.
        std::set<std::size_t> failed;
        std::map<Execute, std::set<std::size_t>> by_function;
        auto is_complete = [&] { return std::ranges::all_of(by_function, [&](const auto& one) { return std::ranges::includes(one.second, accesses); }); };
        CAPTURE(text());
        random_.seed(5);
        for (int tries = 0; tries < 100 || (tries < 5000 && !is_complete()); ++tries) {
            if (tries % 100 == 0) fill_memory();
            choose_code();
            Execute function = fusion.choose(code_.data());
            auto& parts = by_function[function];
            auto part = compare(function);
            if (!part) continue;
            parts.insert(*part);
            failed.insert(*part);
        }
        CHECK(std::ranges::includes(failed, accesses));
        return true;
    }

    const auto* source(std::size_t part) const {
        auto found = sources_.find(fusion_->parts[part]);
        return found == sources_.end() ? nullptr : &found->second;   // an end is no instruction of the guest
    }
    std::string text() const {
        std::string result;
        for (std::size_t i = 0; i < count_; ++i) result += source(i) ? std::string(source(i)->row->syntax) + "; " : "end";
        return result;
    }

    void fill_memory() {
        for (u32 page : {written_page, constant_page}) {
            auto bytes = one_by_one_.page(page);
            for (std::size_t at = 0; at < bytes.size(); at += 4) store(bytes.subspan(at).data(), some_value(random_), find_abi(Core::abi)->byte_order);
            std::ranges::copy(bytes, at_once_.page(page).begin());
        }
    }

    void choose_code() {
        u32 mark = 0;
        code_.fill({stand_here, 0, {}});
        for (u32 i = 0; i < code_.size(); ++i) code_[i].address = code_address + i * instruction_size;
        for (std::size_t i = 0; i < count_; ++i) {
            code_[i].execute = fusion_->parts[i];
            if (!source(i)) continue;
            code_[i].operands = Core::operands(random_, *source(i));
            code_[i].address |= mark;
            if (Core::is_branch(*source(i)->row)) mark = parisc::State::in_slot_mark;
        }
    }

    /// Which part has failed.
    std::optional<std::size_t> compare(Execute function) {
        auto& registers = one_by_one_.state.registers();
        Core::set_registers(random_, one_by_one_.state);
        at_once_.state.registers() = registers;
        if (below(random_, 4) == 0) {
            one_by_one_.state.tlb.flush();
            at_once_.state.tlb.flush();
        }
        auto [expected, failed] = run_one_by_one();
        code_[0].execute = function;
        CHECK(at_once_.run(code_.data()) == expected);
        CHECK(at_once_.state.registers() == registers);
        CHECK(std::ranges::equal(at_once_.page(written_page), one_by_one_.page(written_page)));
        return failed;
    }

    std::pair<Outcome, std::optional<std::size_t>> run_one_by_one() {
        Outcome outcome{};
        auto& state = one_by_one_.state;
        for (std::size_t i = 0; i < count_;) {
            auto before = state.registers();
            Code alone;
            alone.fill({stand_here, 0, {}});
            alone[0] = code_[i];
            alone[1].address = code_[i + 1].address & ~parisc::State::in_slot_mark;
            alone[2].address = alone[1].address + instruction_size;
            outcome = one_by_one_.run(alone.data());
            if (outcome.exit == Exit::trap || outcome.exit == Exit::fault) {
                state.registers() = before;
                state.stand_at(code_[i]);
                CHECK(outcome.pc == state.pc);
                return {outcome, i};
            }
            if (outcome.exit != Exit::elsewhere || i + 1 == count_) break;
            i = (outcome.pc - code_address) / instruction_size;
        }
        return {outcome, std::nullopt};
    }

    const decltype(Core::sources()) sources_ = Core::sources();
    Guest<Core> one_by_one_, at_once_;
    Random random_;
    const Fusion* fusion_ = nullptr;
    std::size_t count_ = 0;
    Code code_{};
};

}  // namespace

TEST_CASE("fusions: of the SH-4, little-endian") { Comparison<Sh<ByteOrder::little>>().test_all(); }
TEST_CASE("fusions: of the SH-4, big-endian") { Comparison<Sh<ByteOrder::big>>().test_all(); }
TEST_CASE("fusions: of PA-RISC") { Comparison<Parisc>().test_all(); }
