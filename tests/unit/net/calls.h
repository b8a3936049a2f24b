/* calls: counts a program's send(), recv(), accept4() and shutdown(), and lets a test say what the
 * next ones do. The linker puts these functions between sluice and the system: link with
 * $(SCRIPTED_CALLS). */
#ifndef SLUICE_TESTS_CALLS_H
#define SLUICE_TESTS_CALLS_H

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

ssize_t __real_send(int fd, const void *buf, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags);
ssize_t __real_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
int __real_accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags);
int __wrap_accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags);
int __real_shutdown(int fd, int how);
int __wrap_shutdown(int fd, int how);

#define CALL_PASS 0 /* to the system, as if nobody stood between */
#define CALL_FAIL(e)                                                                               \
    (-(e)) /* with this errno; a number > 0: pass, but no more than so many bytes */
#define CALL_STEPS_MAX 16

struct calls {
    unsigned n;                /* calls so far */
    int steps[CALL_STEPS_MAX]; /* of the next ones; behind them all pass */
    unsigned n_steps, at;
};

static struct {
    struct calls send, recv, accept4, shutdown;
    int send_flags; /* of the last one */
} calls;

static inline void calls_reset(void)
{
    memset(&calls, 0, sizeof calls);
}

/* What the next call does, behind those that were planned before. */
static inline void call_plan(struct calls *c, int step)
{
    c->steps[c->n_steps++] = step;
}

static inline int call_step(struct calls *c)
{
    c->n++;
    return c->at < c->n_steps ? c->steps[c->at++] : CALL_PASS;
}

static inline size_t call_limit(int step, size_t len)
{
    return step > 0 && (size_t)step < len ? (size_t)step : len;
}

ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags)
{
    int step = call_step(&calls.send);
    calls.send_flags = flags;
    if (step >= 0)
        return __real_send(fd, buf, call_limit(step, len), flags);
    errno = -step;
    return -1;
}

ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags)
{
    int step = call_step(&calls.recv);
    if (step >= 0)
        return __real_recv(fd, buf, call_limit(step, len), flags);
    errno = -step;
    return -1;
}

int __wrap_accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags)
{
    int step = call_step(&calls.accept4);
    if (step >= 0)
        return __real_accept4(fd, sa, len, flags);
    errno = -step;
    return -1;
}

int __wrap_shutdown(int fd, int how)
{
    int step = call_step(&calls.shutdown);
    if (step >= 0)
        return __real_shutdown(fd, how);
    errno = -step;
    return -1;
}

#endif
