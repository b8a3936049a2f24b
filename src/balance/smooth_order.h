/* smooth_order: who has which turn. Each member appears in the order as often as its weight says,
 * and its turns lie as far apart as possible: weights 5, 1, 1 give a a b a c a a. Two policies walk
 * it by the pool's turn.
 *
 * Owned by a balancer, const once made, any thread. */
#ifndef SLUICE_BALANCE_SMOOTH_ORDER_H
#define SLUICE_BALANCE_SMOOTH_ORDER_H

#include "balance/balancer.h"

/* Longest order that is exact: 64 members of any weight up to 256. Beyond it weights are scaled
 * down to this sum and rounded, to 1 at least: what is lost is half a turn in 16384 for a member,
 * what is saved is memory and the time of a reload, because making an order takes length x n steps.
 */
#define SMOOTH_ORDER_EXACT_MAX 16384u

struct smooth_order {
    size_t n;         /* 0 when all weights are 0 */
    uint32_t index[]; /* of members */
};

/* NULL with ERR_MEMORY. Free with mem_free(). */
struct smooth_order *smooth_order_new(
    const struct balance_member *members, size_t n, struct err *ret_err);

/* Draws turns of b->turn until one falls to a usable member, which it returns; BALANCE_NONE, and no
 * turn drawn, when there is none. */
size_t smooth_order_draw(const struct smooth_order *order, const struct balancer *b,
    const struct balance_request *request);

#endif
