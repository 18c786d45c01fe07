#include "kernel/threads.hpp"

#include "kernel/process.hpp"
#include "kernel/signals_held.hpp"
#include "kernel/signals_host.hpp"
#include "kernel/signals_sequences.hpp"
#include "kernel/thread_end.hpp"

#include <algorithm>
#include <cerrno>
#include <malloc.h>
#include <pthread.h>
#include <semaphore>
#include <unistd.h>

namespace postern::kernel {

namespace {

/// Address space, of which a thread uses a few pages; sanitizers need more of it.
constexpr std::size_t host_stack_size = 2 << 20;

}  // namespace

Threads::Threads(Process& process, std::unique_ptr<Task> first)
    : process_(process), current_(first.get()), loaded_(first.get()) {
    tasks_.push_back(std::move(first));
}

Threads::~Threads() = default;

Task* Threads::find(int tid) const {
    auto found = std::ranges::find_if(tasks_, [tid](const auto& task) { return task->tid == tid; });
    return found == tasks_.end() ? nullptr : found->get();
}

void Threads::begin() {
    leader().host = &host::this_thread();
    lock_.acquire();
}

// --- turns

void Threads::take_turn(Task& task) {
    lock_.acquire();
    load_registers(task);
}

void Threads::load_registers(Task& task) {
    current_ = &task;
    if (loaded_ == &task) return;
    if (loaded_) process_.cpu().save(*loaded_->context);
    process_.cpu().restore(*task.context);
    loaded_ = &task;
}

void Threads::save_registers(Task& task) {
    if (!task.context) task.context = process_.cpu().make_context();
    process_.cpu().save(*task.context);
}

/// Like any interrupt, the end of a turn breaks up what is atomic by restarting.
void Threads::yield() {
    if (!lock_.has_waiters()) return;
    Task& task = current();
    leave_atomic_sequence(task.cpu());
    task.cpu().forget_reservation();
    lock_.yield();
    load_registers(task);
}

/// What is inside the engine has its registers there: only calls that are not expected to wait are.
Threads::Sleep::Sleep(Task& task)
    : task_(task.process.threads().several() && !task.process.in_engine() ? &task : nullptr) {
    if (task_) task.process.threads().lock_.release();
}

Threads::Sleep::~Sleep() {
    if (task_) task_->process.threads().take_turn(*task_);
}

// --- the beginning

struct Threads::Start {
    Threads& threads;
    Task& task;
    std::binary_semaphore has_begun{0};
};

void* Threads::run_host_thread(void* argument) {
    auto& start = *static_cast<Start*>(argument);
    Threads& threads = start.threads;
    Task& task = start.task;
    task.tid = ::gettid();
    task.host = &host::this_thread();
    host::begin_thread(task.signals.blocked);
    start.has_begun.release();   // and `start` is gone
    threads.take_turn(task);
    Process& process = threads.process_;
    if (process.run_thread(task)) process.end_host_process();
    return nullptr;
}

int Threads::start(std::unique_ptr<Task> child) {
    // One heap for all: only the thread whose turn it is allocates.
    ::mallopt(M_ARENA_MAX, 1);
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    ::pthread_attr_setstacksize(&attributes, host_stack_size);
    ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    Start start{*this, *child};
    pthread_t thread;
    int error;
    {
        SignalsHeld held;   // nothing may reach the new thread before it has a mask of its own
        error = ::pthread_create(&thread, &attributes, run_host_thread, &start);
    }
    ::pthread_attr_destroy(&attributes);
    if (error != 0) return -EAGAIN;
    start.has_begun.acquire();
    int tid = child->tid;
    tasks_.push_back(std::move(child));
    if (Observer* observer = process_.observer()) observer->thread_started(current());
    host::set_attention(host::reconfigure);   // the engine has to be interruptible now
    return tid;
}

// --- the end

/// Gives up the turn until one of the changes after `seen`.
void Threads::await_change(Task& task, u32 seen) {
    lock_.release();
    changes_.wait(seen);
    take_turn(task);
}

bool Threads::retire(Task& task) {
    bool is_leader = &task == &leader();
    if (Observer* observer = process_.observer()) observer->thread_ended(task);
    end_thread(task);
    last_exit_code_ = task.exit_code;
    if (is_leader) {
        // What is left of it sees the others end, and takes over a new program.
        while (several() && !process_.has_next_program()) await_change(task, changes_);
        task.ending = false;
        if (!process_.has_next_program()) process_.exit({.code = last_exit_code_});
        else host::begin_thread(task.signals.blocked);
        return true;
    }
    if (loaded_ == &task) loaded_ = nullptr;
    std::erase_if(tasks_, [&](const auto& entry) { return entry.get() == &task; });
    current_ = &leader();
    ++changes_;
    changes_.notify_all();
    if (!several()) host::request(*leader().host, host::reconfigure);
    lock_.release();
    return false;
}

bool Threads::leave_only_leader() {
    Task& caller = current();
    Task& last = leader();
    for (const auto& task : tasks_) {
        if (task.get() == &caller) continue;
        task->ending = task.get() != &last;
        host::wake(*task->host, host::leave_call);
    }
    if (&caller != &last) {
        last.signals.blocked = caller.signals.blocked;
        caller.ending = true;
        ++changes_;
        changes_.notify_all();
        return false;
    }
    while (several()) await_change(last, changes_);
    host::clear_attention(host::leave_call);
    host::begin_thread(last.signals.blocked);
    return true;
}

void Threads::after_fork() {
    Task& task = current();
    std::erase_if(tasks_, [&](const auto& entry) { return entry.get() != &task; });
    task.tid = ::gettid();
    task.host = &host::this_thread();
    lock_.reset_after_fork();
    host::clear_attention(host::turn_over);   // whoever wanted it is not here
    host::begin_thread(task.signals.blocked);
}

}  // namespace postern::kernel
