/* sys: system calls that may fail, behind one door, so that a test build can plan their failures.
 *
 * In a release each sys_x() is the call itself. With SLUICE_FAULTS defined it first asks
 * sys_fault(), which counts the calls of each kind and says when this one is to fail and with which
 * errno (see base/sys_fault.h). Same results and errno as the plain calls, but: sys_thread_create()
 * returns -1 with errno. EINTR is the caller's business where it can occur. Any thread.
 *
 * No doors: what cannot fail in service (clocks, getrlimit(), sched_getaffinity(), an eventfd's
 * bytes), what changes nothing when it fails (close(), unlink(), chmod() and fchown() of our own
 * sockets, raising a limit), and what the C library does inside of getpwnam(), glob(),
 * getaddrinfo() and stdio. epoll's calls are libev's: see base/sys_libev.c. */
#ifndef SLUICE_BASE_SYS_H
#define SLUICE_BASE_SYS_H

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/sockios.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef SLUICE_FAULTS
#include "base/sys_fault.h"
#define SYS_MAY_FAIL(name)                                                                         \
    do {                                                                                           \
        int fault_errno_ = sys_fault(SYS_FAULT_##name);                                            \
        if (fault_errno_) {                                                                        \
            errno = fault_errno_;                                                                  \
            return -1;                                                                             \
        }                                                                                          \
    } while (0)
/* Or pass fewer of the `len` bytes than it was asked to. */
#define SYS_MAY_FAIL_OR_BE_SHORT(name, len)                                                        \
    do {                                                                                           \
        int fault_errno_ = sys_fault(SYS_FAULT_##name);                                            \
        if (fault_errno_ == SYS_FAULT_SHORT)                                                       \
            (len) = (len) ? 1 : 0;                                                                 \
        else if (fault_errno_) {                                                                   \
            errno = fault_errno_;                                                                  \
            return -1;                                                                             \
        }                                                                                          \
    } while (0)
#else
#define SYS_MAY_FAIL(name) ((void)0)
#define SYS_MAY_FAIL_OR_BE_SHORT(name, len) ((void)0)
#endif

static inline int sys_socket(int domain, int type, int protocol)
{
    SYS_MAY_FAIL(socket);
    return socket(domain, type, protocol);
}

static inline int sys_bind(int fd, const struct sockaddr *sa, socklen_t len)
{
    SYS_MAY_FAIL(bind);
    return bind(fd, sa, len);
}

static inline int sys_listen(int fd, int backlog)
{
    SYS_MAY_FAIL(listen);
    return listen(fd, backlog);
}

static inline int sys_accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags)
{
    SYS_MAY_FAIL(accept4);
    return accept4(fd, sa, len, flags);
}

static inline int sys_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
    SYS_MAY_FAIL(connect);
    return connect(fd, sa, len);
}

static inline int sys_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    SYS_MAY_FAIL(getsockopt);
    return getsockopt(fd, level, name, value, len);
}

static inline int sys_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    SYS_MAY_FAIL(setsockopt);
    return setsockopt(fd, level, name, value, len);
}

static inline int sys_getsockname(int fd, struct sockaddr *sa, socklen_t *len)
{
    SYS_MAY_FAIL(getsockname);
    return getsockname(fd, sa, len);
}

static inline ssize_t sys_recv(int fd, void *buf, size_t len, int flags)
{
    SYS_MAY_FAIL_OR_BE_SHORT(recv, len);
    return recv(fd, buf, len, flags);
}

static inline ssize_t sys_send(int fd, const void *buf, size_t len, int flags)
{
    SYS_MAY_FAIL_OR_BE_SHORT(send, len);
    return send(fd, buf, len, flags | MSG_NOSIGNAL);
}

static inline ssize_t sys_sendmsg(int fd, const struct msghdr *msg, int flags)
{
    SYS_MAY_FAIL(sendmsg);
    return sendmsg(fd, msg, flags | MSG_NOSIGNAL);
}

static inline int sys_shutdown(int fd, int how)
{
    SYS_MAY_FAIL(shutdown);
    return shutdown(fd, how);
}

static inline int sys_open(const char *path, int flags, mode_t mode)
{
    SYS_MAY_FAIL(open);
    return open(path, flags | O_CLOEXEC, mode);
}

static inline ssize_t sys_read(int fd, void *buf, size_t len)
{
    SYS_MAY_FAIL_OR_BE_SHORT(read, len);
    return read(fd, buf, len);
}

static inline ssize_t sys_write(int fd, const void *buf, size_t len)
{
    SYS_MAY_FAIL_OR_BE_SHORT(write, len);
    return write(fd, buf, len);
}

static inline int sys_fstat(int fd, struct stat *ret_stat)
{
    SYS_MAY_FAIL(fstat);
    return fstat(fd, ret_stat);
}

static inline int sys_fcntl(int fd, int op, int arg)
{
    SYS_MAY_FAIL(fcntl);
    return fcntl(fd, op, arg);
}

static inline int sys_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
    SYS_MAY_FAIL(poll);
    return poll(fds, n, timeout_ms);
}

/* Reading and writing one does not fail: eventfd_read() and eventfd_write() are no doors. */
static inline int sys_eventfd(unsigned initial, int flags)
{
    SYS_MAY_FAIL(eventfd);
    return eventfd(initial, flags);
}

static inline int sys_signalfd(int fd, const sigset_t *set, int flags)
{
    SYS_MAY_FAIL(signalfd);
    return signalfd(fd, set, flags);
}

/* Signals are the main thread's: every other blocks all. */
static inline int sys_thread_create(pthread_t *ret_thread, void *(*run)(void *), void *arg)
{
    sigset_t all, old;
    SYS_MAY_FAIL(thread_create);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old); /* which the new thread inherits */
    int rc = pthread_create(ret_thread, NULL, run, arg);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc) {
        errno = rc;
        return -1;
    }
    return 0;
}

static inline ssize_t sys_getrandom(void *buf, size_t len)
{
    SYS_MAY_FAIL(getrandom);
    return getrandom(buf, len, 0);
}

/* ---- giving up root: a failure must never leave more than was asked for (P6) ---- */

static inline int sys_setgroups(size_t n, const gid_t *groups)
{
    SYS_MAY_FAIL(setgroups);
    return setgroups(n, groups);
}

static inline int sys_setegid(gid_t gid)
{
    SYS_MAY_FAIL(setegid);
    return setegid(gid);
}

static inline int sys_seteuid(uid_t uid)
{
    SYS_MAY_FAIL(seteuid);
    return seteuid(uid);
}

static inline int sys_setresgid(gid_t real, gid_t effective, gid_t saved)
{
    SYS_MAY_FAIL(setresgid);
    return setresgid(real, effective, saved);
}

static inline int sys_setresuid(uid_t real, uid_t effective, uid_t saved)
{
    SYS_MAY_FAIL(setresuid);
    return setresuid(real, effective, saved);
}

static inline int sys_prctl(int option, unsigned long value)
{
    SYS_MAY_FAIL(prctl);
    return prctl(option, value, 0, 0, 0);
}

/* Of the calling thread. */
static inline int sys_capset(cap_user_header_t header, cap_user_data_t data)
{
    SYS_MAY_FAIL(capset);
    return (int)syscall(SYS_capset, header, data);
}

/* ---- */

/* Closing never fails in a way that leaves something to do (Linux releases the descriptor even on
 * EINTR). Takes -1. */
static inline void sys_close(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}

/* Bytes that were sent on a socket and that the peer's machine has not taken; 0 also where the
 * system cannot say. */
static inline size_t sys_unsent(int fd)
{
    int n;
    return ioctl(fd, SIOCOUTQ, &n) == 0 && n > 0 ? (size_t)n : 0;
}

#endif
