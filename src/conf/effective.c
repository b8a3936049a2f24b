/* What `sluice check --effective` prints: the table, with every look-up done. */
#include <string.h>

#include "base/text.h"
#include "conf/conf.h"
#include "conf/reader.h"
#include "conf/table.h"

static void print_line(FILE *out, const char *key, const char *value, struct where where)
{
    fprintf(out, "%-18s = %-30s # ", key, value);
    if (where.file)
        fprintf(out, "%s:%u\n", where.file, where.line);
    else
        fprintf(out, "default\n");
}

static void print_key(
    const struct conf_table *table, const struct section *section, enum schema_key_id id, FILE *out)
{
    const struct entry *entry = table_find(table, section, id);
    if (!entry)
        fprintf(out, "# %s is not set\n", schema_keys[id].name);
    for (; entry; entry = entry_next(entry))
        print_line(out, schema_keys[id].name, entry->text, entry->where);
}

/* An include would be read again, on top of what it brought; servers come from two places. */
static bool is_special(enum schema_key_id id)
{
    return id == KEY_INCLUDE || id == KEY_POOL_SERVER;
}

static void print_keys(const struct conf_table *table, enum schema_section_id id,
    const struct section *section, FILE *out)
{
    for (size_t i = 0; i < KEY_COUNT; i++)
        if ((schema_keys[i].in & (1u << id)) && !is_special((enum schema_key_id)i))
            print_key(table, section, (enum schema_key_id)i, out);
}

static void print_global(const struct conf *conf, FILE *out)
{
    const struct section *section = table_next(conf->table, SECTION_GLOBAL, NULL);
    const struct entry *include = table_find(conf->table, section, KEY_INCLUDE);
    fprintf(out, "[global]\n");
    print_keys(conf->table, SECTION_GLOBAL, section, out);
    for (; include; include = entry_next(include))
        fprintf(out, "# include = %s at %s:%u\n", include->text, include->where.file,
            include->where.line);
}

static void print_server(const struct conf_server *server, FILE *out)
{
    char address[ADDR_TEXT_MAX], line[NAME_BYTES_MAX + ADDR_TEXT_MAX + 32];
    struct text t;
    addr_format(&server->addr, address);
    text_init(&t, line, sizeof(line));
    text_printf(&t, "%s %s weight=%u", server->name, address, server->weight);
    print_line(out, "server", line, server->where);
}

void conf_print_effective(const struct conf *conf, FILE *out)
{
    print_global(conf, out);
    for (size_t i = 0; i < conf->n_frontends; i++) {
        const struct conf_frontend *f = &conf->frontends[i];
        fprintf(out, "\n[frontend %s]\n", f->name);
        print_keys(conf->table, SECTION_FRONTEND,
            table_find_section(conf->table, SECTION_FRONTEND, f->name), out);
    }
    for (size_t i = 0; i < conf->n_pools; i++) {
        const struct conf_pool *pool = &conf->pools[i];
        fprintf(out, "\n[pool %s]\n", pool->name);
        for (size_t j = 0; j < pool->n_servers; j++)
            print_server(&pool->servers[j], out);
        print_keys(conf->table, SECTION_POOL,
            table_find_section(conf->table, SECTION_POOL, pool->name), out);
    }
}
