#include "containment.hpp"

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace postern::fuzz {

namespace {

namespace fs = std::filesystem;

constexpr unsigned nobody = 65534;
constexpr unsigned own_namespaces = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;

[[noreturn]] void give_up(const char* what) {
    std::fprintf(stderr, "cannot contain the fuzzer: %s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

void demand(bool done, const char* what) {
    if (!done) give_up(what);
}

// --- the arguments of libFuzzer, whose files have other names inside

struct Folder {
    fs::path outside, inside;   // `inside` as seen from outside
};

struct Arguments {
    std::vector<std::string> texts;
    std::vector<Folder> folders;
    fs::path artifacts = "./";   // a prefix
};

Arguments translate(const fs::path& scratch, int argc, char** argv) {
    constexpr std::string_view prefix = "-artifact_prefix=";
    Arguments result;
    result.texts.emplace_back(argv[0]);
    for (int i = 1; i < argc; ++i) {
        std::string text = argv[i];
        if (text.starts_with(prefix)) {
            result.artifacts = text.substr(prefix.size());
        } else if (text.starts_with('-')) {
            result.texts.push_back(text);
        } else {
            std::string name = "input-" + std::to_string(i);
            fs::copy(text, scratch / name, fs::copy_options::recursive);
            if (fs::is_directory(text)) result.folders.push_back({text, scratch / name});
            result.texts.push_back("/" + name);
        }
    }
    result.texts.push_back(std::string(prefix) + "/artifacts/");
    return result;
}

void replace(int* argc, char*** argv, std::vector<std::string> texts) {
    static std::vector<std::string> kept;
    static std::vector<char*> pointers;
    kept = std::move(texts);
    for (std::string& text : kept) pointers.push_back(text.data());
    *argc = static_cast<int>(pointers.size());
    pointers.push_back(nullptr);
    *argv = pointers.data();
}

/// In the parent: new inputs go to the first corpus, findings to where the prefix says.
void bring_back(const fs::path& scratch, const Arguments& arguments) {
    auto options = fs::copy_options::skip_existing;
    if (!arguments.folders.empty()) {
        const Folder& first = arguments.folders.front();
        for (const auto& file : fs::directory_iterator(first.inside)) fs::copy(file, first.outside / file.path().filename(), options);
    }
    for (const auto& file : fs::directory_iterator(scratch / "artifacts")) {
        fs::path to = arguments.artifacts.string() + file.path().filename().string();
        fs::copy(file, to, options);
        std::fprintf(stderr, "finding: %s\n", to.c_str());
    }
}

int status_of(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// --- the walls

/// Whether there are namespaces of its own.
bool is_alone = false;

/// In the parent: the next child is the first process of a namespace, if there may be one.
void prepare_namespaces() {
    if (::geteuid() != 0) demand(::unshare(CLONE_NEWUSER) == 0, "no right to change the root, and no user namespaces");
    std::ignore = ::unshare(CLONE_NEWPID);
}

/// In the child, so that its mounts are nobody else's.
void enter_namespaces() { is_alone = ::getpid() == 1 && ::unshare(own_namespaces) == 0; }

/// Segments outlive the guest that has made them, until the namespace ends: no more than 16 MiB of them, in pages.
void limit_segments() {
    if (!is_alone) return;
    std::ofstream("/proc/sys/kernel/shmall") << 4096;
}

void change_root(const fs::path& scratch) {
    if (is_alone) {
        demand(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "private mounts");
        // Refused where parts of the outer /proc are covered; then there is none.
        demand(::mount("tmpfs", (scratch / "guest").c_str(), "tmpfs", 0, "size=16m,mode=777") == 0, "a file system of its own");
        std::ignore = ::mount("proc", (scratch / "proc").c_str(), "proc", 0, nullptr);
    }
    demand(::chroot(scratch.c_str()) == 0 && ::chdir("/guest") == 0, "chroot");
}

void become_nobody() {
    if (::setgroups(0, nullptr) == 0)
        demand(::setresgid(nobody, nobody, nobody) == 0 && ::setresuid(nobody, nobody, nobody) == 0, "user nobody");
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    __user_cap_data_struct none[2]{};
    demand(::syscall(SYS_capset, &header, none) == 0, "capset");
    demand(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
    demand(::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0, "its own /proc");
}

void set_limits() {
    auto limit = [](auto what, rlim_t soft, rlim_t hard) {
        rlimit value{soft, hard};
        demand(::setrlimit(what, &value) == 0, "setrlimit");
    };
    limit(RLIMIT_FSIZE, 1 << 20, 1 << 20);
    limit(RLIMIT_NOFILE, 256, 320);
    limit(RLIMIT_CORE, 0, 0);
}

/// What is left to arrive may not end the process: timers, pipes, limits.
void ignore_signals() {
    for (int signal = 1; signal <= SIGRTMAX; ++signal) {
        bool is_crash = signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE || signal == SIGABRT ||
                        signal == SIGTRAP || signal == SIGSYS;
        bool is_fuzzers = signal == SIGALRM || signal == SIGINT || signal == SIGTERM || signal == wake_signal;
        if (!is_crash && !is_fuzzers) ::signal(signal, SIG_IGN);
    }
}

class Filter {
public:
    Filter() { add(load(offsetof(seccomp_data, nr))); }

    void answer(long number, unsigned action) {
        if_equal(number, 1);
        add(BPF_STMT(BPF_RET | BPF_K, action));
    }
    /// By the lower half of an argument: the answer if it is `value`, or if it is not.
    void answer_if(long number, unsigned argument, unsigned value, unsigned action) {
        by_argument(number, argument, BPF_JEQ, value, action, SECCOMP_RET_ALLOW);
    }
    void answer_unless(long number, unsigned argument, unsigned value, unsigned action) {
        by_argument(number, argument, BPF_JEQ, value, SECCOMP_RET_ALLOW, action);
    }
    void apply() {
        add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
        sock_fprog program{.len = static_cast<unsigned short>(code_.size()), .filter = code_.data()};
        demand(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0, "seccomp");
    }

private:
    static sock_filter load(std::size_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(offset)); }
    void by_argument(long number, unsigned argument, unsigned short test, unsigned value, unsigned if_true, unsigned if_false) {
        if_equal(number, 4);
        add(load(offsetof(seccomp_data, args) + 8 * argument));   // little-endian hosts: its lower half
        add(BPF_JUMP(static_cast<unsigned short>(BPF_JMP | test | BPF_K), value, 0, 1));
        add(BPF_STMT(BPF_RET | BPF_K, if_true));
        add(BPF_STMT(BPF_RET | BPF_K, if_false));
    }
    void if_equal(long number, unsigned char skip) {
        add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, skip));
    }
    void add(sock_filter instruction) { code_.push_back(instruction); }

    std::vector<sock_filter> code_;
};

constexpr unsigned refuse = SECCOMP_RET_ERRNO | EPERM, no_such_call = SECCOMP_RET_ERRNO | ENOSYS, no_effect = SECCOMP_RET_ERRNO;

constexpr std::array refused_calls = {
    SYS_kill, SYS_tkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_pidfd_send_signal, SYS_ptrace, SYS_process_vm_readv,
    SYS_process_vm_writev, SYS_execve, SYS_execveat, SYS_timer_create, SYS_prctl, SYS_personality, SYS_setrlimit,
    SYS_setpriority, SYS_sched_setaffinity, SYS_sched_setscheduler, SYS_sched_setparam, SYS_sched_setattr, SYS_ioprio_set,
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_swapon, SYS_swapoff, SYS_reboot, SYS_settimeofday, SYS_clock_settime,
    SYS_adjtimex, SYS_clock_adjtime, SYS_sethostname, SYS_setdomainname, SYS_init_module, SYS_finit_module, SYS_delete_module,
    SYS_kexec_load, SYS_bpf, SYS_perf_event_open, SYS_add_key, SYS_request_key, SYS_keyctl, SYS_unshare, SYS_setns, SYS_acct,
    SYS_syslog, SYS_quotactl, SYS_seccomp, SYS_io_uring_setup, SYS_userfaultfd,
#ifdef SYS_fork
    SYS_fork, SYS_vfork,
#endif
};

}  // namespace

void restrict_system_calls() {
    ignore_signals();   // libFuzzer takes some of them for findings
    Filter filter;
    for (long number : refused_calls) filter.answer(number, refuse);
    if (!is_alone)
        for (long number : {SYS_socket, SYS_connect, SYS_sendto, SYS_sendmsg, SYS_sendmmsg, SYS_bind, SYS_msgget, SYS_msgctl,
                            SYS_msgsnd, SYS_msgrcv, SYS_semget, SYS_semctl, SYS_semop, SYS_semtimedop, SYS_shmget, SYS_shmctl,
                            SYS_shmat, SYS_mq_open, SYS_mq_unlink, SYS_pidfd_getfd}) filter.answer(number, refuse);
    // No threads either: a guest's would outlive it, since the next guest comes in the same process.
    filter.answer(SYS_clone3, no_such_call);   // the C library then tries clone
    filter.answer(SYS_clone, refuse);
    filter.answer_unless(SYS_tgkill, 2, wake_signal, refuse);
    filter.answer_if(SYS_fcntl, 1, F_SETSIG, refuse);
    filter.answer_unless(SYS_prlimit64, 2, 0, refuse);
    filter.answer_unless(SYS_rt_sigaction, 0, SIGBUS, no_effect);   // which is Postern's own
    filter.answer(SYS_rt_sigprocmask, no_effect);
    filter.apply();
}

void contain(int* argc, char*** argv, const std::function<void(const char* folder)>& prepare) {
    char name[] = "/tmp/postern-fuzz-XXXXXX";
    demand(::mkdtemp(name) != nullptr, "scratch folder");
    fs::path scratch = name;
    Arguments arguments = translate(scratch, *argc, *argv);
    for (const char* folder : {"guest", "proc", "artifacts"}) fs::create_directory(scratch / folder);
    prepare(name);
    fs::permissions(scratch, fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec);
    if (::geteuid() == 0)
        for (const auto& entry : fs::recursive_directory_iterator(scratch))
            demand(::lchown(entry.path().c_str(), nobody, nobody) == 0, "its own files");

    prepare_namespaces();
    pid_t child = ::fork();
    demand(child >= 0, "fork");
    if (child != 0) {
        int status = status_of(child);
        bring_back(scratch, arguments);
        fs::remove_all(scratch);
        std::_Exit(status);
    }
    replace(argc, argv, arguments.texts);
    enter_namespaces();
    limit_segments();
    set_limits();
    change_root(scratch);
    become_nobody();
}

}  // namespace postern::fuzz
