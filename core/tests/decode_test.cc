// The decoder: which rows compile, and what it makes of words.
#include "cpu/decode/table.hpp"

#include <doctest/doctest.h>

using namespace postern;
using namespace postern::decode;

namespace {

// --- an instruction set of 32 bits, and one of 41 as IA-64's slots have

struct Machine {
    i64 sum = 0;
};

std::string number(i64 value) { return std::to_string(value); }

struct Ra {
    static constexpr OperandKind kind{'a', 5, "ra", [](u64 field, u64) { return static_cast<i64>(field); }, number};
    u32 value;
};
struct Rb {
    static constexpr OperandKind kind{'b', 5, "rb", [](u64 field, u64) { return static_cast<i64>(field); }, number};
    u32 value;
};
/// Scattered, with its sign in the lowest bit, as PA-RISC has them.
struct Offset {
    static constexpr OperandKind kind{'d', 6, "disp", [](u64 field, u64) {
        return static_cast<i64>(sign_extend((field & 1) << 5 | field >> 1, 6));
    }, number};
    i64 value;
};
struct Here {
    static constexpr OperandKind kind{0, 0, "", [](u64, u64 address) { return static_cast<i64>(address); }, nullptr};
    i64 value;
};

void add(Machine& machine, Ra a, Rb b) { machine.sum += a.value + b.value; }
void move(Machine& machine, Ra a, Offset offset) { machine.sum = a.value + offset.value; }
void where(Machine& machine, Here here) { machine.sum = here.value; }

using Run = void (*)(Machine&, const i64*);

template <auto handler>
void run_handler(Machine& machine, const i64* operands) { SignatureOf<handler>::template call<handler>(machine, operands); }

template <unsigned width_>
struct TestIsa {
    static constexpr unsigned width = width_;
    static constexpr std::size_t max_operands = 3;
    using Execute = Run;
    struct Traits {};
    template <auto handler> static constexpr Execute execute = run_handler<handler>;
    template <auto handler> static constexpr Traits traits{};
};
using Isa = TestIsa<32>;
using SlotIsa = TestIsa<41>;

constexpr auto rows = std::to_array<Row<Isa>>({
    row<Isa, add>("000001 aaaaa bbbbb ---- 000000000000", "add ra,rb"),
    row<Isa, move>("000010 aaaaa ddddd 000000000000000 d", "move disp(ra)"),
    row<Isa, where>("11 ------------------------------", "where"),
    unimplemented<Isa, Ra>("000011 aaaaa 000000000000000000000", "later ra"),
});
static_assert(disjoint(rows));
constexpr Index<Isa, 6, rows.size()> table(rows);

constexpr auto slot_rows = std::to_array<Row<SlotIsa>>({
    row<SlotIsa, add>("1000 0000 0000 0000 0000 0000 0000 000 aaaaa bbbbb", "add ra,rb"),
});
constexpr Index<SlotIsa, 4, slot_rows.size()> slot_table(slot_rows);

// --- rows that do not compile, by the check that refuses them

constexpr auto kinds = detail::kinds_of<Ra, Rb>();
constexpr Misfit fit(std::string_view pattern, std::string_view syntax) { return misfit(pattern, 16, syntax, kinds); }

static_assert(fit("000000aaaaabbbbb", "add ra,rb") == Misfit::none);
static_assert(fit("000000aaaaa-bbbbb", "add ra,rb") == Misfit::pattern);
static_assert(fit("000002aaaaabbbbb", "add ra,rb") == Misfit::pattern);
static_assert(fit("00000000000bbbbb", "add ra,rb") == Misfit::field_missing);
static_assert(fit("0000000aaaabbbbb", "add ra,rb") == Misfit::field_width);
static_assert(fit("00000caaaaabbbbb", "add ra,rb") == Misfit::field_unused);
static_assert(fit("000000aaaaabbbbb", "add ra") == Misfit::operand_unnamed);
static_assert(fit("000000aaaaabbbbb", "add ra,ra,rb") == Misfit::operand_unnamed);
static_assert(fit("000000aaaaabbbbb", "add xra,rb") == Misfit::operand_unnamed);
static_assert(misfit("00000000000aaaaa", 16, "add ra", detail::kinds_of<Ra, Ra>()) == Misfit::operand_repeated);

// --- overlaps

static_assert(overlap(parse("00aa"), parse("0001")));
static_assert(!overlap(parse("00aa"), parse("01aa")));
constexpr auto clashing = std::to_array<Row<Isa>>({rows[0], rows[1], unimplemented<Isa, Ra>("000001 aaaaa 000000000000000000000", "clash ra")});
static_assert(!disjoint(clashing));
static_assert(first_overlap<Isa>(clashing) == std::pair{&clashing[0], &clashing[2]});

// --- bits

static_assert(gather(0b1010'0110, 0b1100'0011) == 0b1010);
static_assert(sign_extend(0x80, 8) == ~u64{0x7f} && sign_extend(0x7f, 8) == 0x7f);
static_assert(table.find(0x0400'0000) == &rows[0]);

}  // namespace

TEST_CASE("decode: a word is found, with its operands in the handler's order") {
    Machine machine;
    u64 word = 0x0400'0000 | 3 << 21 | 4 << 16 | 0xf000;   // bits that nobody looks at are set
    const Row<Isa>* found = table.find(word);
    REQUIRE(found == &rows[0]);
    i64 operands[3];
    decode_operands(*found, word, 0, operands);
    found->execute(machine, operands);
    CHECK(machine.sum == 7);
    CHECK(print(*found, word, 0) == "add 3,4");
}

TEST_CASE("decode: the bits of a scattered field are gathered in order") {
    Machine machine;
    u64 word = 0x0800'0000 | 9 << 21 | 0b11110 << 16 | 1;
    const Row<Isa>* found = table.find(word);
    REQUIRE(found == &rows[1]);
    i64 operands[3];
    decode_operands(*found, word, 0, operands);
    found->execute(machine, operands);
    CHECK(machine.sum == 9 - 2);
    CHECK(print(*found, word, 0) == "move -2(9)");
}

TEST_CASE("decode: an implied operand comes from the address") {
    Machine machine;
    const Row<Isa>* found = table.find(0xc000'0000);
    REQUIRE(found == &rows[2]);
    i64 operands[3];
    decode_operands(*found, 0xc000'0000, 0x1234, operands);
    found->execute(machine, operands);
    CHECK(machine.sum == 0x1234);
    CHECK(print(*found, 0xc000'0000, 0x1234) == "where");
}

TEST_CASE("decode: what is no instruction, and what is not implemented") {
    CHECK(table.find(0x0400'0001) == nullptr);
    CHECK(table.find(0x1000'0000) == nullptr);
    const Row<Isa>* later = table.find(0x0c00'0000);
    REQUIRE(later == &rows[3]);
    CHECK(coverage<Isa>({later, 1}).implemented == 0);
    CHECK(print(*later, 0x0c00'0000 | 5 << 21, 0) == "later 5");
    Coverage all = coverage<Isa>(rows);
    CHECK(all.implemented == 3);
    CHECK(all.rows == 4);
    CHECK(coverage_table<Isa>(rows).ends_with("no   000011 aaaaa 000000000000000000000  later ra\n"));
}

TEST_CASE("decode: instructions of 41 bits") {
    const Row<SlotIsa>* found = slot_table.find(u64{1} << 40 | 2 << 5 | 1);
    REQUIRE(found == &slot_rows[0]);
    CHECK(print(*found, u64{1} << 40 | 2 << 5 | 1, 0) == "add 2,1");
    CHECK(slot_table.find(0) == nullptr);
}
