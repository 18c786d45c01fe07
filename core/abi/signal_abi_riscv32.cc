// Signals of riscv32.
#include "abi/signal_abi_riscv.hpp"

namespace postern {

extern const SignalAbi riscv32_signals;
constinit const SignalAbi riscv32_signals = riscv::signal_abi(riscv::frame_rows32, 944);

}  // namespace postern
