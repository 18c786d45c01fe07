#include "trace/format.hpp"
#include "kernel/sys_result.hpp"
#include "trace/formatters.hpp"

#include <csignal>
#include <cstring>
#include <fmt/format.h>

namespace postern::trace {

namespace {

struct RestartCode {
    i64 value;
    std::string_view name;
    std::string_view rule;
};
constexpr RestartCode restart_codes[] = {
    {kernel::restart_sys, "ERESTARTSYS", "To be restarted if SA_RESTART is set"},
    {kernel::restart_no_intr, "ERESTARTNOINTR", "To be restarted"},
    {kernel::restart_no_hand, "ERESTARTNOHAND", "To be restarted if no handler"},
    {kernel::restart_block, "ERESTART_RESTARTBLOCK", "Interrupted by signal"},
};

struct SignalCode {
    int signal;   // 0 = of every signal
    int code;
    std::string_view name;
};
// Generic numbering (include/uapi/asm-generic/siginfo.h).
constexpr SignalCode signal_codes[] = {
    {SIGSEGV, 1, "SEGV_MAPERR"}, {SIGSEGV, 2, "SEGV_ACCERR"}, {SIGBUS, 1, "BUS_ADRALN"},
    {SIGBUS, 2, "BUS_ADRERR"},   {SIGBUS, 3, "BUS_OBJERR"},   {SIGILL, 1, "ILL_ILLOPC"},
    {SIGILL, 2, "ILL_ILLOPN"},   {SIGILL, 3, "ILL_ILLADR"},   {SIGILL, 4, "ILL_ILLTRP"},
    {SIGILL, 5, "ILL_PRVOPC"},   {SIGFPE, 1, "FPE_INTDIV"},   {SIGFPE, 2, "FPE_INTOVF"},
    {SIGFPE, 3, "FPE_FLTDIV"},   {SIGFPE, 4, "FPE_FLTOVF"},   {SIGFPE, 5, "FPE_FLTUND"},
    {SIGFPE, 6, "FPE_FLTRES"},   {SIGFPE, 7, "FPE_FLTINV"},   {SIGTRAP, 1, "TRAP_BRKPT"},
    {SIGTRAP, 2, "TRAP_TRACE"},  {SIGCHLD, 1, "CLD_EXITED"},  {SIGCHLD, 2, "CLD_KILLED"},
    {SIGCHLD, 3, "CLD_DUMPED"},  {SIGCHLD, 5, "CLD_STOPPED"}, {SIGCHLD, 6, "CLD_CONTINUED"},
    {0, 0, "SI_USER"},           {0, -1, "SI_QUEUE"},         {0, -2, "SI_TIMER"},
    {0, -3, "SI_MESGQ"},         {0, -6, "SI_TKILL"},         {0, 0x80, "SI_KERNEL"},
};

void append_escaped(std::string& text, char byte) {
    switch (byte) {
        case '\n': text += "\\n"; return;
        case '\t': text += "\\t"; return;
        case '\r': text += "\\r"; return;
        case '"': text += "\\\""; return;
        case '\\': text += "\\\\"; return;
    }
    if (byte >= ' ' && byte < 0x7f) text += byte;
    else text += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
}

}  // namespace

CallText::CallText(std::string name, std::vector<const ArgumentKind*> kinds, const Abi& abi,
                   const GuestMemory& memory, const std::function<u64(bool wide)>& next_value)
    : name_(std::move(name)), kinds_(std::move(kinds)) {
    for (const auto* kind : kinds_) values_.push_back(next_value(kind->wide));
    CallView view{abi, memory, values_};
    for (; view.index < kinds_.size(); ++view.index)
        texts_.push_back(kinds_[view.index]->phase == Phase::enter ? kinds_[view.index]->format(view)
                                                                   : format_pointer(view));
}

std::string CallText::finish(const Abi& abi, const GuestMemory& memory, i64 result) const {
    std::vector<std::string> texts = texts_;
    CallView view{abi, memory, values_, 0, result};
    for (; view.index < kinds_.size(); ++view.index)
        if (kinds_[view.index]->phase == Phase::exit) texts[view.index] = kinds_[view.index]->format(view);
    return join(texts);
}

std::string CallText::unfinished() const { return join(texts_); }

std::string CallText::join(const std::vector<std::string>& texts) const {
    return fmt::format("{}({})", name_, fmt::join(texts, ", "));
}

std::string errno_name(int error_number) {
    const char* name = strerrorname_np(error_number);
    return name ? name : fmt::format("errno {}", error_number);
}

std::string format_result(i64 result, bool is_address) {
    for (const RestartCode& code : restart_codes)
        if (code.value == result) return fmt::format("= ? {} ({})", code.name, code.rule);
    if (result < 0 && result >= -4095) {
        int error = static_cast<int>(-result);
        const char* text = strerrordesc_np(error);
        return fmt::format("= -1 {}{}", errno_name(error), text ? fmt::format(" ({})", text) : "");
    }
    return is_address ? fmt::format("= {:#x}", result) : fmt::format("= {}", result);
}

std::string signal_name(int generic_signal) {
    if (const char* name = sigabbrev_np(generic_signal)) return fmt::format("SIG{}", name);
    constexpr int first_real_time = 32;   // the kernel's SIGRTMIN
    if (generic_signal >= first_real_time && generic_signal <= 64)
        return fmt::format("SIGRT_{}", generic_signal - first_real_time);
    return fmt::format("{}", generic_signal);
}

std::string signal_code_name(int generic_signal, int code) {
    for (const SignalCode& row : signal_codes)
        if ((row.signal == 0 || row.signal == generic_signal) && row.code == code) return std::string(row.name);
    return fmt::format("{}", code);
}

std::string clock_name(i64 clock_id) { return format_choice(clock_id, clock_names()); }

std::string quote(std::span<const std::byte> bytes, std::size_t limit, bool is_cut) {
    std::string text = "\"";
    for (std::byte byte : bytes.first(std::min(limit, bytes.size()))) append_escaped(text, static_cast<char>(byte));
    return text + (is_cut || bytes.size() > limit ? "\"..." : "\"");
}

std::string format_signal_set(u64 generic_set) {
    auto join = [](u64 set) {
        std::string text;
        for (int signal = 1; signal <= 64; ++signal)
            if (set >> (signal - 1) & 1)
                text += fmt::format("{}{}", text.empty() ? "" : " ", signal_name(signal).substr(3));
        return text;
    };
    // A set with most signals in it reads better by what is missing, as strace has it.
    if (__builtin_popcountll(generic_set) > 32) return fmt::format("~[{}]", join(~generic_set));
    return fmt::format("[{}]", join(generic_set));
}

}  // namespace postern::trace
