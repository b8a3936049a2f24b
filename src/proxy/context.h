/* context: what a session may use of its worker. The worker fills it in; proxy/ does not know
 * workers, which is also what lets a test run a session on a scripted transport and a fake clock.
 * One thread. */
#ifndef SLUICE_PROXY_CONTEXT_H
#define SLUICE_PROXY_CONTEXT_H

#include "base/list.h"
#include "base/rng.h"
#include "net/conn.h"
#include "net/dial.h"
#include "proxy/counters.h"

struct session;
struct tls_context;

struct context {
    struct io *io; /* with the loop, NULL in machine tests */
    struct clock *clock;
    struct rng rng;
    struct counters counters;
    const struct dial_ops *dial;
    /* gives a client's conn, still plain, its transport; tls NULL: it stays plain. 0 or -1 */
    int (*front_open)(struct conn *front, struct tls_context *tls, struct err *ret_err);
    struct list sessions; /* open */
    /* closed in this turn: freed at its end, since callbacks may still hold them */
    struct list graveyard;
    unsigned n_sessions;
    mono_us shed_again_at; /* shed.c's */
    /* of a session; the worker's number in the top bits, so that ids are unique */
    uint64_t next_id;
    void (*on_session_closed)(void *owner); /* may be NULL */
    void *owner;
};

void context_init(
    struct context *ctx, struct io *io, struct clock *clock, uint64_t seed, unsigned worker_number);
/* Reads the clock; called when a callback begins. */
mono_us context_tick(struct context *ctx);
/* Frees what was closed in this turn. */
void context_sweep(struct context *ctx);

#endif
