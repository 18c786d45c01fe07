#include "vdso/time_policy.hpp"

#include "base/text.hpp"
#include "vdso/time_text.hpp"

namespace postern::vdso {

namespace {

constexpr i64 smallest_rate = 1'000;                       // 0.000001
constexpr i64 largest_rate = 1'000'000 * TimePolicy::rate_one;

std::unexpected<Error> bad(std::string message) { return fail(ErrorKind::internal, std::move(message)); }

/// One term: what stands before its sign of assignment, and behind it.
struct Term {
    std::string_view text, name, value;
};

Result<void> set_rate(TimePolicy& policy, const Term& term) {
    POSTERN_TRY_ASSIGN(rate, parse_decimal(term.value));
    if (rate < smallest_rate || rate > largest_rate)
        return bad(format_text("{}: a rate lies between 0.000001 and 1000000", term.text));
    policy.rate = rate;
    return {};
}

Result<void> set_start(TimePolicy& policy, const Term& term) {
    POSTERN_TRY_ASSIGN(date, parse_date(term.value));
    policy.realtime_start = date;
    return {};
}

Result<void> set_frozen(TimePolicy& policy, const Term&) {
    policy.flow = TimePolicy::Flow::frozen;
    return {};
}

Result<void> set_frozen_at(TimePolicy& policy, const Term& term) {
    policy.flow = TimePolicy::Flow::frozen;
    return set_start(policy, term);
}

Result<void> set_counted(TimePolicy& policy, const Term&) {
    policy.flow = TimePolicy::Flow::counted;
    return {};
}

Result<void> set_step(TimePolicy& policy, const Term& term) {
    POSTERN_TRY_ASSIGN(step, parse_duration(term.value));
    if (step <= 0) return bad(format_text("{}: a step is longer than nothing", term.text));
    policy.flow = TimePolicy::Flow::step;
    policy.step = step;
    return {};
}

Result<void> set_record(TimePolicy& policy, const Term& term) {
    if (term.value.empty()) return bad(format_text("{}: a file name is missing", term.text));
    policy.record = term.value;
    return {};
}

Result<void> set_replay(TimePolicy& policy, const Term& term) {
    if (term.value.empty()) return bad(format_text("{}: a file name is missing", term.text));
    policy.flow = TimePolicy::Flow::replayed;
    policy.replay = term.value;
    return {};
}

template <i64 TimePolicy::* member, int sign>
Result<void> set_offset(TimePolicy& policy, const Term& term) {
    POSTERN_TRY_ASSIGN(offset, parse_duration(term.value));
    policy.*member = sign * offset;
    return {};
}

/// Terms of one group exclude each other.
enum Group : unsigned { flow = 2, realtime = 4, monotonic = 8, boottime = 16, file = 32, whole = 63 };

struct Kind {
    std::string_view name;   ///< with "=" where a value has to follow
    unsigned groups;
    Result<void> (*set)(TimePolicy&, const Term&);
};

constexpr Kind kinds[] = {
    {"host", whole, [](TimePolicy&, const Term&) -> Result<void> { return {}; }},
    {"offset=", realtime, set_offset<&TimePolicy::realtime_offset, 1>},
    {"at=", realtime, set_start},
    {"rate=", flow, set_rate},
    {"freeze", flow, set_frozen},
    {"freeze=", flow | realtime, set_frozen_at},
    {"step=", flow, set_step},
    {"virtual", flow, set_counted},
    {"monotonic+=", monotonic, set_offset<&TimePolicy::monotonic_offset, 1>},
    {"monotonic-=", monotonic, set_offset<&TimePolicy::monotonic_offset, -1>},
    {"boottime+=", boottime, set_offset<&TimePolicy::boottime_offset, 1>},
    {"boottime-=", boottime, set_offset<&TimePolicy::boottime_offset, -1>},
    {"record=", file, set_record},
    {"replay=", whole, set_replay},
};

Term split(std::string_view text) {
    auto equals = text.find('=');
    if (equals == text.npos) return {text, text, {}};
    return {text, text.substr(0, equals + 1), text.substr(equals + 1)};
}

const Kind* find_kind(const Term& term) {
    for (const Kind& kind : kinds)
        if (kind.name == term.name) return &kind;
    return nullptr;
}

std::unexpected<Error> unknown(const Term& term) {
    for (const Kind& kind : kinds)
        if (std::string(term.name) + "=" == kind.name) return bad(format_text("{}: a value is missing", term.text));
    return bad(format_text("\"{}\" is no time policy; there are host, offset=, at=, rate=, freeze, freeze=, step=, "
                           "virtual, monotonic+=, boottime+=, record=, replay=",
                           term.text));
}

/// "in at=tomorrow: " before what is wrong with the value.
Result<void> apply(TimePolicy& policy, const Kind& kind, const Term& term) {
    auto set = kind.set(policy, term);
    if (set || set.error().message.starts_with(term.text)) return set;
    return bad(format_text("{}: {}", term.text, set.error().message));
}

void append(std::string& text, std::string_view term) {
    if (!text.empty()) text += ',';
    text += term;
}

void append_clock_offset(std::string& text, std::string_view clock, i64 offset) {
    if (offset != 0) append(text, format_text("{}{}={}", clock, offset < 0 ? '-' : '+', format_length(offset)));
}

}  // namespace

Result<TimePolicy> TimePolicy::parse(std::string_view text) {
    TimePolicy policy;
    std::string_view rest = text;
    unsigned seen = 0;
    for (;;) {
        auto comma = rest.find(',');
        Term term = split(rest.substr(0, comma));
        if (term.text.empty()) return bad("an empty term where a time policy is expected");
        const Kind* kind = find_kind(term);
        if (!kind) return unknown(term);
        if (seen & kind->groups)
            return bad(format_text("\"{}\" does not go with what stands before it", term.text));
        seen |= kind->groups;
        POSTERN_TRY(apply(policy, *kind, term));
        if (comma == rest.npos) return policy;
        rest = rest.substr(comma + 1);
    }
}

std::string TimePolicy::text() const {
    std::string text;
    bool frozen = flow == Flow::frozen;
    if (realtime_start) append(text, format_text("{}={}", frozen ? "freeze" : "at", format_date(*realtime_start)));
    else if (frozen) append(text, "freeze");
    if (realtime_offset) append(text, format_text("offset={}", format_duration(realtime_offset)));
    if (flow == Flow::rate && rate != rate_one) append(text, format_text("rate={}", format_decimal(rate)));
    if (flow == Flow::step) append(text, format_text("step={}", format_length(step)));
    if (flow == Flow::counted) append(text, "virtual");
    append_clock_offset(text, "monotonic", monotonic_offset);
    append_clock_offset(text, "boottime", boottime_offset);
    if (!record.empty()) append(text, format_text("record={}", record));
    if (!replay.empty()) append(text, format_text("replay={}", replay));
    return text.empty() ? "host" : text;
}

}  // namespace postern::vdso
