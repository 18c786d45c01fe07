// One function per way of printing an argument; format.cc gives them their kind words.
#pragma once

#include "abi/layouts.hpp"
#include "trace/format.hpp"
#include "trace/names.hpp"

#include <optional>
#include <vector>

namespace postern::trace {

// --- numbers
std::string format_int(const CallView& view);        // low 32 bits, signed
std::string format_uint(const CallView& view);       // low 32 bits
std::string format_hex(const CallView& view);
std::string format_long(const CallView& view);       // the guest's word, signed
std::string format_ulong(const CallView& view);
std::string format_wide(const CallView& view);       // 64 bits, signed
std::string format_pointer(const CallView& view);    // NULL or hex
std::string format_octal_mode(const CallView& view);
std::string format_descriptor_at(const CallView& view);
std::string format_open_flags(const CallView& view);
std::string format_descriptor_flags(const CallView& view);   // O_CLOEXEC ... without an access mode
std::string format_map_flags(const CallView& view);
std::string format_clone_flags(const CallView& view);
std::string format_access_check(const CallView& view);
std::string format_signal(const CallView& view);
std::string format_clock(const CallView& view);
std::string format_device(const CallView& view);
std::string format_futex_operation(const CallView& view);
std::string format_socket_type(const CallView& view);

template <NameTable (*names)()>
std::string format_named_flags(const CallView& view) {
    return format_flags(view.value() & 0xffffffffu, names());
}
template <NameTable (*names)()>
std::string format_named_choice(const CallView& view) {
    return format_choice(static_cast<i32>(view.value()), names());
}
/// Names by generic numbers, for numbers that ABIs have of their own.
template <NumberSet set, NameTable (*names)()>
std::string format_numbered_choice(const CallView& view) {
    auto guest = static_cast<i32>(view.value());
    auto generic = view.abi.numbers.from_guest(set, guest);
    return generic ? format_choice(*generic, names()) : std::to_string(guest);
}
template <NumberSet set, NameTable (*names)()>
std::string format_numbered_flags(const CallView& view) {
    return format_flags(view.abi.numbers.bits_from_guest(set, view.value() & 0xffffffffu), names());
}
std::string format_ioctl_request(const CallView& view);

// --- memory
std::string format_string(const CallView& view);
std::string format_string_array(const CallView& view);
std::string format_environment(const CallView& view);        // how many strings; they would fill the line
std::string format_buffer_of_next(const CallView& view);     // length: the next argument
std::string format_buffer_of_result(const CallView& view);   // length: the result
std::string format_vector_in(const CallView& view);          // iovec; count: the next argument
std::string format_vector_out(const CallView& view);
std::string format_poll(const CallView& view);               // pollfd; count: the next argument
std::string format_descriptor_set(const CallView& view);     // fd_set; limit: the first argument
std::string format_descriptor_pair(const CallView& view);    // int[2]
std::string format_pointed_int(const CallView& view);
std::string format_pointed_long(const CallView& view);
std::string format_pointed_wide(const CallView& view);
std::string format_group_list(const CallView& view);         // gid_t[result]
std::string format_wait_status(const CallView& view);
std::string format_socket_address(const CallView& view);     // length: the next argument
std::string format_socket_address_out(const CallView& view); // length: what the next points to
std::string format_directory_entries(const CallView& view);
std::string format_names_of_system(const CallView& view);    // utsname

// --- signals
std::string format_signal_set_argument(const CallView& view);      // 8 bytes
std::string format_old_signal_set_argument(const CallView& view);  // one word
template <Struct which>
std::string format_signal_action(const CallView& view);
std::string format_signal_information(const CallView& view);
std::string format_alternate_stack(const CallView& view);

// --- structs as rows

enum class FieldStyle : u8 { signed_decimal, decimal, hex, mode, lock_type };

struct FieldText {
    std::string_view before;     ///< printed in front of the value: "st_size="
    Field field;
    FieldStyle style = FieldStyle::decimal;
    std::string_view after = {};  ///< printed behind it: closes a nested struct
};

/// "{before value after, ...}"; an address if the memory is not there or the ABI has no such
/// struct. Fields that the ABI's struct lacks are left out.
std::string format_fields(const CallView& view, Struct which, std::span<const FieldText> fields);

/// An _out kind: the inner formatter if the call succeeded, else the address.
template <Formatter inner>
std::string written(const CallView& view) {
    return view.failed() ? format_pointer(view) : inner(view);
}

#define POSTERN_STRUCT_FORMATTER(name) std::string name(const CallView& view)
POSTERN_STRUCT_FORMATTER(format_stat);
POSTERN_STRUCT_FORMATTER(format_old_stat);
POSTERN_STRUCT_FORMATTER(format_stat64);
POSTERN_STRUCT_FORMATTER(format_statx);
POSTERN_STRUCT_FORMATTER(format_statfs);
POSTERN_STRUCT_FORMATTER(format_statfs64);
POSTERN_STRUCT_FORMATTER(format_timespec);
POSTERN_STRUCT_FORMATTER(format_timespec64);
std::string format_timespec_pair(const CallView& view);     // struct timespec[2]
std::string format_timespec64_pair(const CallView& view);
std::string format_timeval_pair(const CallView& view);
POSTERN_STRUCT_FORMATTER(format_timeval);
POSTERN_STRUCT_FORMATTER(format_timeval64);
POSTERN_STRUCT_FORMATTER(format_timezone);
POSTERN_STRUCT_FORMATTER(format_itimerval);
POSTERN_STRUCT_FORMATTER(format_itimerspec);
POSTERN_STRUCT_FORMATTER(format_itimerspec64);
POSTERN_STRUCT_FORMATTER(format_rusage);
POSTERN_STRUCT_FORMATTER(format_rlimit);
POSTERN_STRUCT_FORMATTER(format_rlimit64);
POSTERN_STRUCT_FORMATTER(format_tms);
POSTERN_STRUCT_FORMATTER(format_sysinfo);
POSTERN_STRUCT_FORMATTER(format_flock);
POSTERN_STRUCT_FORMATTER(format_flock64);
POSTERN_STRUCT_FORMATTER(format_window_size);
POSTERN_STRUCT_FORMATTER(format_clone_arguments);
POSTERN_STRUCT_FORMATTER(format_open_how);
POSTERN_STRUCT_FORMATTER(format_user_descriptor);
POSTERN_STRUCT_FORMATTER(format_utimbuf);
POSTERN_STRUCT_FORMATTER(format_message_header);
#undef POSTERN_STRUCT_FORMATTER

// --- shared by the files above

/// `size` bytes at `address`, or nothing if any is not mapped.
std::optional<std::vector<std::byte>> fetch(const CallView& view, GuestAddr address, u64 size);
/// A NUL-terminated string of at most `limit` bytes; nothing if it starts unmapped.
std::optional<std::string> fetch_string(const CallView& view, GuestAddr address, u64 limit);
/// A pointer-sized integer at `address`.
std::optional<u64> fetch_word(const CallView& view, GuestAddr address);
/// The same view on another address, for elements of arrays.
std::string format_at(const CallView& view, GuestAddr address, Formatter formatter);

}  // namespace postern::trace
