/* pool: choosing a server for an errand. */
#include "pool/pool.h"

#include "base/mem.h"

/* How long dials to a server may wait before it counts as a black hole: an eighth of the connect
 * deadline, because a server that lives answers far sooner, and whoever comes meanwhile should not
 * wait out the deadline as well. Not below 100 ms, or a distant or busy server would be one; not
 * above 500 ms, the shortest penalty, so that the dials which fell into the hole all fail within
 * the first. */
#define PATIENCE_PART 8
#define PATIENCE_MIN_US (100 * US_PER_MS)
#define PATIENCE_MAX_US (500 * US_PER_MS)

static int64_t pool_patience_us(const struct pool *pool)
{
    int64_t patience = pool->connect_timeout_us / PATIENCE_PART;
    if (patience < PATIENCE_MIN_US)
        return PATIENCE_MIN_US;
    return patience < PATIENCE_MAX_US ? patience : PATIENCE_MAX_US;
}

static const struct balancer_ops *policy_of(enum conf_balance balance)
{
    switch (balance) {
    case CONF_BALANCE_LEAST_CONN:
        return &balancer_least_conn;
    case CONF_BALANCE_ROUND_ROBIN:
        break;
    }
    return &balancer_round_robin;
}

static int add_servers(struct pool *pool, const struct conf_pool *conf)
{
    pool->servers = mem_array(conf->n_servers, sizeof *pool->servers);
    pool->members = mem_array(conf->n_servers, sizeof *pool->members);
    if (!pool->servers || !pool->members)
        return -1;
    for (size_t i = 0; i < conf->n_servers; i++) {
        const struct conf_server *c = &conf->servers[i];
        struct server *s = registry_server(pool->registry, conf->name, c->name, &c->addr);
        if (!s)
            return -1;
        pool->servers[i] = s;
        pool->members[i] = (struct balance_member){.weight = c->weight, .load = &s->load};
        pool->n = i + 1;
    }
    return 0;
}

int pool_new(const struct conf_pool *conf, struct registry *registry, struct pool **ret_pool,
    struct err *ret_err)
{
    struct pool *pool = mem_zalloc(sizeof *pool);
    if (!pool)
        goto fail;
    pool->registry = registry;
    pool->retry_on = conf->retry_on;
    pool->retry_max = conf->retry_max;
    pool->retry_budget_percent = conf->retry_budget_percent;
    pool->retry_base_us = conf->retry_base_us;
    pool->retry_cap_us = conf->retry_cap_us;
    pool->connect_timeout_us = conf->connect_timeout_us;
    pool->source = conf->source;

    pool->record = registry_pool(registry, conf->name);
    if (!pool->record)
        goto fail;
    pool->name = pool->record->name;
    if (add_servers(pool, conf) < 0)
        goto fail;
    if (balancer_init(&pool->balancer, policy_of(conf->balance), pool->members, pool->n,
            &pool->record->turn, ret_err) < 0)
        goto fail;
    *ret_pool = pool;
    return 0;

fail:
    err_set(ret_err, ERR_MEMORY, "pool %s: no memory for %zu servers", conf->name, conf->n_servers);
    pool_free(pool);
    return -1;
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    balancer_fini(&pool->balancer);
    for (size_t i = 0; i < pool->n; i++)
        registry_unref_server(pool->registry, pool->servers[i]);
    registry_unref_pool(pool->registry, pool->record);
    mem_free(pool->servers);
    mem_free(pool->members);
    mem_free(pool);
}

struct question {
    const struct pool *pool;
    const struct pool_tried *tried;
    mono_us now;
    int64_t patience_us;
};

static bool is_untried(const void *arg, size_t index)
{
    const struct question *q = arg;
    for (unsigned i = 0; i < q->tried->n; i++) {
        if (q->tried->index[i] == index)
            return false;
    }
    return true;
}

static bool is_welcome(const void *arg, size_t index)
{
    const struct question *q = arg;
    return is_untried(q, index) &&
           !server_is_avoided(q->pool->servers[index], q->now, q->patience_us);
}

struct server *pool_pick(const struct pool *pool, struct pool_tried *tried, mono_us now)
{
    if (tried->n == POOL_TRIED_MAX)
        return NULL;
    const struct question q = {pool, tried, now, pool_patience_us(pool)};
    size_t i = balancer_pick(&pool->balancer, &(struct balance_request){is_welcome, &q});
    if (i == BALANCE_NONE)
        i = balancer_pick(&pool->balancer, &(struct balance_request){is_untried, &q});
    if (i == BALANCE_NONE)
        return NULL;
    tried->index[tried->n++] = (uint32_t)i;
    return pool->servers[i];
}
