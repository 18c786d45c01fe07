// The code of a vDSO image as a listing with comments.
#pragma once

#include "base/result.hpp"
#include "vdso/image.hpp"

#include <string>

namespace postern::tools {

/// The sections of code, each under its name. Fields of the time page are named where the image was
/// made for the page's present layout. Error: there is no such section, or Capstone does not know the machine.
Result<std::string> disassemble_image(const Abi& abi, const vdso::Image& image);

/// A page of kernel-provided code, with the names of its entries. Error: nobody knows the machine.
Result<std::string> disassemble_helper(const Abi& abi, const HelperPage& page);

}  // namespace postern::tools
