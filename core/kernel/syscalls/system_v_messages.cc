// System V message queues: the host's, so that guests and programs of the host share them.
#include "kernel/syscalls/support.hpp"
#include "kernel/syscalls/system_v.hpp"

#include <algorithm>
#include <cstring>
#include <sys/msg.h>
#undef msg_cbytes   // a name of the C library's for its own field

namespace postern::kernel::system_v {

namespace {

constexpr PermissionFields permission_fields{
    .key = Field::msg_perm_key, .uid = Field::msg_perm_uid, .gid = Field::msg_perm_gid, .cuid = Field::msg_perm_cuid,
    .cgid = Field::msg_perm_cgid, .mode = Field::msg_perm_mode, .sequence = Field::msg_perm_seq};

/// The largest message that can be sent, in bytes.
u64 message_limit() {
    msginfo limits{};
    return host_call(SYS_msgctl, 0, IPC_INFO, &limits) < 0 ? 0 : static_cast<u64>(limits.msgmax);
}

/// No message is larger, even if the limit has been another one when it was sent.
u64 largest_message() { return std::max(message_limit(), u64{1} << 20); }

/// The host's struct msgbuf: a long and the text.
class Message {
public:
    explicit Message(u64 size) : bytes_(sizeof(long) + size) {}
    void* host() { return bytes_.data(); }
    long type() const {
        long value;
        std::memcpy(&value, bytes_.data(), sizeof value);
        return value;
    }
    void set_type(long value) { std::memcpy(bytes_.data(), &value, sizeof value); }
    std::span<std::byte> text() { return std::span(bytes_).subspan(sizeof(long)); }

private:
    std::vector<std::byte> bytes_;
};

bool write_status(Task& task, GuestAddr buffer, const msqid_ds& status) {
    std::vector<std::byte> bytes(layout_of(task.abi(), Struct::msqid64_ds).size);
    StructView view(task.abi(), Struct::msqid64_ds, bytes);
    put_permissions(view, permission_fields, status.msg_perm);
    put_time(view, Field::msg_stime, Field::msg_stime_high, status.msg_stime);
    put_time(view, Field::msg_rtime, Field::msg_rtime_high, status.msg_rtime);
    put_time(view, Field::msg_ctime, Field::msg_ctime_high, status.msg_ctime);
    view.set(Field::msg_cbytes, status.__msg_cbytes);
    view.set(Field::msg_qnum, status.msg_qnum);
    view.set(Field::msg_qbytes, status.msg_qbytes);
    view.set(Field::msg_lspid, static_cast<u64>(status.msg_lspid));
    view.set(Field::msg_lrpid, static_cast<u64>(status.msg_lrpid));
    return task.memory().write(buffer, bytes);
}

SysResult get_status(Task& task, int queue, int command, GuestAddr buffer) {
    msqid_ds status{};
    i64 result = host_call(SYS_msgctl, queue, command, &status);
    if (result < 0) return result;
    return write_status(task, buffer, status) ? result : -EFAULT;
}

SysResult set_status(Task& task, int queue, GuestAddr buffer) {
    std::vector<std::byte> bytes(layout_of(task.abi(), Struct::msqid64_ds).size);
    if (!task.memory().read(buffer, bytes)) return -EFAULT;
    StructView view(task.abi(), Struct::msqid64_ds, bytes);
    msqid_ds status{};
    get_permissions(view, permission_fields, status.msg_perm);
    status.msg_qbytes = view.get(Field::msg_qbytes);
    return host_call(SYS_msgctl, queue, IPC_SET, &status);
}

SysResult get_info(Task& task, int queue, int command, GuestAddr buffer) {
    msginfo info{};
    i64 result = host_call(SYS_msgctl, queue, command, &info);
    if (result < 0) return result;
    const int numbers[] = {info.msgpool, info.msgmap, info.msgmax, info.msgmnb, info.msgmni, info.msgssz, info.msgtql};
    if (!write_ints(task, buffer, numbers)) return -EFAULT;
    constexpr u64 offset_of_segments = sizeof numbers;
    std::byte last[4] = {};   // a short and padding
    store_unsigned(last, info.msgseg, 2, task.abi().byte_order);
    return task.memory().write(buffer + offset_of_segments, last) ? result : -EFAULT;
}

}  // namespace

SysResult message_queue_get(int key, int flags) { return host_call(SYS_msgget, key, flags); }

SysResult message_queue_send(Task& task, int queue, GuestAddr message, u64 size, int flags) {
    u64 type_size = task.abi().long_size();
    auto type = read_long(task, message);
    if (!type) return -EFAULT;
    if (size > message_limit()) return -EINVAL;
    Message sent(size);
    sent.set_type(type_size == 8 ? static_cast<long>(*type) : static_cast<i32>(*type));
    if (queue < 0 || sent.type() < 1) return -EINVAL;   // which Linux says before it reads the text
    if (!task.memory().read(message + type_size, sent.text())) return -EFAULT;
    return restartable_call(task, restart_no_hand, SYS_msgsnd, queue, sent.host(), size, flags);
}

SysResult message_queue_receive(Task& task, int queue, GuestAddr message, u64 size, i64 type, int flags) {
    u64 type_size = task.abi().long_size();
    i64 signed_size = type_size == 8 ? static_cast<i64>(size) : static_cast<i32>(size);
    if (queue < 0 || signed_size < 0) return -EINVAL;
    Message received(std::min(size, largest_message()));
    SysResult result = restartable_call(task, restart_no_hand, SYS_msgrcv, queue, received.host(), received.text().size(),
                                        static_cast<long>(type), flags);
    if (result.value < 0) return result;
    if (!write_long(task, message, static_cast<u64>(received.type()))) return -EFAULT;
    auto text = received.text().first(static_cast<std::size_t>(result.value));
    return task.memory().write(message + type_size, text) ? result : -EFAULT;
}

SysResult message_queue_control(Task& task, int queue, int command, GuestAddr buffer) {
    switch (command) {
        case IPC_STAT:
        case MSG_STAT:
        case MSG_STAT_ANY: return get_status(task, queue, command, buffer);
        case IPC_INFO:
        case MSG_INFO: return get_info(task, queue, command, buffer);
        case IPC_SET: return set_status(task, queue, buffer);
        case IPC_RMID: return host_call(SYS_msgctl, queue, IPC_RMID, nullptr);
        default: return -EINVAL;
    }
}

}  // namespace postern::kernel::system_v
