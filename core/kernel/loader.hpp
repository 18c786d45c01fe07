// From a file name to an image that is ready to run: the steps behind load_program.
#pragma once

#include "kernel/elf.hpp"
#include "kernel/loader_file.hpp"
#include "kernel/process.hpp"

#include <optional>
#include <string>
#include <vector>

namespace postern::kernel {

/// What to load, for start and execute.
struct LoadRequest {
    std::string name;                       ///< as the guest names it: AT_EXECFN, messages
    std::string host_path;                  ///< the same file on the host
    std::vector<std::string> arguments;     ///< argv; empty means one empty string, as on Linux
    std::vector<std::string> environment;
    PathResolver resolve;                   ///< for interpreters
    std::array<std::byte, 16> random;       ///< AT_RANDOM
    VdsoChoice vdso = {};
};

/// Everything but the engine: address space with program, interpreter, vDSO and stack. The
/// image's `cpu` is null. Error: see ErrorKind; error_number is what execve(2) returns.
Result<Image> load_image(const LoadRequest& request);

/// Maps the pages of the ABI whose functions are served by faults, in the way asked for.
/// Error: internal.
Result<void> map_served_pages(Image& image, ServedPages mode);

/// Gives a loaded image its engine, at the first instruction.
Result<void> attach_engine(Image& image, SyscallHandler& handler, std::optional<ClockMode> clock_mode);

/// Tells the engine where the vDSO's counter points are, if the clock mode has use for them;
/// `image_gone`: there are none any more.
void place_counter_points(Image& image, std::optional<ClockMode> clock_mode, bool image_gone = false);

/// The vDSO for a program of the ABI; nothing: it shall have none. Error: the chosen file is for
/// another ABI, broken, or needs what Postern does not have.
Result<std::optional<vdso::Image>> choose_vdso(const Abi& abi, const VdsoChoice& choice);

/// Where one ELF file landed.
struct MappedElf {
    u64 bias = 0;                     ///< what was added to the file's addresses, modulo 2^64
    GuestAddr entry{};                ///< e_entry + bias; bit 0 as in the file
    GuestAddr code{};                 ///< where execution starts: `entry`, or what that describes
    u64 data = 0;                     ///< the data pointer of an entry that is a descriptor
    GuestAddr program_headers{};      ///< in guest memory
    GuestAddr end{};                  ///< page-aligned end of the highest segment
};

/// An ELF file with its headers read and checked.
struct ElfFile {
    ProgramFile file;
    elf::Header header;
    std::vector<elf::Segment> segments;
    const Abi* abi = nullptr;
};

/// Reads and checks the headers. Error: not_runnable with the reason; for a program of an ABI
/// that Postern does not run, which one it is for.
Result<ElfFile> read_elf(ProgramFile file);

/// Maps the loadable segments. `base`: where the lowest one starts (ET_DYN), ignored for
/// ET_EXEC. `readable_is_executable`: READ_IMPLIES_EXEC.
Result<MappedElf> map_elf(memory::AddressSpace& memory, const ElfFile& elf, GuestAddr base,
                          bool readable_is_executable);

}  // namespace postern::kernel
