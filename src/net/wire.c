#include "net/wire.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "base/sys.h"
#include "net/sock.h"

/* From this size on a piece is sent at once: copying it would gain nothing (docs/decisions). */
#define GATHER_BELOW (8u * 1024u)

static bool would_block(int e)
{
    return e == EAGAIN || e == EWOULDBLOCK;
}

/* What waits can reach nobody any more, and nobody need wait for it. */
static void drop_waiting(struct conn *c)
{
    chunk_queue_clear(&c->io->chunks, &c->out);
    c->stalled_since = 0;
}

static enum io_result broken(struct conn *c, int os_errno, const char *doing, struct err *ret_err)
{
    c->broken = os_errno;
    drop_waiting(c);
    err_set_errno(ret_err, os_errno, "%s", doing);
    return IO_ERROR;
}

enum io_result wire_recv(struct conn *c, void *buf, size_t cap, size_t *ret_n, struct err *ret_err)
{
    if (c->broken)
        return broken(c, c->broken, "reading", ret_err);
    if (c->wire_eof)
        return IO_EOF;
    if (!c->readable)
        return IO_WANT_READ;
    ssize_t n;
    do
        n = sys_recv(c->fd, buf, cap, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0 && would_block(errno)) {
        c->readable = false;
        return IO_WANT_READ;
    }
    if (n < 0)
        return broken(c, errno, "reading", ret_err);
    if (n == 0) {
        c->wire_eof = true;
        return IO_EOF;
    }
    /* Less than asked for: the socket is empty, and level-triggered events tell of more, so a
     * second call is wasted. */
    if ((size_t)n < cap)
        c->readable = false;
    c->received += (size_t)n;
    *ret_n = (size_t)n;
    return IO_DONE;
}

/* EPIPE instead of ECONNRESET: the peer's FIN came before its RST (the kernel tells them apart,
 * tcp_reset()), so what it sent is all there. */
static enum io_result deaf(struct conn *c, struct err *ret_err)
{
    c->deaf = true;
    drop_waiting(c);
    err_set_errno(ret_err, EPIPE, "writing");
    return IO_ERROR;
}

/* MSG_MORE: the kernel may hold a segment that is not full for what comes next. FIN comes next when
 * the conn is finishing, and they share one. */
static int send_flags(struct conn *c)
{
    bool more = c->finishing || c->held;
    c->held = false;
    return more ? MSG_MORE : 0;
}

/* Sends from memory until all is out or the socket is full. */
static enum io_result send_now(
    struct conn *c, const unsigned char *p, size_t n, size_t *ret_sent, struct err *ret_err)
{
    size_t sent = 0;
    if (c->broken)
        return broken(c, c->broken, "writing", ret_err);
    if (c->deaf)
        return deaf(c, ret_err);
    const int flags = send_flags(c);
    while (sent < n) {
        ssize_t k = sys_send(c->fd, p + sent, n - sent, flags);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0 && would_block(errno))
            break;
        if (k < 0 && errno == EPIPE)
            return deaf(c, ret_err);
        if (k < 0)
            return broken(c, errno, "writing", ret_err);
        sent += (size_t)k;
    }
    c->sent += sent;
    *ret_sent = sent;
    return IO_DONE;
}

static enum io_result queue_rest(
    struct conn *c, const unsigned char *p, size_t n, struct err *ret_err)
{
    if (!n)
        return IO_DONE;
    if (!chunk_queue_append(&c->io->chunks, &c->out, p, n)) {
        c->broken = ENOMEM; /* bytes are lost: nothing may follow them */
        err_set(
            ret_err, ERR_MEMORY, "no room for bytes that wait: memory or memory-limit is used up");
        return IO_ERROR;
    }
    if (!c->stalled_since)
        c->stalled_since = c->io->now;
    return IO_DONE;
}

enum io_result wire_send(struct conn *c, const void *bytes, size_t n, struct err *ret_err)
{
    size_t sent = 0;
    if (!c->out.bytes && send_now(c, bytes, n, &sent, ret_err) == IO_ERROR)
        return IO_ERROR;
    return queue_rest(c, (const unsigned char *)bytes + sent, n - sent, ret_err);
}

static enum io_result gather_empty(struct conn *c, struct err *ret_err)
{
    struct io *io = c->io;
    if (io->gather_owner != c)
        return IO_DONE;
    io->gather_owner = NULL;
    return wire_send(c, io->gather, io->gather_n, ret_err);
}

enum io_result wire_gather(struct conn *c, const void *bytes, size_t n, struct err *ret_err)
{
    struct io *io = c->io;
    if (c->out.bytes) /* order: what waits goes first */
        return queue_rest(c, bytes, n, ret_err);
    if (io->gather_owner && io->gather_owner != c) {
        /* Both ends of a session can have bytes here within one callback; the other's go out first.
         * It remembers a failure in `broken`. */
        struct err ignored;
        (void)gather_empty(io->gather_owner, &ignored);
    }
    unsigned have = io->gather_owner == c ? io->gather_n : 0;
    if (n >= GATHER_BELOW || have + n > IO_GATHER) {
        if (gather_empty(c, ret_err) == IO_ERROR)
            return IO_ERROR;
        if (n >= GATHER_BELOW)
            return wire_send(c, bytes, n, ret_err);
        have = 0;
        if (c->out.bytes)
            return queue_rest(c, bytes, n, ret_err);
    }
    memcpy(io->gather + have, bytes, n);
    io->gather_owner = c;
    io->gather_n = have + (unsigned)n;
    return IO_DONE;
}

void wire_hold(struct conn *c)
{
    c->held = c->io->gather_owner == c;
}

static enum io_result send_fin(struct conn *c, struct err *ret_err)
{
    if (c->broken) /* bytes were lost: a clean end would hide it (P3) */
        return broken(c, c->broken, "ending the stream", ret_err);
    /* ENOTCONN: the peer's RST was faster; the next read tells. */
    if (sys_shutdown(c->fd, SHUT_WR) < 0 && errno != ENOTCONN) {
        err_set_errno(ret_err, errno, "ending the stream");
        return IO_ERROR;
    }
    c->finished = true;
    return IO_DONE;
}

enum io_result wire_flush(struct conn *c, struct err *ret_err)
{
    if (gather_empty(c, ret_err) == IO_ERROR)
        return IO_ERROR;
    const unsigned char *p;
    size_t n;
    while ((n = chunk_queue_peek(&c->out, &p))) {
        size_t sent;
        if (send_now(c, p, n, &sent, ret_err) == IO_ERROR)
            return IO_ERROR;
        if (sent)
            c->stalled_since = c->io->now;
        chunk_queue_consume(&c->io->chunks, &c->out, sent);
        if (sent < n)
            return IO_WANT_WRITE;
    }
    c->stalled_since = 0;
    if (c->finishing && !c->finished)
        return send_fin(c, ret_err);
    return IO_DONE;
}

bool wire_park(struct conn *c)
{
    struct io *io = c->io;
    if (io->rx_owner != c)
        return true;
    io->rx_owner = NULL;
    return chunk_queue_append(
        &io->chunks, &c->in, io->rx + io->rx_begin, io->rx_end - io->rx_begin);
}

void wire_close(struct conn *c, enum conn_end end)
{
    struct io *io = c->io;
    if (io->rx_owner == c)
        io->rx_owner = NULL;
    if (io->gather_owner == c)
        io->gather_owner = NULL;
    chunk_queue_clear(&io->chunks, &c->out);
    chunk_queue_clear(&io->chunks, &c->in);
    if (c->fd < 0)
        return;
    watch_io_set(io->loop, &c->watch, 0);
    if (end == CONN_CLOSE)
        sys_close(c->fd);
    else
        sock_reset(c->fd);
    c->fd = -1;
}
