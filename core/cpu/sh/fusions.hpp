// Instructions of the SH-4 that are executed at once.
#pragma once

#include "cpu/blocks/fusion.hpp"

namespace postern::sh {

const blocks::FusionTable& fusions();

}  // namespace postern::sh
