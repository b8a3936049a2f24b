#include "snapshot/snapshot.h"

#include "base/mem.h"
#include "snapshot/certificates.h"

int snapshot_start_listens(const struct snapshot *snapshot, struct err *ret_err)
{
    for (size_t i = 0; i < snapshot->n_listens; i++)
        if (listen_set_start(snapshot->listens[i].set, ret_err) < 0)
            return -1;
    return 0;
}

void snapshot_release_listens(struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->n_listens; i++)
        listen_set_put(snapshot->listens[i].set);
    snapshot->n_listens = 0;
}

static void snapshot_free(struct snapshot *snapshot)
{
    snapshot_release_listens(snapshot);
    for (size_t i = 0; i < snapshot->n_frontends; i++)
        certificates_release(&snapshot->frontends[i].policy);
    for (size_t i = 0; i < snapshot->n_pools; i++)
        pool_free(snapshot->pools[i]);
    mem_free(snapshot->listens);
    mem_free(snapshot->frontends);
    mem_free(snapshot->pools);
    conf_free(snapshot->conf);
    mem_free(snapshot);
}

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
    snapshot->refs++;
    return snapshot;
}

void snapshot_unref(struct snapshot *snapshot)
{
    if (snapshot && --snapshot->refs == 0)
        snapshot_free(snapshot);
}

bool frontend_is_tls(const struct frontend *frontend)
{
    return frontend->policy.n_records > 0;
}
