#include "kernel/loader.hpp"

#include "kernel/stack.hpp"
#include "kernel/syscall.hpp"
#include "vdso/system_calls.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <limits.h>

namespace postern::kernel {

namespace {

using memory::AddressSpace;
using memory::MapRequest;

std::unexpected<Error> refuse(const ProgramFile& file, std::string_view why, int error_number) {
    return fail(ErrorKind::not_runnable, fmt::format("{}: {}", file.name, why), error_number);
}

/// Whether programs without PT_GNU_STACK, or with an executable one, get what they ask for.
struct StackRule {
    bool executable_stack = false;
    bool readable_is_executable = false;
};

StackRule stack_rule(const ElfFile& elf) {
    auto found = std::ranges::find(elf.segments, elf::segment_gnu_stack, &elf::Segment::type);
    if (found != elf.segments.end()) return {.executable_stack = (found->flags & elf::flag_execute) != 0};
    bool implied = elf.abi->start.missing_gnu_stack_means_exec;
    return {.executable_stack = implied, .readable_is_executable = implied};
}

Permissions permissions_of(const elf::Segment& segment, bool readable_is_executable) {
    bool readable = (segment.flags & elf::flag_read) != 0;
    return {.read = readable,
            .write = (segment.flags & elf::flag_write) != 0,
            .execute = (segment.flags & elf::flag_execute) != 0 || (readable && readable_is_executable)};
}

bool range_is_free(const AddressSpace& memory, u64 start, u64 end) {
    bool is_free = true;
    memory.for_each([&](const memory::Mapping& mapping) {
        // The last mapping may end at 2^64, which reads as 0.
        is_free &= mapping.start.value >= end || mapping.end.value - 1 < start;
    });
    return is_free;
}

/// The part of a segment that comes from the file, and zeros from its end to the end of its
/// last page (which Linux skips where the segment is not writable).
int map_file_part(AddressSpace& memory, const ElfFile& elf, const elf::Segment& segment, GuestAddr address,
                  Permissions permissions) {
    u64 in_page = address.value % memory.page_size();
    auto mapped = memory.map({.hint = address - in_page, .size = segment.file_size + in_page,
                              .permissions = permissions, .placement = MapRequest::Placement::fixed,
                              .host_fd = elf.file.file.fd(), .file_offset = segment.offset - in_page,
                              .name = elf.file.host_path});
    if (!mapped) return mapped.error();
    GuestAddr zero_start = address + segment.file_size;
    u64 zeros = zero_start.align_up(memory.page_size()) - zero_start;
    if (segment.memory_size > segment.file_size && zeros != 0 && permissions.write) {
        if (!memory.write(zero_start, std::vector<std::byte>(zeros))) return -EFAULT;
    }
    return 0;
}

/// Maps one segment: 0 or a negative errno. kernel: elf_load.
int map_segment(AddressSpace& memory, const ElfFile& elf, const elf::Segment& segment, u64 bias,
                bool readable_is_executable) {
    Permissions permissions = permissions_of(segment, readable_is_executable);
    GuestAddr address{segment.address + bias};
    GuestAddr zero_start = address.align_down(memory.page_size());
    if (segment.file_size != 0) {
        if (int error = map_file_part(memory, elf, segment, address, permissions); error != 0) return error;
        zero_start = (address + segment.file_size).align_up(memory.page_size());
    }
    GuestAddr zero_end = (address + segment.memory_size).align_up(memory.page_size());
    if (zero_end <= zero_start) return 0;
    // Like the heap: readable and writable whatever the segment says (kernel: vm_brk_flags).
    auto mapped = memory.map({.hint = zero_start, .size = zero_end - zero_start,
                              .permissions = {.read = true, .write = true, .execute = permissions.execute},
                              .placement = MapRequest::Placement::fixed, .name = {}});
    return mapped ? 0 : mapped.error();
}

/// The address of the program headers in guest memory: by the segment that covers them
/// (kernel 6.1: load_elf_binary; PT_PHDR is not asked). Without one, the load bias.
GuestAddr mapped_program_headers(const ElfFile& elf, u64 bias) {
    u64 offset = elf.header.program_headers_offset;
    for (const auto& segment : elf.segments) {
        if (segment.is_load() && offset >= segment.offset && offset - segment.offset < segment.file_size) {
            return {offset - segment.offset + segment.address + bias};
        }
    }
    return {bias};
}

/// What PT_INTERP names. Only the first one counts.
Result<std::optional<std::string>> interpreter_name(const ElfFile& elf) {
    auto found = std::ranges::find(elf.segments, elf::segment_interpreter, &elf::Segment::type);
    if (found == elf.segments.end()) return std::nullopt;
    if (found->file_size < 2 || found->file_size > PATH_MAX) {
        return refuse(elf.file, fmt::format("interpreter name of {} bytes", found->file_size), ENOEXEC);
    }
    auto bytes = elf.file.read(found->offset, found->file_size);
    if (bytes.size() != found->file_size)
        return refuse(elf.file, "truncated within the interpreter name", ENOEXEC);
    if (bytes.back() != std::byte{0}) return refuse(elf.file, "interpreter name without end", ENOEXEC);
    return std::string(reinterpret_cast<const char*>(bytes.data()));
}

/// The interpreter a program asks for; nothing if it asks for none.
Result<std::optional<ElfFile>> open_interpreter(const ElfFile& program, const PathResolver& resolve) {
    POSTERN_TRY_ASSIGN(name, interpreter_name(program));
    if (!name) return std::nullopt;
    auto why = [&](const Error& error) {
        return refuse(program.file, fmt::format("interpreter {}", error.message), error.error_number);
    };
    auto file = open_program(*name, resolve(*name));
    if (!file) return why(file.error());
    auto interpreter = read_elf(std::move(*file));
    if (!interpreter) return why(interpreter.error());
    if (interpreter->abi != program.abi) {
        return refuse(program.file,
                      fmt::format("interpreter {}: {}", *name, elf::describe(interpreter->header)), ELIBBAD);
    }
    return std::move(*interpreter);
}

/// Where execution starts. A descriptor's words still lack the load bias; one that cannot be read
/// starts the program at address 0 (kernel: arch/powerpc/kernel/process.c, start_thread).
void find_start(AddressSpace& memory, MappedElf& mapped) {
    mapped.code = mapped.entry;
    if (const auto& rule = memory.abi().function_descriptors; !rule || rule->mark) return;
    auto code = memory.read_word(mapped.entry);
    auto data = memory.read_word(mapped.entry + memory.abi().word_size);
    mapped.code = {code && data ? *code + mapped.bias : 0};
    mapped.data = code && data ? *data + mapped.bias : 0;
}

/// Where an ET_DYN file goes: programs with an interpreter at the ABI's own place, all others
/// where mmap would put them.
Result<GuestAddr> dynamic_base(const AddressSpace& memory, const ElfFile& elf, bool has_interpreter) {
    if (elf.header.type != elf::type_dynamic) return GuestAddr{};
    u64 alignment = elf::alignment_of(elf.segments, memory.page_size());
    u64 size = elf::extent_of(elf.segments, memory.page_size()).size();
    if (has_interpreter) return GuestAddr{memory.abi().layout.pie_base}.align_down(alignment);
    auto base = memory.find_free(size, alignment);
    if (!base) return refuse(elf.file, fmt::format("no room for {:#x} bytes", size), ENOMEM);
    return *base;
}

/// Code and data limits as /proc/self/stat shows them (kernel: load_elf_binary).
void note_limits(ProgramInfo& program, const ElfFile& elf, u64 bias) {
    bool first = true, first_code = true;
    for (const auto& segment : elf.segments) {
        if (!segment.is_load()) continue;
        GuestAddr start{segment.address + bias}, end{segment.address + segment.file_size + bias};
        program.data_start = first ? start : std::max(program.data_start, start);
        program.data_end = first ? end : std::max(program.data_end, end);
        first = false;
        if ((segment.flags & elf::flag_execute) == 0) continue;
        program.code_start = first_code ? start : std::min(program.code_start, start);
        program.code_end = first_code ? end : std::max(program.code_end, end);
        first_code = false;
    }
}

/// The numbers of the system calls that are there, whatever they answer.
std::vector<u32> provided_calls(const Abi& abi) {
    std::vector<u32> numbers;
    for (const SyscallNumber& call : abi.syscall_numbers) {
        const SyscallRow* row = find_row(call.handler);
        if (row && (row->support != Support::refused || row->refusal != ENOSYS)) numbers.push_back(call.number);
    }
    return numbers;
}

std::string join(const std::vector<std::string>& strings) {
    std::string joined;
    for (const auto& text : strings) joined.append(text).push_back('\0');
    return joined;
}

/// Maps program and interpreter and fills in all of `image.program` that comes from them.
Result<void> map_program(Image& image, const ElfFile& elf, const std::optional<ElfFile>& interpreter,
                         bool implied) {
    AddressSpace& memory = *image.memory;
    ProgramInfo& program = image.program;
    POSTERN_TRY_ASSIGN(base, dynamic_base(memory, elf, interpreter.has_value()));
    POSTERN_TRY_ASSIGN(mapped, map_elf(memory, elf, base, implied));
    program.program_entry = mapped.entry;
    program.entry = mapped.code;
    program.entry_data = mapped.data;
    program.program_headers = mapped.program_headers;
    program.program_header_count = elf.header.program_header_count;
    program.program_header_size = elf.header.program_header_size;
    note_limits(program, elf, mapped.bias);
    // A static PIE lies among the mmaps, where a heap could not grow: kernel 6.1 starts its
    // heap where a PIE with an interpreter would be.
    bool among_mmaps = elf.header.type == elf::type_dynamic && !interpreter;
    program.brk_start = among_mmaps ? GuestAddr{memory.abi().layout.pie_base} : mapped.end;
    image.brk_current = program.brk_start;
    if (!interpreter) return {};

    POSTERN_TRY_ASSIGN(interpreter_base, dynamic_base(memory, *interpreter, false));
    POSTERN_TRY_ASSIGN(mapped_interpreter, map_elf(memory, *interpreter, interpreter_base, implied));
    program.entry = mapped_interpreter.code;
    program.entry_data = mapped_interpreter.data;
    program.interpreter_base = {mapped_interpreter.bias & memory.abi().word_mask()};
    return {};
}

}  // namespace

Result<ElfFile> read_elf(ProgramFile file) {
    ElfFile elf{.file = std::move(file), .header = {}, .segments = {}};
    const std::string& name = elf.file.name;
    POSTERN_TRY_ASSIGN(header, elf::parse_header(elf.file.read(0, elf::header_size_limit), name));
    elf.header = header;
    elf.abi = identify_abi(header.machine, header.elf_class, header.byte_order, header.flags);
    if (!elf.abi) {
        return refuse(elf.file, fmt::format("{} (ELF flags {:#x}), which Postern does not run",
                                            elf::describe(header), header.flags), ENOEXEC);
    }
    auto bytes = elf.file.read(header.program_headers_offset, header.program_headers_size());
    POSTERN_TRY_ASSIGN(segments, elf::parse_segments(header, bytes, name));
    elf.segments = std::move(segments);
    const AddressSpaceLayout& layout = elf.abi->layout;
    POSTERN_TRY(elf::check_segments(header, elf.segments,
                                    {.page_size = layout.page_size, .task_size = layout.task_size,
                                     .file_size = elf.file.size}, name));
    return elf;
}

Result<MappedElf> map_elf(AddressSpace& memory, const ElfFile& elf, GuestAddr base,
                          bool readable_is_executable) {
    auto extent = elf::extent_of(elf.segments, memory.page_size());
    u64 bias = elf.header.type == elf::type_dynamic ? base.value - extent.start : 0;
    u64 start = extent.start + bias;
    if (extent.size() > memory.abi().layout.task_size ||
        start > memory.abi().layout.task_size - extent.size()) {
        return refuse(elf.file, fmt::format("no room for {:#x} bytes at {:#x}", extent.size(), start),
                      ENOMEM);
    }
    if (!range_is_free(memory, start, start + extent.size())) {
        return refuse(elf.file, fmt::format("its place, {:#x} to {:#x}, is taken by something else", start,
                                            start + extent.size()), ENOMEM);
    }
    for (std::size_t i = 0; i < elf.segments.size(); ++i) {
        const auto& segment = elf.segments[i];
        if (!segment.is_load() || segment.memory_size == 0) continue;
        if (int error = map_segment(memory, elf, segment, bias, readable_is_executable); error != 0) {
            return refuse(elf.file,
                          fmt::format("program header {}: cannot map {:#x} bytes at {:#x}: {}", i,
                                      segment.memory_size, segment.address + bias, std::strerror(-error)),
                          -error);
        }
    }
    MappedElf mapped{.bias = bias, .entry = {(elf.header.entry + bias) & memory.abi().word_mask()},
                     .program_headers = mapped_program_headers(elf, bias), .end = {start + extent.size()}};
    find_start(memory, mapped);
    return mapped;
}

Result<Image> load_image(const LoadRequest& request) {
    auto arguments = request.arguments.empty() ? std::vector<std::string>{""} : request.arguments;
    POSTERN_TRY_ASSIGN(found,
                       find_program(request.name, request.host_path, std::move(arguments), request.resolve));
    POSTERN_TRY_ASSIGN(elf, read_elf(std::move(found.file)));
    POSTERN_TRY_ASSIGN(interpreter, open_interpreter(elf, request.resolve));
    POSTERN_TRY_ASSIGN(memory, memory::AddressSpace::create(*elf.abi));

    Image image;
    image.abi = elf.abi;
    image.memory = std::move(memory);
    image.program.name = request.name;
    image.program.path = elf.file.host_path;
    image.program.command_line = join(found.arguments);
    image.program.environment = join(request.environment);
    StackRule rule = stack_rule(elf);
    image.program.executable_stack = rule.executable_stack;
    image.program.readable_is_executable = rule.readable_is_executable;
    StackContents contents{.path = request.name,
                           .arguments = found.arguments,
                           .environment = request.environment,
                           .random = request.random};
    POSTERN_TRY(map_stack(*image.memory, contents, rule.executable_stack));
    POSTERN_TRY(map_program(image, elf, interpreter, rule.readable_is_executable));
    POSTERN_TRY_ASSIGN(vdso_image, choose_vdso(*image.abi, request.vdso));
    image.vdso_image = std::move(vdso_image);
    POSTERN_TRY_ASSIGN(vdso, vdso::install(*image.abi, *image.memory, GuestAddr{},
                                           image.vdso_image ? &*image.vdso_image : nullptr));
    image.vdso = std::move(vdso);
    if (image.vdso.time_page) {
        POSTERN_TRY(vdso::publish_system_calls(*image.abi, *image.memory, image.vdso, provided_calls(*image.abi)));
        POSTERN_TRY(vdso::publish_hardware_probe(*image.abi, *image.memory, image.vdso));
    }
    POSTERN_TRY(build_stack(image, contents));
    return image;
}

}  // namespace postern::kernel
