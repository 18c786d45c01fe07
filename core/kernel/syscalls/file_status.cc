#include "kernel/syscalls/file_status.hpp"

#include <algorithm>
#include <cerrno>

namespace postern::kernel {

namespace {

/// Device numbers in 16 bits, and as the kernel packs them into 32 (kernel: include/linux/kdev_t.h).
bool fits_old_device(u32 major, u32 minor) { return major < 256 && minor < 256; }
u64 old_device(u32 major, u32 minor) { return major << 8 | minor; }
u64 new_device(u32 major, u32 minor) { return (minor & 0xff) | major << 8 | (minor & ~u32{0xff}) << 12; }

/// Fills one struct and remembers whether every number fitted its field.
class StatusWriter {
public:
    StatusWriter(const Abi& abi, Struct layout, std::span<std::byte> out)
        : abi_(abi), rows_(layout_of(abi, layout)), view_(abi, layout, out) {}

    void set(Field field, u64 value) { view_.set(field, value); }

    /// A number that must not be cut: -EOVERFLOW if `bits` of the field cannot hold it.
    void set_checked(Field field, u64 value, unsigned sign_bits = 0) {
        const FieldRow* row = rows_.find(field);
        if (!row) return;
        unsigned bits = row->width * 8 - sign_bits;
        if (bits < 64 && value >> bits) overflow_ = true;
        view_.set(field, value);
    }

    void set_device(Field field, u32 major, u32 minor) {
        const FieldRow* row = rows_.find(field);
        if (!row) return;
        bool is_new = row->width == 8 || abi_.is_64bit();
        if (!is_new && !fits_old_device(major, minor)) overflow_ = true;
        view_.set(field, is_new ? new_device(major, minor) : old_device(major, minor));
    }

    /// Ids beyond 16 bits read as the overflow id (kernel: high2lowuid).
    void set_id(Field field, u32 id) {
        const FieldRow* row = rows_.find(field);
        if (row) view_.set(field, row->width == 2 && id > 0xffff ? 65534 : id);
    }

    bool overflow() const { return overflow_; }

private:
    const Abi& abi_;
    const StructLayout& rows_;
    StructView view_;
    bool overflow_ = false;
};

void write_statx(const Abi& abi, const struct statx& host, std::span<std::byte> out) {
    StructView view(abi, Struct::statx, out);
    view.set(Field::stx_mask, host.stx_mask);
    view.set(Field::stx_blksize, host.stx_blksize);
    view.set(Field::stx_attributes, host.stx_attributes);
    view.set(Field::stx_nlink, host.stx_nlink);
    view.set(Field::stx_uid, host.stx_uid);
    view.set(Field::stx_gid, host.stx_gid);
    view.set(Field::stx_mode, host.stx_mode);
    view.set(Field::stx_ino, host.stx_ino);
    view.set(Field::stx_size, host.stx_size);
    view.set(Field::stx_blocks, host.stx_blocks);
    view.set(Field::stx_attributes_mask, host.stx_attributes_mask);
    view.set(Field::stx_atime_tv_sec, static_cast<u64>(host.stx_atime.tv_sec));
    view.set(Field::stx_atime_tv_nsec, host.stx_atime.tv_nsec);
    view.set(Field::stx_btime_tv_sec, static_cast<u64>(host.stx_btime.tv_sec));
    view.set(Field::stx_btime_tv_nsec, host.stx_btime.tv_nsec);
    view.set(Field::stx_ctime_tv_sec, static_cast<u64>(host.stx_ctime.tv_sec));
    view.set(Field::stx_ctime_tv_nsec, host.stx_ctime.tv_nsec);
    view.set(Field::stx_mtime_tv_sec, static_cast<u64>(host.stx_mtime.tv_sec));
    view.set(Field::stx_mtime_tv_nsec, host.stx_mtime.tv_nsec);
    view.set(Field::stx_rdev_major, host.stx_rdev_major);
    view.set(Field::stx_rdev_minor, host.stx_rdev_minor);
    view.set(Field::stx_dev_major, host.stx_dev_major);
    view.set(Field::stx_dev_minor, host.stx_dev_minor);
    view.set(Field::stx_mnt_id, host.stx_mnt_id);
    view.set(Field::stx_dio_mem_align, host.stx_dio_mem_align);
    view.set(Field::stx_dio_offset_align, host.stx_dio_offset_align);
}

}  // namespace

int convert_status(const Abi& abi, Struct layout, const struct statx& host, std::span<std::byte> out) {
    std::ranges::fill(out, std::byte{0});
    if (layout == Struct::statx) {
        write_statx(abi, host, out);
        return 0;
    }
    StatusWriter writer(abi, layout, out);
    writer.set_device(Field::st_dev, host.stx_dev_major, host.stx_dev_minor);
    writer.set_device(Field::st_rdev, host.stx_rdev_major, host.stx_rdev_minor);
    writer.set_checked(Field::st_ino, host.stx_ino);
    writer.set(Field::st_ino_low, host.stx_ino);
    writer.set(Field::st_mode, host.stx_mode);
    writer.set_checked(Field::st_nlink, host.stx_nlink);
    writer.set_id(Field::st_uid, host.stx_uid);
    writer.set_id(Field::st_gid, host.stx_gid);
    writer.set_checked(Field::st_size, host.stx_size, 1);
    writer.set(Field::st_blksize, host.stx_blksize);
    writer.set(Field::st_blocks, host.stx_blocks);
    writer.set(Field::st_atime_sec, static_cast<u64>(host.stx_atime.tv_sec));
    writer.set(Field::st_atime_nsec, host.stx_atime.tv_nsec);
    writer.set(Field::st_mtime_sec, static_cast<u64>(host.stx_mtime.tv_sec));
    writer.set(Field::st_mtime_nsec, host.stx_mtime.tv_nsec);
    writer.set(Field::st_ctime_sec, static_cast<u64>(host.stx_ctime.tv_sec));
    writer.set(Field::st_ctime_nsec, host.stx_ctime.tv_nsec);
    return writer.overflow() ? -EOVERFLOW : 0;
}

int convert_statfs(const Abi& abi, Struct layout, const struct statfs& host, std::span<std::byte> out) {
    std::ranges::fill(out, std::byte{0});
    StatusWriter writer(abi, layout, out);
    writer.set(Field::f_type, static_cast<u64>(host.f_type));
    writer.set_checked(Field::f_bsize, static_cast<u64>(host.f_bsize));
    writer.set_checked(Field::f_blocks, host.f_blocks);
    writer.set_checked(Field::f_bfree, host.f_bfree);
    writer.set_checked(Field::f_bavail, host.f_bavail);
    // File systems without a number of files say -1, which may be cut.
    auto set_count = [&](Field field, u64 count) {
        if (count == ~u64{0}) writer.set(field, count);
        else writer.set_checked(field, count);
    };
    set_count(Field::f_files, host.f_files);
    set_count(Field::f_ffree, host.f_ffree);
    writer.set(Field::f_namelen, static_cast<u64>(host.f_namelen));
    writer.set_checked(Field::f_frsize, static_cast<u64>(host.f_frsize));
    writer.set(Field::f_flags, static_cast<u64>(host.f_flags));
    StructView view(abi, layout, out);
    auto id = view.bytes_of(Field::f_fsid);
    if (id.size() == 8) {
        store(id.data(), host.f_fsid.__val[0], abi.byte_order);
        store(id.data() + 4, host.f_fsid.__val[1], abi.byte_order);
    }
    return writer.overflow() ? -EOVERFLOW : 0;
}

}  // namespace postern::kernel
