/* server: one backend and what we know of it. Lives in a registry, is looked up by pool name,
 * server name and address, and survives reloads while any snapshot names it.
 *
 * Fields marked atomic are read and written by every worker (relaxed where nothing else is said);
 * the rest is const after server_new(). The count of references is touched on the main thread only.
 * Time is an argument, and greater than 0. */
#ifndef SLUICE_POOL_SERVER_H
#define SLUICE_POOL_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/rng.h"

/* Penalties after failed dials: the first, doubled for each that follows without a success, and the
 * longest. */
#define SERVER_PENALTY_BASE_US (1 * US_PER_S)
#define SERVER_PENALTY_CAP_US (30 * US_PER_S)

struct server {
    /* The line that workers write to. */
    _Alignas(
        64) _Atomic uint32_t load; /* connections in flight: reserved at pick, released at close */
    _Atomic uint32_t dialing;      /* dials on their way, or fewer */
    _Atomic uint32_t failures;     /* penalties in a row */
    _Atomic bool proven;           /* since its last failure a connection to it lived */
    _Atomic int64_t avoid_until;   /* mono_us: after failures, leave it alone until then */
    _Atomic int64_t unanswered_since; /* mono_us: since then dials wait and nothing came; 0: none */
    _Atomic uint64_t dials, dial_errors; /* totals, never go back (P8) */

    _Alignas(64) char *pool_name;
    char *name;
    struct addr addr;
    char addr_text[ADDR_TEXT_MAX];
    unsigned refs;     /* main thread only */
    struct list entry; /* in the registry */
};

/* For the registry: one reference, in no list. NULL: out of memory. */
struct server *server_new(const char *pool_name, const char *name, const struct addr *addr);
void server_free(struct server *s); /* takes NULL and half-made ones */

/* A dial begins; one of the three below ends it. */
void server_dial_started(struct server *s, mono_us now);
/* It was answered: all is forgiven. */
void server_dial_succeeded(struct server *s, mono_us now);
/* It failed through the server's fault (refused, timeout, reset, unreachable; never for errors of
 * ours). Passive penalty: the server is avoided for random(half, full) of min(30 s, 1 s * 2^n) at
 * the n-th penalty in a row, n from 0, so that a dead server attracts nobody, least of all by its
 * low load. What fails during a penalty is the same outage seen again and does not prolong it.
 * Also right after a success, when the server reset the connection before it was of any use. */
void server_dial_failed(struct server *s, mono_us now, struct rng *rng);
/* The errand ended without an answer and without blame: cancelled, or our own resources ran out. */
void server_dial_dropped(struct server *s, mono_us now);

/* Avoided servers are chosen only when no other is left. True
 * - during a penalty;
 * - after it, while a dial is on its way to a server that has not answered since: one probe at a
 * time;
 * - while dials have waited for `patience_us` without any answer: a black hole is noticed before
 * the first connect deadline passes. */
bool server_is_avoided(const struct server *s, mono_us now, int64_t patience_us);
/* A server that accepts and resets at once looks alive to a connect: it is believed only when a
 * connection has been of use, or has at least lasted a moment; a failure takes that back. */
bool server_is_proven(const struct server *s);
void server_prove(struct server *s);
/* A connection to it broke before it said a word. That may have been the client's doing, so nothing
 * but the trust is gone. */
void server_doubt(struct server *s);
/* Gives back what a pick reserved. */
void server_release(struct server *s);

#endif
