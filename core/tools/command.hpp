// What the subcommands share. Each adds itself to the application and, when it is the one
// that was asked for, sets `status` to Postern's exit status.
#pragma once

#include "abi/abi.hpp"
#include "base/result.hpp"
#include "tools/table.hpp"

#include <CLI/CLI.hpp>
#include <span>
#include <string>
#include <vector>

namespace postern::tools {

/// The command line in two parts: a guest's own options are none of ours.
struct CommandLine {
    std::vector<std::string> takers;    ///< subcommands that take a PROGRAM
    std::vector<std::string> program;   ///< PROGRAM and its arguments, for those
    int status = 0;
};

void add_run(CLI::App& application, CommandLine& line);
void add_abis(CLI::App& application, CommandLine& line);
void add_image(CLI::App& application, CommandLine& line);
void add_auxv(CLI::App& application, CommandLine& line);
void add_syscalls(CLI::App& application, CommandLine& line);
void add_binfmt(CLI::App& application, CommandLine& line);

/// Runs a program for the kernel, which started Postern by an entry of `postern binfmt install`: the arguments behind
/// our own name are the program's path, its argv[0] and its other arguments. Returns only if it cannot: the exit status.
int run_for_kernel(std::span<char* const> arguments);

/// A subcommand with its usage line and what its --help says below the options.
CLI::App& add_command(CLI::App& application, const std::string& name, const std::string& description,
                      const std::string& usage, const std::string& footer);
void set_usage(CLI::App& application, const std::string& usage);

/// Cuts PROGRAM and everything behind it off the arguments of a subcommand: the first that is
/// neither an option nor an option's value, or what follows "--".
std::vector<std::string> take_program(const CLI::App& command, std::vector<std::string>& arguments);

/// Writes to standard output. Error: it cannot be written.
Result<void> print(std::string_view text);

/// The ABI of this name. Error: there is none; names the ones there are.
Result<const Abi*> abi_by_name(const std::string& name);

/// What --json and --markdown choose between.
struct OutputChoice {
    bool json = false;
    bool markdown = false;

    TableStyle style() const { return markdown ? TableStyle::markdown : style_for_output(); }
};
void add_output_choice(CLI::App& command, OutputChoice& choice);

/// Runs the body of a subcommand and turns its error into line and status.
template <typename Body>
void conclude(CommandLine& line, Body body);

/// The sentence about an error, and its exit status.
int report(const Error& error);

template <typename Body>
void conclude(CommandLine& line, Body body) {
    Result<int> status = body();
    line.status = status ? *status : report(status.error());
}

/// "counter", "trap", "page", "none".
std::string_view name_of(ClockMode mode);

}  // namespace postern::tools
