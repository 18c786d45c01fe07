// Names of numbers, in generic (host) numbering: flags, commands, modes.
#pragma once

#include "base/types.hpp"

#include <span>
#include <string>
#include <string_view>

namespace postern::trace {

struct NumberName {
    u64 value;
    std::string_view name;
};

using NameTable = std::span<const NumberName>;

/// "O_WRONLY|O_CREAT|0x40000000": every named bit, then what is left in hex; "0" for none.
std::string format_flags(u64 value, NameTable names);
/// The name of exactly this value, or the number in decimal.
std::string format_choice(i64 value, NameTable names);

NameTable open_flag_names();        // without the access mode
NameTable access_mode_names();      // O_RDONLY ...
NameTable at_flag_names();
NameTable whence_names();
NameTable protection_names();
NameTable map_flag_names();         // without the type
NameTable map_type_names();
NameTable remap_flag_names();
NameTable sync_flag_names();
NameTable advice_names();
NameTable clock_names();
NameTable timer_flag_names();
NameTable interval_timer_names();
NameTable wait_option_names();
NameTable wait_id_names();
NameTable signal_action_flag_names();
NameTable signal_mask_names();      // SIG_BLOCK ...
NameTable alternate_stack_names();
NameTable fcntl_command_names();
NameTable ioctl_names();
NameTable clone_flag_names();
NameTable poll_event_names();
NameTable resource_names();
NameTable usage_names();            // RUSAGE_*
NameTable random_flag_names();
NameTable prctl_names();
NameTable futex_operation_names();
NameTable socket_family_names();
NameTable socket_type_names();
NameTable file_type_names();        // S_IFREG ...
NameTable directory_entry_names();  // DT_REG ...
NameTable access_check_names();     // R_OK ...
NameTable lock_names();             // LOCK_SH ...
NameTable membarrier_names();
NameTable schedule_policy_names();

}  // namespace postern::trace
