// System V shared memory: the host's segments, attached where the guest's memory is.
#include "kernel/syscalls/support.hpp"
#include "kernel/syscalls/system_v.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <sys/shm.h>

namespace postern::kernel::system_v {

namespace {

using memory::Mapping;
using memory::MapRequest;

constexpr PermissionFields permission_fields{
    .key = Field::shm_perm_key, .uid = Field::shm_perm_uid, .gid = Field::shm_perm_gid, .cuid = Field::shm_perm_cuid,
    .cgid = Field::shm_perm_cgid, .mode = Field::shm_perm_mode, .sequence = Field::shm_perm_seq};

SysResult get_status(Task& task, int segment, int command, GuestAddr buffer) {
    shmid_ds status{};
    i64 result = host_call(SYS_shmctl, segment, command, &status);
    if (result < 0) return result;
    std::vector<std::byte> bytes(layout_of(task.abi(), Struct::shmid64_ds).size);
    StructView view(task.abi(), Struct::shmid64_ds, bytes);
    put_permissions(view, permission_fields, status.shm_perm);
    put_time(view, Field::shm_atime, Field::shm_atime_high, status.shm_atime);
    put_time(view, Field::shm_dtime, Field::shm_dtime_high, status.shm_dtime);
    put_time(view, Field::shm_ctime, Field::shm_ctime_high, status.shm_ctime);
    view.set(Field::shm_segsz, status.shm_segsz);
    view.set(Field::shm_cpid, static_cast<u64>(status.shm_cpid));
    view.set(Field::shm_lpid, static_cast<u64>(status.shm_lpid));
    view.set(Field::shm_nattch, status.shm_nattch);
    return task.memory().write(buffer, bytes) ? result : -EFAULT;
}

SysResult set_status(Task& task, int segment, GuestAddr buffer) {
    std::vector<std::byte> bytes(layout_of(task.abi(), Struct::shmid64_ds).size);
    if (!task.memory().read(buffer, bytes)) return -EFAULT;
    StructView view(task.abi(), Struct::shmid64_ds, bytes);
    shmid_ds status{};
    get_permissions(view, permission_fields, status.shm_perm);
    return host_call(SYS_shmctl, segment, IPC_SET, &status);
}

SysResult get_limits(Task& task, int segment, GuestAddr buffer) {
    shminfo limits{};
    i64 result = host_call(SYS_shmctl, segment, IPC_INFO, &limits);
    if (result < 0) return result;
    std::vector<std::byte> bytes(layout_of(task.abi(), Struct::shminfo64).size);
    StructView view(task.abi(), Struct::shminfo64, bytes);
    // kernel: copy_compat_shminfo_to_user
    u64 largest = task.abi().long_size() == 8 ? limits.shmmax : std::min<u64>(limits.shmmax, 0x7fff'ffff);
    view.set(Field::shmmax, largest);
    view.set(Field::shmmin, limits.shmmin);
    view.set(Field::shmmni, limits.shmmni);
    view.set(Field::shmseg, limits.shmseg);
    view.set(Field::shmall, limits.shmall);
    return task.memory().write(buffer, bytes) ? result : -EFAULT;
}

/// struct shm_info: an int and five longs.
SysResult get_usage(Task& task, int segment, GuestAddr buffer) {
    shm_info usage{};
    i64 result = host_call(SYS_shmctl, segment, SHM_INFO, &usage);
    if (result < 0) return result;
    u64 step = task.abi().long_size();
    const unsigned long numbers[] = {usage.shm_tot, usage.shm_rss, usage.shm_swp, usage.swap_attempts, usage.swap_successes};
    std::vector<std::byte> bytes(step * (1 + std::size(numbers)));
    store_unsigned(bytes.data(), static_cast<u64>(usage.used_ids), 4, task.abi().byte_order);
    for (std::size_t i = 0; i < std::size(numbers); ++i)
        store_unsigned(bytes.data() + (i + 1) * step, numbers[i], static_cast<unsigned>(step), task.abi().byte_order);
    return task.memory().write(buffer, bytes) ? result : -EFAULT;
}

/// Where the guest wants it; -EINVAL as Linux checks (kernel: do_shmat, where SHMLBA is a page).
int place(Task& task, GuestAddr address, int flags, MapRequest& request) {
    u64 page = task.memory().page_size();
    bool replaces = (flags & SHM_REMAP) != 0;
    if (!address) return replaces ? -EINVAL : 0;
    if (!address.is_aligned(page) && !(flags & SHM_RND)) return -EINVAL;
    request.hint = address.align_down(page);
    if (!request.hint && replaces) return -EINVAL;
    request.placement = replaces ? MapRequest::Placement::fixed : MapRequest::Placement::fixed_noreplace;
    return 0;
}

}  // namespace

SysResult shared_memory_get(int key, u64 size, int flags) { return host_call(SYS_shmget, key, size, flags); }

SysResult shared_memory_attach(Task& task, int segment, GuestAddr address, int flags) {
    if (segment < 0) return -EINVAL;
    MapRequest request;
    if (int error = place(task, address, flags, request); error != 0) return error;
    shmid_ds status{};
    if (i64 error = host_call(SYS_shmctl, segment, IPC_STAT, &status); error < 0) return error;
    request.size = status.shm_segsz;
    request.permissions = {.read = true, .write = !(flags & SHM_RDONLY), .execute = (flags & SHM_EXEC) != 0};
    request.shared = true;
    request.segment = segment;
    request.name = fmt::format("/SYSV{:08x} (deleted)", static_cast<u32>(status.shm_perm.__key));
    auto mapped = task.memory().map(request);
    if (mapped) return static_cast<i64>(mapped->value);
    return mapped.error() == -EEXIST ? -EINVAL : mapped.error();
}

/// Whatever is left of the attachment that began at the address (kernel: ksys_shmdt).
SysResult shared_memory_detach(Task& task, GuestAddr address) {
    if (!address.is_aligned(task.memory().page_size())) return -EINVAL;
    std::optional<int> segment;
    std::vector<std::pair<GuestAddr, u64>> parts;
    task.memory().for_each([&](const Mapping& mapping) {
        if (!mapping.segment || mapping.start < address || mapping.start - address != mapping.file_offset) return;
        if (!segment) segment = mapping.segment;
        if (mapping.segment == segment) parts.emplace_back(mapping.start, mapping.size());
    });
    if (parts.empty()) return -EINVAL;
    for (auto [start, size] : parts)
        if (int error = task.memory().unmap(start, size); error != 0) return error;
    return 0;
}

SysResult shared_memory_control(Task& task, int segment, int command, GuestAddr buffer) {
    switch (command) {
        case IPC_STAT:
        case SHM_STAT:
        case SHM_STAT_ANY: return get_status(task, segment, command, buffer);
        case IPC_SET: return set_status(task, segment, buffer);
        case IPC_INFO: return get_limits(task, segment, buffer);
        case SHM_INFO: return get_usage(task, segment, buffer);
        case IPC_RMID:
        case SHM_LOCK:
        case SHM_UNLOCK: return host_call(SYS_shmctl, segment, command, nullptr);
        default: return -EINVAL;
    }
}

}  // namespace postern::kernel::system_v
