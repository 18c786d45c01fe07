// What the signals of both ABIs of IBM Z share.
#pragma once

#include "abi/signal_abi.hpp"

namespace postern::s390 {

// The trap number is the program interruption code.
inline constexpr FaultRule faults[] = {
    {FaultCause::unmapped, 11, 1, FaultAddress::data, 0x11},
    {FaultCause::protection, 11, 2, FaultAddress::data, 0x04},
    {FaultCause::beyond_file, 7, 2, FaultAddress::data, 0x11},
    {FaultCause::illegal_instruction, 4, 1, FaultAddress::instruction, 0x01},
    {FaultCause::breakpoint, 4, 1, FaultAddress::instruction, 0x01},
    {FaultCause::privileged_instruction, 4, 5, FaultAddress::instruction, 0x02},
    {FaultCause::alignment, 4, 2, FaultAddress::instruction, 0x06},
    {FaultCause::integer_divide, 8, 1, FaultAddress::instruction, 0x09},
    {FaultCause::integer_overflow, 8, 2, FaultAddress::instruction, 0x08},
    {FaultCause::floating_point, 8, 0, FaultAddress::instruction, 0x07},
    {FaultCause::unknown, 4, 2, FaultAddress::instruction, 0x06},
};

}  // namespace postern::s390
