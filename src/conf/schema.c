#include "conf/schema.h"

#include <string.h>

#include "base/units.h"

#define MS(n) (INT64_C(1000) * (n))
#define HOURS(n) (MS(3600000) * (n))
#define DAYS(n) (HOURS(24) * (n))
#define KIB(n) (INT64_C(1024) * (n))
#define MIB(n) (KIB(1024) * (n))
#define GIB(n) (MIB(1024) * (n))

/* The types that schema.def uses, as the fields of a row. */
#define RANGED(t, fallback_, min_, max_)                                                           \
    .type = TYPE_##t, .fallback = fallback_, .min = min_, .max = max_
#define DURATION(...) RANGED(DURATION, __VA_ARGS__)
#define DURATION_RANGE(...) RANGED(DURATION_RANGE, __VA_ARGS__)
#define SIZE(...) RANGED(SIZE, __VA_ARGS__)
#define PERCENT(...) RANGED(PERCENT, __VA_ARGS__)
#define COUNT(...) RANGED(COUNT, __VA_ARGS__)
#define COUNT_OR_AUTO(...) RANGED(COUNT_OR_AUTO, __VA_ARGS__)
#define WORD(fallback_, words_, later_)                                                            \
    .type = TYPE_WORD, .fallback = fallback_, .words = words_, .later = later_
#define LIST_OF_WORDS(...) WORD(__VA_ARGS__), .list = true
#define TEXT(t, fallback_) .type = TYPE_##t, .fallback = fallback_
#define LIST_OF(...) TEXT(__VA_ARGS__), .list = true

const struct schema_section schema_sections[SECTION_COUNT] = {
#define SECTION(id, word_, named_, help_)                                                          \
    [SECTION_##id] = {.word = word_, .named = named_, .help = help_, .supported = true},
#define SECTION_LATER(id, word_, named_, help_)                                                    \
    [SECTION_##id] = {.word = word_, .named = named_, .help = help_},
#include "conf/schema.def"
};

const struct schema_key schema_keys[KEY_COUNT] = {
#define KEY(id, name_, in_, applies_, help_, ...)                                                  \
    [KEY_##id] = {.name = name_, .in = in_, .applies = applies_, .help = help_, __VA_ARGS__},
#include "conf/schema.def"
};

const struct schema_later schema_later[] = {
#define LATER(name_, in_, help_) {.name = name_, .in = in_, .help = help_},
#include "conf/schema.def"
    {0},
};

const struct schema_foreign schema_foreign_keys[] = {
#define FOREIGN(word_, ours_) {.word = word_, .ours = ours_},
#include "conf/schema.def"
    {0},
};

const struct schema_foreign schema_foreign_sections[] = {
#define FOREIGN_SECTION(word_, ours_) {.word = word_, .ours = ours_},
#include "conf/schema.def"
    {0},
};

static const struct {
    const char *word;
    enum schema_section_id id;
} section_aliases[] = {
#define SECTION_ALIAS(word_, id_) {word_, SECTION_##id_},
#include "conf/schema.def"
};

bool schema_find_section(const char *word, enum schema_section_id *ret_id)
{
    for (size_t i = 0; i < SECTION_COUNT; i++)
        if (!strcmp(schema_sections[i].word, word)) {
            *ret_id = (enum schema_section_id)i;
            return true;
        }
    for (size_t i = 0; i < sizeof(section_aliases) / sizeof(*section_aliases); i++)
        if (!strcmp(section_aliases[i].word, word)) {
            *ret_id = section_aliases[i].id;
            return true;
        }
    return false;
}

const struct schema_key *schema_find_key(const char *name, unsigned in)
{
    for (size_t i = 0; i < KEY_COUNT; i++)
        if ((schema_keys[i].in & in) && !strcmp(schema_keys[i].name, name))
            return &schema_keys[i];
    return NULL;
}

const struct schema_later *schema_find_later(const char *name, unsigned in)
{
    for (const struct schema_later *later = schema_later; later->name; later++)
        if ((later->in & in) && !strcmp(later->name, name))
            return later;
    return NULL;
}

const char *schema_next_word(const char **words, size_t *ret_len)
{
    const char *word = *words + strspn(*words, " ");
    size_t len = strcspn(word, " ");
    *words = word + len;
    *ret_len = len;
    return len ? word : NULL;
}

int schema_word_index(const char *words, const char *word)
{
    size_t len = 0;
    const char *w = NULL;
    for (int i = 0; (w = schema_next_word(&words, &len)); i++)
        if (len == strlen(word) && !memcmp(w, word, len))
            return i;
    return -1;
}

void schema_format_words(const char *words, struct text *out)
{
    size_t len = 0;
    bool first = true;
    for (const char *w = NULL; (w = schema_next_word(&words, &len)); first = false) {
        bool last = !words[strspn(words, " ")];
        text_puts(out, first ? "" : last ? " or " : ", ");
        text_append(out, w, len);
    }
}

void schema_format_section(enum schema_section_id id, struct text *out)
{
    const struct schema_section *s = &schema_sections[id];
    text_printf(out, "[%s%s%s]", s->word, s->named ? " " : "", s->named ? s->named : "");
}

void schema_format_sections(unsigned in, struct text *out)
{
    const char *between = "";
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        if (!(in & (1u << i)))
            continue;
        text_puts(out, between);
        schema_format_section((enum schema_section_id)i, out);
        between = " or ";
    }
}

static void format_number(const struct schema_key *key, int64_t n, struct text *out)
{
    char number[32];
    switch (key->type) {
    case TYPE_DURATION:
    case TYPE_DURATION_RANGE:
        units_format_duration(n, number);
        text_puts(out, number);
        break;
    case TYPE_SIZE:
        units_format_size((uint64_t)n, number);
        text_puts(out, number);
        break;
    default:
        text_printf(out, "%lld%s", (long long)n, key->type == TYPE_PERCENT ? "%" : "");
    }
}

void schema_format_range(const struct schema_key *key, struct text *out)
{
    if (!key->max)
        return;
    if (key->type == TYPE_COUNT_OR_AUTO)
        text_puts(out, "auto, or ");
    format_number(key, key->min, out);
    text_puts(out, " to ");
    format_number(key, key->max, out);
}
