// Names of local sockets between the guest's root and the host's.
#pragma once

#include <expected>
#include <string>

namespace postern::kernel {

class Process;

/// What the host's socket calls take for a guest's name of a local socket in the file system. A name that means the
/// same file on the host stays as it is: peers and getsockname see it. A host path of more than the 107 characters
/// that an address has room for goes by a descriptor of its directory, "/proc/PID/fd/N/NAME".
/// Error: -ENAMETOOLONG, and what opening that directory gives.
std::expected<std::string, int> host_socket_path(Process& process, const std::string& guest);

/// The guest's name for a host's one, of this process or of another that lives.
std::string guest_socket_path(Process& process, const std::string& host);

}  // namespace postern::kernel
