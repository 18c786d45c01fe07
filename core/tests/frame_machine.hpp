// A thread that gets signals, without an engine: a CPU that only remembers its registers, a stack, and the image if
// that has the way back.
#pragma once

#include "abi/signal_abi.hpp"
#include "kernel/signals_frame.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <doctest/doctest.h>

namespace frame_test {

using namespace postern;
using namespace postern::kernel;

inline constexpr GuestAddr stack_page{0x200000};
inline constexpr u64 stack_size = 0x10000;
inline constexpr u64 stack_pointer = 0x20fef3;   // crooked, to see the alignment rules
inline constexpr u64 handler = 0x10100, restorer = 0x10200;
inline constexpr u64 handler_code = 0x20300, handler_data = 0x30400;   // of a handler that is a descriptor

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

inline SignalInfo fault_at(u64 address) {
    return {.signal = SIGSEGV, .code = SEGV_MAPERR, .kind = SignalInfo::Kind::fault, .address = {address}};
}

}  // namespace frame_test
