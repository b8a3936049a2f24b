#include "proxy/counters.h"

static uint64_t get(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void counters_add(struct counters *sum, const struct counters *c)
{
#define COUNTER(name, help) counter_add(&sum->name, get(&c->name));
#include "base/counters.def"
#undef COUNTER
    for (int i = 0; i < CLOSE_REASONS; i++)
        counter_add(&sum->closed[i], get(&c->closed[i]));
}
