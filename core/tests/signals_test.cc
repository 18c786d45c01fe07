// Signal frames on every ABI, without an engine: a CPU that only remembers its registers.
#include "abi/signal_abi.hpp"
#include "kernel/signals_frame.hpp"
#include "kernel/signals_info.hpp"
#include "kernel/signals_sequences.hpp"
#include "kernel/syscalls/waiting.hpp"
#include "kernel/x87_tags.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <doctest/doctest.h>

using namespace postern;
using namespace postern::kernel;

namespace {

constexpr GuestAddr stack_page{0x200000};
constexpr u64 stack_size = 0x10000;
constexpr u64 stack_pointer = 0x20fef3;   // crooked, to see the alignment rules
constexpr u64 handler = 0x10100, restorer = 0x10200;
constexpr u64 handler_code = 0x20300, handler_data = 0x30400;   // of a handler that is a descriptor

/// Registers and nothing else.
class FakeCpu final : public Cpu {
public:
    explicit FakeCpu(const Abi& abi) : Cpu(abi), values_(abi.registers.size()) {}

    u64 get(RegisterIndex index) const override {
        unsigned width = std::min<unsigned>(abi_.registers[index].width, 8);
        return load_unsigned(values_[index].data(), width, abi_.byte_order);
    }
    void set(RegisterIndex index, u64 value) override {
        unsigned width = std::min<unsigned>(abi_.registers[index].width, 8);
        store_unsigned(values_[index].data(), value, width, abi_.byte_order);
    }
    void get_bytes(RegisterIndex index, std::span<std::byte> out) const override {
        std::ranges::copy(std::span(values_[index]).first(out.size()), out.begin());
    }
    void set_bytes(RegisterIndex index, std::span<const std::byte> in) override {
        std::ranges::copy(in, values_[index].begin());
    }
    void reset() override {}
    Stop run() override { return {}; }
    std::unique_ptr<CpuContext> make_context() const override { return nullptr; }
    void save(CpuContext&) override {}
    void restore(const CpuContext&) override {}
    void forget_reservation() override {}
    void request_stop() noexcept override {}
    void set_interruptible(bool) override {}
    bool interruptible() const override { return false; }
    int add_execution_hook(GuestAddr, GuestAddr, ExecutionCallback) override { return 0; }
    void remove_execution_hook(int) override {}
    CounterReader counter(ClockMode) const override { return nullptr; }
    bool set_counter_points(std::span<const GuestAddr>, std::span<std::byte>) override { return false; }
    std::string_view engine_name() const override { return "fake"; }

    u64 named(std::string_view name) const { return get(abi_.register_index(name)); }

    /// Every register another value, in the bits that user code owns.
    void scramble(u8 seed) {
        for (RegisterIndex i = 0; i < values_.size(); ++i)
            for (unsigned byte = 0; byte < values_[i].size(); ++byte)
                values_[i][byte] = static_cast<std::byte>(seed + i * 7 + byte * 3);
    }

private:
    std::vector<std::array<std::byte, 16>> values_;
};

struct FrameMachine {
    explicit FrameMachine(std::string_view name) : abi(*find_abi(name)), cpu(abi) {
        memory = std::move(*memory::AddressSpace::create(abi));
        REQUIRE(memory->map({.hint = stack_page, .size = stack_size, .permissions = read_write,
                             .placement = memory::MapRequest::Placement::fixed, .name = {}}));
        if (!abi.signals->takes_restorer) use_image();
        cpu.scramble(1);
        cpu.set(abi.stack_pointer, (stack_pointer & ~u64{7}) - (abi.layout.upward_stack ? stack_size / 2 : 0));
        cpu.set_pc(0x10080);
        if (!abi.signals->state_register.empty()) cpu.set(abi.register_index("cpsr"), 0x60000010);
        if (abi.name == "aarch64") cpu.set(abi.register_index("pstate"), 0x60000000);
        if (abi.signals->state) cpu.set(abi.register_index("eflags"), 0x646);
        set_float_control(0x1fa0);
    }

    /// x86: values that have no bits beyond what frames hold.
    void set_float_control(u64 mxcsr) {
        if (!abi.signals->state) return;
        cpu.set(abi.register_index("mxcsr"), mxcsr);
        cpu.set(abi.register_index("fptag"), 0x5a);
    }

    FrameContext context() { return {abi, cpu, *memory, signals, placement, image ? &*image : nullptr}; }

    /// Where the image's trampolines are the only way back; and a descriptor, where handlers are.
    void use_image() {
        image = vdso::Image::of(abi);
        placement.image = {0x700000};
        if (!abi.function_descriptors) return;
        REQUIRE(memory->map({.hint = {handler & ~u64{0xfff}}, .size = 0x1000, .permissions = read_write,
                             .placement = memory::MapRequest::Placement::fixed, .name = {}}));
        std::array<std::byte, 16> descriptor{};
        store(descriptor.data(), handler_code, abi.byte_order);
        store(descriptor.data() + 8, handler_data, abi.byte_order);
        REQUIRE(memory->write(GuestAddr{handler}, descriptor));
    }
    u64 return_address(FrameKind kind) const {
        return image ? placement.image.value + *image->private_offset(frame(kind).vdso_return) : restorer;
    }
    /// Handlers are entered at once, or called by the trampoline from ctr.
    bool enters_trampoline() const { return image && abi.is_64bit(); }

    const SignalFrame& frame(FrameKind kind) const {
        return kind == FrameKind::old ? *abi.signals->old : abi.signals->rt;
    }
    SignalAction action(FrameKind kind, u64 flags = 0) const {
        return {.handler = {handler}, .flags = 0x04000000 | flags | (kind == FrameKind::rt ? 4u : 0u),
                .restorer = {restorer}, .mask = 0};
    }
    u64 load(u64 address, unsigned width) const {
        std::array<std::byte, 8> bytes{};
        REQUIRE(memory->peek({address}, std::span(bytes).first(width)));
        return load_unsigned(bytes.data(), width, abi.byte_order);
    }
    /// Of the frame that the handler just entered has.
    u64 frame_address(FrameKind kind) const {
        return abi.layout.upward_stack ? cpu.sp() - frame(kind).sigreturn_distance : cpu.sp();
    }
    /// The stack pointer as it is when the trampoline makes its system call.
    void go_to_sigreturn(FrameKind kind) {
        cpu.set(abi.stack_pointer, cpu.sp() + frame(kind).sigreturn_distance);
    }

    const Abi& abi;
    std::unique_ptr<memory::AddressSpace> memory;
    FakeCpu cpu;
    TaskSignals signals;
    vdso::Placement placement;
    std::optional<vdso::Image> image;
};

struct FrameField {
    std::string_view abi;
    FrameKind kind;
    unsigned offset;
    std::string_view first;
    unsigned count;
};
const FrameField frame_fields[] = {
#define FRAME_FIELD(abi, kind, offset, first, count) {abi, FrameKind::kind, offset, first, count},
#include "signal_frame_offsets.def"
#undef FRAME_FIELD
};

struct FrameCase {
    std::string_view abi;
    FrameKind kind;
};
const FrameCase frame_cases[] = {{"x86-64", FrameKind::rt},  {"x32", FrameKind::rt},  {"i386", FrameKind::old},  {"i386", FrameKind::rt},
                                 {"aarch64", FrameKind::rt}, {"arm", FrameKind::old},   {"arm", FrameKind::rt},
                                 {"s390x", FrameKind::old},  {"s390x", FrameKind::rt},
                                 {"s390", FrameKind::old},   {"s390", FrameKind::rt},
                                 {"mips-o32", FrameKind::old}, {"mips-o32", FrameKind::rt},
                                 {"mipsel-o32", FrameKind::old}, {"mipsel-o32", FrameKind::rt},
                                 {"mips-n32", FrameKind::rt}, {"mipsel-n32", FrameKind::rt},
                                 {"mips-n64", FrameKind::rt}, {"mipsel-n64", FrameKind::rt},
                                 {"ppc32", FrameKind::old},  {"ppc32", FrameKind::rt},  {"ppc64", FrameKind::rt},
                                 {"ppc64le", FrameKind::rt}, {"riscv64", FrameKind::rt},
                                 {"riscv32", FrameKind::rt}, {"sh4", FrameKind::old}, {"sh4", FrameKind::rt},
                                 {"parisc", FrameKind::rt}};

SignalInfo fault_at(u64 address) {
    return {.signal = SIGSEGV, .code = SEGV_MAPERR, .kind = SignalInfo::Kind::fault, .address = {address}};
}

}  // namespace

TEST_CASE("every ABI has a frame and its fields here") {
    for (const Abi* abi : all_abis()) {
        CAPTURE(abi->name);
        CHECK(std::ranges::find(frame_cases, abi->name, &FrameCase::abi) != std::end(frame_cases));
        CHECK(std::ranges::find(frame_fields, abi->name, &FrameField::abi) != std::end(frame_fields));
    }
}

TEST_CASE("signals: registers stand where the kernel's frames have them") {
    for (const FrameField& field : frame_fields) {
        CAPTURE(field.abi);
        CAPTURE(field.first);
        CAPTURE(field.offset);
        FrameMachine machine(field.abi);
        FakeCpu before = machine.cpu;
        REQUIRE(enter_handler(machine.context(), fault_at(0x1234), machine.action(field.kind), 0));
        u64 frame = machine.frame_address(field.kind);
        auto run = register_run(machine.abi, field.first, field.count);
        for (unsigned i = 0; i < field.count; ++i) {
            // Selectors have 16 bits; the PSW mask shows fixed bits beside the program's.
            unsigned width = machine.abi.registers[run[i]].width;
            if (field.first.size() == 2 && field.first[1] == 's') width = 2;
            if (width > 8) {
                std::array<std::byte, 16> kept{}, shown{};
                before.get_bytes(run[i], std::span(kept).first(width));
                REQUIRE(machine.memory->read(GuestAddr{frame + field.offset + i * width}, std::span(shown).first(width)));
                CHECK(shown == kept);
                continue;
            }
            u64 expected = before.get(run[i]) & (width == 8 ? ~u64{0} : (u64{1} << width * 8) - 1);
            if (field.first == "psw_mask" && width == 8) expected = (expected & 0x0000ff0180000000) | 0x0705000180000000;
            if (field.first == "psw_mask" && width == 4) expected = (expected & 0xff00) | 0x070d0000;
            if (field.first == "psw_addr") expected |= machine.abi.layout.ignored_address_bits;   // the addressing mode
            CHECK(machine.load(frame + field.offset + i * width, width) == expected);
        }
    }
}

TEST_CASE("signals: frames lie where the kernel puts them") {
    struct Row { std::string_view abi; FrameKind kind; u64 modulus, remainder; };
    const Row rows[] = {{"x86-64", FrameKind::rt, 16, 8}, {"x32", FrameKind::rt, 16, 8}, {"i386", FrameKind::old, 16, 12},
                        {"i386", FrameKind::rt, 16, 12},  {"aarch64", FrameKind::rt, 16, 0},
                        {"arm", FrameKind::old, 8, 0},    {"arm", FrameKind::rt, 8, 0},
                        {"s390x", FrameKind::old, 8, 0},  {"s390x", FrameKind::rt, 8, 0},
                        {"s390", FrameKind::old, 8, 0},   {"s390", FrameKind::rt, 8, 0},
                        {"ppc32", FrameKind::old, 16, 0}, {"ppc32", FrameKind::rt, 16, 0},
                        {"ppc64", FrameKind::rt, 16, 0},  {"ppc64le", FrameKind::rt, 16, 0},
                        {"riscv64", FrameKind::rt, 16, 0}, {"riscv32", FrameKind::rt, 16, 0},
                        {"mips-o32", FrameKind::old, 8, 0}, {"mips-o32", FrameKind::rt, 8, 0},
                        {"mipsel-o32", FrameKind::old, 8, 0}, {"mipsel-o32", FrameKind::rt, 8, 0},
                        {"mips-n32", FrameKind::rt, 16, 0}, {"mipsel-n32", FrameKind::rt, 16, 0},
                        {"mips-n64", FrameKind::rt, 16, 0}, {"mipsel-n64", FrameKind::rt, 16, 0},
                        {"sh4", FrameKind::old, 8, 0}, {"sh4", FrameKind::rt, 8, 0}};
    for (const Row& row : rows) {
        CAPTURE(row.abi);
        FrameMachine machine(row.abi);
        u64 old_pointer = machine.cpu.sp();
        REQUIRE(enter_handler(machine.context(), fault_at(0), machine.action(row.kind), 0));
        u64 frame = machine.cpu.sp();
        CHECK(frame % row.modulus == row.remainder);
        CHECK(frame + machine.frame(row.kind).size <= old_pointer - machine.abi.signals->red_zone);
        CHECK(machine.cpu.pc() == (machine.enters_trampoline() ? machine.return_address(row.kind) : handler));
    }
}

TEST_CASE("signals: handlers get their arguments and a way back") {
    struct Row {
        std::string_view abi;
        FrameKind kind;
        std::string_view signal, info, context, back;   // registers; empty = not passed so
        unsigned info_offset, context_offset;
    };
    const Row rows[] = {
        {"x86-64", FrameKind::rt, "rdi", "rsi", "rdx", "", 312, 8},
        {"x32", FrameKind::rt, "rdi", "rsi", "rdx", "", 296, 8},
        {"i386", FrameKind::old, "eax", "", "", "", 0, 0},
        {"i386", FrameKind::rt, "eax", "edx", "ecx", "", 16, 144},
        {"aarch64", FrameKind::rt, "x0", "x1", "x2", "x30", 0, 128},
        {"arm", FrameKind::old, "r0", "", "", "lr", 0, 0},
        {"arm", FrameKind::rt, "r0", "r1", "r2", "lr", 0, 128},
        {"s390x", FrameKind::old, "r2", "", "r3", "r14", 0, 160},
        {"s390x", FrameKind::rt, "r2", "r3", "r4", "r14", 168, 296},
        {"s390", FrameKind::old, "r2", "", "r3", "r14", 0, 96},
        {"s390", FrameKind::rt, "r2", "r3", "r4", "r14", 100, 232},
        {"ppc32", FrameKind::old, "r3", "", "r4", "lr", 0, 64},
        {"ppc32", FrameKind::rt, "r3", "r4", "r5", "lr", 80, 208},
        {"ppc64", FrameKind::rt, "r3", "r4", "r5", "pc", 3584, 128},
        {"ppc64le", FrameKind::rt, "r3", "r4", "r5", "pc", 3584, 128},
        {"riscv64", FrameKind::rt, "x10", "x11", "x12", "x1", 0, 128},
        {"riscv32", FrameKind::rt, "x10", "x11", "x12", "x1", 0, 128},
        {"mips-o32", FrameKind::old, "r4", "", "r6", "r31", 0, 24},
        {"mips-o32", FrameKind::rt, "r4", "r5", "r6", "r31", 24, 152},
        {"mipsel-o32", FrameKind::old, "r4", "", "r6", "r31", 0, 24},
        {"mipsel-o32", FrameKind::rt, "r4", "r5", "r6", "r31", 24, 152},
        {"mips-n32", FrameKind::rt, "r4", "r5", "r6", "r31", 24, 152},
        {"mipsel-n32", FrameKind::rt, "r4", "r5", "r6", "r31", 24, 152},
        {"mips-n64", FrameKind::rt, "r4", "r5", "r6", "r31", 24, 152},
        {"mipsel-n64", FrameKind::rt, "r4", "r5", "r6", "r31", 24, 152},
        {"sh4", FrameKind::old, "r4", "", "r6", "pr", 0, 0},
        {"sh4", FrameKind::rt, "r4", "r5", "r6", "pr", 0, 128},
        {"parisc", FrameKind::rt, "r26", "r25", "r24", "r2", 8, 136},
    };
    for (const Row& row : rows) {
        CAPTURE(row.abi);
        FrameMachine machine(row.abi);
        REQUIRE(enter_handler(machine.context(), fault_at(0x5000), machine.action(row.kind), 0));
        u64 frame = machine.frame_address(row.kind);
        CHECK(machine.cpu.named(row.signal) == SIGSEGV);
        if (!row.info.empty()) CHECK(machine.cpu.named(row.info) == frame + row.info_offset);
        if (!row.context.empty()) CHECK(machine.cpu.named(row.context) == frame + row.context_offset);
        if (row.back.empty()) CHECK(machine.load(frame, machine.abi.word_size) == restorer);
        else CHECK(machine.cpu.named(row.back) == machine.return_address(row.kind));
        if (!row.info.empty()) {
            CHECK(machine.load(frame + row.info_offset, 4) == SIGSEGV);
            unsigned code_offset = row.abi.starts_with("mips") ? 4 : 8;
            CHECK(machine.load(frame + row.info_offset + code_offset, 4) == SEGV_MAPERR);
            unsigned address_offset = machine.abi.is_64bit() ? 16 : 12;
            CHECK(machine.load(frame + row.info_offset + address_offset, machine.abi.word_size) == 0x5000);
        }
    }
}

TEST_CASE("signals: sigreturn brings back registers, mask and alternate stack") {
    constexpr SignalSet mask = signal_bit(SIGUSR1) | signal_bit(40);
    for (const FrameCase& which : frame_cases) {
        CAPTURE(which.abi);
        FrameMachine machine(which.abi);
        machine.signals.stack = {.base = {0x300000}, .size = 8192, .flags = 0};
        FakeCpu before = machine.cpu;
        REQUIRE(enter_handler(machine.context(), fault_at(0), machine.action(which.kind), mask));
        u64 frame = machine.frame_address(which.kind);
        u64 status = machine.abi.signals->state_register.empty() ? 0 : machine.cpu.named("cpsr");
        machine.cpu.scramble(99);
        machine.set_float_control(0x1f80);
        if (!machine.abi.signals->state_register.empty()) machine.cpu.set(machine.abi.register_index("cpsr"), status);
        machine.cpu.set(machine.abi.stack_pointer, frame);
        machine.go_to_sigreturn(which.kind);
        machine.signals.stack = {};
        auto restored = leave_handler(machine.context(), which.kind);
        REQUIRE(restored.has_value());
        // Old frames hold a mask of one word where the ABI has no second place for it.
        CHECK(*restored == mask);
        if (which.kind == FrameKind::rt) CHECK(machine.signals.stack.base.value == 0x300000);
        for (RegisterIndex i = 0; i < machine.abi.registers.size(); ++i) {
            const Register& reg = machine.abi.registers[i];
            CAPTURE(reg.name);
            bool selector = reg.name.size() == 2 && reg.name[1] == 's';
            bool is_kernels = selector || reg.name.ends_with("_base") || reg.name.starts_with("tpidr") || reg.name == "userlocal" ||
                reg.name == "cr27";
            if (is_kernels || reg.name == "psw_mask" || reg.name == "msr" || reg.name == "eflags" || reg.name == "pstate" ||
                reg.name == "sr" || reg.name == "psw") continue;
            std::array<std::byte, 16> was{}, is{};
            before.get_bytes(i, std::span(was).first(reg.width));
            machine.cpu.get_bytes(i, std::span(is).first(reg.width));
            if (i == machine.abi.program_counter && machine.abi.layout.ignored_address_bits)
                was[0] &= std::byte{0x7f}, is[0] &= std::byte{0x7f};
            if (reg.name.starts_with("iaoq"))   // the privilege level, which is the frame's only
                was[3] &= std::byte{0xfc}, is[3] &= std::byte{0xfc};
            if (reg.name == "fptag" && which.abi == "i386") continue;   // rebuilt from the registers
            CHECK(was == is);
        }
    }
}

TEST_CASE("signals: handlers of 64-bit PowerPC are called from ctr") {
    for (std::string_view name : {"ppc64", "ppc64le"}) {
        CAPTURE(name);
        FrameMachine machine(name);
        REQUIRE(enter_handler(machine.context(), fault_at(0), machine.action(FrameKind::rt), 0));
        bool descriptor = machine.abi.function_descriptors.has_value();
        CHECK(machine.cpu.named("ctr") == (descriptor ? handler_code : handler));
        CHECK(machine.cpu.named(descriptor ? "r2" : "r12") == (descriptor ? handler_data : handler));
    }
}

TEST_CASE("signals: what a frame points to may be elsewhere, and bytes behind it stay") {
    FrameMachine machine("ppc64");
    u64 old_pointer = machine.cpu.sp();
    REQUIRE(machine.memory->write(GuestPtr<u32>{{old_pointer - 8}}, u32{0x01020304}));
    REQUIRE(enter_handler(machine.context(), fault_at(0), machine.action(FrameKind::rt), 0));
    CHECK(machine.load(old_pointer - 8, 4) == 0x01020304);
    u64 frame = machine.cpu.sp();
    const PointedBlock& block = machine.abi.signals->rt.blocks[0];
    CHECK(machine.load(frame + block.pointer, 8) == frame + block.offset);
    std::array<std::byte, 16> other{std::byte{0x5a}};
    REQUIRE(machine.memory->write(GuestAddr{stack_page.value + 16}, other));
    std::array<std::byte, 8> pointer{};
    store(pointer.data(), stack_page.value, machine.abi.byte_order);
    REQUIRE(machine.memory->write(GuestAddr{frame + block.pointer}, pointer));
    machine.go_to_sigreturn(FrameKind::rt);
    REQUIRE(leave_handler(machine.context(), FrameKind::rt).has_value());
    std::array<std::byte, 16> v1{};
    machine.cpu.get_bytes(machine.abi.register_index("v1"), v1);
    CHECK(v1 == other);
}

TEST_CASE("signals: a frame that cannot be written changes nothing") {
    for (const FrameCase& which : frame_cases) {
        CAPTURE(which.abi);
        FrameMachine machine(which.abi);
        machine.cpu.set(machine.abi.stack_pointer, 0x100000);   // nothing is mapped there
        u64 pc = machine.cpu.pc();
        CHECK_FALSE(enter_handler(machine.context(), fault_at(0), machine.action(which.kind), 0));
        CHECK(machine.cpu.pc() == pc);
        CHECK(machine.cpu.sp() == 0x100000);
    }
}

TEST_CASE("signals: broken frames are refused") {
    for (const FrameCase& which : frame_cases) {
        CAPTURE(which.abi);
        FrameMachine machine(which.abi);
        machine.cpu.set(machine.abi.stack_pointer, 0x100000);
        CHECK_FALSE(leave_handler(machine.context(), which.kind).has_value());
    }
    for (std::string_view name : {"aarch64", "arm"}) {   // their frames have magic words
        CAPTURE(name);
        FrameMachine machine(name);
        machine.cpu.set(machine.abi.stack_pointer, stack_page.value + 0x1000);
        CHECK_FALSE(leave_handler(machine.context(), FrameKind::rt).has_value());
        machine.cpu.set(machine.abi.stack_pointer, stack_page.value + 0x1004);
        CHECK_FALSE(leave_handler(machine.context(), FrameKind::rt).has_value());
    }
}

TEST_CASE("signals: the alternate stack is used when asked for, and only once") {
    FrameMachine machine("x86-64");
    machine.signals.stack = {.base = {stack_page.value + 0x2000}, .size = 0x2000, .flags = 0};
    SignalAction action = machine.action(FrameKind::rt, 0x08000000);
    REQUIRE(enter_handler(machine.context(), fault_at(0), action, 0));
    u64 first = machine.cpu.sp();
    CHECK(on_alternate_stack(machine.abi, machine.signals.stack, first));
    CHECK(first < stack_page.value + 0x4000);
    REQUIRE(enter_handler(machine.context(), fault_at(0), action, 0));
    CHECK(machine.cpu.sp() < first);
    CHECK(on_alternate_stack(machine.abi, machine.signals.stack, machine.cpu.sp()));
    // The frames do not leave it: the next ones end in a refusal.
    bool refused = false;
    for (int i = 0; i < 20 && !refused; ++i) refused = !enter_handler(machine.context(), fault_at(0), action, 0);
    CHECK(refused);
    CHECK(on_alternate_stack(machine.abi, machine.signals.stack, machine.cpu.sp()));
}

TEST_CASE("signals: where the stack grows up, frames lie above the stack pointer") {
    FrameMachine machine("parisc");
    const u64 step = machine.abi.signals->rt.sigreturn_distance, old_pointer = machine.cpu.sp();
    REQUIRE(enter_handler(machine.context(), fault_at(0), machine.action(FrameKind::rt), 0));
    CHECK(machine.cpu.sp() == (old_pointer & ~u64{1}) + step);
    CHECK(machine.load(old_pointer + 160, 4) == 0);

    // On the alternate stack they begin near its lower end, at a multiple of 64.
    machine.signals.stack = {.base = {stack_page.value + 0x2004}, .size = 0x1000, .flags = 0};
    CHECK_FALSE(on_alternate_stack(machine.abi, machine.signals.stack, stack_page.value + 0x2003));
    CHECK(on_alternate_stack(machine.abi, machine.signals.stack, stack_page.value + 0x2004));
    CHECK_FALSE(on_alternate_stack(machine.abi, machine.signals.stack, stack_page.value + 0x3004));
    SignalAction action = machine.action(FrameKind::rt, 0x08000000);
    REQUIRE(enter_handler(machine.context(), fault_at(0), action, 0));
    u64 first = machine.cpu.sp() - step;
    CHECK(first == stack_page.value + 0x2080);
    CHECK(machine.load(first + 160, 4) == 1);   // PARISC_SC_FLAG_ONSTACK
    REQUIRE(enter_handler(machine.context(), fault_at(0), action, 0));
    CHECK(machine.cpu.sp() == first + 2 * step);
    bool refused = false;
    for (int i = 0; i < 20 && !refused; ++i) refused = !enter_handler(machine.context(), fault_at(0), action, 0);
    CHECK(refused);
    CHECK(on_alternate_stack(machine.abi, machine.signals.stack, machine.cpu.sp()));
}

TEST_CASE("signals: parisc handlers are code, or descriptors if bit 1 says so") {
    FrameMachine machine("parisc");
    u64 old_data = machine.cpu.named("r19");
    SignalAction action = machine.action(FrameKind::rt);
    REQUIRE(enter_handler(machine.context(), fault_at(0), action, 0));
    CHECK(machine.cpu.pc() == handler);
    CHECK(machine.cpu.named("r19") == old_data);

    std::array<std::byte, 8> descriptor{};
    store(descriptor.data(), static_cast<u32>(handler_code), machine.abi.byte_order);
    store(descriptor.data() + 4, static_cast<u32>(handler_data), machine.abi.byte_order);
    REQUIRE(machine.memory->write(GuestAddr{stack_page.value + 0x100}, descriptor));
    action.handler = {stack_page.value + 0x102};
    REQUIRE(enter_handler(machine.context(), fault_at(0), action, 0));
    CHECK(machine.cpu.pc() == handler_code);
    CHECK(machine.cpu.named("r19") == handler_data);
}

TEST_CASE("signals: sequences that are atomic start over") {
    FrameMachine sh4("sh4");
    auto in_sequence = [&](u64 pc) {
        sh4.cpu.set_pc(pc);
        sh4.cpu.set(sh4.abi.register_index("r0"), 0x10090);   // its end
        sh4.cpu.set(sh4.abi.register_index("r1"), 0x20ff00);
        sh4.cpu.set(sh4.abi.stack_pointer, 0xfffffff8);       // minus its length
        leave_atomic_sequence(sh4.cpu);
        CHECK(sh4.cpu.sp() == 0x20ff00);
        return sh4.cpu.pc();
    };
    CHECK(in_sequence(0x10088) == 0x10086);   // from the instruction that sets the mark
    CHECK(in_sequence(0x1008e) == 0x10086);
    CHECK(in_sequence(0x10090) == 0x10090);   // behind it
    sh4.cpu.set_pc(0x10088);
    leave_atomic_sequence(sh4.cpu);
    CHECK(sh4.cpu.pc() == 0x10088);

    for (std::string_view name : {"arm", "parisc"}) {
        CAPTURE(name);
        FrameMachine machine(name);
        REQUIRE_FALSE(machine.abi.signals->restart_ranges.empty());
        for (const RestartRange& range : machine.abi.signals->restart_ranges) {
            for (u64 pc : {range.first, range.last}) {
                machine.cpu.set_pc(pc);
                leave_atomic_sequence(machine.cpu);
                CHECK(machine.cpu.pc() == range.restart);
            }
            machine.cpu.set_pc(range.last + 4);
            leave_atomic_sequence(machine.cpu);
            CHECK(machine.cpu.pc() == range.last + 4);
        }
    }
}

TEST_CASE("signals: a fault of a light-weight call is the call's answer") {
    FrameMachine machine("parisc");
    REQUIRE(machine.abi.signals->fault_ranges.size() == 1);
    const RestartRange& range = machine.abi.signals->fault_ranges[0];
    for (const RestartRange& sequence : machine.abi.signals->restart_ranges) {
        machine.cpu.set_pc(sequence.last);
        CHECK(leave_faulting_code(machine.cpu));
        CHECK(machine.cpu.pc() == range.restart);
    }
    CHECK_FALSE(leave_faulting_code(machine.cpu));
    FrameMachine other("arm");
    CHECK_FALSE(leave_faulting_code(other.cpu));
}

TEST_CASE("signals: without SA_RESTORER x86-64 has no way back") {
    FrameMachine machine("x86-64");
    SignalAction action = machine.action(FrameKind::rt);
    action.flags &= ~u64{0x04000000};
    CHECK_FALSE(enter_handler(machine.context(), fault_at(0), action, 0));
}

TEST_CASE("signals: x87 tag words convert both ways") {
    FrameMachine machine("i386");
    const Abi& abi = machine.abi;
    machine.cpu.set(abi.register_index("fpsw"), 6 << 11);   // top of stack: physical register 6
    machine.cpu.set(abi.register_index("fptag"), 0b11000000);
    std::array<std::byte, 10> one{}, zero{};
    one[7] = std::byte{0x80};
    one[8] = std::byte{0xff};
    one[9] = std::byte{0x3f};
    machine.cpu.set_bytes(abi.register_index("st0"), one);
    machine.cpu.set_bytes(static_cast<RegisterIndex>(abi.register_index("st0") + 1), zero);
    u64 full = full_tags(machine.cpu, abi.register_index("fptag"));
    CHECK(full == 0x4fff);   // 7: zero, 6: valid, the rest empty
    CHECK(abridged_tags(full) == 0b11000000);
}

TEST_CASE("signals: numbers and masks convert by the ABI's pairs") {
    Abi swapped = *find_abi("x86-64");
    const NumberPair pairs[] = {{SIGUSR1, 30}, {SIGPWR, 10}};
    swapped.numbers.sets[static_cast<std::size_t>(NumberSet::signal)] = pairs;
    CHECK(signal_to_guest(swapped, SIGUSR1) == 30);
    CHECK(signal_from_guest(swapped, 30) == SIGUSR1);
    CHECK(signal_from_guest(swapped, 9) == SIGKILL);
    SignalSet set = signal_bit(SIGUSR1) | signal_bit(SIGTERM);
    CHECK(signal_set_to_guest(swapped, set) == (signal_bit(30) | signal_bit(SIGTERM)));
    CHECK(signal_set_from_guest(swapped, signal_set_to_guest(swapped, set)) == set);
}

TEST_CASE("signals: queued siginfo survives the way through a guest") {
    for (const Abi* abi : known_abis()) {
        CAPTURE(abi->name);
        SignalInfo info{.signal = SIGRTMIN, .code = SI_QUEUE, .kind = SignalInfo::Kind::queue, .pid = 77, .uid = 5,
                        .value = 0x12345678};
        std::array<std::byte, 128> bytes;
        write_signal_info(*abi, info, bytes);
        SignalInfo back = read_signal_info(*abi, bytes);
        CHECK(back.code == SI_QUEUE);
        CHECK(back.pid == 77);
        CHECK(back.uid == 5);
        CHECK(back.value == 0x12345678);
    }
}

TEST_CASE("signals: times add and subtract without overflow") {
    CHECK((timespec{1, 900'000'000} + timespec{0, 200'000'000}).tv_sec == 2);
    CHECK((timespec{1, 900'000'000} + timespec{0, 200'000'000}).tv_nsec == 100'000'000);
    CHECK((timespec{5, 0} - timespec{4, 1}).tv_nsec == 999'999'999);
    CHECK((timespec{4, 0} - timespec{5, 0}).tv_sec == 0);
    CHECK((timespec{__LONG_MAX__, 0} + timespec{1, 0}).tv_sec == __LONG_MAX__);
}
