/* view: one worker's own realisation of a snapshot: the TLS contexts it made for it, and how many
 * of its sessions use it.
 *
 * One worker's thread only. When the last session of a view that is no longer in force ends, the
 * worker frees the OpenSSL objects (they are its own) and on_unused tells main, which frees the
 * snapshot. */
#ifndef SLUICE_SNAPSHOT_VIEW_H
#define SLUICE_SNAPSHOT_VIEW_H

#include "snapshot/snapshot.h"

struct view {
    struct snapshot *snapshot;
    struct tls_context **contexts; /* by frontend index; NULL where it is plain */
    unsigned refs;                 /* the worker's own, one a listener, one a session */
    void (*on_unused)(void *owner, struct snapshot *snapshot);
    void *owner;
};

/* One reference is the caller's. NULL: nothing was kept, on_unused is not called. */
struct view *view_new(struct snapshot *snapshot, struct tls_thread *tls,
    void (*on_unused)(void *owner, struct snapshot *snapshot), void *owner, struct err *ret_err);
struct view *view_ref(struct view *view);
void view_unref(struct view *view); /* takes NULL */

#endif
