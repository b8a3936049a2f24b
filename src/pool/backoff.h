/* backoff: how long to wait before the next attempt. Full jitter: attempt n (0 for the first retry)
 * waits random(0, min(cap, base * 2^n)), both ends included. Pure; no overflow for any n. */
#ifndef SLUICE_POOL_BACKOFF_H
#define SLUICE_POOL_BACKOFF_H

#include <stdint.h>

#include "base/rng.h"

/* base and cap are not negative. */
int64_t backoff_delay_us(int64_t base_us, int64_t cap_us, unsigned attempt, struct rng *rng);

#endif
