// From pending signals and guest faults to handlers and default actions.
#include "kernel/process.hpp"
#include "kernel/signals_frame.hpp"
#include "kernel/signals_host.hpp"
#include "kernel/signals_sequences.hpp"

#include <bit>
#include <cstdio>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

namespace postern::kernel {
namespace {

constexpr u64 flag_no_defer = 0x40000000, flag_reset_hand = 0x80000000, flag_restart = 0x10000000;

FaultCause cause_of(const Stop& stop) {
    if (stop.kind == Stop::Kind::fault) {
        switch (stop.fault) {
            case memory::FaultKind::unmapped: return FaultCause::unmapped;
            case memory::FaultKind::protection: return FaultCause::protection;
            case memory::FaultKind::beyond_file: return FaultCause::beyond_file;
        }
    }
    switch (stop.trap) {
        case TrapKind::illegal_instruction: return FaultCause::illegal_instruction;
        case TrapKind::privileged_instruction: return FaultCause::privileged_instruction;
        case TrapKind::breakpoint: return FaultCause::breakpoint;
        case TrapKind::integer_divide: return FaultCause::integer_divide;
        case TrapKind::integer_overflow: return FaultCause::integer_overflow;
        case TrapKind::floating_point: return FaultCause::floating_point;
        case TrapKind::alignment: return FaultCause::alignment;
        case TrapKind::general_protection: return FaultCause::general_protection;
        case TrapKind::illegal_trap: return FaultCause::illegal_trap;
        case TrapKind::unknown: break;
    }
    return FaultCause::unknown;
}

bool is_canonical(u64 address, unsigned bits) {
    if (bits >= 64) return true;
    unsigned unused = 64 - bits;
    return static_cast<u64>(static_cast<i64>(address << unused) >> unused) == address;
}

const FaultRule& rule_for(const SignalAbi& rules, FaultCause cause) {
    const FaultRule* fallback = &rules.faults.back();
    for (const FaultRule& rule : rules.faults)
        if (rule.cause == cause) return rule;
    return *fallback;
}

u32 error_code_of(const SignalAbi& rules, const FaultRule& rule, const Stop& stop) {
    if (stop.kind != Stop::Kind::fault) return rule.error_code;
    const FaultError& parts = rules.fault_error;
    u32 code = rule.cause == FaultCause::protection ? parts.protection : parts.unmapped;
    if (stop.access == Access::write) code += parts.write_adds;
    if (stop.access == Access::execute) code += parts.execute_adds;
    return code;
}

u64 trap_length(const Task& task) {
    const SyscallConvention& convention = task.abi().syscall;
    return convention.trap_length_thumb && in_alternate_state(task.cpu()) ? convention.trap_length_thumb
                                                                    : convention.trap_length;
}

u64 address_of(const Task& task, const FaultRule& rule, const Stop& stop) {
    switch (rule.address) {
        case FaultAddress::none: return 0;
        case FaultAddress::data: return stop.address.value & task.abi().signals->fault_address_mask;
        case FaultAddress::instruction: return task.cpu().pc();
        case FaultAddress::trap_instruction: return task.cpu().pc() - trap_length(task);
    }
    return 0;
}

void repeat_call(Task& task) { move_pc(task.cpu(), task.cpu().pc() - trap_length(task)); }

void finish_call(Task& task, i64 value) { set_result(task.cpu(), value); }

// A timed call goes on where it was: by restart_syscall, reached as the ABI does it.
void continue_call(Task& task) {
    const SignalAbi& rules = *task.abi().signals;
    Image& image = task.process.image();
    if (!rules.vdso_restart.empty() && image.vdso_image) {
        auto offset = image.vdso_image->private_offset(rules.vdso_restart);
        if (!offset) return;
        GuestAddr top{task.cpu().sp()};
        if (rules.restart_return_on_stack && !task.memory().write_word(top, task.cpu().pc())) return finish_call(task, -EINTR);
        task.cpu().set_pc(image.vdso.image.value + *offset);
        return;
    }
    task.cpu().set(task.abi().syscall.number, task.abi().syscall.restart_number);
    repeat_call(task);
}

// What becomes of an interrupted system call (kernel: handle_signal, do_signal). With a restart
// code the result register still holds what it held at entry, so going back needs the program
// counter only; an ordinary result is in its register already.
void resolve_call(Task& task, SysResult result, const SignalAction* handler) {
    switch (result.value) {
        case keep_registers: return;
        case restart_no_intr: return repeat_call(task);
        case restart_sys:
            if (!handler || (handler->flags & flag_restart)) return repeat_call(task);
            return finish_call(task, -EINTR);
        case restart_no_hand:
            if (!handler) return repeat_call(task);
            return finish_call(task, -EINTR);
        case restart_block:
            if (!handler) return continue_call(task);
            task.restart = nullptr;
            return finish_call(task, -EINTR);
        default: return;
    }
}

void announce(Task& task, const SignalInfo& info, GuestAddr handler) {
    Observer* observer = task.process.observer();
    if (!observer) return;
    u64 detail = info.kind == SignalInfo::Kind::fault ? info.address.value : static_cast<u64>(info.pid);
    observer->signal(task, info.signal, info.code, detail, handler);
}

enum class DefaultAction : u8 { ignore, stop, end };

DefaultAction default_action(int signal) {
    switch (signal) {
        case SIGCHLD: case SIGCONT: case SIGURG: case SIGWINCH: return DefaultAction::ignore;
        case SIGSTOP: case SIGTSTP: case SIGTTIN: case SIGTTOU: return DefaultAction::stop;
        default: return DefaultAction::end;
    }
}

void act_by_default(Task& task, const SignalInfo& info) {
    switch (default_action(info.signal)) {
        case DefaultAction::ignore: return;
        case DefaultAction::stop:
            announce(task, info, {});
            kill(getpid(), SIGSTOP);
            return;
        case DefaultAction::end:
            announce(task, info, {});
            task.process.exit({.code = 0, .signal = info.signal});
    }
}

// The kernel's force_sig: a fault cannot be ignored or blocked.
void unmask_forced(Task& task, int signal) {
    SignalAction& action = task.process.signals().actions[signal];
    bool blocked = task.signals.blocked & signal_bit(signal);
    if (blocked || action.handler.value == 1) set_action(task.process, signal, {});
    if (blocked) set_blocked(task, task.signals.blocked & ~signal_bit(signal));
}

std::optional<SignalInfo> next_signal(Task& task) {
    if (!task.signals.forced.empty()) {
        SignalInfo info = task.signals.forced.front();
        task.signals.forced.pop_front();
        unmask_forced(task, info.signal);
        return info;
    }
    return host::take(~task.signals.blocked);
}

// No frame could be written (kernel: force_sigsegv).
void refuse_frame(Task& task, int signal) {
    if (signal == SIGSEGV) set_action(task.process, SIGSEGV, {});
    task.signals.forced.push_front({.signal = SIGSEGV, .code = SI_KERNEL});
}

// Linux always has a vDSO, so a program cannot know why its handler never ran.
void report_missing_vdso(Task& task, int signal, const SignalAction& action) {
    const Image& image = task.process.image();
    if (task.process.options().vdso.kind == VdsoChoice::Kind::own) return;
    if (has_way_back(frame_context(task), action)) return;
    fmt::print(stderr, "postern: handler of signal {} not run: it would return through the vDSO, ", signal);
    fmt::print(stderr, "and {}\n", image.vdso_image ? "this one has no code for that" : "there is none");
}

void run_handler(Task& task, const SignalInfo& info, const SignalAction& action) {
    announce(task, info, action.handler);
    if (action.flags & flag_reset_hand) set_action(task.process, info.signal, {.flags = action.flags});
    SignalSet mask = task.signals.saved_blocked.value_or(task.signals.blocked);
    leave_atomic_sequence(task.cpu());
    if (!enter_handler(frame_context(task), info, action, mask)) {
        report_missing_vdso(task, info.signal, action);
        return refuse_frame(task, info.signal);
    }
    task.signals.saved_blocked.reset();
    SignalSet blocked = task.signals.blocked | action.mask;
    if (!(action.flags & flag_no_defer)) blocked |= signal_bit(info.signal);
    set_blocked(task, blocked);
}

// The page of a file that was cut short under its mapping.
void report_lost_page(Task& task) {
    auto offset = host::take_lost_page();
    if (!offset) return;
    GuestAddr address{*offset};
    memory::AddressSpace& memory = task.memory();
    memory.for_each([&](const memory::Mapping& mapping) {
        for (GuestAddr at = mapping.start; at < mapping.end; at += memory::Arena::bytes_to_slot_end(at)) {
            auto bytes = memory.host_span(at, 1, mapping.permissions.read ? Access::read : Access::write);
            if (bytes.empty()) continue;
            u64 start = static_cast<u64>(bytes.data() - memory.arena_base());
            u64 size = std::min(memory::Arena::bytes_to_slot_end(at), mapping.end - at);
            if (*offset >= start && *offset - start < size) address = at + (*offset - start);
        }
    });
    const FaultRule& rule = rule_for(*task.abi().signals, FaultCause::beyond_file);
    task.signals.forced.push_back({.signal = rule.signal, .code = rule.code, .kind = SignalInfo::Kind::fault,
                                   .address = address});
}

void adjust_engine(Task& task) {
    if (!(host::attention() & host::reconfigure)) return;
    host::clear_attention(host::reconfigure);
    bool wanted = wants_interruption(task.process);
    if (task.cpu().interruptible() != wanted) task.cpu().set_interruptible(wanted);
}

}  // namespace

void raise_fault(Task& task, const Stop& stop) {
    const SignalAbi& rules = *task.abi().signals;
    if (stop.kind == Stop::Kind::fault && leave_faulting_code(task.cpu())) return;
    FaultCause cause = cause_of(stop);
    if (stop.kind == Stop::Kind::fault && !is_canonical(stop.address.value, rules.canonical_bits))
        cause = FaultCause::general_protection;
    const FaultRule& rule = rule_for(rules, cause);
    SignalInfo info{.signal = rule.signal, .code = rule.code ? rule.code : static_cast<int>(stop.detail),
                    .kind = SignalInfo::Kind::fault};
    info.address = {address_of(task, rule, stop)};
    info.trap_number = rule.trap_number;
    info.error_code = error_code_of(rules, rule, stop);
    bool has_data_address = rule.address == FaultAddress::data;
    task.signals.fault = {.address = has_data_address ? stop.address : task.signals.fault.address,
                          .trap_number = info.trap_number, .error_code = info.error_code};
    force_signal(task, info);
}

void deliver_signals(Task& task, std::optional<SysResult> result) {
    adjust_engine(task);
    report_lost_page(task);
    while (auto info = next_signal(task)) {
        SignalAction action = task.process.signals().actions[info->signal];
        if (action.handler.value == 1) continue;
        if (action.handler.value == 0) {
            act_by_default(task, *info);
            if (default_action(info->signal) == DefaultAction::end) return;
            continue;
        }
        if (result) resolve_call(task, *result, &action);
        result.reset();
        run_handler(task, *info, action);
    }
    if (result) resolve_call(task, *result, nullptr);
    if (task.signals.saved_blocked) {
        set_blocked(task, *task.signals.saved_blocked);
        task.signals.saved_blocked.reset();
    }
    host::clear_attention(host::forced_signal);
    adjust_engine(task);
}

}  // namespace postern::kernel
