/* balancer: which server comes next. A policy is a vtable and one file; it is pure: it sees members
 * (weight, load), what is usable right now, the time and chance, never sockets.
 *
 * A balancer belongs to a snapshot and is const once made, so every worker uses it at the same
 * time. What all threads must agree on (the turn of round robin, the loads) are atomics that
 * outlive snapshots and are only pointed at: that makes policies exact over all threads without a
 * lock (per-worker copies would be wrong by design). */
#ifndef SLUICE_BALANCE_BALANCER_H
#define SLUICE_BALANCE_BALANCER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define BALANCE_NONE ((size_t)-1)

/* One server as a policy sees it. */
struct balance_member {
    unsigned weight;        /* 0: gets nothing new */
    _Atomic uint32_t *load; /* connections in flight, over all threads and snapshots */
};

/* One question. `is_usable` says whether member `index` may be chosen for this errand (not tried
 * yet, not avoided). */
struct balance_request {
    bool (*is_usable)(const void *arg, size_t index);
    const void *arg;
};

struct balancer;

struct balancer_ops {
    const char *name; /* the word in the configuration */
    /* Precomputes what pick needs; 0, or -1 with ERR_MEMORY. */
    int (*init)(struct balancer *b, struct err *ret_err);
    /* Index of the chosen member, its load already incremented (the caller gives it back);
     * BALANCE_NONE when nothing is usable. */
    size_t (*pick)(const struct balancer *b, const struct balance_request *request);
    void (*fini)(struct balancer *b); /* accepts a half-made one */
};

struct balancer {
    const struct balancer_ops *ops;
    const struct balance_member *members; /* the caller's; outlive the balancer */
    size_t n;
    _Atomic uint64_t *turn; /* the pool's turn; outlives snapshots */
    void *tables;           /* the policy's own, const after init */
};

/* Weighted and smooth: equal shares, no bursts. */
extern const struct balancer_ops balancer_round_robin;
/* Least load / weight; never more than one above the least loaded. Equals take turns by weight. */
extern const struct balancer_ops balancer_least_conn;

/* `members`, their loads and `turn` are lent and must outlive the balancer. 0, or -1 with
 * ERR_MEMORY and nothing to fini. */
int balancer_init(struct balancer *b, const struct balancer_ops *ops,
    const struct balance_member *members, size_t n, _Atomic uint64_t *turn, struct err *ret_err);
size_t balancer_pick(const struct balancer *b, const struct balance_request *request);
void balancer_fini(struct balancer *b);

#endif
