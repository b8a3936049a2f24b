/* process: the main thread: it owns signals, the configuration and its reloads, what outlives them,
 * and the workers' lives. */
#ifndef SLUICE_RUN_PROCESS_H
#define SLUICE_RUN_PROCESS_H

#include "run/privileges.h"
#include "run/signals.h"
#include "run/worker.h"
#include "snapshot/assets.h"

/* A new configuration on its way into force: one at a time; requests that come meanwhile are kept
 * as one. */
enum reload_phase {
    RELOAD_IDLE,
    RELOAD_PREPARING, /* workers make their views of `next` */
    RELOAD_SETTLING   /* in force; workers let go of listeners that are gone */
};

struct reload {
    enum reload_phase phase;
    bool pending; /* asked for again */
    struct snapshot *next;
    struct snapshot *previous; /* settling: what was in force before */
    uint64_t max_connections;  /* of `next`, as far as this machine lets us */
    struct prepare *prepares;  /* one a worker */
    unsigned n_waiting;
    bool failed;
    struct err err;     /* the first worker's */
    unsigned announced; /* the version that the log told of last */
};

struct process {
    const char *path; /* what is read again */
    const char *text; /* instead of a file, for `sluice try`; else NULL */

    struct identity identity; /* who it becomes, or is */
    struct loop loop;
    struct mailbox box;
    struct crew crew;
    struct assets assets;
    struct snapshot *current; /* in force; NULL before the first */
    struct reload reload;
    struct watch_signals signals;
    struct watch_timer grace; /* shutdown-grace is running */
    bool stopping;
    int exit_status;
    /* Told once the first configuration is in force; may be NULL. */
    void (*on_ready)(const struct process *p);
};

/* Runs until a signal ends it; the program's exit status. `conf` is the first configuration,
 * already loaded; taken. */
int process_run(struct process *p, struct conf *conf);

/* Ends it with exit status 1: what keeps it from serving was logged. */
void process_fail(struct process *p);

/* For on_ready: the address of the first listener. */
const struct addr *process_first_address(const struct process *p);

#endif
