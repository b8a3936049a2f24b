/* sys_libev: what libev asks of the system by itself, made to fail as planned. Part of the program
 * in a build with SLUICE_FAULTS: the dynamic linker finds these before the C library's. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sys_fault.h"

int epoll_create1(int flags)
{
    int planned = sys_fault(SYS_FAULT_epoll_create1);
    if (!planned)
        return (int)syscall(SYS_epoll_create1, flags);
    errno = planned;
    return -1;
}

int epoll_ctl(int epoll, int op, int fd, struct epoll_event *event)
{
    int planned = sys_fault(SYS_FAULT_epoll_ctl);
    if (!planned)
        return (int)syscall(SYS_epoll_ctl, epoll, op, fd, event);
    errno = planned;
    return -1;
}
