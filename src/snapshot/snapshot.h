/* snapshot: what the operator wants, built and checked, const once published. Sessions keep the
 * snapshot they began with.
 *
 * Made, counted and freed on the main thread; workers only read it, and hold it through their views
 * (view.h). What outlives a reload is not in here but pointed at: server and pool records,
 * listening sockets, certificate records (assets.h). */
#ifndef SLUICE_SNAPSHOT_SNAPSHOT_H
#define SLUICE_SNAPSHOT_SNAPSHOT_H

#include "conf/conf.h"
#include "net/listen_set.h"
#include "pool/pool.h"
#include "snapshot/assets.h"
#include "tls/context.h"

struct frontend {
    const struct conf_frontend *conf;
    size_t index;
    const struct pool *pool;  /* NULL: every connection is refused */
    struct tls_policy policy; /* no records: plain */
};

/* One address to accept on, and for whom. */
struct snapshot_listen {
    struct listen_set *set; /* until snapshot_release_listens() */
    char address[ADDR_TEXT_MAX];
    const struct frontend *frontend;
};

struct snapshot {
    unsigned version; /* 1, 2, ... in the order of publication */
    unsigned refs;    /* main thread only: one of main for the one in force, one a worker's view */
    struct conf *conf;
    struct frontend *frontends;
    size_t n_frontends;
    struct pool **pools; /* as conf->pools */
    size_t n_pools;
    struct snapshot_listen *listens;
    size_t n_listens;
};

/* Builds everything or nothing: certificates are read and checked, new addresses bound, and every
 * problem is reported with file and line. Takes the conf, on success and on failure. `previous` may
 * be NULL; what did not change is shared with it. The result has one reference. */
struct snapshot *snapshot_build(struct conf *conf, struct assets *assets,
    const struct snapshot *previous, struct problems *problems);
/* The part of building that `sluice check` can do: certificates, but no sockets. */
void snapshot_check(const struct conf *conf, struct assets *assets, struct problems *problems);

struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_unref(struct snapshot *snapshot); /* takes NULL */
/* The last thing that can fail: from here on its sockets get clients. 0 or -1. */
int snapshot_start_listens(const struct snapshot *snapshot, struct err *ret_err);
/* No worker accepts for it any more: its sockets go, its sessions stay. */
void snapshot_release_listens(struct snapshot *snapshot);

bool frontend_is_tls(const struct frontend *frontend);

#endif
