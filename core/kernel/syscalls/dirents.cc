#include "kernel/syscalls/dirents.hpp"

#include "kernel/files.hpp"
#include "kernel/syscalls/support.hpp"

#include <algorithm>
#include <cstring>

namespace postern::kernel {

namespace {

/// The largest host record: header, 255 bytes of name, NUL, padding.
constexpr u64 largest_record = 280;
constexpr u64 largest_buffer = 64 * 1024;

/// Host record of getdents64 (kernel: struct linux_dirent64), read field by field.
struct HostEntry {
    u64 inode;
    i64 offset;
    u16 record_length;
    u8 type;
    std::string_view name;

    explicit HostEntry(std::span<const std::byte> bytes)
        : inode(load<u64>(bytes.data(), host_byte_order)),
          offset(load<i64>(bytes.data() + 8, host_byte_order)),
          record_length(load<u16>(bytes.data() + 16, host_byte_order)),
          type(static_cast<u8>(bytes[18])),
          name(reinterpret_cast<const char*>(bytes.data() + 19)) {}
};

SysResult read_directory(Task& task, int fd, GuestAddr buffer, unsigned size, Struct layout) {
    fd = host_fd(task, fd);
    std::vector<std::byte> host(std::clamp<u64>(size, largest_record, largest_buffer));
    i64 before = host_call(SYS_lseek, fd, 0, SEEK_CUR);
    i64 got = host_call(SYS_getdents64, fd, host.data(), host.size());
    if (got <= 0) return got;
    auto entries = convert_entries(task.abi(), layout, std::span(host).first(static_cast<std::size_t>(got)), size);
    if (entries.bytes.empty()) {
        host_call(SYS_lseek, fd, before, SEEK_SET);
        return entries.overflow ? -EOVERFLOW : -EINVAL;
    }
    if (!task.memory().write(buffer, entries.bytes)) {
        host_call(SYS_lseek, fd, before, SEEK_SET);
        return -EFAULT;
    }
    // The host has read ahead of what the guest gets.
    if (!entries.complete) host_call(SYS_lseek, fd, entries.next_offset, SEEK_SET);
    return static_cast<i64>(entries.bytes.size());
}

}  // namespace

ConvertedEntries convert_entries(const Abi& abi, Struct layout, std::span<const std::byte> host, u64 capacity) {
    const StructLayout& rows = layout_of(abi, layout);
    const FieldRow* inode_row = rows.find(Field::d_ino);
    const FieldRow* type_row = rows.find(Field::d_type);
    u64 name_offset = rows.find(Field::d_name)->offset;
    // The old record keeps the type in its last byte, behind the name's NUL.
    u64 behind_name = type_row ? 1 : 2;
    u64 alignment = type_row ? 8 : abi.long_size();

    ConvertedEntries result;
    while (host.size() > 19) {
        HostEntry entry(host);
        u64 length = align_up(name_offset + entry.name.size() + behind_name, alignment);
        if (result.bytes.size() + length > capacity) {
            result.complete = false;
            break;
        }
        if (inode_row->width < 8 && entry.inode >> (8 * inode_row->width)) {
            result.complete = false;
            result.overflow = true;
            break;
        }
        std::size_t start = result.bytes.size();
        result.bytes.resize(start + length);
        // The view wants room for the whole struct, which may be more than a short record.
        std::byte header[32] = {};
        StructView view(abi, layout, header);
        view.set(Field::d_ino, entry.inode);
        view.set(Field::d_off, static_cast<u64>(entry.offset));
        view.set(Field::d_reclen, length);
        view.set(Field::d_type, entry.type);
        std::byte* record = result.bytes.data() + start;
        std::memcpy(record, header, name_offset);
        std::memcpy(record + name_offset, entry.name.data(), entry.name.size());
        if (!type_row) record[length - 1] = static_cast<std::byte>(entry.type);
        result.next_offset = entry.offset;
        host = host.subspan(entry.record_length);
    }
    return result;
}

SysResult sys_getdents(Task& task, int fd, GuestAddr buffer, unsigned size) {
    return read_directory(task, fd, buffer, size, Struct::linux_dirent);
}

SysResult sys_getdents64(Task& task, int fd, GuestAddr buffer, unsigned size) {
    return read_directory(task, fd, buffer, size, Struct::linux_dirent64);
}

}  // namespace postern::kernel
