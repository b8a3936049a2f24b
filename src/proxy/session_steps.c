/* session_steps: the life of a connection, from its first byte to its last. Read downwards. */
#include "proxy/session_steps.h"

#include "base/mem.h"
#include "proxy/relay.h"
#include "tls/accept.h"

/* The client's own failures in the handshake: having left without a word is none (probes and port
 * scans do it all day). */
static struct verdict handshake_failed(const struct session *s, struct err *err)
{
    err->side = SIDE_FRONT;
    if (s->front.received == 0 && (err->code == ERR_TRUNCATED || err->code == ERR_RESET))
        return STEP_CLOSE(CLIENT_GONE);
    if (err->code == ERR_MEMORY)
        return STEP_CLOSE(LOCAL);
    return STEP_CLOSE(HANDSHAKE_FAILED);
}

static void count_handshake(struct session *s)
{
    struct tls_info info;
    tls_info_get(&s->front, &info);
    s->handshake_us = s->ctx->io->now - s->opened_at;
    counter_add(&s->ctx->counters.handshakes, 1);
    if (info.resumed)
        counter_add(&s->ctx->counters.handshakes_resumed, 1);
}

struct verdict step_handshake(struct session *s, struct err *err)
{
    enum io_result r = conn_handshake(&s->front, err);
    struct err flush_err;
    /* Alerts too: a client is told why. */
    if (conn_flush(&s->front, &flush_err) == IO_ERROR && r != IO_ERROR) {
        *err = flush_err;
        return handshake_failed(s, err);
    }
    if (r == IO_ERROR || r == IO_EOF)
        return handshake_failed(s, err);
    if (conn_park(&s->front, err) == IO_ERROR)
        return STEP_CLOSE(LOCAL);
    s->front.wants_write = r == IO_WANT_WRITE;
    if (r == IO_DONE) {
        count_handshake(s);
        return STEP_GOTO(ROUTE);
    }
    conn_want(&s->front, true);
    return STEP_WAIT;
}

struct verdict step_route(struct session *s, struct err *err)
{
    if (s->frontend->pool)
        return STEP_GOTO(CONNECT);
    err_set(err, ERR_UNAVAILABLE, "frontend %s has no pool", s->frontend->conf->name);
    return STEP_CLOSE(NO_POOL);
}

static enum close_reason client_reason(const struct err *err)
{
    switch (err->code) {
    case ERR_MEMORY:
    case ERR_LOCAL:
        return CLOSE_LOCAL;
    case ERR_TRUNCATED:
        return CLOSE_CLIENT_CUT;
    case ERR_TLS:
        return CLOSE_CLIENT_TLS;
    default:
        return CLOSE_CLIENT_RESET;
    }
}

static struct verdict front_broke(struct session *s, struct err *err)
{
    struct err ignored;
    err->side = SIDE_FRONT;
    (void)conn_flush(
        &s->front, &ignored); /* OpenSSL's alert, where the client broke the protocol */
    return (struct verdict){.kind = VERDICT_CLOSE, .reason = client_reason(err)};
}

static struct verdict connect_failed(struct session *s, const struct err *err)
{
    bool budget_spent = connector_budget_is_spent(s->connector);
    session_drop_connector(s);
    if (err->side == SIDE_OURS)
        return STEP_CLOSE(LOCAL);
    return budget_spent ? STEP_CLOSE(NO_BUDGET) : STEP_CLOSE(NO_SERVER);
}

struct verdict step_connect(struct session *s, struct err *err)
{
    /* The client is not read from meanwhile: what it says stays in its socket. What waits for it,
     * the end of the handshake, goes on leaving. */
    if (conn_flush(&s->front, err) == IO_ERROR)
        return front_broke(s, err);
    conn_want(&s->front, false);
    if (!s->connector)
        s->connector = connector_new(s->ctx, s->frontend->pool, session_on_connector, s);
    if (!s->connector) {
        err_set(err, ERR_MEMORY, "no memory for a connection to a server");
        return STEP_CLOSE(LOCAL);
    }
    switch (connector_run(s->connector, err)) {
    case CONNECTOR_WAIT:
        return STEP_WAIT;
    case CONNECTOR_FAILED:
        return connect_failed(s, err);
    case CONNECTOR_DONE:
        break;
    }
    s->server = connector_take(s->connector, &s->back, session_on_back, s);
    s->last_server = s->server;
    s->connect_us = s->ctx->io->now - s->step_at;
    /* Both may have something to say already, and a server's early RST is better seen before the
     * client's first bytes are given to it. */
    s->front.readable = s->back.readable = true;
    return STEP_GOTO(RELAY);
}

/* Nothing of the client has left and nothing of the server came, not even an end: another server
 * may do it (F71). */
static bool is_untouched(const struct session *s)
{
    return s->connector && !s->bytes_in && !s->bytes_out && !s->back.sent && !s->back.received &&
           !s->front.eof && !s->back.eof;
}

static bool back_can_be_replaced(struct session *s, const struct err *err)
{
    if (!is_untouched(s) || err->code != ERR_RESET)
        return false;
    server_dial_failed(s->server, s->ctx->io->now, &s->ctx->rng);
    if (!connector_try_again(s->connector, s->server, err))
        return false;
    conn_close(&s->back, CONN_RESET);
    server_release(s->server);
    s->server = NULL;
    return true;
}

static struct verdict back_broke(struct session *s, struct err *err)
{
    err->side = SIDE_BACK;
    if (back_can_be_replaced(s, err))
        return STEP_GOTO(CONNECT);
    /* It had said all it had to say: the client gets that before it learns that the rest of its own
     * was not wanted (F59). */
    if (s->back.deaf || (s->back.eof && s->front.finishing))
        return STEP_GOTO(LINGER);
    if (err->code == ERR_MEMORY || err->code == ERR_LOCAL)
        return STEP_CLOSE(LOCAL);
    return STEP_CLOSE(SERVER_RESET);
}

/* Both directions once. True: both ends are sound. */
static bool relay_both(struct session *s, struct verdict *ret_verdict, struct err *err)
{
    size_t piece = s->frontend->conf->buffer_bytes;
    uint64_t before = s->bytes_in + s->bytes_out;
    enum relay_result down = relay_pump(&s->back, &s->front, piece, &s->bytes_out, err);
    if (down != RELAY_OK) {
        *ret_verdict = down == RELAY_FROM_BROKEN ? back_broke(s, err) : front_broke(s, err);
        return false;
    }
    enum relay_result up = relay_pump(&s->front, &s->back, piece, &s->bytes_in, err);
    if (up != RELAY_OK) {
        *ret_verdict = up == RELAY_FROM_BROKEN ? front_broke(s, err) : back_broke(s, err);
        return false;
    }
    if (s->bytes_in + s->bytes_out != before) {
        s->active_at = s->ctx->io->now;
        session_drop_connector(s);
    }
    return true;
}

static bool both_ended(const struct session *s)
{
    return s->front.finished && s->back.finished;
}

struct verdict step_relay(struct session *s, struct err *err)
{
    struct verdict broken;
    if (!relay_both(s, &broken, err))
        return broken;
    if (both_ended(s))
        return STEP_CLOSE(DONE);
    relay_watch(&s->front, &s->back);
    return s->front.eof || s->back.eof ? STEP_GOTO(DRAIN) : STEP_WAIT;
}

/* One direction has ended; the other goes on until it ends too. */
struct verdict step_drain(struct session *s, struct err *err)
{
    struct verdict broken;
    if (!relay_both(s, &broken, err))
        return broken;
    if (both_ended(s))
        return STEP_CLOSE(DONE);
    relay_watch(&s->front, &s->back);
    return STEP_WAIT;
}

/* What the client still sends is for nobody. True: it has ended. */
static bool discard(struct session *s, struct verdict *ret_verdict, struct err *err)
{
    struct conn *front = &s->front;
    for (size_t turn = 0; turn < RELAY_TURN && (front->readable || conn_has_buffered(front));) {
        size_t n = 0;
        enum io_result r = conn_read(front, s->ctx->io->piece, IO_PIECE, &n, err);
        if (r == IO_ERROR) {
            *ret_verdict = front_broke(s, err);
            return true;
        }
        if (r == IO_EOF)
            *ret_verdict = STEP_CLOSE(SERVER_DONE);
        if (r != IO_DONE)
            return r == IO_EOF;
        turn += n;
    }
    return false;
}

/* The server takes no more, but its answer is complete, if not yet with the client. Closing now
 * would reset the client's connection and could destroy the answer on its way; so it is given to
 * the client, and what the client sends is thrown away until it ends or the deadline is over (F59).
 */
struct verdict step_linger(struct session *s, struct err *err)
{
    struct verdict ended;
    if (!s->back.eof && !s->front.finishing) {
        enum relay_result r =
            relay_pump(&s->back, &s->front, s->frontend->conf->buffer_bytes, &s->bytes_out, err);
        if (r != RELAY_OK)
            return r == RELAY_TO_BROKEN ? front_broke(s, err) : STEP_CLOSE(SERVER_RESET);
    }
    if (conn_flush(&s->front, err) == IO_ERROR)
        return front_broke(s, err);
    if (!s->front.finished)
        s->active_at = s->ctx->io->now;
    if (discard(s, &ended, err))
        return ended;
    if (conn_park(&s->front, err) == IO_ERROR)
        return STEP_CLOSE(LOCAL);
    conn_want(&s->front, true);
    if (s->front.readable || conn_has_buffered(&s->front))
        conn_again(&s->front);
    conn_want(&s->back, !s->back.eof && !conn_is_blocked(&s->front));
    return STEP_WAIT;
}
