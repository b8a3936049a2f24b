/* connector: the errand of getting one connection to a server of a pool: pick, dial, back off,
 * again. The only place where anything is tried again.
 *
 * Owned by a session; one thread. connector_run() goes as far as it can and says CONNECTOR_WAIT
 * when it armed something; then on_wake is called, once, when it is worth running again. A
 * connector that succeeded is kept until the first byte has passed, because a server that resets
 * before that can still be replaced safely. */
#ifndef SLUICE_PROXY_CONNECTOR_H
#define SLUICE_PROXY_CONNECTOR_H

#include "base/text.h"
#include "pool/pool.h"
#include "proxy/context.h"

enum connector_result { CONNECTOR_WAIT, CONNECTOR_DONE, CONNECTOR_FAILED };

struct connector;

/* NULL: out of memory. */
struct connector *connector_new(
    struct context *ctx, const struct pool *pool, void (*on_wake)(void *owner), void *owner);
/* Cancels what is under way; gives back a reservation that nobody took. Takes NULL. */
void connector_free(struct connector *c);

/* CONNECTOR_FAILED: *ret_err is the last error. */
enum connector_result connector_run(struct connector *c, struct err *ret_err);
/* After CONNECTOR_DONE: opens the conn, and the reservation on the server becomes the caller's. */
struct server *connector_take(
    struct connector *c, struct conn *conn, void (*on_ready)(void *, unsigned), void *owner);
/* The connection that was taken broke before a byte passed; the caller closes it and releases the
 * server. True: another attempt is allowed (`why` must say that it is safe): run again. */
bool connector_try_again(struct connector *c, const struct server *server, const struct err *why);

/* Another attempt was safe, but the pool's retry-budget did not allow it. */
bool connector_budget_is_spent(const struct connector *c);
unsigned connector_attempts(const struct connector *c);
/* "a:refused,b:timeout"; empty when nothing failed. */
const char *connector_errors(const struct connector *c);

#endif
