/* pool: a named set of servers with a balancer, as one snapshot sees it. Const once made; picks
 * come from every worker at once. Made and freed on the main thread. */
#ifndef SLUICE_POOL_POOL_H
#define SLUICE_POOL_POOL_H

#include "balance/balancer.h"
#include "conf/conf.h"
#include "pool/registry.h"

#define POOL_TRIED_MAX 11 /* retry-max at most 10, and the first attempt */

struct pool {
    const char *name;
    struct registry *registry;
    struct pool_record *record;
    struct server **servers;
    struct balance_member *members;
    size_t n;
    struct balancer balancer;
    unsigned retry_on, retry_max, retry_budget_percent;
    int64_t retry_base_us, retry_cap_us;
    int64_t connect_timeout_us;
    struct addr source; /* len 0: the system chooses */
};

/* Servers that one errand has already dialled. */
struct pool_tried {
    unsigned n;
    uint32_t index[POOL_TRIED_MAX];
};

int pool_new(const struct conf_pool *conf, struct registry *registry, struct pool **ret_pool,
    struct err *ret_err);
void pool_free(struct pool *pool); /* takes NULL and half-made ones */

/* Chooses a server and reserves a connection on it; it is added to *tried. In order: servers
 * neither tried nor avoided; avoided ones not tried; and, when every server was tried, NULL.
 * Zero-weight servers are never chosen. The caller gives the reservation back with
 * server_release(). */
struct server *pool_pick(const struct pool *pool, struct pool_tried *tried, mono_us now);

#endif
