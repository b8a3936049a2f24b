/* session_steps: the life of a connection, from its first byte to its last. Read downwards. */
#include "proxy/session_steps.h"

#include "base/mem.h"
#include "proxy/relay.h"
#include "tls/accept.h"

/* The client's own failures in the handshake: having left without a word is none (probes and port
 * scans do it all day). */
static struct verdict handshake_failed(const struct session *s, const struct err *err)
{
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

/* True: it is gone, but all that it had to say is there or will be, and not yet with the server. */
static bool client_left_all(const struct session *s)
{
    bool relays = s->step == SESSION_RELAY || s->step == SESSION_DRAIN;
    return relays && s->front.deaf && !s->back.finished;
}

static struct verdict front_broke(struct session *s, struct err *err)
{
    struct err ignored;
    if (client_left_all(s))
        return STEP_GOTO(BEQUEATH);
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
    s->back.readable = true;
    if (!conn_has_buffered(&s->front))
        s->front.readable = true;
    return STEP_GOTO(RELAY);
}

/* No byte of either side was taken, or the connector would be gone, and no end was passed on:
 * another server may do it (F71). */
static bool is_untouched(const struct session *s)
{
    return s->connector && !s->front.eof && !s->back.eof;
}

static bool back_can_be_replaced(struct session *s, struct err *err)
{
    if (!is_untouched(s) || err->code != ERR_RESET)
        return false;
    err->retry = RETRY_SAFE;
    server_dial_failed(s->server, s->ctx->io->now, &s->ctx->rng);
    if (!connector_try_again(s->connector, s->server, err))
        return false;
    conn_close(&s->back, CONN_RESET);
    server_release(s->server);
    s->server = NULL;
    return true;
}

/* True: it does not listen, but all that it had to say is there or will be. */
static bool has_said_all(const struct session *s)
{
    bool relays = s->step == SESSION_RELAY || s->step == SESSION_DRAIN;
    return relays && (s->back.deaf || s->back.eof);
}

static struct verdict back_broke(struct session *s, struct err *err)
{
    if (err->code == ERR_RESET && !s->back.received && !s->back.deaf && !s->back.eof)
        server_doubt(s->server);
    if (back_can_be_replaced(s, err))
        return STEP_GOTO(CONNECT);
    if (err->code == ERR_MEMORY || err->code == ERR_LOCAL)
        return STEP_CLOSE(LOCAL);
    return has_said_all(s) ? STEP_GOTO(DELIVER) : STEP_CLOSE(SERVER_RESET);
}

/* Bytes that came from an end or left for one. */
static uint64_t bytes_passed(const struct session *s)
{
    return s->bytes_in + s->bytes_out + s->front.sent + s->back.sent;
}

/* One direction. True: both ends are sound. */
static bool relay(struct session *s, struct conn *from, struct conn *to,
    struct verdict *ret_verdict, struct err *err)
{
    uint64_t *moved = from == &s->front ? &s->bytes_in : &s->bytes_out;
    uint64_t before = bytes_passed(s);
    enum relay_result r = relay_pump(from, to, s->frontend->conf->buffer_bytes, moved, err);
    if (bytes_passed(s) != before)
        s->active_at = s->ctx->io->now;
    if (*moved)
        session_drop_connector(s);
    if (r == RELAY_OK)
        return true;
    const struct conn *broken = r == RELAY_FROM_BROKEN ? from : to;
    *ret_verdict = broken == &s->front ? front_broke(s, err) : back_broke(s, err);
    return false;
}

static bool relay_both(struct session *s, struct verdict *ret_verdict, struct err *err)
{
    return relay(s, &s->back, &s->front, ret_verdict, err) &&
           relay(s, &s->front, &s->back, ret_verdict, err);
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

/* What the client still sends is for nobody. */
static bool discard_from_client(struct session *s, struct verdict *ret_verdict, struct err *err)
{
    if (relay_discard(&s->front, s->frontend->conf->buffer_bytes, err) == RELAY_OK)
        return true;
    *ret_verdict = front_broke(s, err);
    return false;
}

/* The client takes no more, but what it had said is complete, with its end. The server gets that;
 * what it answers is for nobody. */
struct verdict step_bequeath(struct session *s, struct err *err)
{
    struct verdict broken;
    if (!relay(s, &s->front, &s->back, &broken, err))
        return broken;
    if (relay_discard(&s->back, s->frontend->conf->buffer_bytes, err) != RELAY_OK)
        return back_broke(s, err);
    if (s->back.finished)
        return STEP_CLOSE(CLIENT_RESET);
    relay_watch(&s->front, &s->back);
    return STEP_WAIT;
}

/* The server takes no more, but what it had said is complete, if not yet with the client. Closing
 * now would reset the client's connection and destroy it on its way (F59); so that is passed on
 * first. */
struct verdict step_deliver(struct session *s, struct err *err)
{
    struct verdict broken;
    if (!relay(s, &s->back, &s->front, &broken, err) || !discard_from_client(s, &broken, err))
        return broken;
    if (s->front.finished)
        return STEP_GOTO(LINGER);
    relay_watch(&s->front, &s->back);
    return STEP_WAIT;
}

/* All has left for the client, but a client that still sends would get a reset from a closed
 * socket, and might see that before the answer (F59). */
struct verdict step_linger(struct session *s, struct err *err)
{
    struct verdict broken;
    if (!discard_from_client(s, &broken, err))
        return broken;
    if (s->front.eof)
        return STEP_CLOSE(SERVER_DONE);
    relay_watch(&s->front, &s->back);
    return STEP_WAIT;
}
