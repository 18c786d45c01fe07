#include "tools/command.hpp"

#include <cstdio>
#include <cstring>
#include <fmt/format.h>

namespace postern::tools {

namespace {

class HelpFormatter : public CLI::Formatter {
public:
    explicit HelpFormatter(std::string usage) : usage_(std::move(usage)) { column_width(26); }
    std::string make_usage(const CLI::App*, std::string) const override { return fmt::format("Usage: {}\n", usage_); }

private:
    std::string usage_;
};

}  // namespace

void set_usage(CLI::App& application, const std::string& usage) {
    application.formatter(std::make_shared<HelpFormatter>(usage));
}

CLI::App& add_command(CLI::App& application, const std::string& name, const std::string& description,
                      const std::string& usage, const std::string& footer) {
    CLI::App& command = *application.add_subcommand(name, description);
    set_usage(command, usage);
    command.footer(fmt::format("\n{}", footer));
    return command;
}

std::vector<std::string> take_program(const CLI::App& command, std::vector<std::string>& arguments) {
    std::size_t at = 0, resume = 0;
    for (; at < arguments.size(); at = resume) {
        const std::string& word = arguments[at];
        resume = at + 1;
        if (word == "--") break;
        if (word.size() < 2 || word[0] != '-') {
            resume = at;
            break;
        }
        const auto* option = command.get_option_no_throw(word);   // null for --name=value
        if (option && option->get_items_expected_max() > 0) ++resume;
    }
    at = std::min(at, arguments.size());
    resume = std::min(resume, arguments.size());
    auto split = [&](std::size_t index) { return arguments.begin() + static_cast<std::ptrdiff_t>(index); };
    std::vector<std::string> program(at < arguments.size() ? split(resume) : arguments.end(), arguments.end());
    arguments.erase(split(at), arguments.end());
    return program;
}

Result<void> print(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
        return fail(ErrorKind::internal, fmt::format("standard output: {}", std::strerror(errno)));
    return {};
}

Result<const Abi*> abi_by_name(const std::string& name) {
    if (const Abi* abi = find_abi(name)) return abi;
    std::string known;
    for (const Abi* abi : all_abis()) known += fmt::format("{}{}", known.empty() ? "" : ", ", abi->name);
    return fail(ErrorKind::internal, fmt::format("{}: no such ABI; there are {}", name, known));
}

void add_output_choice(CLI::App& command, OutputChoice& choice) {
    auto* json = command.add_flag("--json", choice.json, "Print JSON");
    command.add_flag("--markdown", choice.markdown, "Print a Markdown table")->excludes(json);
}

std::string_view name_of(ClockMode mode) {
    switch (mode) {
        case ClockMode::none: return "none";
        case ClockMode::counter: return "counter";
        case ClockMode::trap: return "trap";
        case ClockMode::page: return "page";
    }
    return "none";
}

}  // namespace postern::tools
