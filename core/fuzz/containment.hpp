// A place where any system call may be made: nothing outside it can be reached or changed.
#pragma once

#include <functional>

namespace postern::fuzz {

/// Moves the calling process into it, by these steps:
///   - a child goes on; the parent waits, brings what libFuzzer wrote back to where the arguments said, removes
///     the scratch folder and exits as the child did;
///   - namespaces of its own for processes, mounts, network, System V IPC and host names; without the right to
///     them the steps below have to do, and there is no network and no /proc;
///   - the root is a scratch folder, which holds copies of the corpora and what `prepare` put into it; the guest's
///     folder in it is /guest, which is the working directory, in memory (16 MiB) where there are namespaces;
///   - the user is nobody, without capabilities, and a program can give no new ones;
///   - limits: 1 MiB per file, 256 descriptors, no core files.
/// Only a user who may neither change the root nor make a user namespace cannot be contained: that ends the
/// process with a sentence.
///
/// `prepare` is called with the path of the scratch folder, before the root changes.
/// `restrict_system_calls` closes the rest; libFuzzer sets up its signal handlers in between.
void contain(int* argc, char*** argv, const std::function<void(const char* folder)>& prepare);

/// A seccomp filter for this thread and those that it starts: to end, trace or start processes, to replace the
/// program, and to change what is the whole machine's is refused (EPERM); changes of limits too; changes of signal
/// handlers (but SIGBUS's) and masks have no effect. Signals that end a process, but are no crash, are ignored.
void restrict_system_calls();

/// The one signal that threads of this process can send each other.
inline constexpr int wake_signal = 62;

}  // namespace postern::fuzz
