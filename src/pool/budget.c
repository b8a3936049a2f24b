/* budget: two rings of seconds. */
#include "pool/budget.h"

static uint32_t second_of(mono_us now)
{
    return (uint32_t)(now / US_PER_S);
}

static uint32_t slot_second(uint64_t slot)
{
    return (uint32_t)(slot >> 32);
}

static uint32_t slot_count(uint64_t slot)
{
    return (uint32_t)slot;
}

/* Seconds from the slot's second to `second`; negative when the slot is of a later one. */
static int32_t slot_age(uint64_t slot, uint32_t second)
{
    return (int32_t)(second - slot_second(slot));
}

/* False: the slot belongs to a later second already, because this worker's clock is far behind. */
static bool count_one(_Atomic uint64_t ring[BUDGET_SLOTS], uint32_t second)
{
    _Atomic uint64_t *slot = &ring[second % BUDGET_SLOTS];
    uint64_t seen = atomic_load(slot);
    uint64_t next;
    do {
        int32_t age = slot_age(seen, second);
        if (age < 0)
            return false;
        next = age == 0 ? seen + 1 : (uint64_t)second << 32 | 1;
    } while (!atomic_compare_exchange_weak(slot, &seen, next));
    return true;
}

static void uncount_one(_Atomic uint64_t ring[BUDGET_SLOTS], uint32_t second)
{
    _Atomic uint64_t *slot = &ring[second % BUDGET_SLOTS];
    uint64_t seen = atomic_load(slot);
    do {
        if (slot_second(seen) != second)
            return;
    } while (!atomic_compare_exchange_weak(slot, &seen, seen - 1));
}

/* Later seconds count too: what a worker with a faster clock has noted did happen. */
static uint64_t count_recent(const _Atomic uint64_t ring[BUDGET_SLOTS], uint32_t second)
{
    uint64_t sum = 0;
    for (int i = 0; i < BUDGET_SLOTS; i++) {
        uint64_t slot = atomic_load(&ring[i]);
        if (slot_age(slot, second) < BUDGET_WINDOW_S)
            sum += slot_count(slot);
    }
    return sum;
}

void budget_init(struct budget *b)
{
    for (int i = 0; i < BUDGET_SLOTS; i++) {
        atomic_init(&b->connections[i], 0);
        atomic_init(&b->retries[i], 0);
    }
}

void budget_note_connection(struct budget *b, mono_us now)
{
    count_one(b->connections, second_of(now));
}

/* Counts first and looks afterwards: of racing threads the last to count sees all the others, so
 * they cannot pass together (they may fail together). This needs one order of both steps over all
 * threads, hence sequentially consistent atomics. */
bool budget_take(struct budget *b, unsigned percent, mono_us now)
{
    uint32_t second = second_of(now);
    if (!count_one(b->retries, second))
        return false;

    uint64_t allowed =
        count_recent(b->connections, second) * percent / 100 + BUDGET_FLOOR_PER_S * BUDGET_WINDOW_S;
    if (count_recent(b->retries, second) <= allowed)
        return true;
    uncount_one(b->retries, second);
    return false;
}
