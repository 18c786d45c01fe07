#include "cpu/cpu.hpp"
#include "postern_version.hpp"
#include "tools/command.hpp"
#include "tools/diagnostics.hpp"

#include <algorithm>
#include <capstone/capstone.h>
#include <cstdio>
#include <fmt/format.h>
#include <linux/binfmts.h>
#include <set>
#include <sys/auxv.h>

namespace {

using namespace postern;

constexpr auto description =
    "Runs Linux programs of other architectures, with the clock and the other kernel services of the vDSO "
    "answered\nby a synthetic vDSO image inside the guest instead of by system calls.\n";

constexpr auto footer = R"(
Each command explains itself: postern COMMAND --help.

Exit status of `postern run`: the program's own; if a signal ended the program, Postern
ends by the same signal. Of all commands: 125 if Postern failed or was misused, 126 if
the file is not a program that it can run, 127 if there is no such file.

Examples:
  postern run ./busybox-arm64 sh -c 'date; uname -m'
  postern run --trace vdso,syscall ./busybox-s390x date
  postern abis
  postern image arm --disassemble | less
)";

/// "Unicorn 2.1.1": every engine that runs some ABI, once.
std::string engines() {
    std::set<std::string> names;
    for (const Abi* abi : all_abis())
        if (std::string name = engine_for(*abi); !name.empty()) names.insert(name);
    return fmt::format("{}", fmt::join(names, ", "));
}

std::string version_text() {
    int major = 0, minor = 0;
    cs_version(&major, &minor);
    return fmt::format("postern {} (engines: {}; Capstone {}.{})", POSTERN_VERSION, engines(), major, minor);
}

/// One line that fits behind "postern: ".
std::string usage_complaint(const CLI::App& application, const CLI::ParseError& error) {
    std::string message = error.what();
    message.erase(message.find_last_not_of(" \n.") + 1);
    auto is_upper = [](char byte) { return byte >= 'A' && byte <= 'Z'; };
    if (message.size() > 1 && is_upper(message[0]) && !is_upper(message[1])) message[0] += 'a' - 'A';
    std::string command;
    for (const CLI::App* chosen : application.get_subcommands()) command += chosen->get_name() + " ";
    return fmt::format("{}; see postern {}--help", message, command);
}

/// Whether the kernel started Postern for another program (binfmt_misc with flag P, since Linux 5.12).
bool is_interpreter(int argc) { return (getauxval(AT_FLAGS) & AT_FLAGS_PRESERVE_ARGV0) != 0 && argc >= 3; }

int run(int argc, char** argv) {
    if (is_interpreter(argc)) return tools::run_for_kernel(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
    CLI::App application(description, "postern");
    tools::CommandLine line;
    tools::set_usage(application, "postern COMMAND [OPTIONS] [ARGUMENTS]");
    application.footer(footer);
    application.require_subcommand(1);
    application.set_version_flag("--version", version_text());
    tools::add_run(application, line);
    tools::add_abis(application, line);
    tools::add_image(application, line);
    tools::add_auxv(application, line);
    tools::add_syscalls(application, line);
    tools::add_binfmt(application, line);

    std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    if (!arguments.empty()) {
        auto commands = application.get_subcommands(
            [&](const CLI::App* command) { return command->get_name() == arguments[0]; });
        if (commands.empty() && !arguments[0].starts_with('-')) {
            tools::complain(fmt::format("{}: no such command; see postern --help", arguments[0]));
            return static_cast<int>(ErrorKind::internal);
        }
        if (std::ranges::find(line.takers, arguments[0]) != line.takers.end()) {
            std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
            line.program = tools::take_program(*commands[0], rest);
            arguments.erase(arguments.begin() + 1, arguments.end());
            arguments.insert(arguments.end(), rest.begin(), rest.end());
        }
    }
    std::ranges::reverse(arguments);   // as the parser wants them
    try {
        application.parse(arguments);
    } catch (const CLI::Success& success) {   // --help, --version
        return application.exit(success);
    } catch (const CLI::ParseError& error) {
        tools::complain(usage_complaint(application, error));
        return static_cast<int>(ErrorKind::internal);
    }
    return line.status;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {   // of the libraries: out of memory, a broken stream
        tools::complain(fmt::format("internal error: {}", error.what()));
        return static_cast<int>(ErrorKind::internal);
    }
}
