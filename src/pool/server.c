/* server: what dials tell about a backend. */
#include "pool/server.h"

#include <assert.h>

#include "base/mem.h"

struct server *server_new(const char *pool_name, const char *name, const struct addr *addr)
{
    struct server *s = mem_aligned(_Alignof(struct server), sizeof *s);
    if (!s)
        return NULL;
    s->refs = 1;
    list_init(&s->entry);
    s->addr = *addr;
    addr_format(addr, s->addr_text);
    s->pool_name = mem_strdup(pool_name);
    s->name = mem_strdup(name);
    if (s->pool_name && s->name)
        return s;
    server_free(s);
    return NULL;
}

void server_free(struct server *s)
{
    if (!s)
        return;
    mem_free(s->pool_name);
    mem_free(s->name);
    mem_free(s);
}

/* The stamp stays when one is set: it tells of the oldest dial since the last answer. */
void server_dial_started(struct server *s, mono_us now)
{
    atomic_fetch_add_explicit(&s->dials, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->dialing, 1, memory_order_relaxed);
    int64_t none = 0;
    atomic_compare_exchange_strong_explicit(
        &s->unanswered_since, &none, now, memory_order_relaxed, memory_order_relaxed);
}

/* Returns the dials still on their way. Ordered, because the last one to end must be the last to
 * clear the stamp: a stamp without a dial would never be cleared, and the server avoided for ever.
 * For the same reason the count may be too low (see server_dial_failed()) but never too high: what
 * is cleared too early is set again by the next dial. */
static uint32_t end_dial(struct server *s)
{
    uint32_t dialing = atomic_load_explicit(&s->dialing, memory_order_acquire);
    do {
        if (dialing == 0)
            return 0;
    } while (!atomic_compare_exchange_weak_explicit(
        &s->dialing, &dialing, dialing - 1, memory_order_acq_rel, memory_order_acquire));
    return dialing - 1;
}

/* Dials that are still on their way lose their stamp with the others. Nothing is lost: the next
 * dial sets it anew, and without a next dial nobody needs it. */
static void clear_stamp(struct server *s)
{
    atomic_store_explicit(&s->unanswered_since, 0, memory_order_relaxed);
}

void server_dial_succeeded(struct server *s, mono_us now)
{
    (void)now;
    atomic_store_explicit(&s->failures, 0, memory_order_relaxed);
    atomic_store_explicit(&s->avoid_until, 0, memory_order_relaxed);
    end_dial(s);
    clear_stamp(s);
}

static int64_t penalty_us(uint32_t failures, struct rng *rng)
{
    int64_t full = SERVER_PENALTY_CAP_US;
    if (failures < 5) /* 1 s * 2^5 is over the cap */
        full = SERVER_PENALTY_BASE_US << failures;
    int64_t half = full / 2;
    return half + (int64_t)rng_below(rng, (uint64_t)(full - half) + 1);
}

/* Hundreds of dials may be on their way when a server dies; counted one by one they would bring it
 * the longest penalty at once. So only a failure outside of a penalty begins one, and of several
 * threads the one that swaps. */
void server_dial_failed(struct server *s, mono_us now, struct rng *rng)
{
    atomic_fetch_add_explicit(&s->dial_errors, 1, memory_order_relaxed);
    atomic_store_explicit(&s->proven, false, memory_order_relaxed);
    int64_t avoid_until = atomic_load_explicit(&s->avoid_until, memory_order_relaxed);
    if (now >= avoid_until) {
        uint32_t failures = atomic_load_explicit(&s->failures, memory_order_relaxed);
        int64_t next = now + penalty_us(failures, rng);
        if (atomic_compare_exchange_strong_explicit(
                &s->avoid_until, &avoid_until, next, memory_order_relaxed, memory_order_relaxed))
            atomic_fetch_add_explicit(&s->failures, 1, memory_order_relaxed);
    }
    end_dial(s);
    clear_stamp(s); /* the penalty takes over */
}

void server_dial_dropped(struct server *s, mono_us now)
{
    (void)now;
    if (end_dial(s) == 0)
        clear_stamp(s);
}

bool server_is_avoided(const struct server *s, mono_us now, int64_t patience_us)
{
    if (now < atomic_load_explicit(&s->avoid_until, memory_order_relaxed))
        return true;
    int64_t since = atomic_load_explicit(&s->unanswered_since, memory_order_relaxed);
    if (since == 0)
        return false;
    bool is_probe = atomic_load_explicit(&s->failures, memory_order_relaxed) > 0;
    return is_probe || now - since >= patience_us;
}

bool server_is_proven(const struct server *s)
{
    return atomic_load_explicit(&s->proven, memory_order_relaxed);
}

void server_prove(struct server *s)
{
    atomic_store_explicit(&s->proven, true, memory_order_relaxed);
}

void server_doubt(struct server *s)
{
    atomic_store_explicit(&s->proven, false, memory_order_relaxed);
}

void server_release(struct server *s)
{
    uint32_t before = atomic_fetch_sub_explicit(&s->load, 1, memory_order_relaxed);
    assert(before > 0);
    (void)before;
}
