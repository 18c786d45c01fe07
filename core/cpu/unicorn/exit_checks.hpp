// A switch inside Unicorn that its interface does not have.
#pragma once

#include <cstdint>
#include <unicorn/unicorn.h>

namespace postern::unicorn {

/// After each access to memory, Unicorn's translated code asks whether somebody wants it to stop,
/// because a hook might. Each question ends what the translator keeps in host registers: a tenth
/// of the time of code that mostly loads and stores. Engines of which nobody wants stops inside
/// a block can do without.
///
/// Unicorn has this switch for its own use (Thumb's IT blocks), in a private structure, so
/// it is looked for at run time, by its neighbours there; where they are not all found, as may
/// be in another version, nothing changes but the speed.
class ExitChecks {
public:
    /// Of no engine: changes nothing.
    ExitChecks() = default;
    /// `engine` has been initialised (any call but uc_open and options does that).
    explicit ExitChecks(uc_engine* engine);

    /// For blocks translated from now on; those translated before stay as they are.
    void set(bool on) { if (switch_) *switch_ = !on; }

private:
    std::uint8_t* switch_ = nullptr;   // 1 = no checks
};

}  // namespace postern::unicorn
