/* counters: what one worker counts. Written by its thread, read by any (relaxed): a sum over
 * workers is taken when somebody asks. */
#ifndef SLUICE_PROXY_COUNTERS_H
#define SLUICE_PROXY_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "proxy/close_reason.h"

struct counters {
#define COUNTER(name, help) _Atomic uint64_t name;
#include "base/counters.def"
#undef COUNTER
    /* by reason; accepted = open + their sum + accept_lost */
    _Atomic uint64_t closed[CLOSE_REASONS];
};

static inline void counter_add(_Atomic uint64_t *counter, uint64_t n)
{
    /* One writer: no locked instruction needed. */
    atomic_store_explicit(
        counter, atomic_load_explicit(counter, memory_order_relaxed) + n, memory_order_relaxed);
}

/* *sum += *c */
void counters_add(struct counters *sum, const struct counters *c);

#endif
