/* transport_tls: records through OpenSSL over the conn's BIO. */
#include <errno.h>
#include <openssl/ssl.h>
#include <string.h>

#include "net/wire.h"
#include "tls/accept.h"
#include "tls/bio.h"
#include "tls/tls_error.h"

/* The longest plain text of one record (RFC 8446 section 5.1). A read buffer with this much room
 * leaves nothing behind in OpenSSL. */
#define RECORD_MAX 16384u

/* What a failed SSL call means. The socket's own state comes first: it knows better than OpenSSL's
 * queue. */
static enum io_result failure(struct conn *c, int result, const char *what, struct err *ret_err)
{
    enum io_result r = IO_ERROR;
    switch (SSL_get_error(c->tls, result)) {
    case SSL_ERROR_WANT_READ:
        r = IO_WANT_READ;
        break;
    case SSL_ERROR_WANT_WRITE:
        r = IO_WANT_WRITE;
        break;
    case SSL_ERROR_ZERO_RETURN: /* after a close_notify also what a broken socket looks like */
        r = IO_EOF;
        break;
    default:
        break;
    }
    if (r != IO_ERROR && !c->broken)
        return r;
    tls_error_take(ret_err, what); /* also empties the queue (F15) */
    if (c->broken)
        err_set_errno(ret_err, c->broken, "%s", what);
    else if (c->wire_eof)
        err_set(ret_err, ERR_TRUNCATED, "%s: the connection ended without close_notify", what);
    else if (tls_bio_is_barren(c))
        err_set(ret_err, ERR_TLS, "%s: nothing but records without data", what);
    return IO_ERROR;
}

static enum io_result tls_handshake(struct conn *c, struct err *ret_err)
{
    tls_error_clear();
    int r = SSL_do_handshake(c->tls);
    if (r == 1) {
        /* TLS 1.3's server ends with a ticket, which nobody waits for; TLS 1.2's with Finished. */
        if (SSL_version(c->tls) >= TLS1_3_VERSION)
            wire_hold(c);
        return IO_DONE;
    }
    enum io_result result = failure(c, r, "TLS handshake", ret_err);
    if (result != IO_EOF)
        return result;
    err_set(ret_err, ERR_TRUNCATED, "TLS handshake: the client gave up");
    return IO_ERROR;
}

/* Fills buf from as many records as are there, so that small records share one write to the other
 * side. An end behind them is found by the next call, which tls_has_buffered() asks for. */
static enum io_result tls_read(
    struct conn *c, void *buf, size_t cap, size_t *ret_n, struct err *ret_err)
{
    size_t have = 0;
    do {
        size_t n;
        tls_error_clear();
        int r = SSL_read_ex(c->tls, (unsigned char *)buf + have, cap - have, &n);
        if (r != 1) {
            enum io_result why = failure(c, r, "reading TLS", ret_err);
            if (why == IO_ERROR || !have)
                return why;
            break;
        }
        have += n;
        c->barren = 0;
    } while (cap - have >= RECORD_MAX);
    *ret_n = have;
    return IO_DONE;
}

static enum io_result tls_write(struct conn *c, const void *bytes, size_t n, struct err *ret_err)
{
    const unsigned char *p = bytes;
    while (n) {
        size_t piece = n < RECORD_MAX ? n : RECORD_MAX;
        size_t done;
        tls_error_clear();
        int r = SSL_write_ex(c->tls, p, piece, &done);
        if (r != 1) {
            /* The BIO takes whatever one write makes, so waiting is not among the answers. */
            enum io_result why = failure(c, r, "writing TLS", ret_err);
            if (c->deaf)
                err_set_errno(ret_err, EPIPE, "writing TLS");
            else if (why != IO_ERROR)
                err_set(ret_err, ERR_TLS, "writing TLS: not possible now");
            return IO_ERROR;
        }
        p += done;
        n -= done;
    }
    return IO_DONE;
}

static enum io_result tls_finish(struct conn *c, struct err *ret_err)
{
    tls_error_clear();
    int r = SSL_shutdown(
        c->tls); /* sends close_notify; 0: the peer's has not come yet, which is its own affair */
    if (r >= 0)
        return IO_DONE;
    failure(c, r, "ending TLS", ret_err);
    return IO_ERROR;
}

static bool tls_has_buffered(const struct conn *c)
{
    bool has_ended = SSL_get_shutdown(c->tls) & SSL_RECEIVED_SHUTDOWN;
    return c->in.bytes || c->io->rx_owner == c || SSL_pending(c->tls) > 0 || has_ended;
}

/* Tells the peer that the end is a failure of ours, at any time in the connection's life. OpenSSL
 * has no call for that; but a read that finds no BIO to read from is an internal error, and it
 * sends the alert of that name by itself (RFC 8446 section 6.2). Behind bytes that wait, or our own
 * close_notify, it would be in vain. */
static void send_internal_error(struct conn *c)
{
    SSL *ssl = c->tls;
    struct err ignored;
    if (c->broken || c->out.bytes || c->finishing)
        return;
    SSL_set0_rbio(ssl, NULL);
    /* After the peer's close_notify OpenSSL would not even try to read. From 3.2 on it finds that
     * same close_notify again in TLS 1.3, and there is no alert. */
    SSL_set_shutdown(ssl, 0);
    size_t n;
    while (SSL_read_ex(ssl, c->io->piece, sizeof c->io->piece, &n) == 1)
        ; /* what it had decrypted already: one record at most */
    (void)wire_flush(c, &ignored);
}

static void tls_close(struct conn *c, enum conn_end end)
{
    if (end == CONN_ABORT)
        send_internal_error(c);
    SSL_free(c->tls);
    c->tls = NULL;
    tls_error_clear();
    wire_close(c, end);
}

static const struct transport_ops transport_tls = {
    .name = "tls",
    .handshake = tls_handshake,
    .read = tls_read,
    .write = tls_write,
    .finish = tls_finish,
    .flush = wire_flush,
    .park = wire_park,
    .has_buffered = tls_has_buffered,
    .close = tls_close,
};

int tls_accept(struct conn *c, struct tls_context *context, struct err *ret_err)
{
    tls_error_clear();
    SSL *ssl = SSL_new(context->ssl_ctx);
    BIO *bio = ssl ? tls_bio_new(context->thread->bio_method, c) : NULL;
    if (!bio) {
        tls_error_take(ret_err, "making a TLS connection");
        SSL_free(ssl);
        return -1;
    }
    SSL_set_bio(ssl, bio, bio);
    SSL_set_accept_state(ssl);
    c->tls = ssl;
    c->transport = &transport_tls;
    return 0;
}

void tls_info_get(const struct conn *c, struct tls_info *ret_info)
{
    *ret_info = (struct tls_info){0};
    if (c->transport != &transport_tls)
        return;
    const SSL *ssl = c->tls;
    const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
    ret_info->sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (!cipher)
        return;
    ret_info->version = SSL_get_version(ssl);
    ret_info->cipher = SSL_CIPHER_standard_name(cipher);
    ret_info->resumed = SSL_session_reused(ssl);
}
