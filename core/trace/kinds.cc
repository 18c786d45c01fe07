// The kind words, in groups: word, when it is printed, 64-bit or not, formatter, meaning.
#include "trace/formatters.hpp"

#include <algorithm>

namespace postern::trace {

namespace {

using enum Phase;

constexpr ArgumentKind kinds[] = {
    // numbers
    {"int", enter, false, format_int, "signed, 32 bits"},
    {"uint", enter, false, format_uint, "unsigned, 32 bits"},
    {"long", enter, false, format_long, "signed word of the ABI"},
    {"ulong", enter, false, format_ulong, "unsigned word of the ABI"},
    {"size", enter, false, format_ulong, "size_t"},
    {"off", enter, false, format_long, "off_t of one word"},
    {"wide", enter, true, format_wide, "64-bit value, a register pair on 32-bit ABIs"},
    {"off64", enter, true, format_wide, "64-bit file offset, a register pair on 32-bit ABIs"},
    {"hex", enter, false, format_hex, "word in hex"},
    {"ptr", enter, false, format_pointer, "address that is not looked into"},
    {"fd", enter, false, format_int, "file descriptor"},
    {"pid", enter, false, format_int, "process or thread id"},
    {"uid", enter, false, format_int, "user id, -1 = leave"},
    {"gid", enter, false, format_int, "group id, -1 = leave"},
    {"dirfd", enter, false, format_descriptor_at, "directory descriptor or AT_FDCWD"},
    {"dev", enter, false, format_device, "device number"},

    // flags and choices
    {"oflags", enter, false, format_open_flags, "open(2) flags"},
    {"fd_flags", enter, false, format_descriptor_flags, "flags of pipe2(2) and dup3(2)"},
    {"mode", enter, false, format_octal_mode, "permission bits"},
    {"access_mode", enter, false, format_access_check, "R_OK ..."},
    {"at_flags", enter, false, format_named_flags<at_flag_names>, "AT_*"},
    {"whence", enter, false, format_named_choice<whence_names>, "SEEK_*"},
    {"prot", enter, false, format_named_flags<protection_names>, "PROT_*"},
    {"mmap_flags", enter, false, format_map_flags, "MAP_*"},
    {"mremap_flags", enter, false, format_named_flags<remap_flag_names>, "MREMAP_*"},
    {"msync_flags", enter, false, format_numbered_flags<NumberSet::memory_sync_flag, sync_flag_names>, "MS_*"},
    {"advice", enter, false, format_named_choice<advice_names>, "MADV_*"},
    {"cmd", enter, false, format_numbered_choice<NumberSet::fcntl_command, fcntl_command_names>, "fcntl command"},
    {"ioctl", enter, false, format_ioctl_request, "ioctl command"},
    {"clone_flags", enter, false, format_clone_flags, "CLONE_* and the exit signal"},
    {"unshare_flags", enter, false, format_named_flags<clone_flag_names>, "CLONE_* without a signal"},
    {"wait_options", enter, false, format_named_flags<wait_option_names>, "WNOHANG ..."},
    {"wait_id", enter, false, format_named_choice<wait_id_names>, "P_PID ..."},
    {"resource", enter, false, format_numbered_choice<NumberSet::resource_limit, resource_names>, "RLIMIT_*"},
    {"rusage_who", enter, false, format_named_choice<usage_names>, "RUSAGE_*"},
    {"clockid", enter, false, format_clock, "CLOCK_*"},
    {"timer_flags", enter, false, format_named_flags<timer_flag_names>, "TIMER_ABSTIME"},
    {"itimer", enter, false, format_named_choice<interval_timer_names>, "ITIMER_*"},
    {"random_flags", enter, false, format_named_flags<random_flag_names>, "GRND_*"},
    {"prctl", enter, false, format_named_choice<prctl_names>, "PR_*"},
    {"futex_op", enter, false, format_futex_operation, "FUTEX_*"},
    {"flock_op", enter, false, format_named_flags<lock_names>, "LOCK_*"},
    {"membarrier", enter, false, format_named_choice<membarrier_names>, "MEMBARRIER_CMD_*"},
    {"sched_policy", enter, false, format_named_choice<schedule_policy_names>, "SCHED_*"},
    {"family", enter, false, format_named_choice<socket_family_names>, "AF_*"},
    {"socket_type", enter, false, format_socket_type, "SOCK_*"},

    // bytes, strings, arrays
    {"path", enter, false, format_string, "NUL-terminated file name"},
    {"str", enter, false, format_string, "NUL-terminated string"},
    {"strarray", enter, false, format_string_array, "argv"},
    {"envp", enter, false, format_environment, "environment, only counted"},
    {"buf_in", enter, false, format_buffer_of_next, "bytes; the next argument is their number"},
    {"buf_out", exit, false, written<format_buffer_of_result>, "as many bytes as the call returned"},
    {"str_out", exit, false, written<format_string>, "NUL-terminated string, written"},
    {"iovec_in", enter, false, format_vector_in, "iovec array; the next argument is its length"},
    {"iovec_out", exit, false, written<format_vector_out>, "iovec array that the call filled"},
    {"pollfds", exit, false, format_poll, "pollfd array; the next argument is its length"},
    {"fdset", enter, false, format_descriptor_set, "fd_set; the first argument is its limit"},
    {"fd_pair_out", exit, false, written<format_descriptor_pair>, "int[2]"},
    {"int_in", enter, false, format_pointed_int, "int"},
    {"int_out", exit, false, written<format_pointed_int>, "int, written"},
    {"long_out", exit, false, written<format_pointed_long>, "word, written"},
    {"off_inout", enter, false, format_pointed_long, "off_t, read and written"},
    {"off64_inout", enter, false, format_pointed_wide, "64-bit offset, read and written"},
    {"off64_out", exit, false, written<format_pointed_wide>, "64-bit offset, written"},
    {"groups_out", exit, false, written<format_group_list>, "as many gid_t as the call returned"},
    {"wait_status", exit, false, written<format_wait_status>, "status of a child, written"},
    {"sockaddr", enter, false, format_socket_address, "socket address; the next argument is its size"},
    {"sockaddr_out", exit, false, written<format_socket_address_out>, "the next argument points to its size"},
    {"msghdr", enter, false, format_message_header, "struct msghdr"},
    {"msghdr_out", exit, false, written<format_message_header>, "struct msghdr, written"},
    {"dirents_out", exit, false, written<format_directory_entries>, "linux_dirent64 records"},

    // time
    {"timespec_in", enter, false, format_timespec, "the ABI's old timespec"},
    {"timespec_out", exit, false, written<format_timespec>, "the same, written"},
    {"timespec64_in", enter, false, format_timespec64, "64-bit timespec"},
    {"timespec64_out", exit, false, written<format_timespec64>, "the same, written"},
    {"timespec_pair", enter, false, format_timespec_pair, "old timespec[2]"},
    {"timespec64_pair", enter, false, format_timespec64_pair, "64-bit timespec[2]"},
    {"timeval_in", enter, false, format_timeval, "the ABI's old timeval"},
    {"timeval_out", exit, false, written<format_timeval>, "the same, written"},
    {"timeval64_out", exit, false, written<format_timeval64>, "64-bit timeval, written"},
    {"timeval_pair", enter, false, format_timeval_pair, "old timeval[2]"},
    {"timezone_in", enter, false, format_timezone, "struct timezone"},
    {"timezone_out", exit, false, written<format_timezone>, "the same, written"},
    {"time_out", exit, false, written<format_pointed_long>, "time_t of one word, written"},
    {"itimerval_in", enter, false, format_itimerval, "the ABI's itimerval"},
    {"itimerval_out", exit, false, written<format_itimerval>, "the same, written"},
    {"itimerspec_in", enter, false, format_itimerspec, "the ABI's old itimerspec"},
    {"itimerspec_out", exit, false, written<format_itimerspec>, "the same, written"},
    {"itimerspec64_in", enter, false, format_itimerspec64, "64-bit itimerspec"},
    {"itimerspec64_out", exit, false, written<format_itimerspec64>, "the same, written"},
    {"utimbuf_in", enter, false, format_utimbuf, "struct utimbuf"},
    {"tms_out", exit, false, written<format_tms>, "struct tms"},

    // signals
    {"signal", enter, false, format_signal, "signal number"},
    {"sigmask_how", enter, false, format_numbered_choice<NumberSet::signal_mask_operation, signal_mask_names>, "SIG_BLOCK ..."},
    {"sigset", enter, false, format_signal_set_argument, "8-byte signal set"},
    {"sigset_out", exit, false, written<format_signal_set_argument>, "the same, written"},
    {"old_sigset", enter, false, format_old_signal_set_argument, "one-word signal set"},
    {"old_sigset_out", exit, false, written<format_old_signal_set_argument>, "the same, written"},
    {"sigaction", enter, false, format_signal_action<Struct::sigaction>, "struct sigaction"},
    {"sigaction_out", exit, false, written<format_signal_action<Struct::sigaction>>, "the same, written"},
    {"old_sigaction", enter, false, format_signal_action<Struct::old_sigaction>, "struct old_sigaction"},
    {"old_sigaction_out", exit, false, written<format_signal_action<Struct::old_sigaction>>, "the same, written"},
    {"siginfo", enter, false, format_signal_information, "siginfo"},
    {"siginfo_out", exit, false, written<format_signal_information>, "the same, written"},
    {"sigaltstack", enter, false, format_alternate_stack, "struct sigaltstack"},
    {"sigaltstack_out", exit, false, written<format_alternate_stack>, "the same, written"},

    // other structs
    {"stat_out", exit, false, written<format_stat>, "the ABI's struct stat"},
    {"oldstat_out", exit, false, written<format_old_stat>, "struct __old_kernel_stat"},
    {"stat64_out", exit, false, written<format_stat64>, "struct stat64"},
    {"statx_out", exit, false, written<format_statx>, "struct statx"},
    {"statfs_out", exit, false, written<format_statfs>, "the ABI's struct statfs"},
    {"statfs64_out", exit, false, written<format_statfs64>, "struct statfs64"},
    {"rusage_out", exit, false, written<format_rusage>, "struct rusage"},
    {"rlimit_in", enter, false, format_rlimit, "the ABI's struct rlimit"},
    {"rlimit_out", exit, false, written<format_rlimit>, "the same, written"},
    {"rlimit64_in", enter, false, format_rlimit64, "struct rlimit64"},
    {"rlimit64_out", exit, false, written<format_rlimit64>, "the same, written"},
    {"sysinfo_out", exit, false, written<format_sysinfo>, "struct sysinfo"},
    {"utsname_out", exit, false, written<format_names_of_system>, "struct utsname"},
    {"flock_in", enter, false, format_flock, "the ABI's struct flock"},
    {"flock64_in", enter, false, format_flock64, "struct flock64"},
    {"winsize_out", exit, false, written<format_window_size>, "struct winsize"},
    {"clone_args", enter, false, format_clone_arguments, "struct clone_args"},
    {"open_how", enter, false, format_open_how, "struct open_how"},
    {"user_desc", enter, false, format_user_descriptor, "struct user_desc (i386)"},
};

constexpr const ArgumentKind* fallback = std::ranges::find(kinds, std::string_view("hex"), &ArgumentKind::name);

}  // namespace

std::span<const ArgumentKind> argument_kinds() { return kinds; }

bool is_argument_kind(std::string_view name) { return std::ranges::find(kinds, name, &ArgumentKind::name) != std::end(kinds); }

const ArgumentKind& argument_kind(std::string_view name) {
    const auto* found = std::ranges::find(kinds, name, &ArgumentKind::name);
    return found == std::end(kinds) ? *fallback : *found;
}

std::vector<const ArgumentKind*> parse_kinds(std::string_view arguments) {
    std::vector<const ArgumentKind*> parsed;
    while (!arguments.empty()) {
        auto comma = std::min(arguments.find(','), arguments.size());
        std::string_view word = arguments.substr(0, comma);
        arguments.remove_prefix(std::min(comma + 1, arguments.size()));
        while (!word.empty() && word.front() == ' ') word.remove_prefix(1);
        while (!word.empty() && word.back() == ' ') word.remove_suffix(1);
        if (!word.empty()) parsed.push_back(&argument_kind(word));
    }
    return parsed;
}

}  // namespace postern::trace
