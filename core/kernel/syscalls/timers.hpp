// Timers: alarm, interval timers, POSIX timers, timers as files. Rows are in time.cc.
#pragma once

#include "kernel/syscall.hpp"

namespace postern::kernel {

SysResult sys_alarm(Task& task, unsigned seconds);
SysResult sys_getitimer(Task& task, int which, GuestAddr value);
SysResult sys_setitimer(Task& task, int which, GuestAddr value, GuestAddr old);

SysResult sys_timer_create(Task& task, int clock, GuestAddr event, GuestAddr id);
SysResult sys_timer_settime(Task& task, int timer, int flags, GuestAddr value, GuestAddr old);
SysResult sys_timer_settime32(Task& task, int timer, int flags, GuestAddr value, GuestAddr old);
SysResult sys_timer_gettime(Task& task, int timer, GuestAddr value);
SysResult sys_timer_gettime32(Task& task, int timer, GuestAddr value);
SysResult sys_timer_getoverrun(Task& task, int timer);
SysResult sys_timer_delete(Task& task, int timer);

SysResult sys_timerfd_create(Task& task, int clock, int flags);
SysResult sys_timerfd_settime(Task& task, int fd, int flags, GuestAddr value, GuestAddr old);
SysResult sys_timerfd_settime32(Task& task, int fd, int flags, GuestAddr value, GuestAddr old);
SysResult sys_timerfd_gettime(Task& task, int fd, GuestAddr value);
SysResult sys_timerfd_gettime32(Task& task, int fd, GuestAddr value);

}  // namespace postern::kernel
