#include "conf/table.h"

#include <string.h>

void table_init(struct conf_table *table)
{
    *table = (struct conf_table){0};
    arena_init(&table->arena);
    table->sections_end = &table->sections;
    section_init(&table->built_in, SECTION_DEFAULTS, "", (struct where){NULL, 0});
}

void table_fini(struct conf_table *table)
{
    arena_fini(&table->arena);
}

void section_init(
    struct section *section, enum schema_section_id id, const char *name, struct where where)
{
    *section = (struct section){.id = id, .name = name, .where = where};
    section->entries_end = &section->entries;
}

struct entry *section_append(
    struct section *section, const struct schema_key *key, struct where where, struct arena *arena)
{
    struct entry *entry = arena_array(arena, 1, sizeof(*entry));
    if (!entry)
        return NULL;
    *entry = (struct entry){.key = key, .where = where};
    *section->entries_end = entry;
    section->entries_end = &entry->next;
    return entry;
}

bool section_may_have(const struct section *section, enum schema_key_id key)
{
    const struct entry *e = section->entries;
    while (e && e->key != &schema_keys[key])
        e = e->next;
    return e || section->damaged;
}

const struct entry *entry_next(const struct entry *entry)
{
    const struct schema_key *key = entry->key;
    do
        entry = entry->next;
    while (entry && (entry->key != key || !entry->text));
    return entry;
}

const struct section *table_next(
    const struct conf_table *table, enum schema_section_id id, const struct section *after)
{
    const struct section *s = after ? after->next : table->sections;
    while (s && (s->id != id || s->spare))
        s = s->next;
    return s;
}

const struct section *table_find_section(
    const struct conf_table *table, enum schema_section_id id, const char *name)
{
    const struct section *s = NULL;
    while ((s = table_next(table, id, s)) && strcmp(s->name, name))
        ;
    return s;
}

static const struct entry *section_find(const struct section *section, const struct schema_key *key)
{
    const struct entry *e = section->entries;
    while (e && (e->key != key || !e->text))
        e = e->next;
    return e;
}

const struct entry *table_find(
    const struct conf_table *table, const struct section *section, enum schema_key_id key)
{
    const struct section *places[] = {section, table->defaults, &table->built_in};
    for (size_t i = 0; i < 3; i++) {
        const struct entry *entry = places[i] ? section_find(places[i], &schema_keys[key]) : NULL;
        if (entry)
            return entry;
    }
    return NULL;
}
