/* table: sections and their values as they were written, each checked by itself and with its place;
 * and the look-up of a setting: its own section -> [defaults] -> built in.
 *
 * Belongs to a conf. Values that were refused stay in it, marked, so that later checks do not
 * complain again. */
#ifndef SLUICE_CONF_TABLE_H
#define SLUICE_CONF_TABLE_H

#include <stdbool.h>

#include "conf/arena.h"
#include "conf/problems.h"
#include "conf/schema.h"
#include "conf/values.h"

struct entry {
    const struct schema_key *key;
    const char *text; /* as meant: one item of a list; NULL when it was refused */
    union value value;
    struct where where;
    struct entry *next; /* in the section, in file order */
};

struct section {
    enum schema_section_id id;
    const char *name; /* "" when its kind has none */
    struct where where;
    struct entry *entries, **entries_end;
    bool damaged; /* a line in it was refused: what seems missing may have stood there */
    bool spare;   /* refused as a whole (unknown, twice, badly named): its values were checked, and
                     are not used */
    struct section *next;
};

struct conf_table {
    struct arena arena;
    struct section *sections, **sections_end; /* in file order */
    struct section built_in;
    const struct section *defaults; /* NULL: none in the file */
};

void table_init(struct conf_table *table); /* which must not move from then on */
void table_fini(struct conf_table *table);

void section_init(
    struct section *section, enum schema_section_id id, const char *name, struct where where);
/* A new entry at the end, without text and value; NULL when there is no memory. */
struct entry *section_append(
    struct section *section, const struct schema_key *key, struct where where, struct arena *arena);

/* The value in force: the first of section, [defaults] and built in that has the key. NULL: none
 * has. section may be NULL. For a list, the first item. */
const struct entry *table_find(
    const struct conf_table *table, const struct section *section, enum schema_key_id key);
/* The next item of a list, or NULL. */
const struct entry *entry_next(const struct entry *entry);

/* The key was written there, well or badly, or may have been: the section is damaged. */
bool section_may_have(const struct section *section, enum schema_key_id key);

/* Walks the sections of one kind that count; `after` NULL: the first. */
const struct section *table_next(
    const struct conf_table *table, enum schema_section_id id, const struct section *after);
const struct section *table_find_section(
    const struct conf_table *table, enum schema_section_id id, const char *name);

#endif
