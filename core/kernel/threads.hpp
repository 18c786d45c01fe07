// The threads of a guest process: which there are, whose turn it is, how they begin and end.
#pragma once

#include "kernel/guest_lock.hpp"

#include <atomic>
#include <memory>
#include <vector>

namespace postern::kernel {

class Process;
struct Task;

/// Each guest thread is a host thread with a Task; they take turns on the process's one Cpu, whose registers are
/// changed with them. All but `start` of a process's first thread and `Sleep` is for the thread whose turn it is,
/// outside Cpu::run.
class Threads {
public:
    /// `first` is the thread group's leader, whose host thread calls this.
    Threads(Process& process, std::unique_ptr<Task> first);
    ~Threads();

    Task& current() const { return *current_; }
    Task& leader() const { return *tasks_.front(); }
    /// More than one; a leader that has ended before the others counts.
    bool several() const { return tasks_.size() > 1; }
    const std::vector<std::unique_ptr<Task>>& all() const { return tasks_; }
    /// Null: no such thread.
    Task* find(int tid) const;

    /// The process begins to run: the leader's turn.
    void begin();
    /// A new thread with the registers in `child.context`. Its id, or -EAGAIN.
    int start(std::unique_ptr<Task> child);
    /// Lets others have a turn, if any wait for it.
    void yield();
    /// The thread's end. False: it is nobody's turn any more, and the host thread shall end. The leader comes back when the
    /// others have ended, and the process with them, or to go on with another program: true.
    bool retire(Task& task);
    /// For execve: the leader alone is left, with the signal mask of the calling thread. True if that is the calling
    /// thread; another one ends.
    bool leave_only_leader();
    /// In a child, after fork: the calling thread alone is left.
    void after_fork();
    /// All registers of the thread whose turn it is, so that they can be given to another one.
    void save_registers(Task& task);

    /// For the time of a host call that may sleep: others have their turn.
    class Sleep {
    public:
        explicit Sleep(Task& task);
        ~Sleep();
        Sleep(const Sleep&) = delete;
        Sleep& operator=(const Sleep&) = delete;

    private:
        Task* task_;   // null: nobody else is there
    };

private:
    struct Start;
    static void* run_host_thread(void* start);

    void take_turn(Task& task);
    void load_registers(Task& task);
    void await_change(Task& task, u32 seen);

    Process& process_;
    GuestLock lock_;
    std::vector<std::unique_ptr<Task>> tasks_;   // the leader first
    Task* current_;
    Task* loaded_;                               // whose registers the Cpu has; null: a thread's that has ended
    int last_exit_code_ = 0;                     // which is the process's, unless it ends otherwise
    std::atomic<u32> changes_{0};                // threads that have ended, programs that wait for the leader
};

}  // namespace postern::kernel
