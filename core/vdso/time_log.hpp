// What a guest read from its clocks, kept in a file and given back in order.
#pragma once

#include "base/result.hpp"
#include "base/types.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace postern::vdso {

/// A recording or a replay. The file is text: a first line, then one line per read,
///
///     PROCESS CLOCK SECONDS.NANOSECONDS      0.2 MONOTONIC 3021.000401212
///
/// where PROCESS is 0 for the first, 0.1 for its first child, 0.1.3 for the third child of that.
/// Reads of one process are in order; those of several may be mixed.
class TimeLog {
public:
    /// Writes a new file, or in place of an old one. Error: it cannot be opened.
    static Result<TimeLog> record(const std::string& path);
    /// Reads all of a file. Error: it cannot be read, or it is no recording; where and why.
    static Result<TimeLog> replay(const std::string& path);
    ~TimeLog();
    TimeLog(TimeLog&& other) noexcept;
    TimeLog& operator=(TimeLog&&) = delete;

    bool is_replay() const { return descriptor_ < 0; }
    /// The file being written, -1 when replaying; and where it is after it was moved.
    int descriptor() const { return descriptor_; }
    void set_descriptor(int descriptor) { descriptor_ = descriptor; }

    /// A read of a clock, by Linux clock id, and its result in nanoseconds since the clock's zero.
    /// Error: it cannot be written.
    Result<void> put(int clock_id, i64 nanoseconds);
    /// The result of the process's next read. Error: the record has another clock there, or ends.
    Result<i64> take(int clock_id);

    /// Before and, in the child, after a fork: who reads.
    void before_fork() { ++children_; }
    void forked();

private:
    struct Read {
        int clock_id;
        i64 nanoseconds;
        u64 line;
    };
    explicit TimeLog(std::string path) : path_(std::move(path)) {}
    Result<void> parse(std::string_view text);

    std::string path_;
    int descriptor_ = -1;
    std::string process_ = "0";
    u64 children_ = 0;
    std::map<std::string, std::vector<Read>, std::less<>> reads_;   // by process
    u64 position_ = 0;                                              // in this process's
};

}  // namespace postern::vdso
