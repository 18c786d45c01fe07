// Which engine a host thread has entered.
#pragma once

namespace postern::unicorn {

/// A part of an engine for functions that stand in front of the library's, which are not told the engine.
template <typename Part>
class Entered {
public:
    Entered() = default;
    ~Entered() {
        if (current_ == this) current_ = nullptr;
    }
    Entered(const Entered&) = delete;
    Entered& operator=(const Entered&) = delete;

    /// The engine that is being entered on this host thread has this part; null: none.
    static void enter(Part* part) { current_ = part; }
    /// The part of the engine entered last on this host thread, or null.
    static Part* entered() { return static_cast<Part*>(current_); }

private:
    static inline constinit thread_local Entered* current_ = nullptr;
};

}  // namespace postern::unicorn
