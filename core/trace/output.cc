#include "trace/output.hpp"
#include "kernel/files.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace postern::trace {

namespace {

// Above what programs use by hand, until hide_from() finds the real place.
constexpr int first_descriptor = 200;

Result<int> moved_up(int descriptor, std::string_view what) {
    int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, first_descriptor);
    if (moved < 0) moved = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    if (moved < 0) return fail(ErrorKind::internal, fmt::format("{}: {}", what, strerror(errno)));
    return moved;
}

}  // namespace

Result<std::unique_ptr<Output>> Output::to_standard_error() {
    POSTERN_TRY_ASSIGN(descriptor, moved_up(STDERR_FILENO, "standard error"));
    return std::unique_ptr<Output>(new Output(descriptor));
}

Result<std::unique_ptr<Output>> Output::to_file(const std::string& path) {
    int opened = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
    if (opened < 0) return fail(ErrorKind::internal, fmt::format("trace file {}: {}", path, strerror(errno)));
    auto descriptor = moved_up(opened, path);
    close(opened);
    if (!descriptor) return std::unexpected(descriptor.error());
    return std::unique_ptr<Output>(new Output(*descriptor));
}

Output::~Output() { close(descriptor_); }

void Output::hide_from(kernel::FileState& files) {
    if (is_hidden_) return;
    int moved = kernel::reserve_fd(files, descriptor_);
    if (moved >= 0) descriptor_ = moved;
    is_hidden_ = true;
}

void Output::line(std::string_view text) {
    if (several_->load(std::memory_order_relaxed)) plain_line(fmt::format("[{}] {}", gettid(), text));
    else plain_line(text);
}

void Output::plain_line(std::string_view text) {
    std::string bytes(text);
    bytes += '\n';
    // A reader of the trace that went away is not the guest's business: what cannot be written
    // is lost, and its SIGPIPE is taken back.
    sigset_t pipe_signal, before;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    if (write(descriptor_, bytes.data(), bytes.size()) < 0 && errno == EPIPE) {
        constexpr timespec at_once{};
        sigtimedwait(&pipe_signal, nullptr, &at_once);
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace postern::trace
