#include "proxy/relay.h"

/* Sends what waits; conn_is_blocked() tells whether all went. */
static enum relay_result send_waiting(struct conn *to, struct err *ret_err)
{
    return conn_flush(to, ret_err) == IO_ERROR ? RELAY_TO_BROKEN : RELAY_OK;
}

static bool may_have_more(const struct conn *c)
{
    return !c->eof && (c->readable || conn_has_buffered(c));
}

/* What one conn may do before the others' turn (F67): so many bytes, so many pieces, which take
 * their calls however small they are, and so much on the wire, where TLS may bring records without
 * a byte of data. */
#define TURN_PIECES 64u
#define TURN_WIRE (2 * RELAY_TURN)

struct turn {
    size_t bytes;
    unsigned pieces;
    uint64_t received_before;
};

static bool turn_is_over(const struct turn *turn, const struct conn *from)
{
    return turn->bytes >= RELAY_TURN || turn->pieces >= TURN_PIECES ||
           from->received - turn->received_before >= TURN_WIRE;
}

static void turn_add(struct turn *turn, size_t bytes)
{
    turn->bytes += bytes;
    turn->pieces++;
}

static enum relay_result relay_piece(struct conn *from, struct conn *to, size_t piece,
    size_t *ret_n, bool *ret_paused, struct err *ret_err)
{
    unsigned char *bytes = from->io->piece;
    switch (conn_read(from, bytes, piece, ret_n, ret_err)) {
    case IO_DONE:
        break;
    case IO_EOF:
        return conn_finish(to, ret_err) == IO_ERROR ? RELAY_TO_BROKEN : RELAY_OK;
    case IO_WANT_READ:
    case IO_WANT_WRITE:
        *ret_paused = true;
        return RELAY_OK;
    case IO_ERROR:
        return RELAY_FROM_BROKEN;
    }
    return conn_write(to, bytes, *ret_n, ret_err) == IO_ERROR ? RELAY_TO_BROKEN : RELAY_OK;
}

/* Reading may have made the transport say something (the answer to a KeyUpdate), and what it has
 * received in excess is kept. */
static enum relay_result leave(struct conn *from, struct err *ret_err)
{
    bool left = conn_flush(from, ret_err) != IO_ERROR && conn_park(from, ret_err) != IO_ERROR;
    return left ? RELAY_OK : RELAY_FROM_BROKEN;
}

enum relay_result relay_pump(
    struct conn *from, struct conn *to, size_t piece, uint64_t *moved, struct err *ret_err)
{
    enum relay_result r = send_waiting(to, ret_err);
    bool paused = false;
    struct turn turn = {.received_before = from->received};
    while (r == RELAY_OK && !paused && !turn_is_over(&turn, from)) {
        if (conn_is_blocked(to) || !may_have_more(from))
            break;
        size_t n = 0;
        r = relay_piece(from, to, piece, &n, &paused, ret_err);
        turn_add(&turn, n);
        *moved += n;
    }
    if (r == RELAY_OK)
        r = send_waiting(to, ret_err);
    return r == RELAY_OK ? leave(from, ret_err) : r;
}

enum relay_result relay_discard(struct conn *from, size_t piece, struct err *ret_err)
{
    enum io_result r = IO_DONE;
    struct turn turn = {.received_before = from->received};
    while (r == IO_DONE && !turn_is_over(&turn, from) && may_have_more(from)) {
        size_t n = 0;
        r = conn_read(from, from->io->piece, piece, &n, ret_err);
        turn_add(&turn, n);
    }
    return r == IO_ERROR ? RELAY_FROM_BROKEN : leave(from, ret_err);
}

static void watch_one(struct conn *c, const struct conn *peer)
{
    bool reading = !c->eof && !conn_is_blocked(peer);
    conn_want(c, reading);
    if (reading && !c->wants_write && may_have_more(c))
        conn_again(c);
}

void relay_watch(struct conn *a, struct conn *b)
{
    watch_one(a, b);
    watch_one(b, a);
}
