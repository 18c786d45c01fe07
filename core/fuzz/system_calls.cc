// Fuzz target: a guest that makes any system calls with any arguments, of any ABI. The bytes are its program
// (scripted_cpu.hpp); everything behind the processor is Postern's own. No call may harm Postern, and the host is
// out of reach (containment.hpp).
#include "containment.hpp"
#include "kernel/process.hpp"
#include "kernel/signals_host.hpp"
#include "scripted_cpu.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <pthread.h>
#include <signal.h>
#include <string>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <thread>
#include <unistd.h>

extern "C" void __sanitizer_set_report_fd(void* fd);
extern "C" const char* __asan_default_options() { return "handle_abort=1:allocator_may_return_null=1:detect_leaks=0"; }

/// The linker puts it in the place of create_cpu (core/fuzz/CMakeLists.txt).
extern "C++" {
namespace postern {
Result<std::unique_ptr<Cpu>> create_scripted_cpu(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler) asm(
    "__wrap__ZN7postern10create_cpuERKNS_3AbiERNS_6memory12AddressSpaceERNS_14SyscallHandlerE");
Result<std::unique_ptr<Cpu>> create_scripted_cpu(const Abi& abi, memory::AddressSpace& memory, SyscallHandler& handler) {
    return std::unique_ptr<Cpu>(new fuzz::ScriptedCpu(abi, memory, handler));
}
}  // namespace postern
}

namespace {

constexpr int first_own_fd = 200;   // of the fuzzer's own: above what guests get, below the limit
int report_fd = -1;

[[noreturn]] void report(const std::string& message) {
    ::dprintf(report_fd, "%s (errno: %s)\n", message.c_str(), std::strerror(errno));
    std::abort();
}

}  // namespace

/// In the place of panic, which ends the process by a sentence on the guest's own descriptor.
extern "C++" {
namespace postern {
[[noreturn]] void reported_panic(const char* file, int line, const char* what) asm("__wrap__ZN7postern5panicEPKciS1_");
void reported_panic(const char* file, int line, const char* what) {
    report(std::string(file) + ":" + std::to_string(line) + ": internal error: " + what);
}
}  // namespace postern
}

namespace {

using namespace postern;
namespace fs = std::filesystem;

void require(bool condition, const char* what) {
    if (!condition) report(what);
}

/// Out of guests' reach: each executes, and may change, a copy.
std::string program_of(const Abi& abi) { return "/programs/" + std::string(abi.name); }

// --- a wait of a guest's takes no longer than two looks of the watcher

void interrupt_calls(int) { kernel::host::set_attention(kernel::host::forced_signal); }

std::atomic<bool> guest_runs = false;

void watch(pthread_t guest) {
    for (u64 seen = 0;;) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        u64 now = fuzz::step_count();
        if (now == seen && guest_runs) ::pthread_kill(guest, fuzz::wake_signal);
        seen = now;
    }
}

void start_watcher() {
    struct sigaction action{};
    action.sa_handler = interrupt_calls;   // without SA_RESTART
    require(::sigaction(fuzz::wake_signal, &action, nullptr) == 0, "no handler for the wake signal");
    std::thread(watch, ::pthread_self()).detach();
}

// --- what each guest finds

void write_file(const char* name, std::string_view text, mode_t mode) {
    int fd = ::open(name, O_WRONLY | O_CREAT | O_TRUNC, mode);
    if (fd < 0) return;
    std::ignore = ::write(fd, text.data(), text.size());
    ::close(fd);
}

void empty_folder(const fs::path& folder) {
    std::error_code error;
    fs::permissions(folder, fs::perms::owner_all, error);
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code ignored;
        if (entry->is_directory(ignored) && !entry->is_symlink(ignored)) empty_folder(entry->path());
        fs::remove(entry->path(), ignored);
    }
}

void renew_files(const Abi& abi) {
    ::umask(022);
    require(::chdir("/guest") == 0, "cannot go to /guest");
    empty_folder("/guest");
    std::ignore = ::mkdir("d", 0755);
    write_file("a", std::string(5000, 'x'), 0644);
    write_file("script", "#!program -x\n", 0755);
    std::ignore = ::symlink("a", "link");
    std::ignore = ::symlink("loop", "loop");
    std::ignore = ::mkfifo("fifo", 0644);
    std::error_code error;
    if (!fs::copy_file(program_of(abi), "program", error)) report("no program for the guest: " + error.message());
}

void place(int from, int to) {
    if (from == to || from < 0) return;
    ::dup2(from, to);
    ::close(from);
}

/// 0 ... 13: the guest's own. Pipe and sockets do not block.
void renew_descriptors() {
    ::close_range(0, first_own_fd - 1, 0);
    place(::open("a", O_RDWR), 0);
    place(::open("/guest/a", O_WRONLY | O_APPEND), 1);
    place(::open("a", O_RDWR), 2);
    int pair[2];
    if (::pipe2(pair, O_NONBLOCK) == 0) place(pair[1], 4);
    for (int type : {SOCK_STREAM, SOCK_DGRAM})
        std::ignore = ::socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, pair);
    place(::open(".", O_RDONLY | O_DIRECTORY), 9);
    place(::epoll_create1(0), 10);
    place(::eventfd(1, EFD_NONBLOCK), 11);
    place(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), 12);
    place(::inotify_init1(IN_NONBLOCK), 13);
}

const Abi& abi_of(u8 choice) {
    std::vector<const Abi*> runnable;
    for (const Abi* abi : all_abis())
        if (fs::exists(program_of(*abi))) runnable.push_back(abi);
    require(!runnable.empty(), "no guest programs");
    return *runnable[choice % runnable.size()];
}

void put_programs(const char* folder) {
    fs::path programs = fs::path(folder) / "programs";
    fs::create_directory(programs);
    for (const Abi* abi : all_abis())
        fs::copy_file(fs::path(GUEST_PROGRAMS) / abi->name / "hello", programs / abi->name);
}

/// Everything that is the fuzzer's own and not libFuzzer's.
void start_once() {
    static bool is_started = [] {
        start_watcher();
        fuzz::restrict_system_calls();
        return true;
    }();
    std::ignore = is_started;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
    fuzz::contain(argc, argv, put_programs);
    report_fd = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, first_own_fd);
    require(report_fd >= 0, "no descriptor for reports");
    __sanitizer_set_report_fd(reinterpret_cast<void*>(static_cast<std::intptr_t>(report_fd)));
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    if (size < 2) return 0;
    start_once();
    const Abi& abi = abi_of(data[0]);
    fuzz::script().start({data + 1, size - 1});
    renew_files(abi);
    renew_descriptors();
    {
        auto process = kernel::Process::start({.program = "/guest/program", .arguments = {"program", "argument"},
                                               .environment = {"NAME=value"}, .sysroot = "/guest", .seed = 1,
                                               .clock_mode = {}, .time = {}});
        if (!process) report("a guest does not start: " + process.error().message);
        guest_runs = true;
        std::ignore = (*process)->run();
        guest_runs = false;
    }
    ::dup2(report_fd, STDOUT_FILENO);
    ::dup2(report_fd, STDERR_FILENO);
    return 0;
}
