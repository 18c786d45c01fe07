// postern syscalls
#include "kernel/syscall.hpp"
#include "tools/command.hpp"
#include "tools/json.hpp"

#include <cstring>
#include <fmt/format.h>
#include <map>

namespace postern::tools {

namespace {

constexpr auto footer = R"(Every system call number of the ABI, with what Postern does about it:
  full      as Linux does it
  partial   works; the note says what is missing
  refused   answers the errno in brackets on purpose; the note says why

In a pipe the columns are separated by tabs. Totals follow on a terminal and in Markdown:
  postern syscalls s390x | grep -v refused)";

std::string_view name_of(kernel::Support support) {
    switch (support) {
        case kernel::Support::full: return "full";
        case kernel::Support::partial: return "partial";
        case kernel::Support::refused: return "refused";
    }
    return "refused";
}

std::string note_of(const kernel::SyscallRow& row) {
    if (row.support != kernel::Support::refused) return std::string(row.note);
    const char* errno_name = strerrorname_np(row.refusal);
    return fmt::format("[{}] {}", errno_name ? errno_name : "?", row.note);
}

std::vector<kernel::SyscallEntry> entries_of(const Abi& abi) {
    std::vector<kernel::SyscallEntry> entries;
    kernel::SyscallTable(abi).for_each([&](const kernel::SyscallEntry& entry) { entries.push_back(entry); });
    return entries;
}

std::string totals(const std::vector<kernel::SyscallEntry>& entries) {
    std::map<kernel::Support, int> counts;
    for (const auto& entry : entries) ++counts[entry.row->support];
    return fmt::format("{} system calls: {} full, {} partial, {} refused\n", entries.size(),
                       counts[kernel::Support::full], counts[kernel::Support::partial],
                       counts[kernel::Support::refused]);
}

std::string as_table(const std::vector<kernel::SyscallEntry>& entries, TableStyle style) {
    Table table({"Number", "Name", "Support", "Note"});
    for (const auto& [number, row] : entries)
        table.add({fmt::format("{}", number->number), std::string(number->name), std::string(name_of(row->support)),
                   note_of(*row)});
    std::string text = table.text(style);
    return style == TableStyle::tabbed ? text : fmt::format("{}\n{}", text, totals(entries));
}

std::string as_json(const std::vector<kernel::SyscallEntry>& entries) {
    std::vector<std::string> rows;
    for (const auto& [number, row] : entries) {
        const char* refusal = row->support == kernel::Support::refused ? strerrorname_np(row->refusal) : nullptr;
        rows.push_back(json::object({
            {"number", json::number(number->number)},
            {"name", json::string(number->name)},
            {"handler", json::string(number->handler)},
            {"support", json::string(name_of(row->support))},
            {"errno", refusal ? json::string(refusal) : "null"},
            {"note", json::string(row->note)},
        }));
    }
    return json::array(rows) + "\n";
}

}  // namespace

void add_syscalls(CLI::App& application, CommandLine& line) {
    CLI::App& command = add_command(application, "syscalls", "Print an ABI's table of system calls",
                                    "postern syscalls ABI [--json | --markdown]", footer);
    auto choice = std::make_shared<OutputChoice>();
    auto name = std::make_shared<std::string>();
    command.add_option("ABI", *name, "An ABI that `postern abis` lists")->required();
    add_output_choice(command, *choice);
    command.callback([choice, name, &line] {
        conclude(line, [&]() -> Result<int> {
            POSTERN_TRY_ASSIGN(abi, abi_by_name(*name));
            auto entries = entries_of(*abi);
            POSTERN_TRY(print(choice->json ? as_json(entries) : as_table(entries, choice->style())));
            return 0;
        });
    });
}

}  // namespace postern::tools
