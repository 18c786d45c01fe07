#include "vdso/time_log.hpp"

#include "base/text.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <unistd.h>
#include <utility>

namespace postern::vdso {

namespace {

constexpr i64 second = 1'000'000'000;
constexpr std::string_view first_line = "postern time record 1";

struct ClockName {
    int clock_id;
    std::string_view name;
};
constexpr auto clock_names = std::to_array<ClockName>({
    {CLOCK_REALTIME, "REALTIME"}, {CLOCK_MONOTONIC, "MONOTONIC"}, {CLOCK_MONOTONIC_RAW, "MONOTONIC_RAW"},
    {CLOCK_REALTIME_COARSE, "REALTIME_COARSE"}, {CLOCK_MONOTONIC_COARSE, "MONOTONIC_COARSE"},
    {CLOCK_BOOTTIME, "BOOTTIME"}, {CLOCK_TAI, "TAI"},
});

std::string_view name_of(int clock_id) {
    for (const ClockName& clock : clock_names)
        if (clock.clock_id == clock_id) return clock.name;
    return "?";
}

std::optional<int> clock_of(std::string_view name) {
    for (const ClockName& clock : clock_names)
        if (clock.name == name) return clock.clock_id;
    return std::nullopt;
}

/// The text up to `end`, which goes too.
std::string_view take_until(std::string_view& text, char end) {
    auto position = text.find(end);
    std::string_view taken = text.substr(0, position);
    text = position == text.npos ? std::string_view{} : text.substr(position + 1);
    return taken;
}

template <typename T>
std::optional<T> number(std::string_view digits) {
    T value{};
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

/// "12.000000345" to nanoseconds.
std::optional<i64> time_of(std::string_view text) {
    auto seconds = number<i64>(take_until(text, '.'));
    auto part = number<u32>(text);
    i64 time;
    if (!seconds || *seconds < 0 || text.size() != 9 || !part || *part >= u32{second}) return std::nullopt;
    if (__builtin_mul_overflow(*seconds, second, &time) || __builtin_add_overflow(time, i64{*part}, &time))
        return std::nullopt;
    return time;
}

std::unexpected<Error> bad(std::string message) { return fail(ErrorKind::internal, std::move(message)); }

}  // namespace

TimeLog::TimeLog(TimeLog&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      process_(std::move(other.process_)),
      children_(other.children_),
      reads_(std::move(other.reads_)),
      position_(other.position_) {}

TimeLog::~TimeLog() {
    if (descriptor_ >= 0) close(descriptor_);
}

Result<TimeLog> TimeLog::record(const std::string& path) {
    TimeLog log(path);
    log.descriptor_ = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
    if (log.descriptor_ < 0) return bad(format_text("time record {}: {}", path, std::strerror(errno)));
    std::string line = format_text("{}\n", first_line);
    if (write(log.descriptor_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        return bad(format_text("time record {}: {}", path, std::strerror(errno)));
    return log;
}

Result<TimeLog> TimeLog::replay(const std::string& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;   // whose stream buffer catches what a directory throws
    text << file.rdbuf();
    if (!file.is_open() || text.bad()) return bad(format_text("time record {}: {}", path, std::strerror(errno ? errno : EIO)));
    TimeLog log(path);
    POSTERN_TRY(log.parse(text.str()));
    return log;
}

Result<void> TimeLog::parse(std::string_view text) {
    if (take_until(text, '\n') != first_line)
        return bad(format_text("time record {}: its first line is not \"{}\"", path_, first_line));
    for (u64 line = 2; !text.empty(); ++line) {
        std::string_view words = take_until(text, '\n');
        std::string_view process = take_until(words, ' ');
        auto clock = clock_of(take_until(words, ' '));
        auto time = time_of(words);
        if (process.empty() || !clock || !time)
            return bad(format_text("time record {}: line {}: expected PROCESS CLOCK SECONDS.NANOSECONDS", path_, line));
        reads_[std::string(process)].push_back({*clock, *time, line});
    }
    return {};
}

Result<void> TimeLog::put(int clock_id, i64 nanoseconds) {
    if (nanoseconds < 0) nanoseconds = 0;   // REALTIME before 1970: no policy starts there
    std::string line = format_text("{} {} {}.{:09}\n", process_, name_of(clock_id), nanoseconds / second,
                                   nanoseconds % second);
    ssize_t written = write(descriptor_, line.data(), line.size());
    if (written == static_cast<ssize_t>(line.size())) return {};
    return bad(format_text("time record {}: {}", path_, written < 0 ? std::strerror(errno) : "written in part"));
}

Result<i64> TimeLog::take(int clock_id) {
    auto found = reads_.find(process_);
    u64 count = found == reads_.end() ? 0 : found->second.size();
    auto wrong = [&](std::string_view recorded) {
        return bad(format_text("time record {}: read {} of process {} asks for CLOCK_{}, {}", path_, position_ + 1,
                               process_, name_of(clock_id), recorded));
    };
    if (position_ >= count) return wrong("but the record ends there");
    const Read& read = found->second[position_];
    if (read.clock_id != clock_id)
        return wrong(format_text("recorded is CLOCK_{} (line {})", name_of(read.clock_id), read.line));
    ++position_;
    return read.nanoseconds;
}

void TimeLog::forked() {
    process_ += format_text(".{}", children_);
    children_ = 0;
    position_ = 0;
}

}  // namespace postern::vdso
