// Signals of riscv64.
#include "abi/signal_abi_riscv.hpp"

namespace postern {

extern const SignalAbi riscv64_signals;
constinit const SignalAbi riscv64_signals = riscv::signal_abi(riscv::frame_rows64, 1088);

}  // namespace postern
