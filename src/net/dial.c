#include "net/dial.h"

#include "base/sys.h"
#include "net/sock.h"

void dialer_init(struct dialer *d, struct io *io, void (*on_wake)(void *), void *owner)
{
    *d = (struct dialer){.fd = -1, .io = io, .on_wake = on_wake, .owner = owner};
}

static void on_ready(void *owner, unsigned events)
{
    struct dialer *d = owner;
    d->ready = true;
    d->unwatched = (events & WATCH_ERROR) != 0;
    d->on_wake(d->owner);
}

static void dial_cancel(struct dialer *d)
{
    if (d->fd < 0)
        return;
    watch_io_set(d->io->loop, &d->watch, 0);
    sys_close(d->fd);
    d->fd = -1;
}

static enum dial_result not_watched(struct dialer *d, struct err *ret_err)
{
    err_set(ret_err, ERR_LOCAL, "the system does not watch the connection: no memory or watches");
    dial_cancel(d);
    return DIAL_FAILED;
}

static enum dial_result dial_start(
    struct dialer *d, const struct addr *addr, const struct addr *source, struct err *ret_err)
{
    bool connected;
    d->ready = d->unwatched = false;
    d->fd = sock_dial(addr, source, &connected, ret_err);
    if (d->fd < 0)
        return DIAL_FAILED;
    watch_io_init(&d->watch, d->fd, on_ready, d);
    if (connected)
        return DIAL_DONE;
    watch_io_set(d->io->loop, &d->watch, WATCH_WRITE);
    return DIAL_WAIT;
}

static enum dial_result dial_poll(struct dialer *d, struct err *ret_err)
{
    if (!d->ready) /* a socket that is still on its way has no error either */
        return DIAL_WAIT;
    if (d->unwatched)
        return not_watched(d, ret_err);
    int error = sock_connect_result(d->fd);
    if (!error)
        return DIAL_DONE;
    if (error == EINPROGRESS)
        return DIAL_WAIT;
    err_set_errno(ret_err, error, "connecting");
    dial_cancel(d);
    return DIAL_FAILED;
}

static enum dial_result dial_listen(struct dialer *d, struct err *ret_err)
{
    char byte;
    if (d->unwatched)
        return not_watched(d, ret_err);
    ssize_t n = sys_recv(d->fd, &byte, 1, MSG_PEEK);
    if (n >= 0)
        return DIAL_DONE; /* its first byte, or a clean end: both are for the relay */
    if (errno == EAGAIN || errno == EINTR) {
        watch_io_set(d->io->loop, &d->watch, WATCH_READ);
        return DIAL_WAIT;
    }
    err_set_errno(ret_err, errno, "just connected");
    dial_cancel(d);
    return DIAL_FAILED;
}

static void dial_take(
    struct dialer *d, struct conn *c, void (*on_conn_ready)(void *, unsigned), void *owner)
{
    watch_io_set(d->io->loop, &d->watch, 0);
    conn_open(c, d->io, d->fd, &transport_plain, on_conn_ready, owner);
    d->fd = -1;
}

const struct dial_ops dial_system = {
    .start = dial_start,
    .result = dial_poll,
    .listen = dial_listen,
    .take = dial_take,
    .cancel = dial_cancel,
};
