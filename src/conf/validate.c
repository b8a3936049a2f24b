#include "conf/validate.h"

#include <string.h>

#include "base/text.h"
#include "conf/hint.h"
#include "conf/reader.h"
#include "conf/suggest.h"
#include "conf/table.h"

/* --- frontends --- */

static struct conf_pool *find_pool(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->n_pools; i++)
        if (!strcmp(conf->pools[i].name, name))
            return &conf->pools[i];
    return NULL;
}

static void explain_unknown_pool(
    const struct conf *conf, const struct conf_frontend *f, struct problems *problems)
{
    char rest[96] = "";
    struct text t;
    struct suggest s;
    text_init(&t, rest, sizeof(rest));
    suggest_init(&s, f->pool_name);
    for (size_t i = 0; i < conf->n_pools; i++)
        suggest_offer(&s, conf->pools[i].name);
    hint_say(&s, &t);
    problems_error(problems, f->pool_where, "pool: there is no [pool %s]%s", f->pool_name, rest);
}

static void join_pool(const struct conf *conf, struct conf_frontend *f,
    const struct section *section, struct problems *problems)
{
    if (f->pool_name)
        f->pool = find_pool(conf, f->pool_name);
    if (f->pool_name && !f->pool)
        explain_unknown_pool(conf, f, problems);
    else if (!section_may_have(section, KEY_FRONTEND_POOL))
        problems_warn(problems, f->where,
            "[frontend %s] has no \"pool\": every connection is refused", f->name);
}

static void check_certificates(
    const struct conf_frontend *f, const struct section *section, struct problems *problems)
{
    if (f->tls == CONF_TLS_OFF && f->n_certificates)
        problems_error(problems, f->certificates[0].where,
            "certificate: [frontend %s] has tls = off, which shows none", f->name);
    else if (f->tls == CONF_TLS_TERMINATE && !section_may_have(section, KEY_CERTIFICATE) &&
             !section->damaged)
        problems_error(problems, f->where,
            "[frontend %s] has no \"certificate\": expected the path of a PEM file, or "
            "self-signed, or tls = off",
            f->name);
}

static void check_frontends(struct conf *conf, bool sound, struct problems *problems)
{
    if (!conf->n_frontends && sound)
        problems_error(problems, (struct where){conf->path, 0},
            "no [frontend NAME]: there is nothing to listen on");
    for (size_t i = 0; i < conf->n_frontends; i++) {
        struct conf_frontend *f = &conf->frontends[i];
        const struct section *section = table_find_section(conf->table, SECTION_FRONTEND, f->name);
        if (!section_may_have(section, KEY_LISTEN))
            problems_error(problems, f->where,
                "[frontend %s] has no \"listen\": expected an address, as in :443", f->name);
        check_certificates(f, section, problems);
        join_pool(conf, f, section, problems);
    }
}

/* --- addresses --- */

static bool share_address(const struct conf_listen *a, const struct conf_listen *b)
{
    for (size_t i = 0; i < a->n_addrs; i++)
        for (size_t j = 0; j < b->n_addrs; j++)
            if (addr_equal(&a->addrs[i], &b->addrs[j]))
                return true;
    return false;
}

/* A wildcard and one of this machine's addresses may share a port: the kernel gives connections to
 * the nearer one. */
static void check_against_earlier(
    const struct conf *conf, const struct conf_listen *listen, struct problems *problems)
{
    for (size_t i = 0; i < conf->n_frontends; i++) {
        const struct conf_frontend *f = &conf->frontends[i];
        for (size_t j = 0; j < f->n_listens; j++) {
            const struct conf_listen *earlier = &f->listens[j];
            if (earlier == listen)
                return;
            if (!share_address(earlier, listen))
                continue;
            problems_error(problems, listen->where,
                "listen: %s is taken by [frontend %s] at %s:%u (%s)", listen->text, f->name,
                earlier->where.file, earlier->where.line, earlier->text);
            return;
        }
    }
}

static void check_addresses(const struct conf *conf, struct problems *problems)
{
    for (size_t i = 0; i < conf->n_frontends; i++)
        for (size_t j = 0; j < conf->frontends[i].n_listens; j++)
            check_against_earlier(conf, &conf->frontends[i].listens[j], problems);
}

/* --- pools --- */

static void check_server_names(const struct conf_pool *pool, struct problems *problems)
{
    for (size_t i = 0; i < pool->n_servers; i++) {
        const struct conf_server *server = &pool->servers[i];
        for (size_t j = 0; j < i; j++) {
            const struct conf_server *first = &pool->servers[j];
            if (strcmp(server->name, first->name))
                continue;
            problems_error(problems, server->where,
                "server \"%s\" appears twice in [pool %s]; first at %s:%u", server->name,
                pool->name, first->where.file, first->where.line);
            break;
        }
    }
}

static void check_weights(const struct conf_pool *pool, struct problems *problems)
{
    for (size_t i = 0; i < pool->n_servers; i++)
        if (pool->servers[i].weight)
            return;
    if (pool->n_servers)
        problems_error(problems, pool->where,
            "every server of [pool %s] has weight 0: none would get a connection", pool->name);
}

static void check_source(const struct conf_pool *pool, struct problems *problems)
{
    for (size_t i = 0; pool->source.len && i < pool->n_servers; i++) {
        sa_family_t family = pool->servers[i].addr.u.sa.sa_family;
        if (family == AF_UNIX || family == pool->source.u.sa.sa_family)
            continue;
        problems_error(problems, pool->source_where,
            "source: server \"%s\" of [pool %s] is %s, this address is not", pool->servers[i].name,
            pool->name, family == AF_INET6 ? "IPv6" : "IPv4");
        return;
    }
}

static bool may_have_servers(const struct conf *conf, const struct conf_pool *pool)
{
    size_t len = strlen(pool->name);
    if (section_may_have(
            table_find_section(conf->table, SECTION_POOL, pool->name), KEY_POOL_SERVER))
        return true;
    for (const struct section *s = NULL; (s = table_next(conf->table, SECTION_SERVER, s));)
        if (!strncmp(s->name, pool->name, len) && s->name[len] == '/')
            return true;
    return false;
}

static void check_pools(const struct conf *conf, struct problems *problems)
{
    for (size_t i = 0; i < conf->n_pools; i++) {
        const struct conf_pool *pool = &conf->pools[i];
        if (!may_have_servers(conf, pool))
            problems_error(problems, pool->where,
                "[pool %s] has no \"server\": expected NAME ADDRESS, as in a 10.0.0.1:80",
                pool->name);
        check_server_names(pool, problems);
        check_weights(pool, problems);
        check_source(pool, problems);
    }
}

static void check_server_sections(const struct conf *conf, struct problems *problems)
{
    for (const struct section *s = NULL; (s = table_next(conf->table, SECTION_SERVER, s));) {
        char pool[NAME_BYTES_MAX + 1];
        struct text t;
        text_init(&t, pool, sizeof(pool));
        text_append(&t, s->name, strcspn(s->name, "/"));
        if (!find_pool(conf, pool))
            problems_error(problems, s->where, "[server %s]: there is no [pool %s]", s->name, pool);
        if (!section_may_have(s, KEY_SERVER_ADDRESS))
            problems_error(problems, s->where,
                "[server %s] has no \"address\": expected one, as in 10.0.0.1:80", s->name);
    }
}

void conf_validate(struct conf *conf, bool sound, struct problems *problems)
{
    check_frontends(conf, sound, problems);
    check_addresses(conf, problems);
    check_pools(conf, problems);
    check_server_sections(conf, problems);
}
