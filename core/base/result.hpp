// Errors that are the user's to read, and assertions for errors that are ours.
#pragma once

#include <expected>
#include <string>

namespace postern {

/// What kind of failure, and so which exit status the command line ends with.
enum class ErrorKind {
    internal = 125,       ///< Postern or its environment failed.
    not_runnable = 126,   ///< The file exists, but is no program that we can run.
    not_found = 127,      ///< There is no such file.
};

/// A failure in one sentence: what, where, why. Without trailing full stop or newline.
struct Error {
    ErrorKind kind = ErrorKind::internal;
    std::string message;
    int error_number = 0;  ///< Linux errno that execve(2) reports for it (generic numbering), 0 if none.
};

template <typename T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorKind kind, std::string message, int error_number = 0) {
    return std::unexpected(Error{kind, std::move(message), error_number});
}

/// Returns from the enclosing function with the error of `expression`, or evaluates to nothing.
#define POSTERN_TRY(expression)                                                       \
    do {                                                                              \
        if (auto postern_try_result_ = (expression); !postern_try_result_)            \
            return std::unexpected(std::move(postern_try_result_).error());           \
    } while (0)

/// Declares `name` as the value of `expression`, or returns its error.
#define POSTERN_TRY_ASSIGN(name, expression)                                          \
    auto name##_result_ = (expression);                                               \
    if (!name##_result_) return std::unexpected(std::move(name##_result_).error());   \
    auto& name = *name##_result_

/// Ends Postern because of a defect of its own. Stays on in release builds.
[[noreturn]] void panic(const char* file, int line, const char* what);

#define POSTERN_ASSERT(condition)                                                     \
    do {                                                                              \
        if (!(condition)) [[unlikely]]                                                \
            ::postern::panic(__FILE__, __LINE__, #condition);                         \
    } while (0)

}  // namespace postern
