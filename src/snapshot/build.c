/* build: from plain values to objects. Still can fail, nothing is visible yet. */
#include <errno.h>

#include "base/mem.h"
#include "snapshot/certificates.h"
#include "snapshot/snapshot.h"

static const struct where nowhere;

static bool build_pools(struct snapshot *snapshot, struct assets *assets, struct problems *problems)
{
    const struct conf *conf = snapshot->conf;
    snapshot->pools = mem_array(conf->n_pools, sizeof *snapshot->pools);
    if (!snapshot->pools && conf->n_pools) {
        problems_error(problems, nowhere, "no memory for pools");
        return false;
    }
    for (size_t i = 0; i < conf->n_pools; i++) {
        struct err err;
        if (pool_new(&conf->pools[i], &assets->registry, &snapshot->pools[i], &err) < 0) {
            problems_error(problems, conf->pools[i].where, "%s", err.context);
            return false;
        }
        snapshot->n_pools++;
    }
    return true;
}

static const struct pool *pool_of(
    const struct snapshot *snapshot, const struct conf_frontend *frontend)
{
    return frontend->pool ? snapshot->pools[frontend->pool - snapshot->conf->pools] : NULL;
}

static bool build_frontends(struct snapshot *snapshot, const struct assets *assets,
    const struct snapshot *previous, struct problems *problems)
{
    const struct conf *conf = snapshot->conf;
    bool ok = true;
    snapshot->frontends = mem_array(conf->n_frontends, sizeof *snapshot->frontends);
    if (!snapshot->frontends) {
        problems_error(problems, nowhere, "no memory for frontends");
        return false;
    }
    for (size_t i = 0; i < conf->n_frontends; i++) {
        struct frontend *f = &snapshot->frontends[i];
        f->conf = &conf->frontends[i];
        f->index = i;
        f->pool = pool_of(snapshot, f->conf);
        f->policy.name = f->conf->name;
        snapshot->n_frontends++;
        struct err err;
        if (!certificates_load(f->conf, assets, previous, &f->policy, problems)) {
            ok = false;
        } else if (frontend_is_tls(f) &&
                   tls_policy_set_ticket_keys(
                       &f->policy, assets->ticket_secret, TICKET_SECRET_BYTES, &err) < 0) {
            problems_error(problems, f->conf->where, "%s", err.context);
            ok = false;
        }
    }
    return ok;
}

static size_t count_listens(const struct conf *conf)
{
    size_t n = 0;
    for (size_t f = 0; f < conf->n_frontends; f++)
        for (size_t l = 0; l < conf->frontends[f].n_listens; l++)
            n += conf->frontends[f].listens[l].n_addrs;
    return n;
}

static bool bind_listen(struct snapshot *snapshot, const struct frontend *frontend,
    const struct conf_listen *conf, struct assets *assets, struct problems *problems)
{
    bool ok = true;
    for (size_t a = 0; a < conf->n_addrs; a++) {
        struct err err;
        struct listen_set *set =
            listen_set_get(&assets->listen_sets, &conf->addrs[a], assets->n_workers, &err);
        if (set) {
            struct snapshot_listen *listen = &snapshot->listens[snapshot->n_listens++];
            *listen = (struct snapshot_listen){.set = set, .frontend = frontend};
            addr_format(&conf->addrs[a], listen->address);
        } else if (conf->n_addrs == 2 && err.os_errno == EAFNOSUPPORT) {
            problems_warn(problems, conf->where, "listen = %s: %s; the other family is served",
                conf->text, err.context);
        } else {
            problems_error(problems, conf->where, "listen = %s: %s", conf->text, err.context);
            ok = false;
        }
    }
    return ok;
}

static bool build_listens(
    struct snapshot *snapshot, struct assets *assets, struct problems *problems)
{
    bool ok = true;
    snapshot->listens = mem_array(count_listens(snapshot->conf), sizeof *snapshot->listens);
    if (!snapshot->listens) {
        problems_error(problems, nowhere, "no memory for listeners");
        return false;
    }
    for (size_t f = 0; f < snapshot->n_frontends; f++) {
        const struct frontend *frontend = &snapshot->frontends[f];
        for (size_t l = 0; l < frontend->conf->n_listens; l++)
            if (!bind_listen(snapshot, frontend, &frontend->conf->listens[l], assets, problems))
                ok = false;
    }
    return ok;
}

struct snapshot *snapshot_build(struct conf *conf, struct assets *assets,
    const struct snapshot *previous, struct problems *problems)
{
    struct snapshot *snapshot = mem_zalloc(sizeof *snapshot);
    if (!snapshot) {
        problems_error(problems, nowhere, "no memory for the configuration");
        conf_free(conf);
        return NULL;
    }
    snapshot->conf = conf;
    snapshot->refs = 1;
    snapshot->version = previous ? previous->version + 1 : 1;
    /* Sockets last, so that a mistake elsewhere never opens a port for a moment. */
    if (build_pools(snapshot, assets, problems) &&
        build_frontends(snapshot, assets, previous, problems) &&
        build_listens(snapshot, assets, problems))
        return snapshot;
    snapshot_unref(snapshot);
    return NULL;
}

void snapshot_check(const struct conf *conf, struct assets *assets, struct problems *problems)
{
    for (size_t i = 0; i < conf->n_frontends; i++) {
        struct tls_policy policy = {.name = conf->frontends[i].name};
        certificates_load(&conf->frontends[i], assets, NULL, &policy, problems);
        certificates_release(&policy);
    }
}
