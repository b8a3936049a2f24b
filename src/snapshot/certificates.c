#include "snapshot/certificates.h"

#include <string.h>

#include "base/mem.h"

#define SELF_SIGNED_PATH "self-signed"
#define EXPIRY_WARNING_DAYS 14

/* The same certificate in the snapshot in force: by content, or (made by ourselves) by its kind. */
static struct cert_record *find_previous(
    const struct snapshot *previous, const struct cert_record *fresh)
{
    for (size_t f = 0; previous && f < previous->n_frontends; f++) {
        const struct tls_policy *policy = &previous->frontends[f].policy;
        for (size_t i = 0; i < policy->n_records; i++) {
            struct cert_record *have = policy->records[i];
            bool same = fresh ? memcmp(have->id, fresh->id, sizeof have->id) == 0 &&
                                    strcmp(have->path, fresh->path) == 0
                              : strcmp(have->path, SELF_SIGNED_PATH) == 0;
            if (same)
                return have;
        }
    }
    return NULL;
}

static int64_t days_left(const struct cert_record *record, int64_t now_s)
{
    return (record->not_after_s - now_s) / 86400;
}

/* The one that there is, until it would have to be warned of: nobody but us can renew it. */
static struct cert_record *load_self_signed(
    const struct assets *assets, const struct snapshot *previous, struct err *ret_err)
{
    struct cert_record *have = find_previous(previous, NULL), *fresh;
    int64_t now_s = clock_wall(assets->clock) / US_PER_S;
    if (have && days_left(have, now_s) >= EXPIRY_WARNING_DAYS)
        return cert_record_ref(have);
    return cert_record_self_signed(now_s, &fresh, ret_err) < 0 ? NULL : fresh;
}

static struct cert_record *load_file(const char *path, const struct assets *assets,
    const struct snapshot *previous, struct err *ret_err)
{
    struct cert_record *fresh;
    if (cert_record_load(path, assets->key_owner, &fresh, ret_err) < 0)
        return NULL;
    struct cert_record *have = find_previous(previous, fresh);
    if (!have)
        return fresh;
    cert_record_unref(fresh);
    return cert_record_ref(have);
}

/* Expired certificates are served all the same (F18): refusing would take down what still works for
 * some. */
static void warn_of_dates(const struct conf_certificate *conf, const struct cert_record *record,
    const struct assets *assets, struct problems *problems)
{
    int64_t now_s = clock_wall(assets->clock) / US_PER_S;
    int64_t days = days_left(record, now_s);
    if (record->not_after_s <= now_s)
        problems_warn(problems, conf->where, "certificate %s has expired: clients will refuse it",
            record->path);
    else if (record->not_before_s > now_s)
        problems_warn(problems, conf->where,
            "certificate %s is not valid yet: is this machine's clock right?", record->path);
    else if (days < EXPIRY_WARNING_DAYS)
        problems_warn(problems, conf->where, "certificate %s expires in %lld days", record->path,
            (long long)days);
}

bool certificates_load(const struct conf_frontend *conf, const struct assets *assets,
    const struct snapshot *previous, struct tls_policy *policy, struct problems *problems)
{
    if (!conf->n_certificates)
        return true;
    policy->records = mem_array(conf->n_certificates, sizeof *policy->records);
    if (!policy->records) {
        problems_error(problems, conf->where, "no memory for certificates");
        return false;
    }
    bool ok = true;
    for (size_t i = 0; i < conf->n_certificates; i++) {
        const struct conf_certificate *c = &conf->certificates[i];
        struct err err;
        struct cert_record *record = c->path ? load_file(c->path, assets, previous, &err)
                                             : load_self_signed(assets, previous, &err);
        if (!record) {
            problems_error(problems, c->where, "certificate %s: %s",
                c->path ? c->path : SELF_SIGNED_PATH, err.context);
            ok = false;
            continue;
        }
        warn_of_dates(c, record, assets, problems);
        policy->records[policy->n_records++] = record;
    }
    return ok;
}

void certificates_release(struct tls_policy *policy)
{
    for (size_t i = 0; i < policy->n_records; i++)
        cert_record_unref(policy->records[i]);
    mem_free(policy->records);
    tls_policy_wipe(policy);
}
