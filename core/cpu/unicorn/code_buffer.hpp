// The buffer of translated code, whose first overflow Unicorn 2.1.1 does not notice.
#pragma once

#include <cstddef>
#include <span>

namespace postern::unicorn {

/// A buffer is divided into regions, here into one. When the region in use is full, the next one is taken and
/// cleared, and when there is none, all translations are thrown away. But Unicorn begins to write at the start
/// of the buffer without taking its region first, so that the first overflow takes it then, and clears
/// translations that tables and jumps still lead to: the host process crashes.
///
/// `context` is Unicorn's TCGContext, whose regions have just been made. Notes in it that the region is taken;
/// false if the place for that is not found.
bool take_first_region(std::span<std::byte> context);

}  // namespace postern::unicorn
