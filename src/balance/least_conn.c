/* least_conn: the least load for its weight. It scans and then reserves with a compare-and-swap, so
 * a server is taken only while it is what the scan saw: as long as connections only begin, nobody
 * gets further than one above the least loaded, over all threads.
 *
 * Why that holds with relaxed atomics: loads then only grow, so an old value of another server is
 * too low, never too high, and could only have made that one the choice, where the swap would have
 * failed. */
#include "balance/smooth_order.h"

#include "base/mem.h"

static int least_conn_init(struct balancer *b, struct err *ret_err)
{
    b->tables = smooth_order_new(b->members, b->n, ret_err);
    return b->tables ? 0 : -1;
}

/* Of equals the first one from `first` on wins. Asks whether a member is usable only when it would
 * be the choice: the answer costs more than the comparison. */
static size_t find_least(const struct balancer *b, const struct balance_request *request,
    size_t first, uint32_t *ret_load)
{
    size_t best = BALANCE_NONE;
    uint64_t best_load = 0, best_weight = 0;
    size_t i = first;
    for (size_t left = b->n; left > 0; left--, i = i + 1 < b->n ? i + 1 : 0) {
        const struct balance_member *m = &b->members[i];
        uint32_t load = atomic_load_explicit(m->load, memory_order_relaxed);
        /* load / weight < best_load / best_weight, without division: exact */
        bool is_less = best == BALANCE_NONE || load * best_weight < best_load * m->weight;
        if (!is_less || m->weight == 0 || !request->is_usable(request->arg, i))
            continue;
        best = i;
        best_load = *ret_load = load;
        best_weight = m->weight;
    }
    return best;
}

static size_t least_conn_pick(const struct balancer *b, const struct balance_request *request)
{
    /* Equals take turns: with few connections nearly every pick is a tie. */
    size_t first = smooth_order_draw(b->tables, b, request);
    if (first == BALANCE_NONE)
        return BALANCE_NONE;

    size_t best;
    uint32_t load;
    do {
        best = find_least(b, request, first, &load);
        if (best == BALANCE_NONE)
            return BALANCE_NONE;
    } while (!atomic_compare_exchange_strong_explicit(
        b->members[best].load, &load, load + 1, memory_order_relaxed, memory_order_relaxed));
    return best;
}

static void least_conn_fini(struct balancer *b)
{
    mem_free(b->tables);
}

const struct balancer_ops balancer_least_conn = {
    .name = "least-conn",
    .init = least_conn_init,
    .pick = least_conn_pick,
    .fini = least_conn_fini,
};
