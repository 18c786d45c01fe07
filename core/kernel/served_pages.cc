#include "kernel/served_pages.hpp"

#include "kernel/loader.hpp"
#include "kernel/process.hpp"

#include <algorithm>
#include <csignal>

namespace postern::kernel {

namespace {

bool is_mapped(Task& task, const HelperPage& page) {
    const memory::Mapping* mapping = task.memory().find({*page.address});
    return mapping && mapping->served;
}

/// SIGSEGV without an address, as Linux's force_sig gives it.
void refuse(Task& task) {
    force_signal(task, {.signal = SIGSEGV, .code = SI_KERNEL, .kind = SignalInfo::Kind::fault});
}

const SyscallEntry* find_call(Task& task, std::string_view name) {
    for (const SyscallNumber& number : task.abi().syscall_numbers)
        if (number.name == name) return task.process.syscalls().find(number.number);
    return nullptr;
}

/// An argument above every user address, which Linux reports with that address; the functions
/// take pointers only. Nothing: none.
std::optional<GuestAddr> kernel_pointer(Task& task, std::string_view kinds) {
    Arguments arguments(task);
    auto count = std::min<std::ptrdiff_t>(1 + std::ranges::count(kinds, ','), 2);
    for (std::ptrdiff_t i = 0; i < count; ++i)
        if (u64 pointer = arguments.word(); pointer >= task.abi().layout.task_size) return GuestAddr{pointer};
    return std::nullopt;
}

void serve(Task& task, const HelperPage& page, const ServedFunction& function) {
    auto caller = task.memory().read_word({task.cpu().sp()});
    const SyscallEntry* entry = find_call(task, function.call);
    if (!caller || !entry || !entry->row->function) return refuse(task);
    if (auto pointer = kernel_pointer(task, entry->row->arguments)) {
        return raise_fault(task, {.kind = Stop::Kind::fault, .address = *pointer, .access = Access::write,
                                  .fault = memory::FaultKind::unmapped});
    }
    Arguments arguments(task);
    SysResult result = entry->row->function(task, arguments);
    if (Observer* observer = task.process.observer()) observer->served_call(task, page.name, *entry, result);
    if (result.value == -EFAULT) return refuse(task);
    set_result(task.cpu(), result);
    task.cpu().set_pc(*caller);
    task.cpu().set(task.abi().stack_pointer, task.cpu().sp() + task.abi().word_size);
}

}  // namespace

Result<void> map_served_pages(Image& image, ServedPages mode) {
    if (mode == ServedPages::none) return {};
    for (const HelperPage& page : image.abi->vdso.helper_pages) {
        if (page.served.empty()) continue;
        auto bytes = vdso::embedded_file(page.image);
        Permissions permissions{.read = mode == ServedPages::emulate, .write = false, .execute = true};
        auto mapped = image.memory->map({.hint = {*page.address}, .size = bytes.size(), .permissions = permissions,
                                         .placement = memory::MapRequest::Placement::fixed, .served = true,
                                         .special = true, .name = std::string(page.name)});
        if (!mapped || !image.memory->poke({*page.address}, bytes))
            return fail(ErrorKind::internal, "cannot map " + std::string(page.name));
    }
    return {};
}

bool serve_fetch(Task& task, const Stop& stop) {
    if (stop.access != Access::execute || stop.address.value != task.cpu().pc()) return false;
    for (const HelperPage& page : task.abi().vdso.helper_pages) {
        u64 offset = stop.address.value - page.address.value_or(0);
        if (page.served.empty() || offset >= task.memory().page_size() || !is_mapped(task, page)) continue;
        auto function = std::ranges::find(page.served, offset, &ServedFunction::offset);
        if (function == page.served.end()) refuse(task);
        else serve(task, page, *function);
        return true;
    }
    return false;
}

}  // namespace postern::kernel
