/* worker: a thread with its loop, its listeners, its sessions and its counters. It never blocks and
 * takes no lock on the data path; everything it is told comes through its mailbox.
 *
 * Made, started, joined and freed by main. Fields marked atomic are read by other threads. */
#ifndef SLUICE_RUN_WORKER_H
#define SLUICE_RUN_WORKER_H

#include "net/listener.h"
#include "proxy/context.h"
#include "run/mailbox.h"
#include "snapshot/view.h"

/* What a worker must know of the process around it; const while workers run, but for the atomics.
 */
struct crew {
    struct worker **workers;
    unsigned n_workers;
    _Atomic uint64_t max_connections;
    struct chunk_budget buffers; /* memory-limit */
    struct mailbox *main_box;
    struct clock *clock;
};

struct worker {
    _Alignas(64) _Atomic unsigned live; /* sessions, and connections on their way to it */
    _Atomic bool listening;             /* it has listeners, in force or retiring */
    _Atomic bool retiring;              /* ... and some of them are on their way out */
    _Atomic unsigned version;           /* of the snapshot that it serves */

    _Alignas(64) unsigned number; /* 0 .. n_workers - 1 */
    struct crew *crew;
    pthread_t thread;
    bool thread_started;
    struct loop loop;
    struct mailbox box;
    struct watch_turn turn;
    struct io *io;
    struct context ctx;
    struct tls_thread *tls;
    struct err start_err;  /* why tls is NULL: it makes no views */
    struct view *view;     /* in force; NULL before the first */
    struct view *prepared; /* kept aside */
    struct list listeners;
    struct list prepared_listeners; /* for addresses that the prepared view adds */
    struct watch_timer retire_timer;
    bool draining;
    struct message commit, abandon, drain, stop; /* each at most once on its way */
};

/* One question to one worker and its answer. */
struct prepare {
    struct message message;
    struct worker *worker;
    struct snapshot *snapshot;
    bool ok;
    struct err err;
};

struct unused {
    struct message message;
    struct worker *worker;
    struct snapshot *snapshot;
};

/* NULL and an error when the machine has no room for it. `seed` is for its random numbers. */
struct worker *worker_new(struct crew *crew, unsigned number, uint64_t seed, struct err *ret_err);
int worker_start(struct worker *w, struct err *ret_err);
void worker_join(struct worker *w); /* after MESSAGE_STOP */
void worker_free(struct worker *w); /* takes NULL */

#endif
