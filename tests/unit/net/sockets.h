/* sockets: connected ends for tests, over loopback. What a test waits for is asked of poll(), with
 * a limit that only a hanging test reaches. */
#ifndef SLUICE_TESTS_SOCKETS_H
#define SLUICE_TESTS_SOCKETS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/addr.h"

#define WAIT_MS 20000

static inline struct addr addr_of(const char *text)
{
    struct addr addr;
    struct err err;
    assert_int_equal(addr_parse(text, &addr, &err), 0);
    return addr;
}

/* Where the socket is bound. */
static inline struct addr addr_bound(int fd)
{
    struct addr addr = {.len = sizeof addr.u};
    assert_int_equal(getsockname(fd, &addr.u.sa, &addr.len), 0);
    return addr;
}

static inline int option_of(int fd, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof value;
    assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
    return value;
}

static inline void wait_for(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    assert_int_equal(poll(&p, 1, WAIT_MS), 1);
}

/* A loopback address that nobody else gets while the descriptor is open, but sock_listen() does:
 * the kernel lets two sockets with SO_REUSEADDR have one port, as long as none of them listens. */
static inline int reserve(struct addr *ret_addr)
{
    struct addr any = addr_of("127.0.0.1:0");
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    assert_int_equal(bind(fd, &any.u.sa, any.len), 0);
    *ret_addr = addr_bound(fd);
    return fd;
}

/* A blocking socket that is connected; may still wait in the listener's queue. */
static inline int client_of(const struct addr *addr)
{
    const struct timeval limit = {.tv_sec = WAIT_MS / 1000};
    int fd = socket(addr->u.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    assert_int_equal(connect(fd, &addr->u.sa, addr->len), 0);
    return fd;
}

/* Two ends of a TCP connection: ours does not block, the peer's does. */
static inline void tcp_pair(int *ret_ours, int *ret_peer)
{
    struct addr any = addr_of("127.0.0.1:0");
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(listener >= 0);
    assert_int_equal(bind(listener, &any.u.sa, any.len), 0);
    assert_int_equal(listen(listener, 1), 0);
    struct addr bound = addr_bound(listener);
    *ret_peer = client_of(&bound);
    *ret_ours = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    assert_true(*ret_ours >= 0);
    close(listener);
}

/* The same as a pair of UNIX sockets, over which bytes arrive before send() returns. */
static inline void unix_pair(int *ret_ours, int *ret_peer)
{
    const struct timeval limit = {.tv_sec = WAIT_MS / 1000};
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(setsockopt(fds[1], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    *ret_ours = fds[0];
    *ret_peer = fds[1];
}

static inline void reset(int fd)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    close(fd);
}

/* The number of the next descriptor: a test that gave all back finds it unchanged. */
static inline int file_next(void)
{
    int fd = dup(STDERR_FILENO);
    close(fd);
    return fd;
}

/* From now on there are no descriptors to be had, or as many as before. */
static inline void forbid_files(bool forbidden)
{
    static rlim_t before;
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (forbidden)
        before = limit.rlim_cur;
    limit.rlim_cur = forbidden ? 0 : before;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

#endif
