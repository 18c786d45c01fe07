// Signal frames on every ABI.
#include "frame_machine.hpp"

using namespace postern;
using namespace postern::kernel;
using namespace frame_test;

namespace {

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
                                 {"sh4eb", FrameKind::old}, {"sh4eb", FrameKind::rt}, {"parisc", FrameKind::rt}};

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
                        {"sh4", FrameKind::old, 8, 0}, {"sh4", FrameKind::rt, 8, 0},
                        {"sh4eb", FrameKind::old, 8, 0}, {"sh4eb", FrameKind::rt, 8, 0}};
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
        {"sh4eb", FrameKind::old, "r4", "", "r6", "pr", 0, 0},
        {"sh4eb", FrameKind::rt, "r4", "r5", "r6", "pr", 0, 128},
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

TEST_CASE("signals: without SA_RESTORER x86-64 has no way back") {
    FrameMachine machine("x86-64");
    SignalAction action = machine.action(FrameKind::rt);
    action.flags &= ~u64{0x04000000};
    CHECK_FALSE(enter_handler(machine.context(), fault_at(0), action, 0));
}
