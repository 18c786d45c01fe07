// Instructions of the SH-4 that are executed at once.
#pragma once

#include "cpu/blocks/fusion.hpp"

namespace postern::sh {

/// `swap`: State::swap of the programs that they are for.
const blocks::FusionTable& fusions(bool swap);

}  // namespace postern::sh
