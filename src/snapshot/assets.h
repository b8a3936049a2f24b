/* assets: what outlives any one snapshot, and what building one needs to know. Main thread only. */
#ifndef SLUICE_SNAPSHOT_ASSETS_H
#define SLUICE_SNAPSHOT_ASSETS_H

#include <sys/types.h>

#include "base/clock.h"
#include "base/list.h"
#include "pool/registry.h"

#define TICKET_SECRET_BYTES 32

struct assets {
    struct registry registry; /* servers and pools */
    struct list listen_sets;
    unsigned n_workers; /* fixed at start: sockets an address */
    uid_t key_owner;    /* who, beside root, may own key files */
    struct clock *clock;
    unsigned char
        ticket_secret[TICKET_SECRET_BYTES]; /* made at start; all tickets' keys come from it */
};

void assets_init(struct assets *assets, unsigned n_workers, uid_t key_owner, struct clock *clock,
    const unsigned char ticket_secret[static TICKET_SECRET_BYTES]);
void assets_fini(struct assets *assets); /* after the last snapshot */

#endif
