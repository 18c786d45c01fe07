#include "trace/names.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <dirent.h>

// The tables below hold numbers as the host's headers define them, which for x86 hosts is
// the generic numbering in everything that is listed here except where a literal stands.

namespace postern::trace {

std::string format_flags(u64 value, NameTable names) {
    std::string text;
    u64 rest = value;
    for (const auto& [bits, name] : names) {
        if (bits == 0 || (rest & bits) != bits) continue;
        rest &= ~bits;
        if (!text.empty()) text += '|';
        text += name;
    }
    if (rest == 0) return text.empty() ? "0" : text;
    return text.empty() ? fmt::format("{:#x}", rest) : fmt::format("{}|{:#x}", text, rest);
}

std::string format_choice(i64 value, NameTable names) {
    for (const auto& [number, name] : names)
        if (number == static_cast<u64>(value)) return std::string(name);
    return fmt::format("{}", value);
}

#define N(name) {static_cast<u64>(name), #name}
#define POSTERN_NAMES(function, ...)                        \
    NameTable function() {                                  \
        static constexpr NumberName table[] = {__VA_ARGS__}; \
        return table;                                       \
    }

// Flags of several bits stand before those that they contain.
POSTERN_NAMES(open_flag_names, N(O_CREAT), N(O_EXCL), N(O_NOCTTY), N(O_TRUNC), N(O_APPEND), N(O_NONBLOCK),
              {04010000, "O_SYNC"}, N(O_DSYNC), N(O_ASYNC), {040000, "O_DIRECT"}, {0100000, "O_LARGEFILE"},
              {020200000, "O_TMPFILE"}, {0200000, "O_DIRECTORY"}, {0400000, "O_NOFOLLOW"},
              {01000000, "O_NOATIME"}, N(O_CLOEXEC), {010000000, "O_PATH"})
POSTERN_NAMES(access_mode_names, N(O_RDONLY), N(O_WRONLY), N(O_RDWR))
POSTERN_NAMES(at_flag_names, N(AT_SYMLINK_NOFOLLOW), {0x200, "AT_REMOVEDIR"}, N(AT_SYMLINK_FOLLOW),
              {0x800, "AT_NO_AUTOMOUNT"}, {0x1000, "AT_EMPTY_PATH"}, {0x2000, "AT_STATX_FORCE_SYNC"},
              {0x4000, "AT_STATX_DONT_SYNC"})
POSTERN_NAMES(whence_names, N(SEEK_SET), N(SEEK_CUR), N(SEEK_END), {3, "SEEK_DATA"}, {4, "SEEK_HOLE"})
POSTERN_NAMES(protection_names, N(PROT_READ), N(PROT_WRITE), N(PROT_EXEC), {0x01000000, "PROT_GROWSDOWN"},
              {0x02000000, "PROT_GROWSUP"})
POSTERN_NAMES(map_flag_names, N(MAP_FIXED), N(MAP_ANONYMOUS), {0x40, "MAP_32BIT"}, N(MAP_GROWSDOWN),
              {0x800, "MAP_DENYWRITE"}, {0x1000, "MAP_EXECUTABLE"}, N(MAP_LOCKED), N(MAP_NORESERVE),
              N(MAP_POPULATE), N(MAP_NONBLOCK), N(MAP_STACK), N(MAP_HUGETLB), {0x80000, "MAP_SYNC"},
              {0x100000, "MAP_FIXED_NOREPLACE"})
POSTERN_NAMES(map_type_names, {0, "0"}, N(MAP_SHARED), N(MAP_PRIVATE), {3, "MAP_SHARED_VALIDATE"}, {8, "MAP_DROPPABLE"})
POSTERN_NAMES(remap_flag_names, {1, "MREMAP_MAYMOVE"}, {2, "MREMAP_FIXED"}, {4, "MREMAP_DONTUNMAP"})
POSTERN_NAMES(sync_flag_names, N(MS_ASYNC), N(MS_INVALIDATE), N(MS_SYNC))
POSTERN_NAMES(advice_names, N(MADV_NORMAL), N(MADV_RANDOM), N(MADV_SEQUENTIAL), N(MADV_WILLNEED),
              N(MADV_DONTNEED), N(MADV_FREE), N(MADV_REMOVE), N(MADV_DONTFORK), N(MADV_DOFORK), N(MADV_HUGEPAGE),
              N(MADV_NOHUGEPAGE), N(MADV_DONTDUMP), N(MADV_DODUMP), N(MADV_WIPEONFORK), N(MADV_KEEPONFORK))
POSTERN_NAMES(clock_names, N(CLOCK_REALTIME), N(CLOCK_MONOTONIC), N(CLOCK_PROCESS_CPUTIME_ID),
              N(CLOCK_THREAD_CPUTIME_ID), N(CLOCK_MONOTONIC_RAW), N(CLOCK_REALTIME_COARSE),
              N(CLOCK_MONOTONIC_COARSE), N(CLOCK_BOOTTIME), N(CLOCK_REALTIME_ALARM), N(CLOCK_BOOTTIME_ALARM),
              N(CLOCK_TAI))
POSTERN_NAMES(timer_flag_names, N(TIMER_ABSTIME))
POSTERN_NAMES(interval_timer_names, {0, "ITIMER_REAL"}, {1, "ITIMER_VIRTUAL"}, {2, "ITIMER_PROF"})
POSTERN_NAMES(wait_option_names, N(WNOHANG), N(WUNTRACED), N(WEXITED), N(WCONTINUED), N(WNOWAIT),
              {0x20000000, "__WNOTHREAD"}, {0x40000000, "__WALL"}, {0x80000000, "__WCLONE"})
POSTERN_NAMES(wait_id_names, {0, "P_ALL"}, {1, "P_PID"}, {2, "P_PGID"}, {3, "P_PIDFD"})
POSTERN_NAMES(signal_action_flag_names, N(SA_NOCLDSTOP), N(SA_NOCLDWAIT), N(SA_SIGINFO),
              {0x04000000, "SA_RESTORER"}, N(SA_ONSTACK), N(SA_RESTART), N(SA_NODEFER),
              {0x80000000, "SA_RESETHAND"})
POSTERN_NAMES(signal_mask_names, N(SIG_BLOCK), N(SIG_UNBLOCK), N(SIG_SETMASK))
POSTERN_NAMES(alternate_stack_names, N(SS_ONSTACK), N(SS_DISABLE), {0x80000000, "SS_AUTODISARM"})
POSTERN_NAMES(fcntl_command_names, N(F_DUPFD), N(F_GETFD), N(F_SETFD), N(F_GETFL), N(F_SETFL), {5, "F_GETLK"},
              {6, "F_SETLK"}, {7, "F_SETLKW"}, N(F_SETOWN), N(F_GETOWN), {10, "F_SETSIG"}, {11, "F_GETSIG"},
              {12, "F_GETLK64"}, {13, "F_SETLK64"}, {14, "F_SETLKW64"}, {15, "F_SETOWN_EX"},
              {16, "F_GETOWN_EX"}, {36, "F_OFD_GETLK"}, {37, "F_OFD_SETLK"}, {38, "F_OFD_SETLKW"},
              {1024, "F_SETLEASE"}, {1025, "F_GETLEASE"}, {1026, "F_NOTIFY"}, {1030, "F_DUPFD_CLOEXEC"},
              {1031, "F_SETPIPE_SZ"}, {1032, "F_GETPIPE_SZ"}, {1033, "F_ADD_SEALS"}, {1034, "F_GET_SEALS"})
POSTERN_NAMES(ioctl_names, {0x5401, "TCGETS"}, {0x5402, "TCSETS"}, {0x5403, "TCSETSW"}, {0x5404, "TCSETSF"},
              {0x5405, "TCGETA"}, {0x5406, "TCSETA"}, {0x5409, "TCSBRK"}, {0x540a, "TCXONC"}, {0x540b, "TCFLSH"},
              {0x540e, "TIOCSCTTY"}, {0x540f, "TIOCGPGRP"}, {0x5410, "TIOCSPGRP"}, {0x5411, "TIOCOUTQ"},
              {0x5412, "TIOCSTI"}, {0x5413, "TIOCGWINSZ"}, {0x5414, "TIOCSWINSZ"}, {0x541b, "FIONREAD"},
              {0x5421, "FIONBIO"}, {0x5422, "TIOCNOTTY"}, {0x5429, "TIOCGSID"}, {0x5450, "FIONCLEX"},
              {0x5451, "FIOCLEX"}, {0x5452, "FIOASYNC"}, {0x802c542a, "TCGETS2"}, {0x402c542b, "TCSETS2"},
              {0x80045430, "TIOCGPTN"}, {0x40045431, "TIOCSPTLCK"}, {0x40049409, "FICLONE"},
              {0x80086601, "FS_IOC_GETFLAGS"}, {0x80046601, "FS_IOC_GETFLAGS"}, {0x1260, "BLKGETSIZE"},
              {0x80081272, "BLKGETSIZE64"})
POSTERN_NAMES(clone_flag_names, N(CLONE_VM), N(CLONE_FS), N(CLONE_FILES), N(CLONE_SIGHAND),
              {0x1000, "CLONE_PIDFD"}, N(CLONE_PTRACE), N(CLONE_VFORK), N(CLONE_PARENT), N(CLONE_THREAD),
              N(CLONE_NEWNS), N(CLONE_SYSVSEM), N(CLONE_SETTLS), N(CLONE_PARENT_SETTID), N(CLONE_CHILD_CLEARTID),
              N(CLONE_DETACHED), N(CLONE_UNTRACED), N(CLONE_CHILD_SETTID), N(CLONE_NEWCGROUP), N(CLONE_NEWUTS),
              N(CLONE_NEWIPC), N(CLONE_NEWUSER), N(CLONE_NEWPID), N(CLONE_NEWNET), {0x80000000, "CLONE_IO"})
POSTERN_NAMES(poll_event_names, N(POLLIN), N(POLLPRI), N(POLLOUT), N(POLLERR), N(POLLHUP), N(POLLNVAL),
              {0x40, "POLLRDNORM"}, {0x80, "POLLRDBAND"}, {0x100, "POLLWRNORM"}, {0x200, "POLLWRBAND"},
              {0x2000, "POLLRDHUP"})
POSTERN_NAMES(resource_names, N(RLIMIT_CPU), N(RLIMIT_FSIZE), N(RLIMIT_DATA), N(RLIMIT_STACK), N(RLIMIT_CORE),
              {5, "RLIMIT_RSS"}, {6, "RLIMIT_NPROC"}, {7, "RLIMIT_NOFILE"}, {8, "RLIMIT_MEMLOCK"},
              {9, "RLIMIT_AS"}, {10, "RLIMIT_LOCKS"}, {11, "RLIMIT_SIGPENDING"}, {12, "RLIMIT_MSGQUEUE"},
              {13, "RLIMIT_NICE"}, {14, "RLIMIT_RTPRIO"}, {15, "RLIMIT_RTTIME"})
POSTERN_NAMES(usage_names, {0, "RUSAGE_SELF"}, {~u64{0}, "RUSAGE_CHILDREN"}, {1, "RUSAGE_THREAD"})
POSTERN_NAMES(random_flag_names, {1, "GRND_NONBLOCK"}, {2, "GRND_RANDOM"}, {4, "GRND_INSECURE"})
POSTERN_NAMES(prctl_names, N(PR_SET_PDEATHSIG), N(PR_GET_PDEATHSIG), N(PR_GET_DUMPABLE), N(PR_SET_DUMPABLE),
              N(PR_SET_NAME), N(PR_GET_NAME), N(PR_SET_SECCOMP), N(PR_GET_SECCOMP), N(PR_CAPBSET_READ),
              N(PR_SET_NO_NEW_PRIVS), N(PR_GET_NO_NEW_PRIVS), N(PR_SET_CHILD_SUBREAPER), N(PR_GET_TIMERSLACK),
              N(PR_SET_TIMERSLACK), N(PR_SET_MM), N(PR_GET_THP_DISABLE), N(PR_SET_THP_DISABLE), N(PR_SET_VMA))
POSTERN_NAMES(futex_operation_names, N(FUTEX_WAIT), N(FUTEX_WAKE), N(FUTEX_FD), N(FUTEX_REQUEUE),
              N(FUTEX_CMP_REQUEUE), N(FUTEX_WAKE_OP), N(FUTEX_LOCK_PI), N(FUTEX_UNLOCK_PI), N(FUTEX_TRYLOCK_PI),
              N(FUTEX_WAIT_BITSET), N(FUTEX_WAKE_BITSET), N(FUTEX_WAIT_REQUEUE_PI), N(FUTEX_CMP_REQUEUE_PI))
POSTERN_NAMES(socket_family_names, N(AF_UNSPEC), N(AF_UNIX), N(AF_INET), N(AF_INET6), N(AF_NETLINK),
              N(AF_PACKET), N(AF_VSOCK))
POSTERN_NAMES(socket_type_names, {0, "0"}, N(SOCK_STREAM), N(SOCK_DGRAM), N(SOCK_RAW), N(SOCK_RDM),
              N(SOCK_SEQPACKET))
POSTERN_NAMES(file_type_names, N(S_IFIFO), N(S_IFCHR), N(S_IFDIR), N(S_IFBLK), N(S_IFREG), N(S_IFLNK),
              N(S_IFSOCK))
POSTERN_NAMES(directory_entry_names, {0, "DT_UNKNOWN"}, {1, "DT_FIFO"}, {2, "DT_CHR"}, {4, "DT_DIR"},
              {6, "DT_BLK"}, {8, "DT_REG"}, {10, "DT_LNK"}, {12, "DT_SOCK"})
POSTERN_NAMES(access_check_names, N(R_OK), N(W_OK), N(X_OK))
POSTERN_NAMES(lock_names, N(LOCK_SH), N(LOCK_EX), N(LOCK_NB), N(LOCK_UN))
POSTERN_NAMES(membarrier_names, N(MEMBARRIER_CMD_QUERY), N(MEMBARRIER_CMD_PRIVATE_EXPEDITED),
              N(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED))
POSTERN_NAMES(schedule_policy_names, {0, "SCHED_OTHER"}, {1, "SCHED_FIFO"}, {2, "SCHED_RR"}, {3, "SCHED_BATCH"},
              {5, "SCHED_IDLE"}, {6, "SCHED_DEADLINE"})

#undef POSTERN_NAMES
#undef N

}  // namespace postern::trace
