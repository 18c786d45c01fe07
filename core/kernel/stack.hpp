// The initial stack of a program: strings, auxiliary vector, pointers, as the kernel lays
// them out (kernel: fs/exec.c, fs/binfmt_elf.c create_elf_tables).
#pragma once

#include "abi/abi.hpp"
#include "base/result.hpp"
#include "kernel/process.hpp"

#include <array>
#include <span>
#include <string>
#include <vector>

namespace postern::kernel {

/// Largest string among arguments and environment, with its NUL: 32 pages
/// (kernel: MAX_ARG_STRLEN).
inline constexpr u64 argument_length_limit = 32 * 4096;

/// What goes onto the stack besides the facts in ProgramInfo.
struct StackContents {
    std::string_view path;                       ///< AT_EXECFN
    std::span<const std::string> arguments;
    std::span<const std::string> environment;
    std::array<std::byte, 16> random;            ///< AT_RANDOM
};

/// Maps the stack, sets how far it may grow and where mmap starts below it.
///
/// The layout is the one Linux uses without address space randomisation, in every run: a
/// program behaves the same each time. Only AT_RANDOM differs (without --seed).
/// Error: E2BIG for strings over the limits (one string: 32 pages; all: a quarter of
/// RLIMIT_STACK), ENOMEM.
Result<void> map_stack(memory::AddressSpace& memory, const StackContents& contents, bool executable);

/// Writes strings, auxiliary vector and pointers onto the mapped stack. Needs `image.vdso` and
/// all of `image.program` but the part it fills in itself: stack_start, stack_pointer, auxv, and where
/// arguments and environment are. Error: internal, if the stack is not mapped.
Result<void> build_stack(Image& image, const StackContents& contents);

}  // namespace postern::kernel
