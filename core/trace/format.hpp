// How one argument of a system call or vDSO call is printed: a word per argument, its *kind*.
//
// SyscallRow::arguments names one kind per argument, comma-separated: "fd, buf_out, size".
// The words and their meaning are the rows of kinds.cc; an unknown word prints as hex.
// Three conventions:
//   * `_out` kinds point to what the call writes: they are printed when it returns, and as
//     a bare address if it failed. All others are printed as they were when it was made.
//   * buf_in, iovec_in, pollfds ... take their length from the argument that follows them.
//     buf_out and dirents_out show as many bytes as the call returned.
//   * `wide` and `off64` take a 64-bit value (a register pair on 32-bit ABIs).
#pragma once

#include "abi/abi.hpp"
#include "base/guest_memory.hpp"
#include "base/types.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern::trace {

/// Everything a formatter may look at. Values are guest words, zero-extended.
struct CallView {
    const Abi& abi;
    const GuestMemory& memory;
    std::span<const u64> values;   ///< one per argument
    std::size_t index = 0;         ///< the argument being printed
    i64 result = 0;                ///< as the kernel's convention; meaningful for _out kinds

    u64 value() const { return values[index]; }
    /// The value of the argument `distance` places on, 0 if there is none.
    u64 next(std::size_t distance = 1) const {
        return index + distance < values.size() ? values[index + distance] : 0;
    }
    GuestAddr address() const { return {value()}; }
    bool failed() const { return result < 0; }
};

using Formatter = std::string (*)(const CallView&);

/// When the bytes behind an argument mean something.
enum class Phase : u8 { enter, exit };

struct ArgumentKind {
    std::string_view name;
    Phase phase;
    bool wide;                    ///< takes a register pair on 32-bit ABIs
    Formatter format;
    std::string_view meaning;     ///< one line for documentation
};

std::span<const ArgumentKind> argument_kinds();
/// The kind of this name, or the one that prints hex if there is none.
const ArgumentKind& argument_kind(std::string_view name);
bool is_argument_kind(std::string_view name);

/// The kinds named by a row's `arguments`.
std::vector<const ArgumentKind*> parse_kinds(std::string_view arguments);

/// A call in the making: the arguments known at its start, then completed at its end.
class CallText {
public:
    /// Reads one value per kind with `word` or `wide`, and formats what is known already.
    CallText(std::string name, std::vector<const ArgumentKind*> kinds, const Abi& abi, const GuestMemory& memory,
             const std::function<u64(bool wide)>& next_value);

    /// "name(argument, argument)" once the result is known.
    std::string finish(const Abi& abi, const GuestMemory& memory, i64 result) const;
    /// The same for a call that never returned: what it would have written is an address.
    std::string unfinished() const;
    const std::string& name() const { return name_; }

private:
    std::string join(const std::vector<std::string>& texts) const;

    std::string name_;
    std::vector<const ArgumentKind*> kinds_;
    std::vector<u64> values_;
    std::vector<std::string> texts_;   // of the enter phase; the others as addresses
};

// --- pieces that other parts of Postern print too

/// "ENOENT", or "errno 4095" for a number without a name. Generic numbering.
std::string errno_name(int error_number);
/// "= 3", "= -1 ENOENT (No such file or directory)", "= ? ERESTARTSYS (...)": after the call.
std::string format_result(i64 result, bool is_address);
/// "SIGSEGV", "SIGRT_3"; generic numbering.
std::string signal_name(int generic_signal);
/// "SEGV_MAPERR" for a si_code of a signal, "SI_USER", or the number.
std::string signal_code_name(int generic_signal, int code);
/// "CLOCK_MONOTONIC", or the number.
std::string clock_name(i64 clock_id);
/// C string literal of at most `limit` bytes, with "..." behind it if there were more.
std::string quote(std::span<const std::byte> bytes, std::size_t limit = 32, bool is_cut = false);
/// "[INT CHLD]"; generic set, signal n in bit n-1.
std::string format_signal_set(u64 generic_set);

}  // namespace postern::trace
