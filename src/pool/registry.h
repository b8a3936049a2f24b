/* registry: the records that outlive a reload: servers, and per pool name the turn of round robin
 * and the retry budget. Main thread only (workers use the records that snapshots point at). A
 * record dies when the last snapshot that names it is freed. */
#ifndef SLUICE_POOL_REGISTRY_H
#define SLUICE_POOL_REGISTRY_H

#include "pool/budget.h"
#include "pool/server.h"

/* What a pool keeps over reloads, by name. */
struct pool_record {
    _Alignas(64) _Atomic uint64_t turn;
    struct budget budget;
    char *name;
    unsigned refs;
    struct list entry;
};

struct registry {
    struct list servers, pools;
};

void registry_init(struct registry *r);
void registry_fini(struct registry *r); /* asserts that nothing is left */
/* Finds or makes; one reference is the caller's. NULL: out of memory. */
struct server *registry_server(
    struct registry *r, const char *pool_name, const char *name, const struct addr *addr);
struct pool_record *registry_pool(struct registry *r, const char *name);
/* Both take NULL; the last reference frees the record. */
void registry_unref_server(struct registry *r, struct server *s);
void registry_unref_pool(struct registry *r, struct pool_record *p);

#endif
