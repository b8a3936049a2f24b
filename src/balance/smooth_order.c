/* smooth_order: the smooth weighted round robin of nginx, run once over a whole cycle instead of at
 * each pick, so that a pick is one step of one shared cursor and exact over all threads. */
#include "balance/smooth_order.h"

#include "base/mem.h"

struct share {
    uint64_t weight;
    int64_t credit; /* grows by the weight each turn; whoever has most takes the turn and pays for
                       all */
};

static uint64_t greatest_common_divisor(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static uint64_t scale_weight(uint64_t weight, uint64_t sum)
{
    uint64_t scaled = (weight * SMOOTH_ORDER_EXACT_MAX + sum / 2) / sum;
    return scaled ? scaled : 1;
}

/* Weights in lowest terms, scaled when even those are too many. Returns their sum: the length of
 * the order. */
static uint64_t reduce_weights(const struct balance_member *members, size_t n, struct share *shares)
{
    uint64_t sum = 0, divisor = 0;
    for (size_t i = 0; i < n; i++) {
        sum += members[i].weight;
        divisor = greatest_common_divisor(divisor, members[i].weight);
    }
    if (sum == 0)
        return 0;

    bool is_exact = sum / divisor <= SMOOTH_ORDER_EXACT_MAX;
    uint64_t length = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t weight = members[i].weight;
        if (weight)
            shares[i].weight = is_exact ? weight / divisor : scale_weight(weight, sum);
        length += shares[i].weight;
    }
    return length;
}

static size_t next_in_turn(struct share *shares, size_t n, uint64_t sum)
{
    size_t best = 0;
    for (size_t i = 0; i < n; i++) {
        shares[i].credit += (int64_t)shares[i].weight;
        if (shares[i].credit > shares[best].credit)
            best = i;
    }
    shares[best].credit -= (int64_t)sum;
    return best;
}

struct smooth_order *smooth_order_new(
    const struct balance_member *members, size_t n, struct err *ret_err)
{
    struct smooth_order *order = NULL;
    struct share *shares = mem_array(n, sizeof *shares);
    if (!shares)
        goto out;
    uint64_t length = reduce_weights(members, n, shares);
    order = mem_alloc(sizeof *order + length * sizeof order->index[0]);
    if (!order)
        goto out;
    order->n = length;
    for (size_t i = 0; i < length; i++)
        order->index[i] = (uint32_t)next_in_turn(shares, n, length);
out:
    mem_free(shares);
    if (!order)
        err_set(ret_err, ERR_MEMORY, "no memory for the turns of %zu servers", n);
    return order;
}

static size_t member_at(const struct smooth_order *order, uint64_t turn)
{
    return order->index[turn % order->n];
}

static size_t find_usable(
    const struct balancer *b, const struct balance_request *request, size_t first)
{
    for (size_t step = 0; step < b->n; step++) {
        size_t i = (first + step) % b->n;
        if (b->members[i].weight && request->is_usable(request->arg, i))
            return i;
    }
    return BALANCE_NONE;
}

size_t smooth_order_draw(const struct smooth_order *order, const struct balancer *b,
    const struct balance_request *request)
{
    if (order->n == 0)
        return BALANCE_NONE;

    /* Look before drawing: in vain it would draw a whole cycle, and turns that other threads draw
     * meanwhile may be all those of the only usable member. */
    uint64_t now = atomic_load_explicit(b->turn, memory_order_relaxed);
    size_t usable = find_usable(b, request, member_at(order, now));
    if (usable == BALANCE_NONE)
        return BALANCE_NONE;

    /* An unusable member loses its turns and the others keep their shares; going on from its place
     * without drawing would double the share of whoever follows it. */
    for (size_t left = order->n; left > 0; left--) {
        uint64_t turn = atomic_fetch_add_explicit(b->turn, 1, memory_order_relaxed);
        size_t i = member_at(order, turn);
        if (request->is_usable(request->arg, i))
            return i;
    }
    return usable; /* other threads drew all of its turns meanwhile */
}
