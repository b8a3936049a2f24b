#include "net/conn.h"

#include "base/sys.h"

void io_init(struct io *io, struct loop *loop)
{
    io->loop = loop;
    io->now = 0;
    io->rx_owner = io->gather_owner = NULL;
    io->rx_begin = io->rx_end = io->gather_n = 0;
    chunk_pool_init(&io->chunks);
}

void io_fini(struct io *io)
{
    chunk_pool_fini(&io->chunks);
}

void conn_open(struct conn *c, struct io *io, int fd, const struct transport_ops *transport,
    void (*on_ready)(void *owner, unsigned events), void *owner)
{
    *c = (struct conn){.fd = fd, .transport = transport, .io = io};
    watch_io_init(&c->watch, fd, on_ready, owner);
}

bool conn_is_open(const struct conn *c)
{
    return c->transport != NULL;
}

enum io_result conn_handshake(struct conn *c, struct err *ret_err)
{
    return c->transport->handshake(c, ret_err);
}

enum io_result conn_read(struct conn *c, void *buf, size_t cap, size_t *ret_n, struct err *ret_err)
{
    enum io_result r = c->transport->read(c, buf, cap, ret_n, ret_err);
    c->wants_write = r == IO_WANT_WRITE;
    if (r == IO_EOF)
        c->eof = true;
    return r;
}

enum io_result conn_write(struct conn *c, const void *bytes, size_t n, struct err *ret_err)
{
    return c->transport->write(c, bytes, n, ret_err);
}

enum io_result conn_finish(struct conn *c, struct err *ret_err)
{
    enum io_result r = c->transport->finish(c, ret_err);
    if (r == IO_DONE)
        c->finishing = true;
    return r;
}

enum io_result conn_flush(struct conn *c, struct err *ret_err)
{
    return c->transport->flush(c, ret_err);
}

enum io_result conn_park(struct conn *c, struct err *ret_err)
{
    if (c->transport->park(c))
        return IO_DONE;
    err_set(ret_err, ERR_MEMORY, "no room for bytes that wait: memory or memory-limit is used up");
    return IO_ERROR;
}

bool conn_is_blocked(const struct conn *c)
{
    return c->out.bytes > 0;
}

bool conn_has_buffered(const struct conn *c)
{
    return c->transport->has_buffered(c);
}

bool conn_is_held(const struct conn *c)
{
    return sys_unsent(c->fd) > 0;
}

/* Of what was sent, the peer's machine has so much; our kernel holds the rest. */
static uint64_t taken_by_peer(const struct conn *c, size_t *ret_held)
{
    *ret_held = sys_unsent(c->fd);
    return *ret_held < c->sent ? c->sent - *ret_held : 0; /* FIN counts as a byte there */
}

void conn_mark_taken(struct conn *c)
{
    size_t held;
    if (conn_is_open(c))
        c->taken = taken_by_peer(c, &held);
}

bool conn_drains(struct conn *c)
{
    if (!conn_is_open(c))
        return false;
    size_t held;
    uint64_t taken = taken_by_peer(c, &held);
    bool drains = (held || c->left) && taken > c->taken;
    c->taken = taken;
    c->left = held > 0;
    if (drains && c->stalled_since)
        c->stalled_since = c->io->now;
    return drains;
}

void conn_want(struct conn *c, bool reading)
{
    if (c->fd < 0)
        return;
    unsigned events = conn_is_blocked(c) ? WATCH_WRITE : 0;
    /* A transport that must write before it can read takes no bytes: being told of them would be a
     * busy loop. */
    if (reading)
        events |= c->wants_write ? WATCH_WRITE : WATCH_READ;
    watch_io_set(c->io->loop, &c->watch, events);
}

void conn_again(struct conn *c)
{
    if (c->fd >= 0)
        watch_io_feed(c->io->loop, &c->watch, WATCH_READ);
}

void conn_close(struct conn *c, enum conn_end end)
{
    if (!c->transport)
        return;
    c->transport->close(c, end);
    c->transport = NULL;
}
