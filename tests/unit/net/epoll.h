/* epoll: the calls by which libev makes the system watch, so that a test may count them and let
 * the next ones fail. */
#ifndef SLUICE_TESTS_EPOLL_H
#define SLUICE_TESTS_EPOLL_H

#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
    unsigned n_ctl, n_create; /* so many of the next fail */
} epoll_failures;

static unsigned epoll_ctl_calls;

int epoll_ctl(int epoll, int op, int fd, struct epoll_event *event)
{
    epoll_ctl_calls++;
    if (!epoll_failures.n_ctl)
        return (int)syscall(SYS_epoll_ctl, epoll, op, fd, event);
    epoll_failures.n_ctl--;
    errno = ENOSPC;
    return -1;
}

int epoll_create1(int flags)
{
    if (!epoll_failures.n_create)
        return (int)syscall(SYS_epoll_create1, flags);
    epoll_failures.n_create--;
    errno = EMFILE;
    return -1;
}

#endif
