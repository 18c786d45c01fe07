#include "trace/session.hpp"

#include <algorithm>

namespace postern::trace {

Output& Session::add(std::unique_ptr<Output> output) {
    outputs_.push_back(std::move(output));
    return *outputs_.back();
}

void Session::finish(kernel::Process& process, const kernel::ExitStatus& status) {
    // The clock hands over the ticks it kept when it is asked for something.
    if (wants_page_services()) process.clock().service(vdso::ServiceReason::request);
    for (auto& reporter : reporters_) reporter->finish(status);
}

void Session::system_call_enter(kernel::Task& task, const kernel::SyscallEntry* entry, u64 number) {
    for (auto& reporter : reporters_) reporter->system_call_enter(task, entry, number);
}

void Session::system_call_exit(kernel::Task& task, const kernel::SyscallEntry* entry, u64 number,
                               kernel::SysResult result) {
    for (auto& reporter : reporters_) reporter->system_call_exit(task, entry, number, result);
}

void Session::served_call(kernel::Task& task, std::string_view page, const kernel::SyscallEntry& entry,
                          kernel::SysResult result) {
    for (auto& reporter : reporters_) reporter->served_call(task, page, entry, result);
}

void Session::signal(kernel::Task& task, int generic_signal, int code, u64 detail, GuestAddr handler) {
    for (auto& reporter : reporters_) reporter->signal(task, generic_signal, code, detail, handler);
}

void Session::image_loaded(kernel::Task& task) {
    for (auto& output : outputs_) output->hide_from(task.process.files());
    if (wants_page_services() && !watches_clock_) {
        watches_clock_ = true;
        vdso::Clock& clock = task.process.clock();
        clock.set_observer(
            [](void* context, const vdso::ServiceRecord& record) {
                for (auto& reporter : static_cast<Session*>(context)->reporters_) reporter->page_service(record);
            },
            this);
        clock.service(vdso::ServiceReason::start);   // the first was before anybody could watch
    }
    for (auto& reporter : reporters_) reporter->image_loaded(task);
}

void Session::vdso_moved(kernel::Task& task, GuestAddr start) {
    for (auto& reporter : reporters_) reporter->vdso_moved(task, start);
}

void Session::forked(kernel::Task& task) {
    for (auto& output : outputs_) output->expect_several();
    for (auto& reporter : reporters_) reporter->forked(task);
}

void Session::thread_started(kernel::Task& task) {
    for (auto& output : outputs_) output->expect_several();
    for (auto& reporter : reporters_) reporter->thread_started(task);
}

void Session::thread_ended(kernel::Task& task) {
    for (auto& reporter : reporters_) reporter->thread_ended(task);
}

bool Session::wants_syscalls() const { return std::ranges::any_of(reporters_, &Reporter::wants_syscalls); }

bool Session::wants_page_services() const {
    return std::ranges::any_of(reporters_, &Reporter::wants_page_services);
}

}  // namespace postern::trace
