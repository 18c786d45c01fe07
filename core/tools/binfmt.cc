// postern binfmt
#include "tools/binfmt_entry.hpp"
#include "tools/command.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <sys/utsname.h>

namespace postern::tools {

namespace {

constexpr auto footer = R"(Once registered, programs of other ABIs run by their names, from shells, scripts, make and
chroots: the kernel recognises their first bytes and starts Postern, as `postern run` would
but without options. Registrations hold until they are removed or the machine restarts.

  install   registers each ABI as postern-ABI, in place of an entry of that name. ABIs whose
            programs the kernel itself executes are left out, and refused if they are named:
            Postern may be one of them.
  remove    removes those entries
  status    shows them. State: enabled, disabled (by a 0 in the entry, or in `status` of
            the file system), outdated (another version's pattern or flags), - (none)

--dry-run prints what would be written, and needs neither root nor the file system. The
lines of install are also what systemd-binfmt reads:
  postern binfmt install --dry-run > /etc/binfmt.d/postern.conf

Flags of the entries:
  P   argv[0] stays as the caller gave it: Postern gets it besides the path, and the kernel
      says so in AT_FLAGS, by which Postern knows how it was started (Linux 5.12)
  F   Postern is opened when it is registered, and so there in containers and chroots that
      have no file of its name. A new Postern takes effect by another install.
  not C, with which set-user-ID programs would run Postern as their owner: it is no barrier
      between a program and the rights of its process
  not O, since a program is opened by its name, as its interpreters are: what is executable
      but not readable does not run

Patterns leave out old machine numbers (s390 0xa390, i486 6, MIPS R3000 10), which
`postern run` accepts.)";

struct Options {
    std::string directory = "/proc/sys/fs/binfmt_misc";
    std::vector<std::string> names;
    bool dry_run = false;
    OutputChoice output;
};

std::string own_path() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

/// Those that were named; else all of them that the kernel does not execute itself.
Result<std::vector<const Abi*>> chosen_abis(const Options& options) {
    std::vector<const Abi*> chosen;
    for (const std::string& name : options.names) {
        POSTERN_TRY_ASSIGN(abi, abi_by_name(name));
        chosen.push_back(abi);
    }
    if (!options.names.empty()) return chosen;
    std::ranges::copy_if(all_abis(), std::back_inserter(chosen), [](const Abi* abi) { return !is_native(*abi); });
    return chosen;
}

/// Before 5.12 nothing would tell Postern from a run by hand.
Result<void> check_kernel() {
    utsname name{};
    unsigned major = 0, minor = 0;
    if (::uname(&name) != 0 || std::sscanf(name.release, "%u.%u", &major, &minor) != 2 || major > 5 || (major == 5 && minor >= 12)) return {};
    return fail(ErrorKind::internal, fmt::format("binfmt install: Linux {}: needs 5.12 or later", name.release));
}

Result<int> install(const Options& options) {
    POSTERN_TRY_ASSIGN(abis, chosen_abis(options));
    for (const Abi* abi : abis)
        if (is_native(*abi))
            return fail(ErrorKind::internal, fmt::format("binfmt install --abi {}: the kernel executes such programs itself", abi->name));
    std::vector<std::string> lines;
    for (const Abi* abi : abis) {
        POSTERN_TRY_ASSIGN(line, binfmt_line(*abi, own_path()));
        lines.push_back(line);
    }
    if (options.dry_run) {
        POSTERN_TRY(print(fmt::format("{}\n", fmt::join(lines, "\n"))));
        return 0;
    }
    POSTERN_TRY(check_kernel());
    POSTERN_TRY_ASSIGN(entries, BinfmtRegister::open(options.directory));
    for (std::size_t i = 0; i < abis.size(); ++i) {
        std::string name = binfmt_name(*abis[i]);
        if (entries.find(name)) POSTERN_TRY(entries.remove(name));
        POSTERN_TRY(entries.add(lines[i]));
    }
    return 0;
}

Result<int> remove(const Options& options) {
    Options every = options;
    if (every.names.empty())
        for (const Abi* abi : all_abis()) every.names.emplace_back(abi->name);
    POSTERN_TRY_ASSIGN(abis, chosen_abis(every));
    if (options.dry_run) {
        std::string text;
        for (const Abi* abi : abis) text += fmt::format("echo -1 > {}/{}\n", options.directory, binfmt_name(*abi));
        POSTERN_TRY(print(text));
        return 0;
    }
    POSTERN_TRY_ASSIGN(entries, BinfmtRegister::open(options.directory));
    for (const Abi* abi : abis)
        if (entries.find(binfmt_name(*abi))) POSTERN_TRY(entries.remove(binfmt_name(*abi)));
    return 0;
}

std::string state_of(const BinfmtEntry& entry, const Abi& abi, bool all_enabled) {
    if (!entry.enabled || !all_enabled) return "disabled";
    return is_current(entry, abi) ? "enabled" : "outdated";
}

Result<int> show_status(const Options& options) {
    POSTERN_TRY_ASSIGN(entries, BinfmtRegister::open(options.directory));
    Table table({"ABI", "State", "Flags", "Interpreter"});
    for (const Abi* abi : all_abis()) {
        auto entry = entries.find(binfmt_name(*abi));
        if (!entry) table.add({std::string(abi->name), "-", "-", "-"});
        else table.add({std::string(abi->name), state_of(*entry, *abi, entries.enabled()), entry->flags, printable(entry->interpreter)});
    }
    POSTERN_TRY(print(table.text(options.output.style())));
    return 0;
}

}  // namespace

void add_binfmt(CLI::App& application, CommandLine& line) {
    CLI::App& command = add_command(application, "binfmt", "Let the kernel start programs of other ABIs by Postern (binfmt_misc)",
                                    "postern binfmt install|remove|status [OPTIONS]", footer);
    command.require_subcommand(1);
    auto options = std::make_shared<Options>();
    auto add = [&](const char* name, const char* text, Result<int> (*body)(const Options&)) {
        CLI::App& action = add_command(command, name, text, fmt::format("postern binfmt {} [OPTIONS]", name), "");
        action.add_option("--directory", options->directory, "Where binfmt_misc is mounted (default: /proc/sys/fs/binfmt_misc)")
            ->type_name("DIR")->take_last();
        action.callback([options, body, &line] { conclude(line, [&] { return body(*options); }); });
        return &action;
    };
    for (CLI::App* action : {add("install", "Register Postern", install), add("remove", "Remove what install has registered", remove)}) {
        action->add_option("--abi", options->names, "Only these (default: all)")->type_name("ABI")->delimiter(',')->allow_extra_args(false);
        action->add_flag("--dry-run", options->dry_run, "Print what would be written, and write nothing");
    }
    add("status", "Show which ABIs are registered", show_status)
        ->add_flag("--markdown", options->output.markdown, "Print a Markdown table");
}

}  // namespace postern::tools
