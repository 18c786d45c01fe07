// Signals of ppc64le: a handler finds its own address in r12.
// Source: Linux 6.1, arch/powerpc/kernel/signal_64.c.
#include "abi/signal_abi_ppc64.hpp"

namespace postern {
namespace {

constexpr EntryRow entry_rows[] = {
    POSTERN_PPC64_ENTRY,
    {"ctr", SignalSource::handler},
    {"r12", SignalSource::handler},
};

}  // namespace

extern const SignalAbi ppc64le_signals;
constinit const SignalAbi ppc64le_signals{
    .rt = {.size = ppc::frame_size, .alignment = 16, .gap = 512, .rows = ppc::frame_rows, .entry = entry_rows,
           .blocks = ppc::blocks<32 * 16>, .vdso_return = "signal_entry",
           .sigreturn_distance = ppc::caller_frame},
    .old = {},
    .state = {},
    .minimum_stack = 8192,
    .takes_restorer = false,
    .faults = ppc::faults,
    .fault_error = ppc::fault_error,
};

}  // namespace postern
