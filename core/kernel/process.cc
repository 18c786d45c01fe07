#include "kernel/process.hpp"

#include "kernel/loader.hpp"
#include "kernel/random.hpp"
#include "kernel/served_pages.hpp"
#include "kernel/signals_held.hpp"
#include "kernel/signals_host.hpp"
#include "kernel/thread_end.hpp"
#include "kernel/vfork.hpp"
#include "vdso/time_source.hpp"

#include <cstdio>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace postern::kernel {

namespace {

/// Closes the guest's descriptors that are marked so, as execve does.
void close_on_exec(const FileState& files) {
    DIR* folder = ::opendir("/proc/self/fd");
    if (!folder) return;
    std::vector<int> marked;
    while (const dirent* entry = ::readdir(folder)) {
        if (entry->d_name[0] == '.') continue;
        int fd = std::atoi(entry->d_name);
        if (fd == ::dirfd(folder) || !files.is_guest_fd(fd)) continue;
        if (::fcntl(fd, F_GETFD) & FD_CLOEXEC) marked.push_back(fd);
    }
    ::closedir(folder);
    for (int fd : marked) ::close(fd);
}

/// What `ps` shows, and /proc/self/comm.
void set_host_name(const std::string& program) {
    auto slash = program.rfind('/');
    ::prctl(PR_SET_NAME, program.c_str() + (slash == program.npos ? 0 : slash + 1));
}

/// Restart codes and keep_registers: the others go to the result register as they are.
bool is_special(SysResult result) {
    return result.value == keep_registers || (result.value <= restart_sys && result.value >= restart_block);
}

/// The program named on the command line: a guest path, or (a sysroot notwithstanding) one of
/// the host, which is what a user at a shell types.
std::string program_on_host(Process& process, const std::string& program) {
    std::string inside = host_path(process, program);
    bool only_outside = ::access(inside.c_str(), F_OK) != 0 && ::access(program.c_str(), F_OK) == 0;
    return only_outside ? program : inside;
}

}  // namespace

Process::~Process() { release_signals(); }

Result<std::unique_ptr<Process>> Process::start(const StartOptions& options) {
    std::unique_ptr<Process> process(new Process);
    process->options_ = options;
    if (options.seed) process->system_.random = RandomSource(*options.seed);
    POSTERN_TRY_ASSIGN(source, vdso::TimeSource::make(options.time, vdso::host_clocks()));
    process->time_source_ = std::move(source);
    initialize_files(process->files_, options.sysroot);
    if (vdso::TimeLog* log = process->time_source_->log(); log && !log->is_replay()) {
        int hidden = reserve_fd(process->files_, log->descriptor());
        if (hidden >= 0) log->set_descriptor(hidden);
    }
    auto leader = std::unique_ptr<Task>(new Task{.process = *process, .tid = ::gettid(), .signals = {}, .restart = {}});
    process->threads_.emplace(*process, std::move(leader));
    auto resolve = [&](std::string_view path) { return host_path(*process, path); };
    POSTERN_TRY_ASSIGN(image, load_image({.name = options.program,
                                          .host_path = program_on_host(*process, options.program),
                                          .arguments = options.arguments, .environment = options.environment,
                                          .resolve = resolve, .random = process->system_.random.take<16>(),
                                          .vdso = options.vdso}));
    POSTERN_TRY(map_served_pages(image, options.served_pages));
    POSTERN_TRY(attach_engine(image, *process, options.clock_mode));
    process->replace_image(std::move(image));
    return process;
}

Result<void> Process::execute(const std::string& path, std::vector<std::string> arguments,
                              std::vector<std::string> environment) {
    return execute({.name = path, .host_path = host_path(*this, path), .arguments = std::move(arguments),
                    .environment = std::move(environment), .resolve = {}, .random = {}});
}

Result<void> Process::execute(LoadRequest request) {
    request.resolve = [this](std::string_view path) { return host_path(*this, path); };
    request.random = system_.random.take<16>();
    request.vdso = options_.vdso;
    request.vdso.other_abis_get_own = true;
    POSTERN_TRY_ASSIGN(image, load_image(request));
    POSTERN_TRY(map_served_pages(image, options_.served_pages));
    POSTERN_TRY(attach_engine(image, *this, options_.clock_mode));
    next_image_.emplace(std::move(image));
    return {};
}

/// Puts an image in place of the old one and returns that: host signal handlers still look at
/// it until they are told of the new one.
Image Process::replace_image(Image image) {
    SignalsHeld held;   // handlers would look at an image that is being changed
    bool same_abi = image.abi == image_.abi;
    std::swap(image_, image);
    if (!same_abi) syscalls_.emplace(*image_.abi);
    // One clock goes on from program to program, so that time does too.
    if (!same_abi || !clock_) {
        ClockMode mode = options_.clock_mode.value_or(abi().vdso.default_clock_mode);
        auto source = clock_ ? clock_->source() : time_source_;
        clock_.emplace(abi(), vdso::Clock::Counter{.mode = mode, .read = cpu().counter(mode)}, vdso::host_clocks(),
                       std::move(source));
        clock_->serve_keystream(true);
    }
    bind_clock(vdso::ServiceReason::start);
    watch_vdso();
    return image;
}

/// The second half of execve, outside the engine: there is no way back any more.
void Process::adopt(Image image) {
    abandon_locks(task());
    close_on_exec(files_);
    Image old = replace_image(std::move(image));
    retarget_signals(*this);
    reset_signals_on_exec(*this);
    Task& last = task();
    last.context.reset();   // of the old engine
    last.interrupted_call.reset();
    last.clear_child_tid = {};
    last.robust_list = {};
    last.robust_list_size = 0;
    last.restart = nullptr;
    announce_image();
    release_vfork_parent(*old.memory);
}

/// The end of what vfork's child does to the memory it shares with its parent, which goes on.
void Process::release_vfork_parent(const memory::AddressSpace& memory) {
    if (vfork_end_ < 0) return;
    send_changes(memory, vfork_end_);
    ::close(std::exchange(vfork_end_, -1));
}

void Process::announce_image() {
    set_host_name(image_.program.name);
    if (options_.observer) options_.observer->image_loaded(task());
}

ExitStatus Process::run() {
    initialize_signals(*this);
    start_clock_tick(*this);
    threads_->begin();
    announce_image();
    run_thread(threads_->leader());
    return *exit_status_;
}

bool Process::run_thread(Task& task) {
    do {
        while (!exit_status_ && !task.ending) {
            in_engine_ = true;
            Stop stop = cpu().run();
            in_engine_ = false;
            handle_stop(task, stop);
            if (next_image_) change_program(task);
            if (host::attention() & host::turn_over) threads_->yield();
        }
        if (exit_status_) {
            for (const auto& each : threads_->all()) abandon_locks(*each);
            release_vfork_parent(memory());
            return true;
        }
    } while (threads_->retire(task));
    return false;
}

void Process::end_host_process() {
    if (options_.on_end) options_.on_end(*exit_status_);
    ::_exit(exit_status_->code);
}

/// Only the leader can go on with a new program.
void Process::change_program(Task& task) {
    if (exit_status_ || !threads_->leave_only_leader()) return;
    adopt(*std::exchange(next_image_, std::nullopt));
    deliver_signals(task, std::nullopt);
}

void Process::handle_stop(Task& task, const Stop& stop) {
    if (exit_status_ || next_image_) return;
    do_outside_work(task);
    switch (stop.kind) {
        case Stop::Kind::requested: break;
        case Stop::Kind::trap:
        case Stop::Kind::fault:
            if (!serve_fetch(task, stop)) raise_fault(task, stop);
            break;
        case Stop::Kind::engine_error:
            fmt::print(stderr, "postern: {} stopped at {:#x}: {}\n", cpu().engine_name(), cpu().pc(),
                       stop.text);
            return exit({.code = static_cast<int>(ErrorKind::internal)});
    }
    if (exit_status_ || next_image_ || task.ending) return;
    deliver_signals(task, std::exchange(task.interrupted_call, std::nullopt));
}

/// The work may leave some of itself for outside, not knowing that it is there already.
void Process::do_outside_work(Task& task) {
    while (auto work = std::exchange(task.outside_work, nullptr)) {
        SysResult result = work();
        if (result.value == keep_registers) continue;
        if (!is_special(result)) set_result(cpu(), result);
        task.interrupted_call = result;
    }
}

void Process::exit(ExitStatus status) { exit_status_ = status; }

std::optional<vdso::GuestTime> Process::read_clock(int clock_id) {
    auto time = clock_->read(clock_id);
    if (const Error* failure = clock_->failure()) [[unlikely]] {
        fmt::print(stderr, "postern: {}\n", failure->message);
        exit({.code = static_cast<int>(failure->kind)});
        host::set_attention(host::forced_signal);   // the engine stops
        return vdso::GuestTime{};
    }
    return time;
}

void Process::after_fork(int vfork_end, bool shares_memory) {
    // The parent's own waiter is the parent's business.
    if (vfork_end_ >= 0) ::close(vfork_end_);
    vfork_end_ = vfork_end;
    if (shares_memory) memory().begin_change_record();
    else memory().end_change_record();
    threads_->after_fork();
    reset_signals_on_fork(*this);
    clock_->service(vdso::ServiceReason::fork);
    start_clock_tick(*this);
    if (options_.observer) options_.observer->forked(task());
}

// --- system calls: the hot path

bool Process::system_call() {
    u64 number = image_.cpu->system_call_number();
    if (number - counter_syscall_number <= keystream_syscall_number - counter_syscall_number) [[unlikely]]
        return serve_reserved_call(number);
    const SyscallEntry* entry = syscalls_->find(number);
    if (clock_->counts_calls()) [[unlikely]] clock_->count_call();
    Task& task = threads_->current();
    if (threads_->several() && entry && entry->row->may_wait && entry->row->may_wait(task)) [[unlikely]] {
        task.outside_work = [this, entry, number] { return serve(entry, number); };
        return false;
    }
    SysResult result = serve(entry, number);
    if (is_special(result)) [[unlikely]] return finish_call(result);
    set_result(*image_.cpu, result);
    if (!signal_pending(task)) [[likely]] return true;
    task.interrupted_call = result;
    return false;
}

SysResult Process::serve(const SyscallEntry* entry, u64 number) {
    return options_.observer && options_.observer->wants_syscalls() ? dispatch_observed(entry, number) : dispatch(entry);
}

SysResult Process::dispatch(const SyscallEntry* entry) {
    if (!entry) return -ENOSYS;
    if (!entry->row->function) return -entry->row->refusal;
    Arguments arguments(task());
    return entry->row->function(task(), arguments);
}

SysResult Process::dispatch_observed(const SyscallEntry* entry, u64 number) {
    Observer& observer = *options_.observer;
    observer.system_call_enter(task(), entry, number);
    auto exit = [this, &observer, entry, number](SysResult result) {
        if (!exit_status_ && !next_image_ && !task().ending) observer.system_call_exit(task(), entry, number, result);
        return result;
    };
    SysResult result = dispatch(entry);
    if (!task().outside_work) return exit(result);
    task().outside_work = [work = std::move(task().outside_work), exit] { return exit(work()); };
    return result;
}

SysResult Process::finish_outside(std::function<SysResult()> work) {
    task().outside_work = std::move(work);
    return keep_registers;
}

/// A call whose result does not go to the result register: whether the guest goes on in place.
bool Process::finish_call(SysResult result) {
    Task& current = task();
    if (result.value == keep_registers)
        return !exit_status_ && !next_image_ && !current.outside_work && !current.ending && !signal_pending(current);
    current.interrupted_call = result;
    return false;
}

/// The calls that only the code of our vDSO images makes. Always true: the guest goes on.
bool Process::serve_reserved_call(u64 number) {
    if (number == counter_syscall_number) {
        return_counter();
        return true;
    }
    Arguments arguments(task());
    set_result(cpu(), compute_keystream(task(), arguments));
    return true;
}

/// The reserved call of ClockMode::trap.
void Process::return_counter() {
    const SyscallConvention& convention = abi().syscall;
    u64 counter = cpu().counter(ClockMode::trap)();
    cpu().set(convention.result, abi().has_64bit_registers() ? counter : counter & abi().word_mask());
    if (!abi().has_64bit_registers()) cpu().set(convention.arguments[1], counter >> 32);
}

}  // namespace postern::kernel
