// One guest process (= one host process), its image and its threads.
#pragma once

#include "abi/abi.hpp"
#include "cpu/cpu.hpp"
#include "kernel/files.hpp"
#include "kernel/observer.hpp"
#include "kernel/signals.hpp"
#include "kernel/syscall.hpp"
#include "kernel/system_state.hpp"
#include "kernel/threads.hpp"
#include "memory/address_space.hpp"
#include "vdso/clock.hpp"
#include "vdso/time_policy.hpp"
#include "vdso/image.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace postern::kernel {

/// Which vDSO programs get.
struct VdsoChoice {
    enum class Kind : u8 { own, none, file } kind = Kind::own;
    std::string name = {};                                    ///< of the file, for messages
    std::shared_ptr<const std::vector<std::byte>> bytes = {};   ///< of the file, not checked
    /// A program of another ABI than the file's gets Postern's own; else that is an error.
    bool other_abis_get_own = false;
};

/// The x86 vsyscall page, by the names of Linux's `vsyscall=`.
enum class ServedPages : u8 {
    none,           ///< not there
    execute_only,   ///< xonly: its functions can be called, its bytes not be read
    emulate,        ///< both
};

/// How a guest process ended.
struct ExitStatus {
    int code = 0;        ///< exit code 0 ... 255
    int signal = 0;      ///< host signal number that killed it, 0 = it exited
};

/// What a user asks for: `postern run`.
struct StartOptions {
    std::string program;                      ///< path as given; no PATH search
    std::vector<std::string> arguments;       ///< argv, including argv[0]
    std::vector<std::string> environment;     ///< "NAME=value"
    std::string sysroot;                      ///< empty = the host's root
    std::optional<u64> seed;                  ///< makes getrandom and AT_RANDOM the same in every run
    std::optional<ClockMode> clock_mode;      ///< overrides the ABI's
    vdso::TimePolicy time;                    ///< guest time as a function of host time
    VdsoChoice vdso = {};
    ServedPages served_pages = ServedPages::execute_only;
    Observer* observer = nullptr;
    /// Ends the host process as the guest ended, where a thread other than the one in Process::run has to.
    /// Does not return. Empty: _exit.
    std::function<void(const ExitStatus&)> on_end = {};
};

/// Facts of a loaded program, for auxv, /proc/self and tools.
struct ProgramInfo {
    std::string name;                 ///< as execve named it: AT_EXECFN
    std::string path;                 ///< host path of the executable (of a script: its interpreter)
    std::string command_line;         ///< argv, NUL-separated
    std::string environment;          ///< envp, NUL-separated
    GuestAddr entry{};                ///< first instruction (of the interpreter if there is one)
    u64 entry_data = 0;               ///< the data pointer that goes with it, where code is entered by descriptors
    GuestAddr program_entry{};        ///< AT_ENTRY
    GuestAddr program_headers{};      ///< AT_PHDR
    u16 program_header_count = 0;
    u16 program_header_size = 0;
    GuestAddr interpreter_base{};     ///< AT_BASE, 0 = none
    GuestAddr code_start{}, code_end{}, data_start{}, data_end{};
    GuestAddr brk_start{};            ///< first address of the heap
    GuestAddr stack_start{};          ///< where the tables begin: argc, argv, envp, auxiliary vector
    GuestAddr stack_pointer{};        ///< the initial one: stack_start, but above the tables if the stack grows up
    GuestAddr arguments_start{}, arguments_end{}, environment_start{}, environment_end{};
    bool executable_stack = false;
    bool readable_is_executable = false;   ///< READ_IMPLIES_EXEC: mmap grants execute with read
    std::vector<std::pair<u64, u64>> auxv;   ///< as written to the stack, AT_NULL included
};

/// Everything that execve replaces. Built completely before the old one is dropped.
struct Image {
    const Abi* abi = nullptr;
    std::unique_ptr<memory::AddressSpace> memory;
    std::unique_ptr<Cpu> cpu;
    vdso::Placement vdso;
    std::optional<vdso::Image> vdso_image;    ///< nothing: the program has no vDSO
    ProgramInfo program;
    GuestAddr brk_current{};
};

struct LoadRequest;   // kernel/loader.hpp

/// State of one guest thread.
struct Task {
    class Process& process;
    int tid = 0;                       ///< host thread id
    host::Thread* host = nullptr;      ///< what the host's signal handlers know of it
    std::unique_ptr<CpuContext> context = {};   ///< its registers while others have their turn; null: there was no other yet
    TaskSignals signals;
    GuestAddr clear_child_tid{};       ///< set_tid_address, CLONE_CHILD_CLEARTID
    GuestAddr robust_list{};
    u64 robust_list_size = 0;
    /// Continues a timed call after a signal without handler (restart_syscall).
    std::function<SysResult(Task&)> restart;
    // --- the system call under way
    std::function<SysResult()> outside_work = {};        ///< of it, or the rest of it, to be done outside the engine
    std::optional<SysResult> interrupted_call = {};      ///< its result, if it left the engine
    // --- the end
    bool ending = false;               ///< runs no more guest code
    int exit_code = 0;

    const Abi& abi() const;
    memory::AddressSpace& memory() const;
    Cpu& cpu() const;
};

class Process final : public SyscallHandler {
public:
    /// Loads the program and readies it to run. Error: see ErrorKind.
    static Result<std::unique_ptr<Process>> start(const StartOptions& options);
    ~Process() override;

    /// Runs until the guest ends. In a child the guest forked, this returns as well, when the
    /// child ends: the caller ends the host process with the status either way.
    ExitStatus run();
    /// Called by exit_group: the process ends with `status` when the current system call is over.
    void exit(ExitStatus status);
    /// Runs a thread, whose turn it is, until it ends. True: the process has ended, and it is still its turn.
    bool run_thread(Task& task);
    /// When the process has ended, for a host thread that has nobody to return to.
    [[noreturn]] void end_host_process();

    Image& image() { return image_; }
    const Abi& abi() const { return *image_.abi; }
    memory::AddressSpace& memory() { return *image_.memory; }
    Cpu& cpu() { return *image_.cpu; }
    vdso::Clock& clock() { return *clock_; }
    /// The thread whose turn it is.
    Task& task() { return threads_->current(); }
    Threads& threads() { return *threads_; }
    bool in_engine() const { return in_engine_; }
    FileState& files() { return files_; }
    ProcessSignals& signals() { return signals_; }
    SystemState& system() { return system_; }
    Observer* observer() { return options_.observer; }
    const StartOptions& options() const { return options_; }
    const SyscallTable& syscalls() const { return *syscalls_; }

    /// execve: loads `path` into a new image. On success the old image is gone when the
    /// system call ends; the handler returns keep_registers. Error: the errno is in
    /// Error::error_number and nothing has changed.
    Result<void> execute(const std::string& path, std::vector<std::string> arguments,
                         std::vector<std::string> environment);
    /// The same for a file whose name and place on the host differ (execveat, /proc/self/exe).
    /// `resolve` and `random` of the request are filled in.
    Result<void> execute(LoadRequest request);
    bool has_next_program() const { return next_image_.has_value(); }
    /// The rest of a system call that needs every register, some of which engines only tell while
    /// they stand still. For handlers to end with: `work` gives the call's result.
    SysResult finish_outside(std::function<SysResult()> work);
    /// A clock of the time page, read for the guest; nothing: not one of its. When the time policy
    /// has failed (a record that ends), says so, and the process ends with the call.
    std::optional<vdso::GuestTime> read_clock(int clock_id);
    /// In the child, right after the host's fork. `vfork_end`: the connection to a parent that waits until the child
    /// has called execve or ended (kernel/vfork.hpp), for what it has written then if `shares_memory`; -1 = nobody waits.
    void after_fork(int vfork_end = -1, bool shares_memory = false);

    bool system_call() override;
    GuestAddr fast_call_return() override;

private:
    Process() = default;
    SysResult serve(const SyscallEntry* entry, u64 number);
    SysResult dispatch(const SyscallEntry* entry);
    SysResult dispatch_observed(const SyscallEntry* entry, u64 number);
    bool finish_call(SysResult result);
    bool serve_reserved_call(u64 number);
    void return_counter();
    void handle_stop(Task& task, const Stop& stop);
    void do_outside_work(Task& task);
    void change_program(Task& task);
    void adopt(Image image);
    Image replace_image(Image image);
    void announce_image();
    void release_vfork_parent(const memory::AddressSpace& memory);
    void bind_clock(vdso::ServiceReason reason);
    void watch_vdso();

    StartOptions options_;
    FileState files_;
    ProcessSignals signals_;
    SystemState system_;
    Image image_;
    std::optional<Image> next_image_;            // set by execute, adopted outside the engine
    std::optional<SyscallTable> syscalls_;
    std::shared_ptr<vdso::TimeSource> time_source_;   // of the first clock
    std::optional<vdso::Clock> clock_;
    std::optional<Threads> threads_;
    bool in_engine_ = false;                     // a system call is served from inside Cpu::run
    std::optional<ExitStatus> exit_status_;
    int vfork_end_ = -1;
};

inline const Abi& Task::abi() const { return process.abi(); }
inline memory::AddressSpace& Task::memory() const { return process.memory(); }
inline Cpu& Task::cpu() const { return process.cpu(); }

/// Loads a program (not yet running) into a new image, without a process around it: for tools
/// and tests. `handler` is what the engine will call.
Result<Image> load_program(const StartOptions& options, SyscallHandler& handler);

}  // namespace postern::kernel
