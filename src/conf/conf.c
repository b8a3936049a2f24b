#include "conf/conf.h"

#include "base/mem.h"
#include "conf/build.h"
#include "conf/collect.h"
#include "conf/reader.h"
#include "conf/table.h"
#include "conf/validate.h"

static struct conf *conf_new(const char *path)
{
    struct conf *conf = mem_zalloc(sizeof(*conf));
    struct conf_table *table = mem_alloc(sizeof(*table));
    if (!conf || !table) {
        mem_free(conf);
        mem_free(table);
        return NULL;
    }
    table_init(table);
    conf->table = table;
    conf->path = arena_strdup(&table->arena, path);
    return conf;
}

void conf_free(struct conf *conf)
{
    if (!conf)
        return;
    table_fini(conf->table);
    mem_free(conf->table);
    mem_free(conf);
}

/* Whatever was read is judged as a whole even when parts of it were refused, so that one run tells
 * all errors. */
static void finish(struct conf *conf, bool sound, struct problems *problems)
{
    if (!conf->table->arena.failed && conf_build(conf, conf->table))
        conf_validate(conf, sound, problems);
    if (conf->table->arena.failed)
        problems_error(problems, (struct where){conf->path, 0}, "out of memory");
}

/* text NULL: read the file. */
static struct conf *load(const char *path, const char *text, size_t len, struct problems *problems)
{
    struct conf *conf = conf_new(path);
    if (!conf) {
        problems_error(problems, (struct where){path, 0}, "out of memory");
        return NULL;
    }
    struct collector collector = {.table = conf->table, .problems = problems};
    struct reader_sink sink = collector_sink(&collector);
    size_t errors_before = problems->n_errors;
    collect_built_in(&collector);
    if (text)
        reader_read_text(path, text, len, &sink, &conf->table->arena, problems);
    else
        reader_read_file(path, &sink, &conf->table->arena, problems);
    finish(conf, problems->n_errors == errors_before, problems);
    if (problems->n_errors == errors_before)
        return conf;
    conf_free(conf);
    return NULL;
}

struct conf *conf_load(const char *path, struct problems *problems)
{
    return load(path, NULL, 0, problems);
}

struct conf *conf_load_text(
    const char *name, const char *text, size_t len, struct problems *problems)
{
    return load(name, text, len, problems);
}
