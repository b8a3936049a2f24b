/* budget: retries a pool may make: percent of its connections of the last 10 seconds, plus a floor
 * of 3 a second over the same time (F74). So with every server down, dials stay below
 * (1 + percent) x arrivals + floor. The floor may be spent at once: a small burst upon a dead
 * server is what retries are for.
 *
 * One per pool name, shared by all workers and surviving reloads: atomics, no lock; time is an
 * argument. When threads race the budget errs on the side of refusing. */
#ifndef SLUICE_POOL_BUDGET_H
#define SLUICE_POOL_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define BUDGET_WINDOW_S 10
#define BUDGET_FLOOR_PER_S 3
/* One more than the window, so that a worker whose clock lags by a second still finds all of its
 * own. */
#define BUDGET_SLOTS (BUDGET_WINDOW_S + 1)

/* A slot holds the second it is of in its upper half and a count in its lower half: one word, so
 * that a slot passes from an old second to a new one in a single step. */
struct budget {
    _Atomic uint64_t connections[BUDGET_SLOTS];
    _Atomic uint64_t retries[BUDGET_SLOTS];
};

void budget_init(struct budget *b);
void budget_note_connection(struct budget *b, mono_us now); /* an errand began */
/* True: one retry is granted and counted. */
bool budget_take(struct budget *b, unsigned percent, mono_us now);

#endif
