#include "proxy/connector.h"

#include <assert.h>

#include "base/mem.h"
#include "pool/backoff.h"

/* A server that nobody has heard a word of since its last failure is given so long after the
 * connect before the client's first bytes go to it: one that resets at once can then be replaced by
 * another, with nothing sent. */
#define SETTLE_US (25 * US_PER_MS)

enum connector_step { STEP_PICK, STEP_DIAL, STEP_SETTLE, STEP_BACK_OFF, STEP_TAKEN };

#define ERRORS_MAX 256

struct connector {
    struct context *ctx;
    const struct pool *pool;
    void (*on_wake)(void *owner);
    void *owner;
    enum connector_step step;
    struct dialer dialer;
    struct watch_timer timer; /* connect deadline, settling time or back-off */
    bool timer_fired;
    bool started; /* the dial is under way */
    bool budget_spent;
    struct server *server; /* reserved */
    struct pool_tried tried;
    unsigned attempts;
    mono_us started_at;
    struct err last_err; /* what the caller is told when nobody is left to be tried */
    struct text errors;
    char errors_memory[ERRORS_MAX];
};

/* What a step says: go on with the next one, or answer the caller. */
enum progress { GO_ON, WAIT, DONE, FAILED };

static void on_dialer(void *owner)
{
    struct connector *c = owner;
    c->on_wake(c->owner);
}

static void on_timer(void *owner)
{
    struct connector *c = owner;
    c->timer_fired = true;
    c->on_wake(c->owner);
}

static void timer_start(struct connector *c, int64_t after_us)
{
    c->timer_fired = false;
    watch_timer_start(c->ctx->io->loop, &c->timer, after_us);
}

static void timer_stop(struct connector *c)
{
    c->timer_fired = false;
    watch_timer_stop(c->ctx->io->loop, &c->timer);
}

struct connector *connector_new(
    struct context *ctx, const struct pool *pool, void (*on_wake)(void *), void *owner)
{
    struct connector *c = mem_zalloc(sizeof *c);
    if (!c)
        return NULL;
    c->ctx = ctx;
    c->pool = pool;
    c->on_wake = on_wake;
    c->owner = owner;
    c->step = STEP_PICK;
    c->started_at = ctx->io->now;
    text_init(&c->errors, c->errors_memory, sizeof c->errors_memory);
    dialer_init(&c->dialer, ctx->io, on_dialer, c);
    watch_timer_init(&c->timer, on_timer, c);
    err_set(
        &c->last_err, ERR_UNAVAILABLE, "pool %s has no server that takes connections", pool->name);
    c->last_err.side = SIDE_BACK;
    budget_note_connection(&pool->record->budget, ctx->io->now);
    return c;
}

static void release(struct connector *c)
{
    if (c->server)
        server_release(c->server);
    c->server = NULL;
}

void connector_free(struct connector *c)
{
    if (!c)
        return;
    if (c->server && c->started)
        server_dial_dropped(c->server, c->ctx->io->now);
    release(c);
    c->ctx->dial->cancel(&c->dialer);
    timer_stop(c);
    mem_free(c);
}

/* When every server was tried, a short outage may be over by now: start over, but not where the
 * time for a connection is used up. */
static struct server *pick(struct connector *c)
{
    mono_us now = c->ctx->io->now;
    struct server *server = pool_pick(c->pool, &c->tried, now);
    if (server || now - c->started_at >= c->pool->connect_timeout_us)
        return server;
    c->tried.n = 0;
    return pool_pick(c->pool, &c->tried, now);
}

static enum progress connector_pick(struct connector *c, struct err *ret_err)
{
    struct server *server = pick(c);
    if (!server) {
        *ret_err = c->last_err;
        return FAILED;
    }
    c->server = server;
    c->attempts++;
    counter_add(&c->ctx->counters.dials, 1);
    server_dial_started(c->server, c->ctx->io->now);
    c->step = STEP_DIAL;
    return GO_ON;
}

/* Not the server's fault: our own descriptors, ports, memory (F58). */
static bool is_ours(const struct err *err)
{
    return err->code == ERR_LOCAL || err->code == ERR_MEMORY || err->code == ERR_SYSTEM;
}

static void note_failure(struct connector *c, const struct server *server, const struct err *err)
{
    c->last_err = *err;
    counter_add(&c->ctx->counters.dial_errors, 1);
    text_printf(
        &c->errors, "%s%s:%s", c->errors.len ? "," : "", server->name, err_code_name(err->code));
}

/* May another attempt be made after `err`? If so the back-off is armed. */
static bool back_off(struct connector *c, struct err *err)
{
    const struct pool *pool = c->pool;
    mono_us now = c->ctx->io->now;
    if (err->retry != RETRY_SAFE || !(pool->retry_on & CONF_RETRY_CONNECT) ||
        c->attempts > pool->retry_max)
        return false;
    if (!budget_take(&pool->record->budget, pool->retry_budget_percent, now)) {
        err_prefix(err, "retry-budget of pool %s is spent", pool->name);
        c->budget_spent = true;
        return false;
    }
    counter_add(&c->ctx->counters.retries, 1);
    c->step = STEP_BACK_OFF;
    timer_start(c,
        backoff_delay_us(pool->retry_base_us, pool->retry_cap_us, c->attempts - 1, &c->ctx->rng));
    return true;
}

static enum progress dial_failed(struct connector *c, struct err *err)
{
    struct server *server = c->server;
    timer_stop(c);
    c->started = false;
    err->side = is_ours(err) ? SIDE_OURS : SIDE_BACK;
    err->retry = RETRY_SAFE; /* no byte of the client has left */
    note_failure(c, server, err);
    if (is_ours(err))
        server_dial_dropped(server, c->ctx->io->now);
    else
        server_dial_failed(server, c->ctx->io->now, &c->ctx->rng);
    release(c);
    return back_off(c, err) ? GO_ON : FAILED;
}

static enum progress connector_dial(struct connector *c, struct err *ret_err)
{
    const struct dial_ops *dial = c->ctx->dial;
    enum dial_result r;
    if (c->started) {
        r = dial->result(&c->dialer, ret_err);
    } else {
        timer_start(c, c->pool->connect_timeout_us);
        c->started = true;
        r = dial->start(&c->dialer, &c->server->addr, &c->pool->source, ret_err);
    }
    if (r == DIAL_WAIT && c->timer_fired) {
        dial->cancel(&c->dialer);
        err_set(ret_err, ERR_TIMEOUT, "connecting: no answer within connect-timeout");
        r = DIAL_FAILED;
    }
    if (r == DIAL_WAIT)
        return WAIT;
    if (r == DIAL_FAILED)
        return dial_failed(c, ret_err);
    timer_stop(c);
    c->started = false;
    server_dial_succeeded(c->server, c->ctx->io->now);
    if (server_is_proven(c->server))
        return DONE;
    timer_start(c, SETTLE_US);
    c->step = STEP_SETTLE;
    return GO_ON;
}

static enum progress connector_settle(struct connector *c, struct err *ret_err)
{
    enum dial_result r = c->ctx->dial->listen(&c->dialer, ret_err);
    if (r == DIAL_FAILED)
        return dial_failed(c, ret_err);
    if (r == DIAL_WAIT && !c->timer_fired)
        return WAIT;
    timer_stop(c);
    server_prove(c->server);
    return DONE;
}

static enum progress connector_back_off(struct connector *c)
{
    if (!c->timer_fired)
        return WAIT;
    timer_stop(c);
    c->step = STEP_PICK;
    return GO_ON;
}

enum connector_result connector_run(struct connector *c, struct err *ret_err)
{
    for (;;) {
        enum progress p = FAILED;
        switch (c->step) {
        case STEP_PICK:
            p = connector_pick(c, ret_err);
            break;
        case STEP_DIAL:
            p = connector_dial(c, ret_err);
            break;
        case STEP_SETTLE:
            p = connector_settle(c, ret_err);
            break;
        case STEP_BACK_OFF:
            p = connector_back_off(c);
            break;
        case STEP_TAKEN:
            assert(0 && "a connector runs again only after connector_try_again()");
        }
        if (p == WAIT)
            return CONNECTOR_WAIT;
        if (p != GO_ON)
            return p == DONE ? CONNECTOR_DONE : CONNECTOR_FAILED;
    }
}

struct server *connector_take(
    struct connector *c, struct conn *conn, void (*on_ready)(void *, unsigned), void *owner)
{
    struct server *server = c->server;
    c->ctx->dial->take(&c->dialer, conn, on_ready, owner);
    c->server = NULL;
    c->step = STEP_TAKEN;
    return server;
}

bool connector_try_again(struct connector *c, const struct server *server, const struct err *why)
{
    struct err err = *why;
    note_failure(c, server, why);
    return back_off(c, &err);
}

bool connector_budget_is_spent(const struct connector *c)
{
    return c->budget_spent;
}

unsigned connector_attempts(const struct connector *c)
{
    return c->attempts;
}

const char *connector_errors(const struct connector *c)
{
    return c->errors.p;
}
