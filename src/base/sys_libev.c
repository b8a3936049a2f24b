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

/* Only adding takes memory and one of the user's watches; what is there already is told as such,
 * and libev relies on that. */
int epoll_ctl(int epoll, int op, int fd, struct epoll_event *event)
{
    int rc = (int)syscall(SYS_epoll_ctl, epoll, op, fd, event);
    if (rc < 0 || op != EPOLL_CTL_ADD)
        return rc;
    int planned = sys_fault(SYS_FAULT_epoll_ctl);
    if (!planned)
        return 0;
    (void)syscall(SYS_epoll_ctl, epoll, EPOLL_CTL_DEL, fd, NULL);
    errno = planned;
    return -1;
}
