// postern auxv
#include "kernel/process.hpp"
#include "tools/command.hpp"
#include "tools/json.hpp"
#include "tools/search_path.hpp"

#include <algorithm>
#include <cstdlib>
#include <elf.h>
#include <fmt/format.h>
#include <unistd.h>

namespace postern::tools {

namespace {

constexpr auto footer = R"(Loads PROGRAM as `postern run` would, without running an instruction, and prints what it
finds at its stack pointer, upwards: argc, argv, envp, and the auxiliary vector in the
kernel's order. Works for every ABI; the values are read back from guest memory.

  postern auxv ./busybox-arm64 date -u
  postern auxv --json ./hello | jq '.auxv[] | select(.name == "AT_SYSINFO_EHDR")')";

/// How the value of an entry of the auxiliary vector is to be understood.
enum class Meaning : u8 { decimal, hex, address, string, random_bytes };

struct AuxName {
    u64 type;
    std::string_view name;
    Meaning meaning;
};
#define AUX(name, meaning) {name, #name, Meaning::meaning}
constexpr AuxName aux_names[] = {
    AUX(AT_NULL, decimal), AUX(AT_EXECFD, decimal), AUX(AT_PHDR, address), AUX(AT_PHENT, decimal),
    AUX(AT_PHNUM, decimal), AUX(AT_PAGESZ, decimal), AUX(AT_BASE, address), AUX(AT_FLAGS, hex),
    AUX(AT_ENTRY, address), AUX(AT_UID, decimal), AUX(AT_EUID, decimal), AUX(AT_GID, decimal),
    AUX(AT_EGID, decimal), AUX(AT_PLATFORM, string), AUX(AT_HWCAP, hex), AUX(AT_CLKTCK, decimal),
    AUX(AT_SECURE, decimal), AUX(AT_BASE_PLATFORM, string), AUX(AT_RANDOM, random_bytes), AUX(AT_HWCAP2, hex),
    AUX(AT_EXECFN, string), AUX(AT_SYSINFO, address), AUX(AT_SYSINFO_EHDR, address),
    AUX(AT_MINSIGSTKSZ, decimal),
    {27, "AT_RSEQ_FEATURE_SIZE", Meaning::decimal}, {28, "AT_RSEQ_ALIGN", Meaning::decimal},
};
#undef AUX

/// One word of the initial stack.
struct StackWord {
    GuestAddr address;
    std::string name;       ///< "argc", "argv[0]", "AT_HWCAP"
    u64 value = 0;
    std::string text;       ///< what it means, "" = just a number
    u64 type = 0;           ///< of auxiliary vector entries
};

struct InitialStack {
    const kernel::Image& image;
    std::vector<StackWord> arguments, environment, auxv;   // arguments: argc first
};



std::string place_of(const kernel::Image& image, u64 address) {
    const memory::Mapping* mapping = address ? image.memory->find({address}) : nullptr;
    if (!mapping) return "";
    std::string name = mapping->name.empty() ? "anonymous memory" : mapping->name;
    return fmt::format("{} + {:#x}", name, GuestAddr{address} - mapping->start + mapping->file_offset);
}

std::string string_at(const kernel::Image& image, u64 address) {
    auto text = address ? image.memory->read_string({address}, 131072) : std::nullopt;
    return text ? json::string(*text) : "(no string)";
}

std::string explain(const kernel::Image& image, u64 value, Meaning meaning) {
    switch (meaning) {
        case Meaning::decimal: return fmt::format("{}", value);
        case Meaning::hex: return "";
        case Meaning::address: return place_of(image, value);
        case Meaning::string: return string_at(image, value);
        case Meaning::random_bytes: {
            std::byte bytes[16];
            if (!image.memory->peek({value}, bytes)) return "(not mapped)";
            std::string text;
            for (std::byte byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned>(byte));
            return text;
        }
    }
    return {};
}

/// Reads guest words upwards. Error: the stack ends, which would be a defect of the loader.
class StackReader {
public:
    explicit StackReader(const kernel::Image& image) : image_(image), at_(image.program.stack_start) {}

    GuestAddr address() const { return at_; }
    Result<u64> next() {
        auto word = image_.memory->read_word(at_);
        if (!word) return fail(ErrorKind::internal, fmt::format("the initial stack ends at {:#x}", at_.value));
        at_ += image_.abi->word_size;
        return *word;
    }

private:
    const kernel::Image& image_;
    GuestAddr at_;
};

Result<std::vector<StackWord>> read_pointers(StackReader& reader, const kernel::Image& image, std::string_view name) {
    std::vector<StackWord> words;
    for (std::size_t index = 0;; ++index) {
        GuestAddr address = reader.address();
        POSTERN_TRY_ASSIGN(value, reader.next());
        if (value == 0) return words;
        words.push_back({address, fmt::format("{}[{}]", name, index), value, string_at(image, value)});
    }
}

Result<std::vector<StackWord>> read_vector(StackReader& reader, const kernel::Image& image) {
    std::vector<StackWord> words;
    for (;;) {
        GuestAddr address = reader.address();
        POSTERN_TRY_ASSIGN(type, reader.next());
        POSTERN_TRY_ASSIGN(value, reader.next());
        const auto* known = std::ranges::find(aux_names, type, &AuxName::type);
        bool is_known = known != std::end(aux_names);
        words.push_back({address, is_known ? std::string(known->name) : fmt::format("type {}", type), value,
                         explain(image, value, is_known ? known->meaning : Meaning::hex), type});
        if (type == AT_NULL) return words;
    }
}

Result<InitialStack> read_stack(const kernel::Image& image) {
    StackReader reader(image);
    InitialStack stack{image, {}, {}, {}};
    GuestAddr start = reader.address();
    POSTERN_TRY_ASSIGN(count, reader.next());
    POSTERN_TRY_ASSIGN(arguments, read_pointers(reader, image, "argv"));
    POSTERN_TRY_ASSIGN(environment, read_pointers(reader, image, "envp"));
    POSTERN_TRY_ASSIGN(auxv, read_vector(reader, image));
    stack.arguments.push_back({start, "argc", count, fmt::format("{}", count)});
    stack.arguments.insert(stack.arguments.end(), arguments.begin(), arguments.end());
    stack.environment = std::move(environment);
    stack.auxv = std::move(auxv);
    return stack;
}

std::string as_text(const InitialStack& stack) {
    const kernel::Image& image = stack.image;
    std::string text;
    if (style_for_output() == TableStyle::aligned)
        text = fmt::format("{}: {}\nfirst instruction {:#x}, stack pointer {:#x}\n\n", image.abi->name,
                           image.program.path, image.program.entry.value, image.program.stack_pointer.value);
    Table table({"Address", "Name", "Value", "Meaning"});
    for (const auto* part : {&stack.arguments, &stack.environment, &stack.auxv})
        for (const StackWord& word : *part)
            table.add({fmt::format("{:#x}", word.address.value), word.name, fmt::format("{:#x}", word.value), word.text});
    return text + table.text(style_for_output());
}

std::string words_json(const std::vector<StackWord>& words, bool is_vector) {
    std::vector<std::string> rows;
    for (const StackWord& word : words) {
        std::vector<std::pair<std::string_view, std::string>> members = {
            {"address", json::number(word.address.value)},
            {"name", json::string(word.name)},
            {"value", json::number(word.value)},
            // Strings are JSON literals already; the rest becomes one.
            {"text", word.text.starts_with('"') ? word.text : json::string(word.text)},
        };
        if (is_vector) members.insert(members.begin() + 1, {"type", json::number(word.type)});
        rows.push_back(json::object(members));
    }
    return json::array(rows);
}

std::string as_json(const InitialStack& stack) {
    const kernel::Image& image = stack.image;
    return json::object({
               {"abi", json::string(image.abi->name)},
               {"program", json::string(image.program.path)},
               {"first_instruction", json::number(image.program.entry.value)},
               {"stack_pointer", json::number(image.program.stack_pointer.value)},
               {"arguments", words_json(stack.arguments, false)},
               {"environment", words_json(stack.environment, false)},
               {"auxv", words_json(stack.auxv, true)},
           }) + "\n";
}

/// The engine that is made along with an image wants someone to call.
class NoSystemCalls final : public SyscallHandler {
    bool system_call() override { return false; }
};

Result<int> show(const std::vector<std::string>& program, const std::string& sysroot, bool want_json) {
    if (program.empty()) return fail(ErrorKind::internal, "auxv: no PROGRAM given; see postern auxv --help");
    kernel::StartOptions start;
    const char* search = std::getenv("PATH");
    POSTERN_TRY_ASSIGN(path, find_program(program[0], search ? search : "/bin:/usr/bin", sysroot));
    start.program = std::move(path);
    start.arguments = program;
    start.sysroot = sysroot;
    for (char** entry = environ; *entry; ++entry) start.environment.emplace_back(*entry);
    NoSystemCalls handler;
    POSTERN_TRY_ASSIGN(image, kernel::load_program(start, handler));
    POSTERN_TRY_ASSIGN(stack, read_stack(image));
    POSTERN_TRY(print(want_json ? as_json(stack) : as_text(stack)));
    return 0;
}

}  // namespace

void add_auxv(CLI::App& application, CommandLine& line) {
    CLI::App& command = add_command(application, "auxv", "Print a program's initial stack as it will see it",
                                    "postern auxv [--json] [--sysroot DIR] [--] PROGRAM [ARGUMENTS...]", footer);
    line.takers.push_back("auxv");
    auto sysroot = std::make_shared<std::string>();
    auto want_json = std::make_shared<bool>(false);
    command.add_option("--sysroot", *sysroot, "Root of the guest's file system (default: the host's)")
        ->type_name("DIR")->take_last();
    command.add_flag("--json", *want_json, "Print JSON");
    command.callback([=, &line] { conclude(line, [&] { return show(line.program, *sysroot, *want_json); }); });
}

}  // namespace postern::tools
