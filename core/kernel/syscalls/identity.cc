// Who a process is: process and thread ids, users, groups, sessions, capabilities. All of them
// are the host's own.
#include "kernel/syscalls/process.hpp"
#include "kernel/syscalls/support.hpp"

#include <linux/capability.h>

namespace postern::kernel {

namespace {

// --- calls that are the host's as they are

template <long number>
SysResult ask(Task&) { return host_call(number); }

/// Takes ints, which is what pid_t, uid_t and gid_t are in a register.
template <long number>
SysResult with_id(Task&, i32 id) { return host_call(number, id); }

template <long number>
SysResult with_two_ids(Task&, i32 first, i32 second) { return host_call(number, first, second); }

template <long number>
SysResult with_three_ids(Task&, i32 first, i32 second, i32 third) {
    return host_call(number, first, second, third);
}

// --- 16-bit ids of old 32-bit calls (kernel: include/linux/highuid.h)

constexpr u16 overflow_id = 65534;

u16 id_to_16(u32 id) { return id > 0xffff ? overflow_id : static_cast<u16>(id); }
/// 0xffff means "leave as it is", as -1 does.
i32 id_from_16(u16 id) { return id == 0xffff ? -1 : id; }

template <long number>
SysResult ask_16(Task&) { return id_to_16(static_cast<u32>(host_call(number))); }

template <long number>
SysResult with_id_16(Task&, u16 id) { return host_call(number, id_from_16(id)); }

/// setfsuid and setfsgid return an id.
template <long number>
SysResult file_system_id_16(Task&, u16 id) {
    return id_to_16(static_cast<u32>(host_call(number, id_from_16(id))));
}

template <long number>
SysResult with_two_ids_16(Task&, u16 first, u16 second) {
    return host_call(number, id_from_16(first), id_from_16(second));
}

template <long number>
SysResult with_three_ids_16(Task&, u16 first, u16 second, u16 third) {
    return host_call(number, id_from_16(first), id_from_16(second), id_from_16(third));
}

template <typename Id>
Id narrow(u32 id) {
    if constexpr (sizeof(Id) == 2) return id_to_16(id);
    else return id;
}

// --- calls that write ids

/// getresuid, getresgid.
template <long number, typename Id>
SysResult write_three_ids(Task& task, GuestPtr<Id> real, GuestPtr<Id> effective, GuestPtr<Id> saved) {
    u32 ids[3];
    if (i64 error = host_call(number, &ids[0], &ids[1], &ids[2]); error != 0) return error;
    GuestPtr<Id> pointers[] = {real, effective, saved};
    for (int i = 0; i < 3; ++i) {
        if (!task.memory().write(pointers[i], narrow<Id>(ids[i]))) return -EFAULT;
    }
    return 0;
}

constexpr i64 group_limit = 65536;   // kernel: NGROUPS_MAX

template <typename Id>
SysResult get_groups(Task& task, i32 size, GuestPtr<Id> list) {
    if (size < 0) return -EINVAL;
    std::vector<u32> groups(group_limit);
    i64 count = host_call(SYS_getgroups, group_limit, groups.data());
    if (count < 0 || size == 0) return count;
    if (count > size) return -EINVAL;
    for (i64 i = 0; i < count; ++i) {
        GuestPtr<Id> place{list.address + static_cast<u64>(i) * sizeof(Id)};
        if (!task.memory().write(place, narrow<Id>(groups[static_cast<std::size_t>(i)]))) return -EFAULT;
    }
    return count;
}

template <typename Id>
SysResult set_groups(Task& task, i32 size, GuestPtr<Id> list) {
    // The host refuses by privilege before it looks at the size.
    if (size < 0 || size > group_limit) return host_call(SYS_setgroups, size, nullptr);
    std::vector<u32> groups;
    for (u64 i = 0; i < static_cast<u64>(size); ++i) {
        auto group = task.memory().read(GuestPtr<Id>{list.address + i * sizeof(Id)});
        if (!group) return -EFAULT;
        groups.push_back(sizeof(Id) == 2 ? static_cast<u32>(id_from_16(static_cast<u16>(*group))) : *group);
    }
    return host_call(SYS_setgroups, size, groups.data());
}

// --- capabilities: a header of two words, then three words per 32 capabilities

struct CapabilityCall {
    __user_cap_header_struct header{};
    __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};

    /// Words of `data` that this version of the interface has.
    u64 word_count() const {
        return header.version == _LINUX_CAPABILITY_VERSION_1 ? 3 * _LINUX_CAPABILITY_U32S_1
                                                             : 3 * _LINUX_CAPABILITY_U32S_3;
    }
    u32& word(u64 index) {
        __user_cap_data_struct& part = data[index / 3];
        return index % 3 == 0 ? part.effective : index % 3 == 1 ? part.permitted : part.inheritable;
    }
};

bool read_header(Task& task, GuestPtr<u32> address, CapabilityCall& call) {
    auto version = task.memory().read(address);
    auto pid = task.memory().read(GuestPtr<u32>{address.address + 4});
    if (!version || !pid) return false;
    call.header = {.version = *version, .pid = static_cast<int>(*pid)};
    return true;
}

SysResult sys_capget(Task& task, GuestPtr<u32> header, GuestPtr<u32> data) {
    CapabilityCall call;
    if (!read_header(task, header, call)) return -EFAULT;
    u32 asked = call.header.version;
    i64 result = host_call(SYS_capget, &call.header, data ? call.data : nullptr);
    // The host names the version it prefers when it does not know the one asked for.
    if (call.header.version != asked && !task.memory().write(header, u32{call.header.version}))
        return -EFAULT;
    if (result != 0 || !data) return result;
    for (u64 i = 0; i < call.word_count(); ++i) {
        if (!task.memory().write(GuestPtr<u32>{data.address + 4 * i}, call.word(i))) return -EFAULT;
    }
    return 0;
}

SysResult sys_capset(Task& task, GuestPtr<u32> header, GuestPtr<u32> data) {
    CapabilityCall call;
    if (!read_header(task, header, call)) return -EFAULT;
    u32 asked = call.header.version;
    for (u64 i = 0; i < call.word_count(); ++i) {
        auto word = task.memory().read(GuestPtr<u32>{data.address + 4 * i});
        if (!word) return -EFAULT;
        call.word(i) = *word;
    }
    i64 result = host_call(SYS_capset, &call.header, call.data);
    if (call.header.version != asked && !task.memory().write(header, u32{call.header.version}))
        return -EFAULT;
    return result;
}

SysResult sys_set_tid_address(Task& task, GuestAddr address) {
    task.clear_child_tid = address;
    return task.tid;
}

// --- rows

constexpr SyscallRow rows[] = {
    {"getpid", adapt<ask<SYS_getpid>>, Support::full, ""},
    {"getppid", adapt<ask<SYS_getppid>>, Support::full, ""},
    {"gettid", adapt<ask<SYS_gettid>>, Support::full, ""},
    {"set_tid_address", adapt<sys_set_tid_address>, Support::full, "ptr"},

    {"getuid", adapt<ask<SYS_getuid>>, Support::full, ""},
    {"geteuid", adapt<ask<SYS_geteuid>>, Support::full, ""},
    {"getgid", adapt<ask<SYS_getgid>>, Support::full, ""},
    {"getegid", adapt<ask<SYS_getegid>>, Support::full, ""},
    {"setuid", adapt<with_id<SYS_setuid>>, Support::full, "uid"},
    {"setgid", adapt<with_id<SYS_setgid>>, Support::full, "gid"},
    {"setreuid", adapt<with_two_ids<SYS_setreuid>>, Support::full, "uid, uid"},
    {"setregid", adapt<with_two_ids<SYS_setregid>>, Support::full, "gid, gid"},
    {"setresuid", adapt<with_three_ids<SYS_setresuid>>, Support::full, "uid, uid, uid"},
    {"setresgid", adapt<with_three_ids<SYS_setresgid>>, Support::full, "gid, gid, gid"},
    {"getresuid", adapt<write_three_ids<SYS_getresuid, u32>>, Support::full, "int_out, int_out, int_out"},
    {"getresgid", adapt<write_three_ids<SYS_getresgid, u32>>, Support::full, "int_out, int_out, int_out"},
    {"setfsuid", adapt<with_id<SYS_setfsuid>>, Support::full, "uid"},
    {"setfsgid", adapt<with_id<SYS_setfsgid>>, Support::full, "gid"},
    {"getgroups", adapt<get_groups<u32>>, Support::full, "int, groups_out"},
    {"setgroups", adapt<set_groups<u32>>, Support::full, "int, ptr"},

    {"getuid16", adapt<ask_16<SYS_getuid>>, Support::full, ""},
    {"geteuid16", adapt<ask_16<SYS_geteuid>>, Support::full, ""},
    {"getgid16", adapt<ask_16<SYS_getgid>>, Support::full, ""},
    {"getegid16", adapt<ask_16<SYS_getegid>>, Support::full, ""},
    {"setuid16", adapt<with_id_16<SYS_setuid>>, Support::full, "uid"},
    {"setgid16", adapt<with_id_16<SYS_setgid>>, Support::full, "gid"},
    {"setreuid16", adapt<with_two_ids_16<SYS_setreuid>>, Support::full, "uid, uid"},
    {"setregid16", adapt<with_two_ids_16<SYS_setregid>>, Support::full, "gid, gid"},
    {"setresuid16", adapt<with_three_ids_16<SYS_setresuid>>, Support::full, "uid, uid, uid"},
    {"setresgid16", adapt<with_three_ids_16<SYS_setresgid>>, Support::full, "gid, gid, gid"},
    {"getresuid16", adapt<write_three_ids<SYS_getresuid, u16>>, Support::full, "ptr, ptr, ptr"},
    {"getresgid16", adapt<write_three_ids<SYS_getresgid, u16>>, Support::full, "ptr, ptr, ptr"},
    {"setfsuid16", adapt<file_system_id_16<SYS_setfsuid>>, Support::full, "uid"},
    {"setfsgid16", adapt<file_system_id_16<SYS_setfsgid>>, Support::full, "gid"},
    {"getgroups16", adapt<get_groups<u16>>, Support::full, "int, ptr"},
    {"setgroups16", adapt<set_groups<u16>>, Support::full, "int, ptr"},

    {"setsid", adapt<ask<SYS_setsid>>, Support::full, ""},
    {"getsid", adapt<with_id<SYS_getsid>>, Support::full, "pid"},
    {"setpgid", adapt<with_two_ids<SYS_setpgid>>, Support::full, "pid, pid"},
    {"getpgid", adapt<with_id<SYS_getpgid>>, Support::full, "pid"},
    {"getpgrp", adapt<ask<SYS_getpgrp>>, Support::full, ""},

    {"capget", adapt<sys_capget>, Support::full, "ptr, ptr"},
    {"capset", adapt<sys_capset>, Support::full, "ptr, ptr"},
};

}  // namespace

std::span<const SyscallRow> identity_rows() { return rows; }

}  // namespace postern::kernel
