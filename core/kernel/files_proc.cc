// Entries of /proc whose host content would show the emulator, or the host's processor: the guest's own process, cpuinfo.
#include "abi/processor_text.hpp"
#include "kernel/files.hpp"
#include "kernel/process.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace postern::kernel {

namespace {

using memory::Mapping;

std::string read_host_file(const char* path) {
    std::string text;
    int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return text;
    char buffer[4096];
    for (ssize_t got; (got = ::read(fd, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(got));
    ::close(fd);
    return text;
}

/// Guest memory between two addresses, or `fallback` where it is gone.
std::string guest_bytes(Process& process, GuestAddr start, GuestAddr end, const std::string& fallback) {
    if (end <= start) return fallback;
    std::string text(end - start, '\0');
    return process.memory().peek(start, std::as_writable_bytes(std::span(text))) ? text : fallback;
}

struct Sizes {
    u64 total = 0, data = 0, stack = 0, text = 0;   // bytes
};

Sizes measure(Process& process) {
    Sizes sizes;
    process.memory().for_each([&](const Mapping& mapping) {
        sizes.total += mapping.size();
        if (mapping.grows_down || mapping.grows_up) sizes.stack += mapping.size();
        else if (mapping.permissions.write && !mapping.shared) sizes.data += mapping.size();
    });
    const ProgramInfo& program = process.image().program;
    sizes.text = align_up(program.code_end.value, 4096) - align_down(program.code_start.value, 4096);
    return sizes;
}

std::string comm(Process&) { return read_host_file("/proc/self/comm"); }

std::string maps(Process& process) {
    const FileState& files = process.files();
    return format_maps(process.memory(), host_path_in_sysroot(files, files.root));
}

std::string auxv(Process& process) {
    const Abi& abi = process.abi();
    std::string text;
    auto append = [&](u64 value) {
        std::byte bytes[8];
        store_unsigned(bytes, value, abi.word_size, abi.byte_order);
        text.append(reinterpret_cast<const char*>(bytes), abi.word_size);
    };
    for (auto [type, value] : process.image().program.auxv) {
        append(type);
        append(value);
    }
    return text;
}

std::string cmdline(Process& process) {
    const ProgramInfo& program = process.image().program;
    return guest_bytes(process, program.arguments_start, program.arguments_end, program.command_line);
}

std::string environ_block(Process& process) {
    const ProgramInfo& program = process.image().program;
    return guest_bytes(process, program.environment_start, program.environment_end, program.environment);
}

struct SignalSets {
    SignalSet ignored = 0, caught = 0;
};

SignalSets handled_signals(Process& process) {
    SignalSets sets;
    for (int signal = 1; signal <= signal_count; ++signal) {
        GuestAddr handler = process.signals().actions[static_cast<std::size_t>(signal)].handler;
        if (handler.value == 1) sets.ignored |= signal_bit(signal);
        else if (handler) sets.caught |= signal_bit(signal);
    }
    return sets;
}

/// The host's line with the guest's values in the fields that depend on the memory layout
/// (numbered as in proc(5), from 1).
std::string stat(Process& process) {
    std::string host = read_host_file("/proc/self/stat");
    std::size_t name_end = host.rfind(')');
    if (name_end == host.npos) return host;
    std::vector<std::string> fields;   // from field 3
    for (std::size_t at = name_end + 2; at < host.size();) {
        std::size_t end = std::min(host.find_first_of(" \n", at), host.size());
        fields.push_back(host.substr(at, end - at));
        at = end + 1;
    }
    auto set = [&](std::size_t number, u64 value) {
        if (number - 3 < fields.size()) fields[number - 3] = std::to_string(value);
    };
    const ProgramInfo& program = process.image().program;
    SignalSets sets = handled_signals(process);
    set(20, 1);
    set(23, measure(process).total);
    set(26, program.code_start.value);
    set(27, program.code_end.value);
    set(28, program.stack_pointer.value);
    set(31, 0);
    set(32, process.task().signals.blocked & 0x7fffffff);
    set(33, sets.ignored & 0x7fffffff);
    set(34, sets.caught & 0x7fffffff);
    set(45, program.data_start.value);
    set(46, program.data_end.value);
    set(47, program.brk_start.value);
    set(48, program.arguments_start.value);
    set(49, program.arguments_end.value);
    set(50, program.environment_start.value);
    set(51, program.environment_end.value);
    return fmt::format("{} {}\n", host.substr(0, name_end + 1), fmt::join(fields, " "));
}

std::string statm(Process& process) {
    Sizes sizes = measure(process);
    u64 page = process.memory().page_size();
    std::string host = read_host_file("/proc/self/statm");
    u64 resident = 0;
    std::size_t space = host.find(' ');
    if (space != host.npos) std::from_chars(host.data() + space + 1, host.data() + host.size(), resident);
    return fmt::format("{} {} 0 {} 0 {} 0\n", sizes.total / page, std::min(resident, sizes.total / page),
                       sizes.text / page, (sizes.data + sizes.stack) / page);
}

/// The host's lines; those that would show the emulator are replaced.
std::string status(Process& process) {
    Sizes sizes = measure(process);
    SignalSets sets = handled_signals(process);
    auto kilobytes = [](u64 bytes) { return fmt::format("{:8} kB", bytes / 1024); };
    auto set_text = [](SignalSet set) { return fmt::format("{:016x}", set); };
    const std::array<std::pair<std::string_view, std::string>, 13> replaced = {{
        {"VmPeak", kilobytes(sizes.total)},
        {"VmSize", kilobytes(sizes.total)},
        {"VmData", kilobytes(sizes.data)},
        {"VmStk", kilobytes(sizes.stack)},
        {"VmExe", kilobytes(sizes.text)},
        {"VmLib", kilobytes(0)},
        {"Threads", "1"},
        {"SigPnd", set_text(0)},
        {"ShdPnd", set_text(0)},
        {"SigBlk", set_text(process.task().signals.blocked)},
        {"SigIgn", set_text(sets.ignored)},
        {"SigCgt", set_text(sets.caught)},
        {"Seccomp", "0"},
    }};
    std::string host = read_host_file("/proc/self/status"), text;
    for (std::size_t at = 0; at < host.size();) {
        std::size_t end = std::min(host.find('\n', at), host.size());
        std::string_view line(host.data() + at, end - at);
        std::string_view name = line.substr(0, line.find(':'));
        auto found = std::ranges::find(replaced, name, &std::pair<std::string_view, std::string>::first);
        text += found == replaced.end() ? fmt::format("{}\n", line) : fmt::format("{}:\t{}\n", name, found->second);
        at = end + 1;
    }
    return text;
}

/// The numbers of the host's processors that are online: "0-2,5".
std::vector<unsigned> online_processors() {
    std::vector<unsigned> processors;
    std::string text = read_host_file("/sys/devices/system/cpu/online");
    for (const char *at = text.data(), *end = at + text.size(); at < end;) {
        unsigned first = 0;
        auto [next, error] = std::from_chars(at, end, first);
        if (error != std::errc{}) break;
        unsigned last = first;
        if (next < end && *next == '-') next = std::from_chars(next + 1, end, last).ptr;
        for (unsigned i = first; i <= last; ++i) processors.push_back(i);
        at = next + 1;
    }
    if (processors.empty()) processors.push_back(0);
    return processors;
}

constexpr std::string_view processor_file = "/proc/cpuinfo";

/// What one name below /proc/self is: a text made now, or nothing the guest may see.
struct Entry {
    std::string_view name;
    std::string (*content)(Process&);   // null: shows Postern's own memory, so EACCES
};

constexpr std::array entries = {
    Entry{"maps", maps},       Entry{"auxv", auxv},         Entry{"cmdline", cmdline},
    Entry{"environ", environ_block}, Entry{"comm", comm},   Entry{"stat", stat},
    Entry{"status", status},   Entry{"statm", statm},       Entry{"mem", nullptr},
    Entry{"smaps", nullptr},   Entry{"smaps_rollup", nullptr}, Entry{"numa_maps", nullptr},
    Entry{"pagemap", nullptr}, Entry{"map_files", nullptr},
};

bool take_prefix(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

/// Splits off the first component and its slash.
std::string_view take_component(std::string_view& path) {
    std::string_view component = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(component.size() + 1, path.size()));
    return component;
}

/// A name below a process's folder of /proc.
struct ProcessEntry {
    bool is_own;            ///< of the process that asks
    std::string_view name;  ///< "/proc/self/task/7/maps" -> "maps"
};
std::optional<ProcessEntry> process_entry(std::string_view path) {
    if (!take_prefix(path, "/proc/")) return std::nullopt;
    std::string_view folder = take_component(path);
    bool is_self = folder == "self" || folder == "thread-self";
    if (path.empty() || (!is_self && folder.find_first_not_of("0123456789") != folder.npos)) return std::nullopt;
    if (take_prefix(path, "task/")) take_component(path);
    return ProcessEntry{is_self || is_own_process(folder), path};
}

/// The name below the guest's own /proc folder, or nothing: "/proc/self/maps" -> "maps".
std::optional<std::string_view> own_entry(std::string_view path) {
    auto entry = process_entry(path);
    return entry && entry->is_own ? std::optional(entry->name) : std::nullopt;
}

/// A read-only descriptor on `text`.
i64 open_text(const std::string& text, int flags) {
    int writable = ::memfd_create("proc", MFD_CLOEXEC);
    if (writable < 0) return -errno;
    i64 result = -ENOMEM;
    if (::write(writable, text.data(), text.size()) == static_cast<ssize_t>(text.size())) {
        result = ::open(fmt::format("/proc/self/fd/{}", writable).c_str(), O_RDONLY | (flags & (O_CLOEXEC | O_NONBLOCK)));
        if (result < 0) result = -errno;
    }
    ::close(writable);
    return result;
}

}  // namespace

std::string format_maps(const memory::AddressSpace& memory, std::string_view root) {
    // Where the name starts (kernel: fs/proc/task_mmu.c, show_vma_header_prefix).
    std::size_t name_column = 25 + memory.abi().word_size * 6 - 1;
    std::string text;
    memory.for_each([&](const Mapping& mapping) {
        Permissions allowed = mapping.permissions;
        std::string line = fmt::format("{:08x}-{:08x} {}{}{}{} {:08x} {:02x}:{:02x} {} ", mapping.start.value,
                                       mapping.end.value, allowed.read ? 'r' : '-', allowed.write ? 'w' : '-',
                                       allowed.execute ? 'x' : '-', mapping.shared ? 's' : 'p', mapping.file_offset,
                                       major(mapping.device), minor(mapping.device), mapping.inode);
        if (!mapping.name.empty()) {
            if (line.size() < name_column) line.resize(name_column, ' ');
            // The kernel pads to the column and then adds one more space.
            text += fmt::format("{} {}\n", line, without_root(mapping.name, root));
        } else {
            text += line + '\n';
        }
    });
    return text;
}

bool is_own_executable(std::string_view path) {
    if (!path.starts_with("/proc/") || !path.ends_with("/exe")) return false;
    auto name = own_entry(path);
    return name && *name == "exe";
}

std::optional<std::string> read_synthetic_link(Process& process, std::string_view path) {
    if (!is_own_executable(path)) return std::nullopt;
    return guest_path(process, process.image().program.path);
}

i64 open_synthetic(Process& process, std::string_view path, int flags) {
    if (path == processor_file && (flags & (O_ACCMODE | O_PATH | O_DIRECTORY)) == O_RDONLY)
        return open_text(processor_text(process.abi(), online_processors()), flags);
    auto place = process_entry(path);
    if (!place) return -ENOENT;
    // Of other processes too, the memory is their emulator's, or none of the guest's business.
    if (!place->is_own) return place->name == "mem" ? -EACCES : -ENOENT;
    std::string_view name = place->name;
    if (name == "exe") {
        if (flags & O_NOFOLLOW) return (flags & O_PATH) ? -ENOENT : -ELOOP;
        int fd = ::open(process.image().program.path.c_str(), flags);
        return fd < 0 ? -errno : fd;
    }
    auto entry = std::ranges::find(entries, name, &Entry::name);
    if (entry == entries.end()) return -ENOENT;
    bool writes = (flags & O_ACCMODE) != O_RDONLY;
    // The thread's name is the host thread's name.
    if (writes && name == "comm") return -ENOENT;
    if (!entry->content || writes) return -EACCES;
    if (flags & O_DIRECTORY) return -ENOTDIR;
    if (flags & O_PATH) return -ENOENT;
    return open_text(entry->content(process), flags);
}

i64 open_synthetic_at(Process& process, int directory, std::string_view path, int flags) {
    if (path.starts_with('/')) return path.starts_with("/proc/") ? open_synthetic(process, path, flags) : -ENOENT;
    // Relative to a folder of /proc: asked only for names that are ours.
    std::string_view last = path.substr(path.rfind('/') + 1);
    if (last != "exe" && last != "cpuinfo" && std::ranges::find(entries, last, &Entry::name) == entries.end()) return -ENOENT;
    auto folder = path_of_descriptor(directory);
    if (!folder || (*folder != "/proc" && !folder->starts_with("/proc/"))) return -ENOENT;
    return open_synthetic(process, fmt::format("{}/{}", *folder, path), flags);
}

}  // namespace postern::kernel
