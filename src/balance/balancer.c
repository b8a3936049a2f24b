/* balancer: what every policy shares. */
#include "balance/balancer.h"

int balancer_init(struct balancer *b, const struct balancer_ops *ops,
    const struct balance_member *members, size_t n, _Atomic uint64_t *turn, struct err *ret_err)
{
    *b = (struct balancer){.ops = ops, .members = members, .n = n, .turn = turn};
    if (ops->init(b, ret_err) == 0)
        return 0;
    balancer_fini(b);
    return -1;
}

size_t balancer_pick(const struct balancer *b, const struct balance_request *request)
{
    return b->ops->pick(b, request);
}

void balancer_fini(struct balancer *b)
{
    if (b->ops)
        b->ops->fini(b);
    *b = (struct balancer){0};
}
