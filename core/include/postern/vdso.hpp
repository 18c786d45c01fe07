// Postern's vDSO for any emulator: the C++ interface, C++17, header-only over postern.h (which
// says in full what each function does, and which threads may call it).
//
//     class Memory : public postern::embed::Memory { read, write, map };
//     postern::embed::Vdso vdso("aarch64", options);
//     vdso.install(memory);
//     for (auto [type, value] : vdso.auxv()) ...
//
// Functions throw postern::embed::Error where the C interface returns a status; those that look
// something up give an empty optional instead.
#pragma once

#include <postern/postern.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::embed {

/// A status of the C interface that is not POSTERN_OK.
class Error : public std::runtime_error {
public:
    explicit Error(int status) : std::runtime_error(postern_strerror(status)), status_(status) {}
    int status() const { return status_; }   ///< enum postern_status

private:
    int status_;
};

/// The guest's address space. Exceptions that leave these functions count as refusal.
class Memory {
public:
    virtual ~Memory() = default;
    /// Copy guest bytes out / in, whatever the guest's permissions. False: not all are mapped.
    virtual bool read(std::uint64_t address, void* out, std::size_t length) = 0;
    virtual bool write(std::uint64_t address, const void* data, std::size_t length) = 0;
    /// Maps zeroed pages with the guest's permissions (enum postern_permission): exactly at
    /// `address` if `fixed`, replacing what is there; else anywhere, there if possible (0: no
    /// wish). The start; nothing: refused.
    virtual std::optional<std::uint64_t> map(std::uint64_t address, std::uint64_t length, unsigned permissions,
                                             bool fixed, const char* name) = 0;
};

/// Members as in postern_options; the counter may be any callable.
struct Options {
    postern_clock_mode clock_mode = POSTERN_MODE_DEFAULT;
    std::function<std::uint64_t()> counter;   ///< cycles; must not throw
    std::uint64_t counter_mask = 0;
    std::string time_policy = "host";
};

/// A moment of a guest clock.
struct Time {
    std::int64_t seconds;
    std::int64_t nanoseconds;   ///< 0 ... 999,999,999
};

/// The vDSO of one guest. Calls on one object must not overlap.
class Vdso {
public:
    explicit Vdso(const std::string& abi, Options options = {})
        : counter_(std::make_unique<std::function<std::uint64_t()>>(std::move(options.counter))) {
        postern_options plain{};
        plain.size = sizeof plain;
        plain.clock_mode = options.clock_mode;
        if (*counter_) plain.counter = call_counter;
        plain.counter_context = counter_.get();
        plain.counter_mask = options.counter_mask;
        plain.time_policy = options.time_policy.c_str();
        postern_vdso* opened = nullptr;
        require(postern_vdso_open(abi.c_str(), &plain, &opened));
        handle_.reset(opened);
    }

    /// `memory` must outlive this object.
    void install(Memory& memory, std::uint64_t hint = 0) {
        postern_memory functions{sizeof functions, &memory, call_read, call_write, call_map};
        require(postern_vdso_install(handle(), &functions, hint));
    }
    void moved(std::uint64_t from, std::uint64_t length, std::uint64_t to) {
        require(postern_vdso_moved(handle(), from, length, to));
    }

    std::vector<std::pair<std::uint64_t, std::uint64_t>> auxv() const {
        std::vector<std::pair<std::uint64_t, std::uint64_t>> entries;
        for (const auto& entry : all<postern_auxv>(postern_vdso_auxv)) entries.emplace_back(entry.type, entry.value);
        return entries;
    }
    std::vector<postern_symbol> symbols() const { return all<postern_symbol>(postern_vdso_symbol); }
    std::vector<postern_range> ranges() const { return all<postern_range>(postern_vdso_range); }
    /// `version` null = any.
    std::optional<std::uint64_t> find(const char* name, const char* version = nullptr) const {
        std::uint64_t address;
        if (!found(postern_vdso_find(handle(), name, version, &address))) return std::nullopt;
        return address;
    }
    std::optional<std::uint64_t> signal_return(postern_frame frame, bool thumb = false) const {
        std::uint64_t address;
        if (!found(postern_vdso_signal_return(handle(), frame, thumb, &address))) return std::nullopt;
        return address;
    }
    /// The image as a file.
    std::string_view file() const {
        const void* bytes;
        std::size_t length;
        require(postern_vdso_file(handle(), &bytes, &length));
        return {static_cast<const char*>(bytes), length};
    }

    void service() { require(postern_vdso_service(handle())); }
    void reseed() { require(postern_vdso_reseed(handle())); }
    void set_time(const std::string& policy) { require(postern_vdso_set_time(handle(), policy.c_str())); }
    std::optional<Time> clock_gettime(int clock_id) {
        Time time;
        if (!found(postern_vdso_clock_gettime(handle(), clock_id, &time.seconds, &time.nanoseconds))) return std::nullopt;
        return time;
    }

    /// For everything else of the C interface.
    postern_vdso* handle() const { return handle_.get(); }

private:
    struct Close {
        void operator()(postern_vdso* vdso) const { postern_vdso_close(vdso); }
    };

    static void require(int status) {
        if (status != POSTERN_OK) throw Error(status);
    }
    static bool found(int status) {
        if (status != POSTERN_NOT_FOUND) require(status);
        return status == POSTERN_OK;
    }
    template <typename Row>
    std::vector<Row> all(int (*query)(const postern_vdso*, std::size_t, Row*)) const {
        std::vector<Row> rows;
        Row row{};
        row.size = sizeof row;
        while (found(query(handle(), rows.size(), &row))) rows.push_back(row);
        return rows;
    }

    /// Runs a function of the caller's for the C interface, which knows no exceptions.
    template <typename Body>
    static int refused_unless(Body body) noexcept {
        try {
            return body() ? 0 : 1;
        } catch (...) {
            return 1;
        }
    }
    static std::uint64_t call_counter(void* context) noexcept {
        return (*static_cast<std::function<std::uint64_t()>*>(context))();
    }
    static int call_read(void* memory, std::uint64_t address, void* out, std::size_t length) noexcept {
        return refused_unless([&] { return static_cast<Memory*>(memory)->read(address, out, length); });
    }
    static int call_write(void* memory, std::uint64_t address, const void* data, std::size_t length) noexcept {
        return refused_unless([&] { return static_cast<Memory*>(memory)->write(address, data, length); });
    }
    static int call_map(void* memory, std::uint64_t* address, std::uint64_t length, unsigned permissions, int fixed,
                        const char* name) noexcept {
        return refused_unless([&] {
            auto placed = static_cast<Memory*>(memory)->map(*address, length, permissions, fixed != 0, name);
            if (placed) *address = *placed;
            return placed.has_value();
        });
    }

    std::unique_ptr<std::function<std::uint64_t()>> counter_;   // before the handle, which calls it
    std::unique_ptr<postern_vdso, Close> handle_;
};

}  // namespace postern::embed
