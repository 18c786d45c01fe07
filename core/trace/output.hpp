// Where trace lines go: a descriptor that the guest cannot see or close.
#pragma once

#include "base/result.hpp"
#include "trace/shared.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

namespace postern::kernel {
struct FileState;
}

namespace postern::trace {

class Output {
public:
    /// A duplicate of standard error. Error: it is closed.
    static Result<std::unique_ptr<Output>> to_standard_error();
    /// A file, emptied first. Error: it cannot be created.
    static Result<std::unique_ptr<Output>> to_file(const std::string& path);
    ~Output();
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    /// Moves the descriptor out of the guest's sight; once the process's limits are known.
    void hide_from(kernel::FileState& files);
    /// From now on lines begin with "[tid] ", in every process.
    void expect_several() { several_->store(true, std::memory_order_relaxed); }

    /// Writes one line with one write(2), so that processes and threads do not mix within a line.
    void line(std::string_view text);
    /// The same without the prefix.
    void plain_line(std::string_view text);

private:
    explicit Output(int descriptor) : descriptor_(descriptor) {}

    int descriptor_;
    bool is_hidden_ = false;
    Shared<std::atomic<bool>> several_;
};

}  // namespace postern::trace
