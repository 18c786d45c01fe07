#include "kernel/stack.hpp"

#include "vdso/entry_points.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <unistd.h>

namespace postern::kernel {

namespace {

constexpr u64 mebibyte = u64{1} << 20;

/// Room below the tables that is mapped from the start (kernel: setup_arg_pages).
constexpr u64 initial_room = 128 * 1024;

/// Bytes of all strings, NULs included, and of the name and the closing null word.
u64 string_bytes(const StackContents& contents, u64 word_size) {
    u64 total = contents.path.size() + 1 + word_size;
    for (const auto& text : contents.arguments) total += text.size() + 1;
    for (const auto& text : contents.environment) total += text.size() + 1;
    return total;
}

/// RLIMIT_STACK as the guest gets it. "Unlimited" becomes an eighth of what lies below the
/// stack: Linux would turn the address space upside down (legacy layout) for it.
u64 stack_limit(const AddressSpaceLayout& layout) {
    rlimit limit{};
    u64 most = align_down(layout.stack_top / 8, layout.page_size);
    if (::getrlimit(RLIMIT_STACK, &limit) != 0) return std::min(8 * mebibyte, most);
    return std::min<u64>(limit.rlim_cur, most);
}

/// The size that a stack which grows up has room for (kernel: calc_max_stack_size in
/// arch/parisc/kernel/sys_parisc.c).
u64 upward_stack_size(const AddressSpaceLayout& layout) {
    const UpwardStack& rule = *layout.upward_stack;
    rlimit limit{};
    if (::getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_max == RLIM_INFINITY) return rule.unlimited_size;
    return std::min<u64>(limit.rlim_max, rule.largest_size);
}

GuestAddr upward_stack_base(const AddressSpaceLayout& layout) {
    return {align_up(layout.stack_top - upward_stack_size(layout), layout.page_size)};
}

/// kernel: mmap_base in mm/util.c, without randomisation.
GuestAddr map_base(const AddressSpaceLayout& layout, u64 stack) {
    constexpr u64 guard_gap = mebibyte;
    if (layout.upward_stack) return upward_stack_base(layout);
    u64 gap = std::clamp(stack + guard_gap, 128 * mebibyte, layout.stack_top / 6 * 5);
    return GuestAddr{layout.stack_top - gap}.align_down(layout.page_size);
}

/// kernel: bprm_stack_limits and MAX_ARG_STRLEN.
Result<void> check_size(const StackContents& contents, const Abi& abi, u64 stack) {
    auto too_long = [](const std::string& text) { return text.size() >= argument_length_limit; };
    if (std::ranges::any_of(contents.arguments, too_long) ||
        std::ranges::any_of(contents.environment, too_long) ||
        contents.path.size() >= argument_length_limit) {
        return fail(ErrorKind::not_runnable,
                    fmt::format("{}: an argument or environment string is longer than {} bytes",
                                contents.path, argument_length_limit - 1),
                    E2BIG);
    }
    u64 limit = std::max(std::min(6 * mebibyte, stack / 4), argument_length_limit);
    u64 pointers =
        (std::max<u64>(contents.arguments.size(), 1) + contents.environment.size()) * abi.word_size;
    if (pointers + string_bytes(contents, abi.word_size) > limit) {
        return fail(
            ErrorKind::not_runnable,
            fmt::format("{}: arguments and environment take more than {} bytes", contents.path, limit),
            E2BIG);
    }
    return {};
}

/// Bytes that belong at known guest addresses, put together on the host.
class Block {
public:
    Block(const Abi& abi, GuestAddr start, u64 size) : abi_(abi), start_(start), bytes_(size) {}

    GuestAddr start() const { return start_; }
    void put(GuestAddr at, std::span<const std::byte> bytes) {
        u64 offset = at - start_;
        POSTERN_ASSERT(offset <= bytes_.size() && bytes.size() <= bytes_.size() - offset);
        std::ranges::copy(bytes, bytes_.begin() + static_cast<std::ptrdiff_t>(offset));
    }
    void put_string(GuestAddr at, std::string_view text) {
        put(at, std::as_bytes(std::span(text)));   // the NUL is there already
    }
    void put_word(GuestAddr at, u64 value) {
        std::byte word[8];
        store_unsigned(word, value, abi_.word_size, abi_.byte_order);
        put(at, std::span(word, abi_.word_size));
    }
    [[nodiscard]] bool write_to(GuestMemory& memory) const { return memory.poke(start_, bytes_); }

private:
    const Abi& abi_;
    GuestAddr start_;
    std::vector<std::byte> bytes_;
};

/// Where the strings landed.
struct StringAddresses {
    std::vector<GuestAddr> arguments, environment;
    GuestAddr path{};
};

StringAddresses place_strings(Block& block, const StackContents& contents, ProgramInfo& program) {
    GuestAddr at = block.start();
    auto place = [&](std::string_view text) {
        GuestAddr where = at;
        block.put_string(at, text);
        at += text.size() + 1;
        return where;
    };
    StringAddresses addresses;
    program.arguments_start = at;
    for (const auto& text : contents.arguments) addresses.arguments.push_back(place(text));
    program.arguments_end = program.environment_start = at;
    for (const auto& text : contents.environment) addresses.environment.push_back(place(text));
    program.environment_end = at;
    addresses.path = place(contents.path);
    return addresses;
}

void add_head(std::vector<std::pair<u64, u64>>& auxv, const Image& image) {
    for (AuxHead entry : image.abi->start.auxv_head) {
        switch (entry.kind) {
            case AuxHead::Value::vsyscall:
                if (!image.vdso_image) break;
                auxv.emplace_back(entry.type, vdso::system_call_entry(*image.vdso_image, image.vdso.image));
                break;
            case AuxHead::Value::vdso:
                if (image.vdso_image) auxv.emplace_back(entry.type, image.vdso.image.value);
                break;
            case AuxHead::Value::constant: auxv.emplace_back(entry.type, entry.constant); break;
        }
    }
}

/// Addresses of what some entries point to.
struct AuxPointers {
    GuestAddr random, path, platform, base_platform;
};

/// The vector in the kernel's order. AT_RSEQ_FEATURE_SIZE and AT_RSEQ_ALIGN are left out:
/// they promise rseq(2), which is refused.
std::vector<std::pair<u64, u64>> auxiliary_vector(const Image& image, const AuxPointers& pointers) {
    const Abi& abi = *image.abi;
    const ProgramInfo& program = image.program;
    constexpr u64 clock_ticks_per_second = 100;
    std::vector<std::pair<u64, u64>> auxv;
    add_head(auxv, image);
    auxv.insert(auxv.end(), {
        {AT_HWCAP, abi.start.hwcap},
        {AT_PAGESZ, abi.layout.page_size},
        {AT_CLKTCK, clock_ticks_per_second},
        {AT_PHDR, program.program_headers.value},
        {AT_PHENT, program.program_header_size},
        {AT_PHNUM, program.program_header_count},
        {AT_BASE, program.interpreter_base.value},
        {AT_FLAGS, 0},
        {AT_ENTRY, program.program_entry.value},
        {AT_UID, ::getuid()},
        {AT_EUID, ::geteuid()},
        {AT_GID, ::getgid()},
        {AT_EGID, ::getegid()},
        {AT_SECURE, 0},
        {AT_RANDOM, pointers.random.value},
    });
    if (abi.start.hwcap2) auxv.emplace_back(AT_HWCAP2, *abi.start.hwcap2);
    auxv.emplace_back(AT_EXECFN, pointers.path.value);
    if (pointers.platform) auxv.emplace_back(AT_PLATFORM, pointers.platform.value);
    if (pointers.base_platform) auxv.emplace_back(AT_BASE_PLATFORM, pointers.base_platform.value);
    auxv.emplace_back(AT_NULL, 0);
    return auxv;
}

/// argc, argv, envp and the vector, upwards from `at`.
void put_tables(Block& block, GuestAddr at, const StringAddresses& strings, const Image& image) {
    auto put = [&](u64 value) {
        block.put_word(at, value);
        at += image.abi->word_size;
    };
    put(strings.arguments.size());
    for (GuestAddr argument : strings.arguments) put(argument.value);
    put(0);
    for (GuestAddr variable : strings.environment) put(variable.value);
    put(0);
    for (auto [type, value] : image.program.auxv) {
        put(type);
        put(value);
    }
}

}  // namespace

Result<void> map_stack(memory::AddressSpace& memory, const StackContents& contents, bool executable) {
    const Abi& abi = memory.abi();
    const AddressSpaceLayout& layout = abi.layout;
    u64 limit = stack_limit(layout);
    POSTERN_TRY(check_size(contents, abi, limit));
    u64 tables = (contents.arguments.size() + contents.environment.size() + 64) * abi.word_size;
    u64 size = align_up(string_bytes(contents, abi.word_size) + tables + initial_room, layout.page_size);
    bool upward = layout.upward_stack.has_value();
    if (upward) size = align_up(string_bytes(contents, abi.word_size), layout.page_size) +
                       align_up(tables + initial_room, layout.page_size);
    GuestAddr start = upward ? upward_stack_base(layout) : GuestAddr{layout.stack_top} - size;
    auto mapped = memory.map({.hint = start, .size = size,
                              .permissions = {.read = true, .write = true, .execute = executable},
                              .placement = memory::MapRequest::Placement::fixed, .grows_down = !upward,
                              .grows_up = upward, .name = "[stack]"});
    if (!mapped) {
        return fail(ErrorKind::internal,
                    fmt::format("cannot map the stack: {}", std::strerror(-mapped.error())), -mapped.error());
    }
    memory.set_stack_limit(std::max(limit, size));
    memory.set_map_base(map_base(layout, limit));
    return {};
}

namespace {

constexpr u64 stack_alignment = 16;   // on every architecture

/// What stands between the strings and the tables, from `at` on in the direction the stack grows.
struct AuxData {
    AuxPointers pointers;
    GuestAddr end;        ///< where the next thing would begin (up) or end (down)
};

AuxData place_aux_data(const Abi& abi, GuestAddr path, GuestAddr at) {
    bool upward = abi.layout.upward_stack.has_value();
    auto take = [&](u64 size) {
        if (!upward) return at -= size;
        GuestAddr place = at;
        at += size;
        return place;
    };
    AuxPointers pointers{.random = {}, .path = path, .platform = {}, .base_platform = {}};
    if (!abi.start.platform.empty()) pointers.platform = take(abi.start.platform.size() + 1);
    if (!abi.start.base_platform.empty()) pointers.base_platform = take(abi.start.base_platform.size() + 1);
    pointers.random = take(sizeof StackContents::random);
    return {pointers, at};
}

/// Where the tables begin and the stack pointer is (kernel: STACK_ROUND; start_thread of parisc).
void place_tables(const Abi& abi, ProgramInfo& program, GuestAddr at, u64 words) {
    u64 size = words * abi.word_size;
    if (const auto& upward = abi.layout.upward_stack) {
        u64 end = align_up((at + size).value, stack_alignment);
        program.stack_start = GuestAddr{end} - size;
        program.stack_pointer = {align_up(end, upward->pointer_alignment)};
    } else {
        program.stack_start = program.stack_pointer = (at - size).align_down(stack_alignment);
    }
}

}  // namespace

Result<void> build_stack(Image& image, const StackContents& contents) {
    const Abi& abi = *image.abi;
    const AddressSpaceLayout& layout = abi.layout;
    ProgramInfo& program = image.program;
    bool upward = layout.upward_stack.has_value();

    u64 size = string_bytes(contents, abi.word_size);
    GuestAddr top = upward ? upward_stack_base(layout) + align_up(size, layout.page_size) : GuestAddr{layout.stack_top};
    Block strings(abi, top - size, size);
    StringAddresses addresses = place_strings(strings, contents, program);

    GuestAddr next = upward ? top : strings.start().align_down(stack_alignment);
    auto [pointers, at] = place_aux_data(abi, addresses.path, next);
    program.auxv = auxiliary_vector(image, pointers);
    u64 words = contents.arguments.size() + contents.environment.size() + 3 + 2 * program.auxv.size();
    place_tables(abi, program, at, words);

    GuestAddr first = upward ? top : program.stack_start;
    Block tables(abi, first, (upward ? program.stack_pointer : strings.start()) - first);
    if (pointers.platform) tables.put_string(pointers.platform, abi.start.platform);
    if (pointers.base_platform) tables.put_string(pointers.base_platform, abi.start.base_platform);
    tables.put(pointers.random, contents.random);
    put_tables(tables, program.stack_start, addresses, image);
    if (!strings.write_to(*image.memory) || !tables.write_to(*image.memory)) {
        return fail(ErrorKind::internal, "cannot write the initial stack", EFAULT);
    }
    return {};
}

}  // namespace postern::kernel
