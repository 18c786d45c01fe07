// Signals of mips-o32.
#include "abi/signal_abi_mips.hpp"

namespace postern {

extern const SignalAbi mips_o32_signals;
constinit const SignalAbi mips_o32_signals = mips::o32_signal_abi;

}  // namespace postern
