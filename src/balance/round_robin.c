/* round_robin: everybody in turn, as often as the weight says. All threads draw from the pool's one
 * cursor, so shares are exact over all of them. */
#include "balance/smooth_order.h"

#include "base/mem.h"

static int round_robin_init(struct balancer *b, struct err *ret_err)
{
    b->tables = smooth_order_new(b->members, b->n, ret_err);
    return b->tables ? 0 : -1;
}

static size_t round_robin_pick(const struct balancer *b, const struct balance_request *request)
{
    size_t chosen = smooth_order_draw(b->tables, b, request);
    if (chosen != BALANCE_NONE)
        atomic_fetch_add_explicit(b->members[chosen].load, 1, memory_order_relaxed);
    return chosen;
}

static void round_robin_fini(struct balancer *b)
{
    mem_free(b->tables);
}

const struct balancer_ops balancer_round_robin = {
    .name = "round-robin",
    .init = round_robin_init,
    .pick = round_robin_pick,
    .fini = round_robin_fini,
};
