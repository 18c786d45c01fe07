#include "unwind/watcher.hpp"

#include "abi/signal_abi.hpp"
#include "time_page.h"

#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <ranges>

namespace postern::unwinding {

namespace {

/// From the handlers of faults, programs may jump away.
bool is_fault(int generic_signal) {
    constexpr int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE};   // generic numbers are x86-64's
    return std::ranges::find(faults, generic_signal) != std::end(faults);
}

}  // namespace

void Watcher::image_loaded(kernel::Task& task) {
    task_ = &task;
    unwinder_.emplace(task.abi(), task.cpu(), task.memory());
    for (auto word : std::views::split(unwinder_->machine().preserved, ' '))
        preserved_.push_back(unwinder_->number_of(std::string_view(word)));
    const kernel::Image& image = task.process.image();
    if (image.vdso_image) {
        auto bytes = image.vdso_image->bytes();
        auto code = DescribedCode::read(std::string(task.abi().name), {bytes.begin(), bytes.end()}, image.vdso.image.value);
        POSTERN_ASSERT(code.has_value());
        vdso_ = code_.size();
        code_.push_back(std::move(*code));
        find_trampolines(*image.vdso_image);
    }
    // Apart from the code behind it: writing where code was executed makes the engine start a block anew.
    if (moving_page_ && task.memory().protect({*moving_page_}, 4096, {.read = true, .write = true}) != 0)
        wrong("no time page where it is said to be");
    task.cpu().add_execution_hook({0}, {task.abi().layout.task_size - 1}, [this](GuestAddr pc) { on_instruction(pc); });
}

/// A described one is as long as its description says, another its two instructions.
void Watcher::find_trampolines(const vdso::Image& image) {
    for (std::string_view name : {"signal_entry", "sigreturn", "rt_sigreturn"}) {
        auto offset = image.private_offset(name);
        if (!offset) continue;
        const auto* range = code_[*vdso_].descriptions.find(*offset);
        u64 first = range ? range->start : *offset;
        trampolines_.push_back({first, range ? first + range->size : *offset + 8});
        if (name != "signal_entry") return_places_.insert(*offset);
    }
}

void Watcher::signal(kernel::Task&, int generic_signal, int, u64, GuestAddr handler) {
    if (!handler) return;
    Frame now = unwinder_->current(floating_point_);
    u64 pc = task_->abi().instruction_address(task_->cpu().pc());
    resume(pc, now);   // one that was pending comes before the first instruction there
    for (const auto& range : task_->abi().signals->restart_ranges)
        if (pc >= range.first && pc <= range.last) pc = range.restart;
    interrupted_.push_back({now, pc, std::exchange(call_, {}), is_fault(generic_signal)});
}

const DescribedCode* Watcher::find(u64 pc) const {
    for (const DescribedCode& code : code_)
        if (code.contains(pc)) return &code;
    return nullptr;
}

const Watcher::Trampoline* Watcher::trampoline_at(const DescribedCode& code, u64 pc) const {
    if (!vdso_ || &code != &code_[*vdso_]) return nullptr;
    for (const Trampoline& trampoline : trampolines_)
        if (pc - code.bias >= trampoline.first && pc - code.bias < trampoline.end) return &trampoline;
    return nullptr;
}

void Watcher::on_instruction(GuestAddr address) {
    u64 pc = task_->abi().instruction_address(address.value);
    const DescribedCode* code = find(pc);
    bool waiting = call_ || !interrupted_.empty();
    if (!code && !waiting) return;
    Frame now = unwinder_->current(floating_point_);
    if (resume(pc, now) && !code) return;
    if (!code) {
        leave(pc, now);
        return;
    }
    if (++reached_[{code->name, pc - code->bias}] == 1) move_page();
    if (trampoline_at(*code, pc) && !interrupted_.empty()) {
        check_trampoline(*code, pc, now);
        return;
    }
    if (!call_) enter();
    check_call(*code, pc, now);
    note_copies(pc);
}

/// Is a handler back where its signal had come?
bool Watcher::resume(u64 pc, const Frame& now) {
    if (interrupted_.empty()) return false;
    const Interrupted& last = interrupted_.back();
    u8 sp = unwinder_->machine().stack_pointer;
    if (pc != last.pc || now[sp] != last.registers[sp]) return false;
    call_ = last.call;
    interrupted_.pop_back();
    return true;
}

void Watcher::enter() {
    const Abi& abi = task_->abi();
    Frame now = unwinder_->current(floating_point_);
    u64 sp = *now[unwinder_->machine().stack_pointer];
    Call call{now, 0, sp};
    if (abi.vdso.return_address) {
        call.return_address = abi.instruction_address(task_->cpu().get(*abi.vdso.return_address) & abi.word_mask());
    } else {
        std::array<std::byte, 8> bytes;
        auto word = std::span(bytes).first(abi.long_size());
        if (!task_->memory().peek({sp & abi.word_mask()}, word)) return wrong("no return address on the stack");
        call.return_address = load_unsigned(word.data(), abi.long_size(), abi.byte_order);
        call.stack_pointer = sp + abi.long_size();
    }
    call.at_entry[unwinder_->machine().stack_pointer] = call.stack_pointer;
    call_ = call;
}

/// As if the page was written and the random generation changed at this moment.
void Watcher::move_page() {
    if (!moving_page_) return;
    auto add = [&](u64 offset, unsigned width, u64 distance) {
        std::array<std::byte, 8> bytes;
        auto word = std::span(bytes).first(width);
        GuestAddr address{*moving_page_ + offset};
        ByteOrder order = task_->abi().byte_order;
        if (!task_->memory().peek(address, word)) return wrong("no time page where it is said to be");
        store_unsigned(word.data(), load_unsigned(word.data(), width, order) + distance, width, order);
        if (!task_->memory().poke(address, word)) wrong("a time page that cannot be written");
    };
    add(POSTERN_AT_SEQUENCE, 4, 2);
    add(POSTERN_AT_RANDOM_GENERATION, 8, 1);
}

/// Outside: a return has to leave what a call preserves. Anything else is a call of the code's own.
void Watcher::leave(u64 pc, const Frame& now) {
    if (!call_ || pc != call_->return_address || now[unwinder_->machine().stack_pointer] != call_->stack_pointer) return;
    for (u64 number : preserved_) compare(number, now, call_->at_entry, "behind a call");
    call_.reset();
}

void Watcher::check_call(const DescribedCode& code, u64 pc, const Frame& now) {
    std::string where = fmt::format("{} {:#x}", code.name, pc - code.bias);
    if (!call_) return;
    auto caller = unwinder_->caller(code, now, pc, true);
    if (!caller) return wrong(fmt::format("{}: {}", where, caller.error().message));
    if (caller->pc != call_->return_address)
        wrong(fmt::format("{}: leads to {:#x}, called from {:#x}", where, caller->pc, call_->return_address));
    compare_stack(*caller, call_->stack_pointer, where);
    for (u64 number : preserved_) compare(number, caller->frame, call_->at_entry, where);
    for (u64 number : caller->described)
        if (call_->at_entry[number]) compare(number, caller->frame, call_->at_entry, where);
}

/// As an unwinder comes there: from a handler, by its return address; and as a debugger, on the
/// very instruction.
void Watcher::check_trampoline(const DescribedCode& code, u64 pc, const Frame& now) {
    std::string where = fmt::format("{} {:#x} (trampoline)", code.name, pc - code.bias);
    for (bool is_exact : {true, false}) {
        if (!is_exact && !return_places_.contains(pc - code.bias)) continue;
        if (!unwinder_->describes(code, pc - (is_exact ? 0 : 1))) {
            undescribed_.insert({code.name, pc - code.bias});
            continue;
        }
        auto caller = unwinder_->caller(code, now, pc, is_exact);
        if (!caller) wrong(fmt::format("{}: {}", where, caller.error().message));
        else compare_interrupted(*caller, where + (is_exact ? "" : " as return address"));
    }
}

void Watcher::compare_interrupted(const Unwinder::Caller& caller, const std::string& where) {
    const Interrupted& expected = interrupted_.back();
    if (!caller.has_signal_frame) return wrong(where + ": is not said to be a signal's frame");
    if (caller.pc != expected.pc)
        wrong(fmt::format("{}: leads to {:#x}, interrupted at {:#x}", where, caller.pc, expected.pc));
    const MachineRegisters& machine = unwinder_->machine();
    if (!machine.signal_cfa_is_context) compare_stack(caller, *expected.registers[machine.stack_pointer], where);
    for (u64 number = 0; number < expected.registers.size(); ++number)
        if (expected.registers[number] && !unwinder_->is_program_counter(number))
            compare(number, caller.frame, expected.registers, where);
}

void Watcher::compare_stack(const Unwinder::Caller& caller, u64 expected, const std::string& where) {
    u64 mask = task_->abi().word_mask();
    if ((caller.stack_pointer & mask) != (expected & mask))
        wrong(fmt::format("{}: the CFA says that the stack pointer is {:#x}, not {:#x}", where, caller.stack_pointer, expected));
}

void Watcher::compare(u64 number, const Frame& found, const Frame& expected, const std::string& where) {
    u64 mask = unwinder_->mask_of(number);
    if (found[number] && expected[number] && (*found[number] & mask) == (*expected[number] & mask)) return;
    auto text = [&](const std::optional<u64>& value) { return value ? fmt::format("{:#x}", *value & mask) : "unknown"; };
    wrong(fmt::format("{}: {} is {}, not {}", where, unwinder_->name_of(number), text(found[number]), text(expected[number])));
}

/// s390x: `ldgr` copies a register into a floating-point one, which the engine does not show.
void Watcher::note_copies(u64 pc) {
    if (task_->abi().machine != Machine::s390x) return;
    std::array<std::byte, 4> code;
    if (!task_->memory().peek({pc}, code)) return;
    if (code[0] != std::byte{0xb3} || code[1] != std::byte{0xc1}) return;
    auto operands = std::to_integer<unsigned>(code[3]);
    floating_point_[operands >> 4] = task_->cpu().get(task_->abi().register_index(fmt::format("r{}", operands & 15)));
}

void Watcher::wrong(const std::string& what) {
    if (++wrong_ <= 20) fmt::print("unwind: {}: {}\n", task_->abi().name, what);
}

bool Watcher::report(bool list) {
    auto expected = std::ranges::count_if(interrupted_, [](const Interrupted& entry) { return !entry.is_fault; });
    if (expected) wrong(fmt::format("{} handlers did not return", expected));
    if (call_) wrong("a call did not return");
    u64 checks = 0;
    for (const DescribedCode& code : code_)
        for (const auto& range : code.descriptions.ranges)
            if (list) fmt::print("function {} {:#x} {:#x}\n", code.name, range.start, range.start + range.size);
    for (const auto& [place, count] : reached_) {
        checks += count;
        if (!list) continue;
        fmt::print("reached {} {:#x} {}\n", place.first, place.second, undescribed_.contains(place) ? "undescribed" : "described");
    }
    fmt::print("unwind: {}: {} instructions, {} times, {} not described, {} wrong\n", task_->abi().name, reached_.size(), checks,
               undescribed_.size(), wrong_);
    return wrong_ == 0 && (!reached_.empty() || trampolines_.empty());
}

}  // namespace postern::unwinding
