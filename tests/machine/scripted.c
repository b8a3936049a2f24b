/* scripted: a transport and a dialer that do what the next row says. */
#include "machine_priv.h"

#include <linux/sockios.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_mem.h"
#include "tls/accept.h"

static void fill_err(struct err *ret_err, const struct step *s)
{
    err_set(ret_err, (enum err_code)s->n, "scripted %s", err_code_name((enum err_code)s->n));
}

static bool is_text(const struct step *s, const char *text)
{
    return s->text && strcmp(s->text, text) == 0;
}

/* ---- the scripted transport ---- */

#define PADDING (64u * 1024u)

static enum who who_is(const struct conn *c)
{
    return m.ends[FRONT].conn == c ? FRONT : BACK;
}

static enum io_result answer(struct conn *c, const struct step *s, struct err *ret_err)
{
    if (s->result != IO_ERROR)
        return (enum io_result)s->result;
    m.ends[who_is(c)].broken = true;
    c->deaf = c->deaf || is_text(s, "deaf");
    chunk_queue_clear(&m.io.chunks, &c->out); /* as wire.c */
    c->stalled_since = 0;
    fill_err(ret_err, s);
    return IO_ERROR;
}

/* Both ends receive into the scratch, as TLS would. */
static void use_rx(struct conn *c)
{
    if (m.io.rx_owner && m.io.rx_owner != c)
        fail_msg("%s: %s is read while bytes of the other end are in the scratch", m.test->name,
            who_names[who_is(c)]);
    m.io.rx_owner = c;
}

/* The client's end alone, or the other one would empty it. */
static void use_gather(struct conn *c)
{
    if (who_is(c) == FRONT)
        m.io.gather_owner = c;
}

static unsigned char byte_of(enum who reader, uint64_t n)
{
    return (unsigned char)(n * 7 + n / 251 + (uint64_t)reader);
}

static enum io_result scripted_read(
    struct conn *c, void *buf, size_t cap, size_t *ret_n, struct err *ret_err)
{
    enum who who = who_is(c);
    const struct step *s = called(who, READ);
    struct end *end = &m.ends[who];
    use_rx(c);
    use_gather(c); /* the answer to a KeyUpdate */
    if (s->result == IO_WANT_READ || s->result == IO_WANT_WRITE)
        c->readable = false;
    if (s->result != IO_DONE && s->result != IO_DONE_AND_MORE)
        return answer(c, s, ret_err);
    end->holds_more = s->result == IO_DONE_AND_MORE;
    assert_true((size_t)s->n <= cap);
    for (size_t i = 0; i < (size_t)s->n; i++)
        ((unsigned char *)buf)[i] = byte_of(who, end->n_read++);
    if ((size_t)s->n < cap)
        c->readable = false;
    c->received += (size_t)s->n + (is_text(s, "padded") ? PADDING : 0);
    *ret_n = (size_t)s->n;
    return IO_DONE;
}

static bool queue(struct conn *c, const void *bytes, size_t n)
{
    if (!chunk_queue_append(&m.io.chunks, &c->out, bytes, n))
        return false;
    if (!c->stalled_since)
        c->stalled_since = m.io.now;
    return true;
}

static const char a_flight[4096];

static enum io_result scripted_handshake(struct conn *c, struct err *ret_err)
{
    const struct step *s = called(who_is(c), HANDSHAKE);
    use_rx(c);
    use_gather(c); /* our flight, or an alert */
    if (!c->readable && s->result != IO_WANT_READ)
        fail_msg("%s: the session does not know that bytes may have come before %s", m.test->name,
            row_name(m.at));
    c->readable = false;
    if (s->result == IO_ERROR)
        return answer(c, s, ret_err);
    c->received++;
    m.ends[who_is(c)].is_shaken = s->result == IO_DONE;
    m.ends[who_is(c)].is_resumed = is_text(s, "resumed");
    if (s->n && !queue(c, a_flight, (size_t)s->n)) {
        err_set(ret_err, ERR_MEMORY, "scripted memory");
        return IO_ERROR;
    }
    return answer(c, s, ret_err);
}

static enum io_result scripted_write(
    struct conn *c, const void *bytes, size_t n, struct err *ret_err)
{
    enum who who = who_is(c);
    const struct step *s = called(who, WRITE);
    struct end *end = &m.ends[who];
    if (s->result == IO_ERROR)
        return answer(c, s, ret_err);
    if (n != (size_t)s->n)
        fail_msg("%s: %zu bytes are written instead of %lld before %s", m.test->name, n,
            (long long)s->n, row_name(m.at));
    for (size_t i = 0; i < n; i++)
        assert_int_equal(((const unsigned char *)bytes)[i],
            byte_of(who == FRONT ? BACK : FRONT, end->n_written++));
    assert_int_equal(c->out.bytes, 0); /* only called while nothing waits */
    use_gather(c);
    if (s->result == IO_DONE) {
        c->sent += n;
    } else if (!queue(c, bytes, n)) {
        err_set(ret_err, ERR_MEMORY, "scripted memory");
        return IO_ERROR;
    }
    return IO_DONE;
}

static enum io_result scripted_finish(struct conn *c, struct err *ret_err)
{
    const struct step *s = called(who_is(c), FINISH);
    if (s->result != IO_WANT_WRITE)
        return answer(c, s, ret_err);
    if (queue(c, "!", 1))
        return IO_DONE;
    err_set(ret_err, ERR_MEMORY, "scripted memory");
    return IO_ERROR;
}

static enum io_result scripted_flush(struct conn *c, struct err *ret_err)
{
    enum who who = who_is(c);
    if (m.io.gather_owner == c)
        m.io.gather_owner = NULL;
    if (is_next(who, FLUSH)) {
        const struct step *s = called(who, FLUSH);
        if (s->result == IO_ERROR)
            return answer(c, s, ret_err);
        size_t n = s->result == IO_DONE ? c->out.bytes : (size_t)s->n;
        if (!c->out.bytes)
            fail_msg("%s: nothing waits that could leave before %s", m.test->name, row_name(m.at));
        chunk_queue_consume(&m.io.chunks, &c->out, n);
        c->sent += n;
        if (n)
            c->stalled_since = m.io.now;
    }
    if (c->out.bytes)
        return IO_WANT_WRITE;
    c->stalled_since = 0;
    if (!c->finishing || c->finished || m.ends[who].broken)
        return IO_DONE;
    const struct step *s = called(who, FIN);
    c->finished = s->result == IO_DONE;
    return answer(c, s, ret_err);
}

static bool scripted_park(struct conn *c)
{
    if (m.io.rx_owner == c)
        m.io.rx_owner = NULL;
    return !is_next(who_is(c), PARK) || called(who_is(c), PARK)->result == IO_DONE;
}

static bool scripted_has_buffered(const struct conn *c)
{
    return m.ends[who_is(c)].holds_more;
}

static const char *const end_names[] = {"closed", "reset", "aborted"};

static void scripted_close(struct conn *c, enum conn_end how)
{
    enum who who = who_is(c);
    if (!fake_mem_has_failed() || is_next(who, CLOSE)) {
        const struct step *s = called(who, CLOSE);
        if (s->result != (int)how)
            fail_msg("%s: %s is %s before %s", m.test->name, who_names[who], end_names[how],
                row_name(m.at));
    }
    m.ends[who].is_cut_short = m.io.gather_owner == c;
    if (m.io.rx_owner == c)
        m.io.rx_owner = NULL;
    if (m.io.gather_owner == c)
        m.io.gather_owner = NULL;
    chunk_queue_clear(&m.io.chunks, &c->out);
    watch_io_set(NULL, &c->watch, 0);
    close(c->fd);
    c->fd = -1;
    m.closed_fds++;
}

const struct transport_ops transport_scripted = {
    .name = "scripted",
    .handshake = scripted_handshake,
    .read = scripted_read,
    .write = scripted_write,
    .finish = scripted_finish,
    .flush = scripted_flush,
    .park = scripted_park,
    .has_buffered = scripted_has_buffered,
    .close = scripted_close,
};

int scripted_front_open(struct conn *front, struct tls_context *tls, struct err *ret_err)
{
    (void)tls;
    m.ends[FRONT] = (struct end){.conn = front};
    front->transport = &transport_scripted;
    m.session = CONTAINER_OF(front, struct session, front);
    if (!is_next(FRONT, OPEN))
        return 0;
    fill_err(ret_err, called(FRONT, OPEN));
    return -1;
}

/* tls/accept.h, by the linker's --wrap: what the log tells of a client. */
void __wrap_tls_info_get(const struct conn *c, struct tls_info *ret_info);
void __wrap_tls_info_get(const struct conn *c, struct tls_info *ret_info)
{
    const struct end *end = &m.ends[who_is(c)];
    *ret_info = (struct tls_info){.sni = "example.org"};
    if (!end->is_shaken)
        return;
    ret_info->version = "TLSv1.3";
    ret_info->cipher = "TLS_AES_128_GCM_SHA256";
    ret_info->resumed = end->is_resumed;
}

/* Of all that may be asked of a descriptor: SIOCOUTQ. */
int __wrap_ioctl(int fd, unsigned long request, int *ret_n);
int __wrap_ioctl(int fd, unsigned long request, int *ret_n)
{
    assert_int_equal(request, SIOCOUTQ);
    for (int i = 0; i < 2; i++)
        if (m.ends[i].conn && m.ends[i].conn->fd == fd)
            *ret_n = m.ends[i].held;
    return 0;
}

/* ---- the scripted dialer ---- */

static enum dial_result dial_answer(const struct step *s, struct dialer *d, struct err *ret_err)
{
    m.dialer = s->result == DIAL_FAILED ? NULL : d;
    if (s->result == DIAL_FAILED)
        fill_err(ret_err, s);
    return (enum dial_result)s->result;
}

static const char *server_of(const struct addr *addr)
{
    const struct conf_pool *pool = m.frontend.conf->pool;
    for (size_t i = 0; i < pool->n_servers; i++)
        if (addr_equal(&pool->servers[i].addr, addr))
            return pool->servers[i].name;
    return "?";
}

static enum dial_result scripted_dial(
    struct dialer *d, const struct addr *addr, const struct addr *source, struct err *ret_err)
{
    (void)source;
    assert_null(m.dialer);
    const struct step *s = called(BACK, DIAL);
    m.dials++;
    if (s->text && strcmp(s->text, server_of(addr)) != 0)
        fail_msg("%s: server %s is dialled instead of %s before %s", m.test->name, server_of(addr),
            s->text, row_name(m.at));
    return dial_answer(s, d, ret_err);
}

static enum dial_result scripted_result(struct dialer *d, struct err *ret_err)
{
    assert_ptr_equal(m.dialer, d);
    /* Asked at any wake-up, also by a timer: only the dialer's own news need a row. */
    return is_next(BACK, RESULT) ? dial_answer(called(BACK, RESULT), d, ret_err) : DIAL_WAIT;
}

static enum dial_result scripted_listen(struct dialer *d, struct err *ret_err)
{
    assert_ptr_equal(m.dialer, d);
    return is_next(BACK, LISTEN) ? dial_answer(called(BACK, LISTEN), d, ret_err) : DIAL_WAIT;
}

static void scripted_take(
    struct dialer *d, struct conn *c, void (*on_ready)(void *, unsigned), void *owner)
{
    assert_ptr_equal(m.dialer, d);
    m.dialer = NULL;
    m.ends[BACK] = (struct end){.conn = c};
    conn_open(c, d->io, world_open_fd(), &transport_scripted, on_ready, owner);
}

static void scripted_cancel(struct dialer *d)
{
    if (m.dialer != d)
        return;
    if (!fake_mem_has_failed() || is_next(BACK, CANCEL))
        called(BACK, CANCEL);
    m.dialer = NULL;
}

const struct dial_ops dial_scripted = {
    .start = scripted_dial,
    .result = scripted_result,
    .listen = scripted_listen,
    .take = scripted_take,
    .cancel = scripted_cancel,
};
