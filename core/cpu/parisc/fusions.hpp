// Instructions of PA-RISC that are executed at once.
#pragma once

#include "cpu/blocks/fusion.hpp"

namespace postern::parisc {

const blocks::FusionTable& fusions();

}  // namespace postern::parisc
