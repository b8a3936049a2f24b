#include "snapshot/assets.h"

#include <assert.h>
#include <string.h>

void assets_init(struct assets *assets, unsigned n_workers, uid_t key_owner, struct clock *clock,
    const unsigned char ticket_secret[static TICKET_SECRET_BYTES])
{
    registry_init(&assets->registry);
    list_init(&assets->listen_sets);
    assets->n_workers = n_workers;
    assets->key_owner = key_owner;
    assets->clock = clock;
    memcpy(assets->ticket_secret, ticket_secret, TICKET_SECRET_BYTES);
}

void assets_fini(struct assets *assets)
{
    assert(list_is_empty(&assets->listen_sets));
    registry_fini(&assets->registry);
    explicit_bzero(assets->ticket_secret, sizeof assets->ticket_secret);
}
