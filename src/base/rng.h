/* rng: chance as an argument. xoshiro256** (Blackman, Vigna, public domain algorithm): for jitter
 * and choices, never for secrets.
 *
 * Owned by one thread (a worker has its own). Seeded from the system in run/, from a number in
 * tests. */
#ifndef SLUICE_BASE_RNG_H
#define SLUICE_BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t s[4];
};

void rng_init(struct rng *rng, uint64_t seed); /* expands the seed by splitmix64 */
uint64_t rng_next(struct rng *rng);
/* Uniform in [0, limit); 0 when limit is 0. No modulo bias. */
uint64_t rng_below(struct rng *rng, uint64_t limit);

#endif
