// unwind_conformance [--list] [--code FILE@ADDRESS]... [--moving ADDRESS] [--vdso FILE] PROGRAM [ARGUMENT]...
//
// Runs a guest program and unwinds from every instruction that it executes in the vDSO, by the
// image's own .eh_frame: the caller, its stack pointer and the registers that a call preserves must
// be those with which the code was entered; from a signal trampoline, those that the signal
// interrupted. --code: an ELF file whose code the program holds at ADDRESS less where it is linked.
// --moving: the time page at ADDRESS changes before every instruction that is new, so that functions
// start over. --vdso: an image in place of Postern's own.
#include "unwind/watcher.hpp"

#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <iterator>

namespace {

using namespace postern;

std::optional<std::vector<std::byte>> contents(const std::string& name) {
    std::ifstream in(name, std::ios::binary);
    if (!in) return std::nullopt;
    std::vector<std::byte> bytes;
    for (auto c = in.get(); c != std::ifstream::traits_type::eof(); c = in.get()) bytes.push_back(static_cast<std::byte>(c));
    return bytes;
}

Result<unwinding::DescribedCode> linked_code(const std::string& argument) {
    auto at = argument.rfind('@');
    if (at == argument.npos) return fail(ErrorKind::not_found, argument + ": no @ADDRESS");
    std::string name = argument.substr(0, at);
    auto bytes = contents(name);
    if (!bytes) return fail(ErrorKind::not_found, name + ": cannot be read");
    std::string title = name.substr(name.rfind('/') + 1);
    title.resize(std::min(title.size(), title.rfind('.')));
    return unwinding::DescribedCode::read(title, std::move(*bytes), std::strtoull(argument.c_str() + at + 1, nullptr, 0));
}

int misused(const std::string& why) {
    fmt::print(stderr, "unwind_conformance: {}\n", why);
    return 2;
}

struct Options {
    bool list = false;
    std::optional<u64> moving_page;
    std::vector<unwinding::DescribedCode> codes;
    kernel::StartOptions start;
};

constexpr const char* usage = "usage: unwind_conformance [--list] [--code FILE@ADDRESS]... [--moving ADDRESS] [--vdso FILE] "
                              "PROGRAM [ARGUMENT]...";

Result<Options> parse(int argc, char** argv) {
    Options options;
    int next = 1;
    for (; next < argc && argv[next][0] == '-'; ++next) {
        std::string_view option = argv[next];
        if (option == "--list") {
            options.list = true;
            continue;
        }
        if (++next == argc) return fail(ErrorKind::not_found, usage);
        std::string value = argv[next];
        if (option == "--moving") {
            options.moving_page = std::strtoull(value.c_str(), nullptr, 0);
        } else if (option == "--code") {
            POSTERN_TRY_ASSIGN(code, linked_code(value));
            options.codes.push_back(std::move(code));
        } else if (option == "--vdso") {
            auto bytes = contents(value);
            if (!bytes) return fail(ErrorKind::not_found, value + ": cannot be read");
            options.start.vdso = {kernel::VdsoChoice::Kind::file, value, std::make_shared<std::vector<std::byte>>(std::move(*bytes))};
        } else {
            return fail(ErrorKind::not_found, usage);
        }
    }
    if (next == argc) return fail(ErrorKind::not_found, usage);
    options.start.program = argv[next];
    options.start.arguments.assign(argv + next, argv + argc);
    return options;
}

}  // namespace

int main(int argc, char** argv) {
    auto options = parse(argc, argv);
    if (!options) return misused(options.error().message);
    unwinding::Watcher watcher(std::move(options->codes), options->moving_page);
    options->start.observer = &watcher;
    auto process = kernel::Process::start(options->start);
    if (!process) return misused(process.error().message);
    kernel::ExitStatus status = (*process)->run();
    if (watcher.is_child()) return status.signal ? 128 + status.signal : status.code;
    bool good = watcher.report(options->list);
    if (status.code || status.signal) fmt::print("unwind: the program ended with status {}, signal {}\n", status.code, status.signal);
    return good && status.code == 0 && status.signal == 0 ? 0 : 1;
}
