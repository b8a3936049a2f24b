#include "conf/build.h"

#include <string.h>

static int64_t number(
    const struct conf_table *table, const struct section *section, enum schema_key_id key)
{
    return table_find(table, section, key)->value.number;
}

static struct where place(
    const struct conf_table *table, const struct section *section, enum schema_key_id key)
{
    const struct entry *entry = table_find(table, section, key);
    return entry ? entry->where : (struct where){NULL, 0};
}

/* The same for what others complain of: when it is not written, the file where it could be. */
static struct where place_to_change(
    const struct conf *conf, const struct section *section, enum schema_key_id key)
{
    struct where where = place(conf->table, section, key);
    return where.file ? where : (struct where){conf->path, 0};
}

/* Lists without a built-in value: what stands in the section itself. */
static size_t count_items(
    const struct conf_table *table, const struct section *section, enum schema_key_id key)
{
    size_t n = 0;
    for (const struct entry *e = table_find(table, section, key); e; e = entry_next(e))
        n++;
    return n;
}

static size_t count_sections(const struct conf_table *table, enum schema_section_id id)
{
    size_t n = 0;
    for (const struct section *s = NULL; (s = table_next(table, id, s));)
        n++;
    return n;
}

static void build_global(struct conf *conf, const struct conf_table *table)
{
    const struct section *s = table_next(table, SECTION_GLOBAL, NULL);
    const struct entry *user = table_find(table, s, KEY_USER);
    conf->global = (struct conf_global){
        .user = user ? user->value.text : NULL,
        .user_where = place_to_change(conf, s, KEY_USER),
        .threads = (unsigned)number(table, s, KEY_THREADS),
        .threads_where = place_to_change(conf, s, KEY_THREADS),
        .max_connections = (uint64_t)number(table, s, KEY_MAX_CONNECTIONS),
        .max_connections_where = place_to_change(conf, s, KEY_MAX_CONNECTIONS),
        .memory_limit_bytes = (uint64_t)number(table, s, KEY_MEMORY_LIMIT),
        .log = table_find(table, s, KEY_LOG)->value.target,
        .log_where = place_to_change(conf, s, KEY_LOG),
        .log_level = (enum log_level)number(table, s, KEY_LOG_LEVEL),
        .access_log = table_find(table, s, KEY_ACCESS_LOG)->value.target,
        .access_log_where = place_to_change(conf, s, KEY_ACCESS_LOG),
        .access_format = (enum conf_access_format)number(table, s, KEY_ACCESS_FORMAT),
        .shutdown_grace_us = number(table, s, KEY_SHUTDOWN_GRACE),
    };
}

static bool build_listens(
    struct conf_frontend *f, struct conf_table *table, const struct section *s)
{
    f->listens = arena_array(&table->arena, count_items(table, s, KEY_LISTEN), sizeof(*f->listens));
    if (!f->listens)
        return false;
    for (const struct entry *e = table_find(table, s, KEY_LISTEN); e; e = entry_next(e)) {
        struct conf_listen *listen = &f->listens[f->n_listens++];
        *listen = *e->value.listen;
        listen->where = e->where;
    }
    return true;
}

static bool build_certificates(
    struct conf_frontend *f, struct conf_table *table, const struct section *s)
{
    f->certificates = arena_array(
        &table->arena, count_items(table, s, KEY_CERTIFICATE), sizeof(*f->certificates));
    if (!f->certificates)
        return false;
    for (const struct entry *e = table_find(table, s, KEY_CERTIFICATE); e; e = entry_next(e))
        f->certificates[f->n_certificates++] =
            (struct conf_certificate){.path = e->value.text, .where = e->where};
    return true;
}

static bool build_frontend(
    struct conf_frontend *f, struct conf_table *table, const struct section *s)
{
    *f = (struct conf_frontend){
        .name = s->name,
        .where = s->where,
        .tls = (enum conf_tls_mode)number(table, s, KEY_FRONTEND_TLS),
        .pool_name = table_find(table, s, KEY_FRONTEND_POOL)->value.text,
        .pool_where = place(table, s, KEY_FRONTEND_POOL),
        .handshake_timeout_us = number(table, s, KEY_HANDSHAKE_TIMEOUT),
        .idle_timeout_us = number(table, s, KEY_IDLE_TIMEOUT),
        .half_close_timeout_us = number(table, s, KEY_HALF_CLOSE_TIMEOUT),
        .write_timeout_us = number(table, s, KEY_WRITE_TIMEOUT),
        .buffer_bytes = (uint64_t)number(table, s, KEY_BUFFER),
    };
    return build_listens(f, table, s) && build_certificates(f, table, s);
}

static bool build_frontends(struct conf *conf, struct conf_table *table)
{
    conf->frontends = arena_array(
        &table->arena, count_sections(table, SECTION_FRONTEND), sizeof(*conf->frontends));
    if (!conf->frontends)
        return false;
    for (const struct section *s = NULL; (s = table_next(table, SECTION_FRONTEND, s));)
        if (!build_frontend(&conf->frontends[conf->n_frontends++], table, s))
            return false;
    return true;
}

/* The next [server POOL/NAME] of a pool. */
static const struct section *next_server_section(
    const struct conf_table *table, const char *pool, const struct section *after)
{
    size_t len = strlen(pool);
    const struct section *s = after;
    while ((s = table_next(table, SECTION_SERVER, s)))
        if (!strncmp(s->name, pool, len) && s->name[len] == '/')
            break;
    return s;
}

static size_t count_servers(const struct conf_table *table, const struct section *pool)
{
    size_t n = count_items(table, pool, KEY_POOL_SERVER);
    for (const struct section *s = NULL; (s = next_server_section(table, pool->name, s));)
        n++;
    return n;
}

static bool build_servers(struct conf_pool *p, struct conf_table *table, const struct section *pool)
{
    p->servers = arena_array(&table->arena, count_servers(table, pool), sizeof(*p->servers));
    if (!p->servers)
        return false;
    for (const struct entry *e = table_find(table, pool, KEY_POOL_SERVER); e; e = entry_next(e)) {
        struct conf_server *server = &p->servers[p->n_servers++];
        *server = *e->value.server;
        server->where = e->where;
    }
    for (const struct section *s = NULL; (s = next_server_section(table, pool->name, s));) {
        const struct entry *address = table_find(table, s, KEY_SERVER_ADDRESS);
        if (!address)
            continue;
        p->servers[p->n_servers++] = (struct conf_server){
            .name = strchr(s->name, '/') + 1,
            .where = s->where,
            .addr = *address->value.addr,
            .weight = (unsigned)number(table, s, KEY_SERVER_WEIGHT),
        };
    }
    return true;
}

static unsigned retry_bits(const struct conf_table *table, const struct section *s)
{
    unsigned bits = 0;
    for (const struct entry *e = table_find(table, s, KEY_RETRY_ON); e; e = entry_next(e))
        bits |= 1u << e->value.number;
    return bits;
}

static bool build_pool(struct conf_pool *p, struct conf_table *table, const struct section *s)
{
    const struct entry *source = table_find(table, s, KEY_SOURCE);
    const struct entry *backoff = table_find(table, s, KEY_RETRY_BACKOFF);
    *p = (struct conf_pool){
        .name = s->name,
        .where = s->where,
        .balance = (enum conf_balance)number(table, s, KEY_BALANCE),
        .retry_on = retry_bits(table, s),
        .retry_max = (unsigned)number(table, s, KEY_RETRY_MAX),
        .retry_base_us = backoff->value.range.from,
        .retry_cap_us = backoff->value.range.to,
        .retry_budget_percent = (unsigned)number(table, s, KEY_RETRY_BUDGET),
        .connect_timeout_us = number(table, s, KEY_CONNECT_TIMEOUT),
        .source = source ? *source->value.addr : (struct addr){.len = 0},
        .source_where = place(table, s, KEY_SOURCE),
    };
    return build_servers(p, table, s);
}

static bool build_pools(struct conf *conf, struct conf_table *table)
{
    conf->pools =
        arena_array(&table->arena, count_sections(table, SECTION_POOL), sizeof(*conf->pools));
    if (!conf->pools)
        return false;
    for (const struct section *s = NULL; (s = table_next(table, SECTION_POOL, s));)
        if (!build_pool(&conf->pools[conf->n_pools++], table, s))
            return false;
    return true;
}

bool conf_build(struct conf *conf, struct conf_table *table)
{
    build_global(conf, table);
    return build_frontends(conf, table) && build_pools(conf, table);
}
