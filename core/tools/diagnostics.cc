#include "tools/diagnostics.hpp"

#include <algorithm>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <string>

namespace postern::tools {

namespace {

/// Made on first use: a run without complaints pays nothing.
spdlog::logger& logger() {
    static auto instance = [] {
        auto made = std::make_shared<spdlog::logger>("postern", std::make_shared<spdlog::sinks::stderr_sink_st>());
        made->set_pattern("postern: %v");
        made->flush_on(spdlog::level::trace);
        return made;
    }();
    return *instance;
}

}  // namespace

void complain(std::string_view message) {
    std::string line(message);
    std::ranges::replace(line, '\n', ' ');
    logger().log(spdlog::level::err, spdlog::string_view_t(line.data(), line.size()));
}

int report(const Error& error) {
    complain(error.message);
    return static_cast<int>(error.kind);
}

}  // namespace postern::tools
