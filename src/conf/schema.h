/* schema: the words of the configuration language, from schema.def. Constant data; any thread. */
#ifndef SLUICE_CONF_SCHEMA_H
#define SLUICE_CONF_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum schema_section_id {
#define SECTION(id, ...) SECTION_##id,
#define SECTION_LATER(id, ...) SECTION_##id,
#include "conf/schema.def"
    SECTION_COUNT
};

/* Which sections take a key: bits of schema_key.in. */
enum {
#define SECTION(id, ...) IN_##id = 1u << SECTION_##id,
#define SECTION_LATER(id, ...) IN_##id = 1u << SECTION_##id,
#include "conf/schema.def"
};

enum schema_key_id {
#define KEY(id, ...) KEY_##id,
#include "conf/schema.def"
    KEY_COUNT
};

enum schema_type {
    TYPE_DURATION,       /* microseconds */
    TYPE_DURATION_RANGE, /* MIN..MAX, microseconds */
    TYPE_SIZE,           /* bytes */
    TYPE_PERCENT,
    TYPE_COUNT,
    TYPE_COUNT_OR_AUTO, /* auto is 0 */
    TYPE_WORD,          /* the word's place in `words`; the enum of conf.h has the same order */
    TYPE_USER,
    TYPE_LOG,
    TYPE_ACCESS_LOG, /* as TYPE_LOG, or off */
    TYPE_INCLUDE,
    TYPE_LISTEN,
    TYPE_CERTIFICATE,
    TYPE_POOL,
    TYPE_SERVER,
    TYPE_ADDRESS, /* with port */
    TYPE_HOST     /* without */
};

enum schema_applies { RELOAD, RESTART };

struct schema_section {
    const char *word;
    const char *named; /* NULL, or what its name is called */
    const char *help;
    bool supported;
};

struct schema_key {
    const char *name;
    const char *help;
    unsigned in; /* bits IN_x */
    enum schema_applies applies;
    enum schema_type type;
    const char *fallback; /* the built-in value, in the language; NULL: none */
    bool list;            /* repeats, and takes commas */
    int64_t min, max;     /* of numbers, in the unit of the type; both ends belong */
    const char *words;    /* TYPE_WORD: separated by blanks */
    const char *later;    /* the same: known, not supported yet */
};

struct schema_later {
    const char *name;
    const char *help;
    unsigned in;
};

struct schema_foreign {
    const char *word;
    const char *ours;
};

extern const struct schema_section schema_sections[SECTION_COUNT];
extern const struct schema_key schema_keys[KEY_COUNT];
/* These end with an empty row. */
extern const struct schema_later schema_later[];
extern const struct schema_foreign schema_foreign_keys[], schema_foreign_sections[];

/* False when there is no such section. */
bool schema_find_section(const char *word, enum schema_section_id *ret_id);
/* The key of that name that one of the sections `in` (bits IN_x) takes, or NULL. */
const struct schema_key *schema_find_key(const char *name, unsigned in);
const struct schema_later *schema_find_later(const char *name, unsigned in);

/* Walks a list separated by blanks: the next word and its length, or NULL. */
const char *schema_next_word(const char **words, size_t *ret_len);
/* The place of a word in such a list; -1: not there. */
int schema_word_index(const char *words, const char *word);

/* For messages and the manual: "[pool NAME]"; "[defaults] or [pool NAME]"; "error, warning or
 * info". */
void schema_format_section(enum schema_section_id id, struct text *out);
void schema_format_sections(unsigned in, struct text *out);
void schema_format_words(const char *words, struct text *out);
/* "4k to 64k": the numbers that a key takes. Nothing when it takes no number. */
void schema_format_range(const struct schema_key *key, struct text *out);

#endif
