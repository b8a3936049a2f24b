#include "proxy/context.h"

#include "proxy/session.h"
#include "tls/accept.h"

#define WORKER_SHIFT 48 /* of a session's id */

static int front_open(struct conn *front, struct tls_context *tls, struct err *ret_err)
{
    return tls ? tls_accept(front, tls, ret_err) : 0;
}

void context_init(
    struct context *ctx, struct io *io, struct clock *clock, uint64_t seed, unsigned worker_number)
{
    *ctx =
        (struct context){.io = io, .clock = clock, .dial = &dial_system, .front_open = front_open};
    ctx->next_id = ((uint64_t)worker_number << WORKER_SHIFT) + 1;
    rng_init(&ctx->rng, seed);
    list_init(&ctx->sessions);
    list_init(&ctx->graveyard);
}

mono_us context_tick(struct context *ctx)
{
    ctx->io->now = clock_mono(ctx->clock);
    return ctx->io->now;
}

void context_sweep(struct context *ctx)
{
    LIST_EACH_SAFE(it, tmp, &ctx->graveyard)
    session_free(CONTAINER_OF(it, struct session, entry));
}
