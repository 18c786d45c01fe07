// Arguments that point to structs: rows of the fields worth showing.
#include "kernel/signals.hpp"
#include "trace/formatters.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

namespace postern::trace {

namespace {

using enum FieldStyle;

std::string format_mode_value(u64 mode) {
    u64 type = mode & S_IFMT;
    std::string permissions = fmt::format("{:04o}", mode & ~u64{S_IFMT});
    return type ? format_choice(static_cast<i64>(type), file_type_names()) + "|" + permissions : permissions;
}

std::string format_value(u64 value, FieldStyle style) {
    constexpr NumberName lock_types[] = {{0, "F_RDLCK"}, {1, "F_WRLCK"}, {2, "F_UNLCK"}};
    switch (style) {
        case signed_decimal: return fmt::format("{}", static_cast<i64>(value));
        case decimal: return fmt::format("{}", value);
        case hex: return value ? fmt::format("{:#x}", value) : "0";
        case mode: return format_mode_value(value);
        case lock_type: return format_choice(static_cast<i64>(value), lock_types);
    }
    return {};
}

constexpr FieldText stat_fields[] = {
    {"st_mode=", Field::st_mode, mode},   {"st_nlink=", Field::st_nlink}, {"st_uid=", Field::st_uid},
    {"st_gid=", Field::st_gid},           {"st_size=", Field::st_size},   {"st_mtime=", Field::st_mtime_sec, signed_decimal},
};
constexpr FieldText statx_fields[] = {
    {"stx_mask=", Field::stx_mask, hex}, {"stx_mode=", Field::stx_mode, mode},
    {"stx_size=", Field::stx_size},      {"stx_mtime=", Field::stx_mtime_tv_sec, signed_decimal},
};
constexpr FieldText statfs_fields[] = {
    {"f_type=", Field::f_type, hex},     {"f_bsize=", Field::f_bsize},   {"f_blocks=", Field::f_blocks},
    {"f_bfree=", Field::f_bfree},        {"f_bavail=", Field::f_bavail}, {"f_files=", Field::f_files},
    {"f_namelen=", Field::f_namelen},    {"f_flags=", Field::f_flags, hex},
};
constexpr FieldText timespec_fields[] = {
    {"tv_sec=", Field::tv_sec, signed_decimal}, {"tv_nsec=", Field::tv_nsec, signed_decimal}};
constexpr FieldText timeval_fields[] = {
    {"tv_sec=", Field::tv_sec, signed_decimal}, {"tv_usec=", Field::tv_usec, signed_decimal}};
/// Two numbers as wide as a 64-bit timespec's; no kernel has a struct for it.
constexpr FieldText timeval64_fields[] = {
    {"tv_sec=", Field::tv_sec, signed_decimal}, {"tv_usec=", Field::tv_nsec, signed_decimal}};
constexpr FieldText timezone_fields[] = {
    {"tz_minuteswest=", Field::tz_minuteswest, signed_decimal}, {"tz_dsttime=", Field::tz_dsttime, signed_decimal}};
constexpr FieldText itimerval_fields[] = {
    {"it_interval={tv_sec=", Field::it_interval_tv_sec, signed_decimal},
    {"tv_usec=", Field::it_interval_tv_usec, signed_decimal, "}"},
    {"it_value={tv_sec=", Field::it_value_tv_sec, signed_decimal},
    {"tv_usec=", Field::it_value_tv_usec, signed_decimal, "}"},
};
constexpr FieldText itimerspec_fields[] = {
    {"it_interval={tv_sec=", Field::it_interval_tv_sec, signed_decimal},
    {"tv_nsec=", Field::it_interval_tv_nsec, signed_decimal, "}"},
    {"it_value={tv_sec=", Field::it_value_tv_sec, signed_decimal},
    {"tv_nsec=", Field::it_value_tv_nsec, signed_decimal, "}"},
};
constexpr FieldText rusage_fields[] = {
    {"ru_utime={tv_sec=", Field::ru_utime_tv_sec, signed_decimal},
    {"tv_usec=", Field::ru_utime_tv_usec, signed_decimal, "}"},
    {"ru_stime={tv_sec=", Field::ru_stime_tv_sec, signed_decimal},
    {"tv_usec=", Field::ru_stime_tv_usec, signed_decimal, "}"},
    {"ru_maxrss=", Field::ru_maxrss},
};
constexpr FieldText rlimit_fields[] = {
    {"rlim_cur=", Field::rlim_cur, hex}, {"rlim_max=", Field::rlim_max, hex}};
constexpr FieldText tms_fields[] = {
    {"tms_utime=", Field::tms_utime}, {"tms_stime=", Field::tms_stime},
    {"tms_cutime=", Field::tms_cutime}, {"tms_cstime=", Field::tms_cstime}};
constexpr FieldText sysinfo_fields[] = {
    {"uptime=", Field::uptime}, {"totalram=", Field::totalram}, {"freeram=", Field::freeram},
    {"procs=", Field::procs}, {"mem_unit=", Field::mem_unit}};
constexpr FieldText flock_fields[] = {
    {"l_type=", Field::l_type, lock_type}, {"l_whence=", Field::l_whence},
    {"l_start=", Field::l_start, signed_decimal}, {"l_len=", Field::l_len, signed_decimal}};
constexpr FieldText window_size_fields[] = {
    {"ws_row=", Field::ws_row}, {"ws_col=", Field::ws_col},
    {"ws_xpixel=", Field::ws_xpixel}, {"ws_ypixel=", Field::ws_ypixel}};
constexpr FieldText clone_fields[] = {
    {"flags=", Field::flags, hex}, {"exit_signal=", Field::exit_signal}, {"stack=", Field::stack, hex},
    {"stack_size=", Field::stack_size, hex}, {"tls=", Field::tls, hex}};
constexpr FieldText open_how_fields[] = {
    {"flags=", Field::flags, hex}, {"mode=", Field::mode, hex}, {"resolve=", Field::resolve, hex}};
constexpr FieldText user_descriptor_fields[] = {
    {"entry_number=", Field::entry_number, signed_decimal}, {"base_addr=", Field::base_addr, hex},
    {"limit=", Field::limit, hex}};
constexpr FieldText utimbuf_fields[] = {
    {"actime=", Field::actime, signed_decimal}, {"modtime=", Field::modtime, signed_decimal}};
constexpr FieldText message_header_fields[] = {
    {"msg_name=", Field::msg_name, hex}, {"msg_namelen=", Field::msg_namelen}, {"msg_iov=", Field::msg_iov, hex},
    {"msg_iovlen=", Field::msg_iovlen}, {"msg_controllen=", Field::msg_controllen},
    {"msg_flags=", Field::msg_flags, hex}};
constexpr FieldText alternate_stack_rest[] = {{"ss_size=", Field::ss_size}};

/// The struct's bytes, or nothing: not mapped, or unknown to the ABI.
std::optional<std::vector<std::byte>> fetch_struct(const CallView& view, Struct which) {
    u16 size = layout_of(view.abi, which).size;
    return size ? fetch(view, view.address(), size) : std::nullopt;
}

u64 read_signal_set(const CallView& view, std::span<const std::byte> bytes) {
    auto width = static_cast<unsigned>(bytes.size() >= 8 ? 8 : view.abi.word_size);
    return kernel::signal_set_from_guest(view.abi, load_unsigned(bytes.data(), width, view.abi.byte_order));
}

std::string format_pair(const CallView& view, Struct which, Formatter formatter) {
    if (!view.address()) return "NULL";
    u16 size = layout_of(view.abi, which).size;
    return fmt::format("[{}, {}]", format_at(view, view.address(), formatter),
                       format_at(view, view.address() + size, formatter));
}

}  // namespace

std::string format_fields(const CallView& view, Struct which, std::span<const FieldText> fields) {
    auto bytes = fetch_struct(view, which);
    if (!bytes) return format_pointer(view);
    StructView row(view.abi, which, *bytes);
    std::string text;
    for (const FieldText& field : fields) {
        if (!row.has(field.field)) continue;
        if (!text.empty()) text += ", ";
        text += field.before;
        text += format_value(row.get(field.field), field.style);
        text += field.after;
    }
    return fmt::format("{{{}}}", text);
}

#define POSTERN_STRUCT_FORMATTER(name, which, fields) \
    std::string name(const CallView& view) { return format_fields(view, Struct::which, fields); }
POSTERN_STRUCT_FORMATTER(format_stat, stat, stat_fields)
POSTERN_STRUCT_FORMATTER(format_old_stat, oldstat, stat_fields)
POSTERN_STRUCT_FORMATTER(format_stat64, stat64, stat_fields)
POSTERN_STRUCT_FORMATTER(format_statx, statx, statx_fields)
POSTERN_STRUCT_FORMATTER(format_statfs, statfs, statfs_fields)
POSTERN_STRUCT_FORMATTER(format_statfs64, statfs64, statfs_fields)
POSTERN_STRUCT_FORMATTER(format_timespec, old_timespec, timespec_fields)
POSTERN_STRUCT_FORMATTER(format_timespec64, timespec64, timespec_fields)
POSTERN_STRUCT_FORMATTER(format_timeval, old_timeval, timeval_fields)
POSTERN_STRUCT_FORMATTER(format_timeval64, timespec64, timeval64_fields)
POSTERN_STRUCT_FORMATTER(format_timezone, timezone, timezone_fields)
POSTERN_STRUCT_FORMATTER(format_itimerval, old_itimerval, itimerval_fields)
POSTERN_STRUCT_FORMATTER(format_itimerspec, old_itimerspec, itimerspec_fields)
POSTERN_STRUCT_FORMATTER(format_itimerspec64, itimerspec64, itimerspec_fields)
POSTERN_STRUCT_FORMATTER(format_rusage, rusage, rusage_fields)
POSTERN_STRUCT_FORMATTER(format_rlimit, rlimit, rlimit_fields)
POSTERN_STRUCT_FORMATTER(format_rlimit64, rlimit64, rlimit_fields)
POSTERN_STRUCT_FORMATTER(format_tms, tms, tms_fields)
POSTERN_STRUCT_FORMATTER(format_sysinfo, sysinfo, sysinfo_fields)
POSTERN_STRUCT_FORMATTER(format_flock, flock, flock_fields)
POSTERN_STRUCT_FORMATTER(format_flock64, flock64, flock_fields)
POSTERN_STRUCT_FORMATTER(format_window_size, winsize, window_size_fields)
POSTERN_STRUCT_FORMATTER(format_clone_arguments, clone_args, clone_fields)
POSTERN_STRUCT_FORMATTER(format_open_how, open_how, open_how_fields)
POSTERN_STRUCT_FORMATTER(format_user_descriptor, user_desc, user_descriptor_fields)
POSTERN_STRUCT_FORMATTER(format_utimbuf, utimbuf, utimbuf_fields)
POSTERN_STRUCT_FORMATTER(format_message_header, user_msghdr, message_header_fields)
#undef POSTERN_STRUCT_FORMATTER

std::string format_timespec_pair(const CallView& view) {
    return format_pair(view, Struct::old_timespec, format_timespec);
}
std::string format_timespec64_pair(const CallView& view) {
    return format_pair(view, Struct::timespec64, format_timespec64);
}
std::string format_timeval_pair(const CallView& view) {
    return format_pair(view, Struct::old_timeval, format_timeval);
}

std::string format_signal_set_argument(const CallView& view) {
    auto bytes = fetch(view, view.address(), 8);
    return bytes ? format_signal_set(read_signal_set(view, *bytes)) : format_pointer(view);
}

std::string format_old_signal_set_argument(const CallView& view) {
    auto bytes = fetch(view, view.address(), view.abi.word_size);
    return bytes ? format_signal_set(read_signal_set(view, *bytes)) : format_pointer(view);
}

template <Struct which>
std::string format_signal_action(const CallView& view) {
    auto bytes = fetch_struct(view, which);
    if (!bytes) return format_pointer(view);
    StructView row(view.abi, which, *bytes);
    constexpr NumberName handlers[] = {{0, "SIG_DFL"}, {1, "SIG_IGN"}};
    u64 handler = row.get(Field::sa_handler_address);
    std::string text = fmt::format("{{sa_handler={}, sa_mask={}, sa_flags={}",
                                   handler > 1 ? fmt::format("{:#x}", handler)
                                               : format_choice(static_cast<i64>(handler), handlers),
                                   format_signal_set(read_signal_set(view, row.bytes_of(Field::sa_mask))),
                                   format_flags(view.abi.numbers.bits_from_guest(NumberSet::signal_action_flag,
                                                                                 row.get(Field::sa_flags) & 0xffffffffu),
                                                signal_action_flag_names()));
    if (u64 restorer = row.get(Field::sa_restorer)) text += fmt::format(", sa_restorer={:#x}", restorer);
    return text + "}";
}
template std::string format_signal_action<Struct::sigaction>(const CallView&);
template std::string format_signal_action<Struct::old_sigaction>(const CallView&);

std::string format_signal_information(const CallView& view) {
    auto bytes = fetch_struct(view, Struct::siginfo);
    if (!bytes) return format_pointer(view);
    StructView row(view.abi, Struct::siginfo, *bytes);
    int signal = kernel::signal_from_guest(view.abi, static_cast<int>(row.get(Field::si_signo)));
    return fmt::format("{{si_signo={}, si_code={}}}", signal_name(signal),
                       signal_code_name(signal, static_cast<int>(row.get(Field::si_code))));
}

std::string format_alternate_stack(const CallView& view) {
    auto bytes = fetch_struct(view, Struct::sigaltstack);
    if (!bytes) return format_pointer(view);
    StructView row(view.abi, Struct::sigaltstack, *bytes);
    return fmt::format("{{ss_sp={}, ss_flags={}, {}", format_value(row.get(Field::ss_sp), hex),
                       format_flags(row.get(Field::ss_flags) & 0xffffffffu, alternate_stack_names()),
                       format_fields(view, Struct::sigaltstack, alternate_stack_rest).substr(1));
}

std::string format_names_of_system(const CallView& view) {
    auto bytes = fetch_struct(view, Struct::new_utsname);
    if (!bytes) return format_pointer(view);
    StructView row(view.abi, Struct::new_utsname, *bytes);
    auto text = [&](Field field) {
        auto name = row.bytes_of(field);
        return quote(name.first(strnlen(reinterpret_cast<const char*>(name.data()), name.size())), name.size());
    };
    return fmt::format("{{sysname={}, nodename={}, release={}, machine={}}}", text(Field::sysname),
                       text(Field::nodename), text(Field::release), text(Field::machine));
}

/// How many entries there are; their names would fill the line.
std::string format_directory_entries(const CallView& view) {
    const FieldRow* length = layout_of(view.abi, Struct::linux_dirent64).find(Field::d_reclen);
    auto bytes = fetch(view, view.address(), static_cast<u64>(view.result));
    if (!bytes || !length) return format_pointer(view);
    u64 count = 0;
    for (u64 at = 0; at + length->offset + 2 <= bytes->size(); ++count) {
        u16 size = load<u16>(bytes->data() + at + length->offset, view.abi.byte_order);
        if (size == 0) break;
        at += size;
    }
    return fmt::format("{:#x} /* {} entries */", view.value(), count);
}

}  // namespace postern::trace
