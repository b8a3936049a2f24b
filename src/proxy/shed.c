#include "proxy/shed.h"

#include "proxy/session.h"

/* Looking through all sessions takes its time. */
#define SHED_EVERY_US (10 * US_PER_MS)
#define SHED_AT_ONCE 16u

static mono_us stalled_since(const struct session *s)
{
    mono_us front = s->front.stalled_since, back = s->back.stalled_since;
    if (!front || !back)
        return front ? front : back;
    return front < back ? front : back;
}

/* Those who have stalled longest, that one first. */
struct oldest {
    struct session *sessions[SHED_AT_ONCE];
    size_t n;
};

static void oldest_add(struct oldest *o, struct session *s)
{
    if (o->n == SHED_AT_ONCE && stalled_since(s) >= stalled_since(o->sessions[o->n - 1]))
        return;
    size_t i = o->n < SHED_AT_ONCE ? o->n++ : SHED_AT_ONCE - 1;
    for (; i > 0 && stalled_since(s) < stalled_since(o->sessions[i - 1]); i--)
        o->sessions[i] = o->sessions[i - 1];
    o->sessions[i] = s;
}

static bool is_short(const struct chunk_budget *budget)
{
    return chunk_budget_percent(budget) >= SHED_STALLED_PERCENT;
}

void shed_stalled(struct context *ctx, const struct chunk_budget *budget)
{
    if (!is_short(budget) || context_tick(ctx) < ctx->shed_again_at)
        return;
    ctx->shed_again_at = ctx->io->now + SHED_EVERY_US;
    struct oldest oldest = {.n = 0};
    LIST_EACH_SAFE(it, tmp, &ctx->sessions)
    {
        struct session *s = CONTAINER_OF(it, struct session, entry);
        if (stalled_since(s))
            oldest_add(&oldest, s);
    }
    for (size_t i = 0; i < oldest.n && is_short(budget); i++)
        session_close(oldest.sessions[i], CLOSE_MEMORY_LIMIT, NULL);
}
