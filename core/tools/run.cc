// postern run
#include "kernel/process.hpp"
#include "tools/command.hpp"
#include "tools/image_file.hpp"
#include "tools/search_path.hpp"
#include "trace/reporters.hpp"

#include <algorithm>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace postern::tools {

namespace {

constexpr auto footer = R"(PROGRAM and everything behind it belong to the guest; "--" ends Postern's own options
early. A PROGRAM without a slash is looked up in PATH, in the guest's environment and
below the sysroot if there is one. Its ABI is read from its ELF header; scripts ("#!") run
through their interpreter.

Trace kinds, several at a time with commas:
  syscall   each system call as strace prints it
  vdso      each vDSO call: function, arguments, result, nanoseconds it took on this host
            (its own cost included)
  signal    each delivered signal: its cause, and the handler or "default action"
  page      each renewal of the time page: why, CLOCK_MONOTONIC before and after, the
            host's, and how long the page holds; and the time policy
Lines go to standard error (or --trace-file), each in one write, with "[pid]" in front
once the guest has forked. What is not traced costs nothing.

--summary prints one line when the first process of the guest ends:
  postern: summary: abi A, engine E, system calls N, clock calls N, page services N,
  processes N, time POLICY
It counts all processes up to then. "Clock calls" are system calls that read a clock which
the vDSO serves: 0 means that no clock read left the guest. With --instructions also
"instructions N": those that were executed, which makes the guest many times slower.

Time policies say what time it is for the guest, by vDSO and by system call alike, and how
long its sleeps, time-outs and timers take. Several with commas between, one of a kind:
  host                    the host's time
  offset=+3d2h            CLOCK_REALTIME so much later (-: earlier) than the host's;
                          units d h m s ms us ns
  at=2038-01-19T03:14:00Z CLOCK_REALTIME starts there; also +01:00 for Z, a day, @SECONDS
  monotonic+=10s          CLOCK_MONOTONIC so much later (-=: earlier)
  boottime+=3d            CLOCK_BOOTTIME so much later (-=: earlier)
  rate=10                 all clocks run ten times as fast; 0.000001 to 1000000
  freeze, freeze=DATE     all clocks stand still; waits take their length in host time
  step=1ms                each read of a clock lets that pass, whoever reads
  virtual                 1 us per system call and per read of a clock; the same in each run,
                          from 2025-01-01T00:00:00Z
  record=FILE             what the guest reads from its clocks is written there
  replay=FILE             and read again, in order; anything else ends the run with 125
With step and virtual a sleep takes no host time and lets guest time pass; timers, and waits
for something that may happen outside, take host time. What stays the host's always: files'
timestamps, CPU time, SO_RCVTIMEO, /proc, and the CPU's own counter read by an instruction.

--vdso FILE maps an ELF shared object of PROGRAM's ABI as [vdso]: one segment at address 0,
no relocations, as `postern image ABI --extract FILE` writes it. A time page comes with it
only if FILE was built for Postern's. A kernel's own vDSO reads data pages of that kernel and
is refused. --no-vdso leaves AT_SYSINFO_EHDR out: clocks are system calls then. Signal
handlers without SA_RESTORER return through code of the vDSO, unless the ABI has a page of
its own for that (arm: [sigpage]); without it they are not run, and Postern says so.

Exit status: the guest's own. A guest that a signal ends makes Postern end by the same
signal (without a second core dump). 125: Postern failed; 126: PROGRAM is not a program
that it can run; 127: it was not found.

Examples:
  postern run ./busybox-arm64 sh
  postern run --sysroot /srv/s390x --cwd /root /bin/sh -c 'ls -l | wc -l'
  postern run --time at=2038-01-19T03:14:00Z,rate=60 ./busybox-armhf date
  postern run --trace vdso,syscall --trace-file /tmp/log ./busybox-armhf date)";

struct RunOptions {
    std::string sysroot, working_directory, trace_file, time_policy = "host", clock_mode, vsyscall = "xonly";
    std::vector<std::string> environment, trace_kinds;
    std::string vdso_file;
    std::optional<std::string> program_name;
    std::optional<u64> seed;
    bool clean_environment = false, summary = false, instructions = false, no_vdso = false;
};

/// The guest's environment: ours, unless it starts clean, and then what --env sets.
Result<std::vector<std::string>> make_environment(const RunOptions& options) {
    std::vector<std::string> environment;
    for (char** entry = environ; !options.clean_environment && *entry; ++entry) environment.emplace_back(*entry);
    for (const std::string& setting : options.environment) {
        auto equals = setting.find('=');
        if (equals == setting.npos || equals == 0)
            return fail(ErrorKind::internal, fmt::format("--env {}: expected NAME=VALUE", setting));
        std::erase_if(environment, [&](const std::string& entry) {
            return entry.starts_with(std::string_view(setting).substr(0, equals + 1));
        });
        environment.push_back(setting);
    }
    return environment;
}

std::string value_of(const std::vector<std::string>& environment, std::string_view name, std::string_view otherwise) {
    for (const std::string& entry : environment)
        if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=')
            return entry.substr(name.size() + 1);
    return std::string(otherwise);
}

/// An absolute path without a trailing slash, so that it holds wherever the guest goes.
Result<std::string> absolute_directory(const std::string& path) {
    char resolved[PATH_MAX];
    if (!realpath(path.c_str(), resolved))
        return fail(ErrorKind::internal, fmt::format("sysroot {}: {}", path, strerror(errno)));
    std::string absolute = resolved;
    return absolute == "/" ? "" : absolute;
}

/// A directory as the guest would name it, below the sysroot if it is absolute.
Result<void> change_directory(const std::string& directory, const std::string& sysroot) {
    std::string path = directory[0] == '/' ? sysroot + directory : directory;
    if (chdir(path.c_str()) != 0)
        return fail(ErrorKind::internal, fmt::format("working directory {}: {}", path, strerror(errno)));
    return {};
}

Result<ClockMode> clock_mode_by_name(const std::string& name) {
    for (ClockMode mode : {ClockMode::counter, ClockMode::trap, ClockMode::page})
        if (name_of(mode) == name) return mode;
    return fail(ErrorKind::internal, fmt::format("--clock-mode {}: expected counter, trap or page", name));
}

Result<vdso::TimePolicy> time_policy(const std::string& text) {
    auto policy = vdso::TimePolicy::parse(text);
    if (!policy) return fail(ErrorKind::internal, fmt::format("--time {}: {}", text, policy.error().message));
    // Before --cwd changes what they are relative to.
    for (std::string* file : {&policy->record, &policy->replay})
        if (!file->empty()) *file = std::filesystem::absolute(*file);
    return policy;
}

Result<kernel::ServedPages> served_pages_by_name(const std::string& name) {
    using enum kernel::ServedPages;
    if (name == "emulate") return emulate;
    if (name == "xonly") return execute_only;
    if (name == "none") return none;
    return fail(ErrorKind::internal, fmt::format("--vsyscall {}: expected emulate, xonly or none", name));
}

// --- what watches the run

template <typename Reporter>
void add_reporter(trace::Session& session, trace::Output& output) {
    session.add(std::make_unique<Reporter>(output));
}

struct TraceKind {
    std::string_view name;
    void (*add)(trace::Session&, trace::Output&);
};
constexpr TraceKind trace_kinds[] = {
    {"vdso", add_reporter<trace::VdsoReporter>},
    {"syscall", add_reporter<trace::SyscallReporter>},
    {"signal", add_reporter<trace::SignalReporter>},
    {"page", add_reporter<trace::PageReporter>},
};

Result<void> add_traces(trace::Session& session, const RunOptions& options) {
    if (options.trace_kinds.empty()) {
        if (options.trace_file.empty()) return {};
        return fail(ErrorKind::internal, "--trace-file needs --trace: nothing would be written");
    }
    for (const std::string& name : options.trace_kinds)
        if (std::ranges::find(trace_kinds, name, &TraceKind::name) == std::end(trace_kinds))
            return fail(ErrorKind::internal,
                        fmt::format("--trace {}: expected vdso, syscall, signal or page", name));
    auto opened = options.trace_file.empty() ? trace::Output::to_standard_error()
                                             : trace::Output::to_file(options.trace_file);
    if (!opened) return std::unexpected(opened.error());
    trace::Output& output = session.add(std::move(*opened));
    for (const TraceKind& kind : trace_kinds)   // each once, however often it was named
        if (std::ranges::find(options.trace_kinds, kind.name) != options.trace_kinds.end()) kind.add(session, output);
    return {};
}

Result<void> add_summary(trace::Session& session, const RunOptions& options) {
    if (!options.summary) return {};
    POSTERN_TRY_ASSIGN(output, trace::Output::to_standard_error());
    session.add(std::make_unique<trace::SummaryReporter>(session.add(std::move(output)), options.instructions));
    return {};
}

// --- the end

/// Ends as the guest did, by the same signal; whoever waits for us sees what it would have
/// seen. The guest had its core dump, if any.
[[noreturn]] void die_by_signal(int number) {
    constexpr rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);   // a limit of 0 does not stop a dump into a pipe
    signal(number, SIG_DFL);
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, number);
    sigprocmask(SIG_UNBLOCK, &only, nullptr);
    raise(number);
    _exit(128 + number);   // a signal whose default is to go on
}

/// Not through exit(): unmapping and destructors would only cost the guest's parent time.
[[noreturn]] void end_as(const kernel::ExitStatus& status) {
    std::fflush(nullptr);
    if (status.signal) die_by_signal(status.signal);
    _exit(status.code);
}

/// The loader judges what is in it.
Result<kernel::VdsoChoice> vdso_from(const std::string& path) {
    auto bytes = read_image_file(path);
    if (!bytes) return fail(ErrorKind::internal, "--vdso " + bytes.error().message);
    return kernel::VdsoChoice{.kind = kernel::VdsoChoice::Kind::file, .name = path,
                              .bytes = std::make_shared<std::vector<std::byte>>(std::move(*bytes))};
}

Result<kernel::StartOptions> start_options(const RunOptions& options, const std::vector<std::string>& program) {
    kernel::StartOptions start;
    POSTERN_TRY_ASSIGN(environment, make_environment(options));
    start.environment = std::move(environment);
    if (!options.sysroot.empty()) {
        POSTERN_TRY_ASSIGN(sysroot, absolute_directory(options.sysroot));
        start.sysroot = std::move(sysroot);
    }
    if (!options.working_directory.empty()) POSTERN_TRY(change_directory(options.working_directory, start.sysroot));
    POSTERN_TRY_ASSIGN(path, find_program(program[0], value_of(start.environment, "PATH", "/bin:/usr/bin"),
                                          start.sysroot));
    start.program = std::move(path);
    start.arguments = program;
    if (options.program_name) start.arguments[0] = *options.program_name;
    start.seed = options.seed;
    POSTERN_TRY_ASSIGN(served_pages, served_pages_by_name(options.vsyscall));
    start.served_pages = served_pages;
    if (!options.clock_mode.empty()) {
        POSTERN_TRY_ASSIGN(mode, clock_mode_by_name(options.clock_mode));
        start.clock_mode = mode;
    }
    if (options.no_vdso) start.vdso.kind = kernel::VdsoChoice::Kind::none;
    if (!options.vdso_file.empty()) {
        POSTERN_TRY_ASSIGN(choice, vdso_from(options.vdso_file));
        start.vdso = std::move(choice);
    }
    return start;
}

Result<int> run(const RunOptions& options, const std::vector<std::string>& program) {
    if (program.empty()) return fail(ErrorKind::internal, "run: no PROGRAM given; see postern run --help");
    POSTERN_TRY_ASSIGN(policy, time_policy(options.time_policy));
    trace::Session session;
    POSTERN_TRY(add_traces(session, options));
    POSTERN_TRY(add_summary(session, options));
    POSTERN_TRY_ASSIGN(start, start_options(options, program));
    start.time = policy;
    if (!session.empty()) start.observer = &session;
    kernel::Process* running = nullptr;
    auto end = [&](const kernel::ExitStatus& status) {
        session.finish(*running, status);
        end_as(status);
    };
    start.on_end = end;
    POSTERN_TRY_ASSIGN(process, kernel::Process::start(start));
    running = process.get();
    end(process->run());
    return 0;   // not reached
}

}  // namespace

int run_for_kernel(std::span<char* const> arguments) {
    RunOptions options;
    options.program_name = arguments[1];
    std::string path = arguments[0];
    if (!path.contains('/')) path = "./" + path;   // which execve(2) takes from the working directory, not from PATH
    std::vector<std::string> program{path};
    program.insert(program.end(), arguments.begin() + 2, arguments.end());
    auto status = run(options, program);
    return status ? *status : report(status.error());
}

void add_run(CLI::App& application, CommandLine& line) {
    CLI::App& command = add_command(application, "run", "Run a program",
                                    "postern run [OPTIONS] [--] PROGRAM [ARGUMENTS...]", footer);
    line.takers.push_back("run");
    auto options = std::make_shared<RunOptions>();
    auto add = [&](const char* name, auto& value, const char* text, const char* type) {
        return command.add_option(name, value, text)->type_name(type)->take_last();
    };
    add("--sysroot", options->sysroot, "Root of the guest's file system (default: the host's)", "DIR");
    command.add_option("--env", options->environment, "Set a variable of the guest's environment (repeatable)")
        ->type_name("NAME=VALUE")->allow_extra_args(false);
    command.add_flag("--clean-env", options->clean_environment, "Start from an empty environment, not from ours");
    add("--cwd", options->working_directory, "Directory the guest starts in; absolute ones below the sysroot", "DIR");
    add("--argv0", options->program_name, "What the guest sees as its own name (argv[0])", "NAME");
    command.add_option("--trace", options->trace_kinds, "Show what happens: vdso, syscall, signal, page")
        ->type_name("KINDS")->delimiter(',')->allow_extra_args(false);
    add("--trace-file", options->trace_file, "Write the trace there, not to standard error", "FILE");
    add("--time", options->time_policy, "What time it is for the guest: host, offset=+3d, rate=10, freeze ...", "POLICY");
    add("--seed", options->seed, "Make what is random (getrandom, AT_RANDOM) the same in every run", "NUMBER");
    add("--vsyscall", options->vsyscall, "The x86-64 vsyscall page, as Linux's option: emulate, xonly, none",
        "MODE");
    add("--clock-mode", options->clock_mode,
        "For experiments: how the vDSO reads its counter: counter, trap, page", "MODE");
    auto* file = add("--vdso", options->vdso_file, "Give the guest this vDSO image, not Postern's own", "FILE");
    command.add_flag("--no-vdso", options->no_vdso, "Give the guest no vDSO at all")->excludes(file);
    CLI::Option* summary = command.add_flag("--summary", options->summary, "Print one line of counts at the end");
    command.add_flag("--instructions", options->instructions, "Count executed instructions, too, for --summary")->needs(summary);
    command.callback([options, &line] { conclude(line, [&] { return run(*options, line.program); }); });
}

}  // namespace postern::tools
