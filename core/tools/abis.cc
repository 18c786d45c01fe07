// postern abis
#include "cpu/cpu.hpp"
#include "tools/command.hpp"
#include "tools/json.hpp"

#include <fmt/format.h>

namespace postern::tools {

namespace {

constexpr auto footer = R"(Columns: the ABI's name on command lines; the engine that executes its instructions in
this build ("none": it does not); the vDSO's soname and the number of symbols it exports;
how vDSO code reads its time counter; and the pages of kernel-provided code that the ABI
has besides the vDSO, with their address if it is fixed.

On a terminal the table is aligned and has a heading; in a pipe its columns are separated
by tabs and there is none:
  postern abis | cut -f1

Clock: counter = the guest's own counter instruction; trap = one reserved trap that
returns the host's counter; page = time stands still between renewals of the time page.)";

std::string helper_pages(const Abi& abi) {
    std::string text;
    for (const HelperPage& page : abi.vdso.helper_pages) {
        text += fmt::format("{}{}", text.empty() ? "" : ", ", page.name);
        if (page.address) text += fmt::format(" {:#x}", *page.address);
    }
    return text.empty() ? "-" : text;
}

std::string engine_name(const Abi& abi) {
    std::string name = engine_for(abi);
    return name.empty() ? "none" : name;
}

std::string as_table(TableStyle style) {
    Table table({"ABI", "Engine", "vDSO", "Functions", "Clock", "Helper pages"});
    for (const Abi* abi : all_abis())
        table.add({std::string(abi->name), engine_name(*abi), std::string(abi->vdso.soname),
                   fmt::format("{}", abi->vdso.exports.size()), std::string(name_of(abi->vdso.default_clock_mode)),
                   helper_pages(*abi)});
    return table.text(style);
}

std::string helper_json(const HelperPage& page) {
    return json::object({{"name", json::string(page.name)},
                         {"image", json::string(page.image)},
                         {"address", page.address ? json::string(fmt::format("{:#x}", *page.address)) : "null"}});
}

std::string as_json() {
    std::vector<std::string> rows;
    for (const Abi* abi : all_abis()) {
        std::vector<std::string> functions, helpers;
        for (const VdsoExport& exported : abi->vdso.exports) functions.push_back(json::string(exported.symbol));
        for (const HelperPage& page : abi->vdso.helper_pages) helpers.push_back(helper_json(page));
        rows.push_back(json::object({
            {"name", json::string(abi->name)},
            {"title", json::string(abi->title)},
            {"word_size", json::number(abi->word_size)},
            {"byte_order", json::string(abi->byte_order == ByteOrder::little ? "little" : "big")},
            {"engine", engine_for(*abi).empty() ? "null" : json::string(engine_for(*abi))},
            {"vdso", json::string(abi->vdso.soname)},
            {"functions", json::array(functions)},
            {"clock_mode", json::string(name_of(abi->vdso.default_clock_mode))},
            {"helper_pages", json::array(helpers)},
        }));
    }
    return json::array(rows) + "\n";
}

}  // namespace

void add_abis(CLI::App& application, CommandLine& line) {
    CLI::App& command = add_command(application, "abis", "List every ABI: engine, vDSO, clock, helper pages",
                                    "postern abis [--json | --markdown]", footer);
    auto choice = std::make_shared<OutputChoice>();
    add_output_choice(command, *choice);
    command.callback([choice, &line] {
        conclude(line, [&]() -> Result<int> {
            POSTERN_TRY(print(choice->json ? as_json() : as_table(choice->style())));
            return 0;
        });
    });
}

}  // namespace postern::tools
