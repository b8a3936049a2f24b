/* backoff: exponential with full jitter. */
#include "pool/backoff.h"

int64_t backoff_delay_us(int64_t base_us, int64_t cap_us, unsigned attempt, struct rng *rng)
{
    unsigned doublings = attempt < 63 ? attempt : 63;
    /* Compared by halving the cap, because doubling the base may overflow. */
    int64_t longest = base_us > cap_us >> doublings ? cap_us : base_us << doublings;
    return (int64_t)rng_below(rng, (uint64_t)longest + 1);
}
