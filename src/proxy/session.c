#include "proxy/session.h"

#include <assert.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/sock.h"
#include "proxy/access_log.h"
#include "proxy/session_steps.h"

/* How long a client may go on sending to nobody (F59). */
#define LINGER_US (2 * US_PER_S)

enum deadline_kind { DEADLINE_NONE, DEADLINE_TOTAL, DEADLINE_QUIET, DEADLINE_LINGER };

struct step_info {
    const char *name;
    struct verdict (*run)(struct session *s, struct err *err);
    enum deadline_kind deadline;
    size_t timeout_offset; /* of an int64_t in struct conf_frontend */
    enum close_reason late;
    unsigned next; /* bits */
};

#define TOTAL(member) DEADLINE_TOTAL, offsetof(struct conf_frontend, member)
#define QUIET(member) DEADLINE_QUIET, offsetof(struct conf_frontend, member)
#define NONE DEADLINE_NONE, 0
#define LINGER_DEADLINE DEADLINE_LINGER, 0
#define NEXT(name) (1u << SESSION_##name)
/* The deadline is two values; one more round of expansion lets it be counted so. */
#define STEP_ROW(name, run, deadline, offset, late, next)                                          \
    {name, run, deadline, offset, CLOSE_##late, next},
#define STEP_EXPAND(row) STEP_ROW row
#define STEP(name, run, deadline, late, next) STEP_EXPAND((#name, run, deadline, late, next))
static const struct step_info steps[SESSION_STEPS] = {
#include "proxy/session_steps.def"
};
#undef STEP
#undef NONE

const char *session_step_name(enum session_step step)
{
    return steps[step].name;
}

/* ---- open ---- */

static void session_on_front(void *owner, unsigned events);
static void session_on_timer(void *owner);

static int front_open(struct session *s, int fd, struct err *ret_err)
{
    conn_open(&s->front, s->ctx->io, fd, &transport_plain, session_on_front, s);
    s->front.readable = true; /* a client that speaks first has often done so by now */
    return s->ctx->front_open(&s->front, s->view->contexts[s->frontend->index], ret_err);
}

static struct session *session_new(struct context *ctx, struct view *view,
    const struct snapshot_listen *listen, const struct addr *peer)
{
    struct session *s = mem_zalloc(sizeof *s);
    if (!s)
        return NULL;
    s->ctx = ctx;
    s->view = view_ref(view);
    s->listen = listen;
    s->frontend = listen->frontend;
    s->id = ctx->next_id++;
    s->step = frontend_is_tls(s->frontend) ? SESSION_HANDSHAKE : SESSION_ROUTE;
    s->opened_at = s->step_at = s->active_at = ctx->io->now;
    s->timer_at = MONO_NEVER;
    peer_from_addr(peer, &s->peer);
    watch_timer_init(&s->timer, session_on_timer, s);
    list_append(&ctx->sessions, &s->entry);
    ctx->n_sessions++;
    return s;
}

bool session_open(struct context *ctx, struct view *view, const struct snapshot_listen *listen,
    int fd, const struct addr *peer)
{
    context_tick(ctx);
    counter_add(&ctx->counters.accepted, 1);
    struct session *s = session_new(ctx, view, listen, peer);
    if (!s) {
        counter_add(&ctx->counters.accept_lost, 1);
        log_error("a connection was closed: no memory for it");
        sock_reset(fd);
        return false;
    }
    struct err err;
    if (front_open(s, fd, &err) < 0)
        session_close(s, CLOSE_LOCAL, &err);
    session_run(s);
    return true;
}

/* ---- run ---- */

static int64_t timeout_of(const struct session *s, size_t offset)
{
    return *(const int64_t *)(const void *)((const char *)s->frontend->conf + offset);
}

static mono_us quiet_since(const struct session *s)
{
    return s->active_at > s->step_at ? s->active_at : s->step_at;
}

static mono_us step_deadline(const struct session *s)
{
    const struct step_info *step = &steps[s->step];
    switch (step->deadline) {
    case DEADLINE_TOTAL:
        return s->step_at + timeout_of(s, step->timeout_offset);
    case DEADLINE_QUIET:
        return quiet_since(s) + timeout_of(s, step->timeout_offset);
    case DEADLINE_LINGER:
        return quiet_since(s) + LINGER_US;
    case DEADLINE_NONE:
        break;
    }
    return MONO_NEVER;
}

static mono_us stall_deadline(const struct session *s, const struct conn *c)
{
    return c->stalled_since ? c->stalled_since + s->frontend->conf->write_timeout_us : MONO_NEVER;
}

/* The earliest of what can be late, and what it would be called. */
static mono_us session_deadline(const struct session *s, enum close_reason *ret_late)
{
    mono_us at = step_deadline(s);
    mono_us front = stall_deadline(s, &s->front), back = stall_deadline(s, &s->back);
    *ret_late = steps[s->step].late;
    if (front < at) {
        at = front;
        *ret_late = CLOSE_CLIENT_STALLED;
    }
    if (back < at) {
        at = back;
        *ret_late = CLOSE_SERVER_STALLED;
    }
    return at;
}

/* A slow peer that takes what the kernel holds for it is not silent. */
static void note_drains(struct session *s)
{
    bool front = conn_drains(&s->front), back = conn_drains(&s->back);
    if (front || back)
        s->active_at = s->ctx->io->now;
}

/* Lazily: deadlines mostly move away, and a timer that fires too early is cheaper than one that is
 * moved with each byte. */
static void session_arm(struct session *s)
{
    enum close_reason late;
    mono_us at = session_deadline(s, &late);
    if (at >= s->timer_at)
        return;
    s->timer_at = at;
    /* So that what has drained by then is news. */
    conn_mark_taken(&s->front);
    conn_mark_taken(&s->back);
    watch_timer_start(s->ctx->io->loop, &s->timer, at - s->ctx->io->now);
}

/* The loop learns in small batches what its sockets have to tell. After a standstill (SIGSTOP, a
 * machine that was paused) the deadlines of thousands are over, and what came for them in time has
 * not been told yet (F66). */
#define STANDSTILL_US (500 * US_PER_MS)

static void look_at_sockets(struct session *s)
{
    s->front.readable = s->back.readable = true;
    session_run(s);
}

static void session_on_timer(void *owner)
{
    struct session *s = owner;
    mono_us now = context_tick(s->ctx);
    enum close_reason late;
    bool stood_still = now - s->timer_at > STANDSTILL_US;
    s->timer_at = MONO_NEVER;
    if (stood_still)
        look_at_sockets(s);
    if (s->closed)
        return;
    note_drains(s);
    if (session_deadline(s, &late) > now) {
        session_arm(s);
        return;
    }
    struct err err;
    err_set(&err, ERR_TIMEOUT, "%s", close_reason_info(late)->sentence);
    session_close(s, late, &err);
}

static void session_enter(struct session *s, enum session_step next)
{
    assert(steps[s->step].next & (1u << next));
    s->step = next;
    s->step_at = s->ctx->io->now;
}

void session_run(struct session *s)
{
    while (!s->closed) {
        struct err err;
        err_clear(&err);
        struct verdict v = steps[s->step].run(s, &err);
        switch (v.kind) {
        case VERDICT_GOTO:
            session_enter(s, v.step);
            break;
        case VERDICT_CLOSE:
            session_close(s, v.reason, err.code == ERR_NONE ? NULL : &err);
            break;
        case VERDICT_WAIT:
            session_arm(s);
            return;
        }
    }
}

/* Callbacks do nothing but say what happened; the steps decide. */

static void on_conn(struct session *s, struct conn *c, unsigned events)
{
    context_tick(s->ctx);
    if (events & WATCH_ERROR) {
        struct err err;
        err_set(&err, ERR_LOCAL, "the system does not watch the connection: no memory or watches");
        session_close(s, CLOSE_LOCAL, &err);
        return;
    }
    if (events & WATCH_READ || (events & WATCH_WRITE && c->wants_write))
        c->readable = true;
    session_run(s);
}

static void session_on_front(void *owner, unsigned events)
{
    struct session *s = owner;
    on_conn(s, &s->front, events);
}

void session_on_back(void *owner, unsigned events)
{
    struct session *s = owner;
    on_conn(s, &s->back, events);
}

void session_on_connector(void *owner)
{
    struct session *s = owner;
    context_tick(s->ctx);
    session_run(s);
}

/* ---- close ---- */

void session_drop_connector(struct session *s)
{
    if (!s->connector)
        return;
    const char *errors = connector_errors(s->connector);
    s->attempts = connector_attempts(s->connector);
    mem_free(s->errors);
    s->errors =
        *errors ? mem_strdup(errors) : NULL; /* NULL for want of memory: the line lacks it */
    connector_free(s->connector);
    s->connector = NULL;
}

/* A side that was given its clean end has been promised all that came before it, and a reset would
 * destroy what is still on its way. When its machine has taken all, a server is told by a reset to
 * wait no longer; a client is not, for whom a deadline of ours has passed behind a whole answer. */
static enum conn_end end_for(const struct session *s, const struct conn *c, enum conn_end end)
{
    if (!c->finished)
        return end;
    bool is_served = c == &s->front && end == CONN_ABORT;
    return is_served || conn_is_held(c) ? CONN_CLOSE : end;
}

void session_close(struct session *s, enum close_reason reason, const struct err *err)
{
    if (s->closed)
        return;
    s->closed = true;
    session_drop_connector(s);
    access_log_session(s, reason, err); /* while the TLS state is still there to be told */
    enum conn_end end = close_reason_info(reason)->end;
    watch_timer_stop(s->ctx->io->loop, &s->timer);
    conn_close(&s->back, end_for(s, &s->back, end));
    conn_close(&s->front, end_for(s, &s->front, end));
    if (s->server)
        server_release(s->server);
    s->server = NULL;
    counter_add(&s->ctx->counters.closed[reason], 1);
    counter_add(&s->ctx->counters.bytes_in, s->bytes_in);
    counter_add(&s->ctx->counters.bytes_out, s->bytes_out);
    list_remove(&s->entry);
    list_append(&s->ctx->graveyard, &s->entry);
    s->ctx->n_sessions--;
    if (s->ctx->on_session_closed)
        s->ctx->on_session_closed(s->ctx->owner);
}

void session_free(struct session *s)
{
    list_remove(&s->entry);
    view_unref(s->view);
    mem_free(s->errors);
    mem_free(s);
}
