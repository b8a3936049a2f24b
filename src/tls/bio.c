#include "tls/bio.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include "net/wire.h"

/* OpenSSL may answer by itself while our own bytes still wait (KeyUpdate): beyond this a peer that
 * asks and never reads has to wait. */
#define OUT_MAX (2u * IO_PIECE)

/* So many bytes of records that carry no data (KeyUpdate, padding, nothing at all) are no use that
 * anybody makes of TLS, and each costs more than it weighs (F9). */
#define BARREN_MAX (64u * 1024u)

static int from_queue(struct conn *c, char *buf, size_t len)
{
    const unsigned char *p;
    size_t have = chunk_queue_peek(&c->in, &p);
    size_t n = have < len ? have : len;
    memcpy(buf, p, n);
    chunk_queue_consume(&c->io->chunks, &c->in, n);
    return (int)n;
}

static int from_scratch(struct io *io, char *buf, size_t len)
{
    size_t have = io->rx_end - io->rx_begin;
    size_t n = have < len ? have : len;
    memcpy(buf, io->rx + io->rx_begin, n);
    io->rx_begin += (unsigned)n;
    if (io->rx_begin == io->rx_end)
        io->rx_owner = NULL;
    return (int)n;
}

bool tls_bio_is_barren(const struct conn *c)
{
    return c->barren > BARREN_MAX;
}

static int bio_read(BIO *b, char *buf, int len)
{
    struct conn *c = BIO_get_data(b);
    struct io *io = c->io;
    BIO_clear_retry_flags(b);
    if (len <= 0)
        return 0;
    if (c->in.bytes)
        return from_queue(c, buf, (size_t)len);
    if (io->rx_owner == c)
        return from_scratch(io, buf, (size_t)len);
    assert(!io->rx_owner);
    if (tls_bio_is_barren(c))
        return -1;
    size_t n;
    struct err ignored; /* kept in c->broken */
    switch (wire_recv(c, io->rx, sizeof io->rx, &n, &ignored)) {
    case IO_DONE:
        io->rx_owner = c;
        io->rx_begin = 0;
        io->rx_end = (unsigned)n;
        c->barren += n;
        return from_scratch(io, buf, (size_t)len);
    case IO_WANT_READ:
        BIO_set_retry_read(b);
        return -1;
    case IO_EOF:
        return 0;
    case IO_WANT_WRITE:
    case IO_ERROR:
        break;
    }
    return -1;
}

static int bio_write(BIO *b, const char *bytes, int len)
{
    struct conn *c = BIO_get_data(b);
    BIO_clear_retry_flags(b);
    if (len <= 0)
        return 0;
    /* Behind our close_notify nothing may follow, not even the answer to a KeyUpdate. */
    if (c->finishing)
        return len;
    if (c->out.bytes > OUT_MAX) {
        BIO_set_retry_write(b);
        return -1;
    }
    struct err ignored; /* kept in c->broken */
    return wire_gather(c, bytes, (size_t)len, &ignored) == IO_DONE ? len : -1;
}

static long bio_ctrl(BIO *b, int cmd, long num, void *ptr)
{
    (void)num;
    (void)ptr;
    const struct conn *c = BIO_get_data(b);
    switch (cmd) {
    case BIO_CTRL_FLUSH: /* the session flushes at the end of its turn */
    case BIO_CTRL_DUP:
        return 1;
    case BIO_CTRL_EOF:
        return c->wire_eof;
    default:
        return 0;
    }
}

static int bio_create(BIO *b)
{
    BIO_set_init(b, 1);
    return 1;
}

BIO_METHOD *tls_bio_method_new(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "sluice conn");
    if (!m)
        return NULL;
    if (!BIO_meth_set_read(m, bio_read) || !BIO_meth_set_write(m, bio_write) ||
        !BIO_meth_set_ctrl(m, bio_ctrl) || !BIO_meth_set_create(m, bio_create)) {
        BIO_meth_free(m);
        return NULL;
    }
    return m;
}

BIO *tls_bio_new(const BIO_METHOD *method, struct conn *c)
{
    BIO *b = BIO_new(method);
    if (b)
        BIO_set_data(b, c);
    return b;
}
