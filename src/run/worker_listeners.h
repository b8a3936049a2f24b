/* worker_listeners: which sockets a worker accepts on, and which worker serves what was accepted.
 * The worker's thread only. */
#ifndef SLUICE_RUN_WORKER_LISTENERS_H
#define SLUICE_RUN_WORKER_LISTENERS_H

#include "run/worker.h"

/* A connection on its way to a worker with less to do. */
struct adopt {
    struct message message;
    int fd;                       /* of the client */
    const struct listen_set *set; /* where it was accepted: tells the frontend */
    struct addr peer;
};

void worker_listeners_init(struct worker *w);
/* Makes what a view of it will need, so that following it cannot fail. 0 or -1; abandon() forgets
 * it either way. */
int worker_listeners_prepare(
    struct worker *w, const struct snapshot *snapshot, struct err *ret_err);
void worker_listeners_abandon(struct worker *w);
/* `view` is in force now: addresses that stay take its frontend without a gap, new ones begin, gone
 * ones retire: their queue is served first. */
void worker_listeners_follow(struct worker *w, struct view *view);
void worker_listeners_retire_all(struct worker *w);
void worker_listeners_close_all(struct worker *w);
void worker_adopt(struct worker *w, struct adopt *adopt);

#endif
