// Signals of ppc64: a handler is a descriptor, whose two words go to ctr and r2.
// Source: Linux 6.1, arch/powerpc/kernel/signal_64.c.
#include "abi/signal_abi_ppc64.hpp"

namespace postern {
namespace {

constexpr EntryRow entry_rows[] = {
    POSTERN_PPC64_ENTRY,
    {"ctr", SignalSource::handler_code},
    {"r2", SignalSource::handler_data},
};

}  // namespace

extern const SignalAbi ppc64_signals;
constinit const SignalAbi ppc64_signals{
    .rt = {.size = ppc::frame_size, .alignment = 16, .gap = 512, .rows = ppc::frame_rows, .entry = entry_rows,
           .blocks = ppc::blocks<33 * 16 - 4>, .vdso_return = "signal_entry",
           .sigreturn_distance = ppc::caller_frame},
    .old = {},
    .state = {},
    .minimum_stack = 8192,
    .takes_restorer = false,
    .faults = ppc::faults,
    .fault_error = ppc::fault_error,
};

}  // namespace postern
