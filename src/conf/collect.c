#include "conf/collect.h"

#include <string.h>

#include "base/text.h"
#include "conf/hint.h"

/* "[pool app]", for messages. */
struct label {
    char text[128];
};

static struct label label_of(enum schema_section_id id, const char *name)
{
    struct label label;
    struct text t;
    text_init(&t, label.text, sizeof(label.text));
    text_printf(&t, "[%s%s%s]", schema_sections[id].word, *name ? " " : "", name);
    return label;
}

/* --- values --- */

static void add_item(struct collector *c, struct section *section, const struct schema_key *key,
    const char *item, size_t len, struct where where)
{
    struct entry *entry = section_append(section, key, where, &c->table->arena);
    const char *text = arena_strndup(&c->table->arena, item, len);
    struct err err;
    if (!entry || !text)
        return;
    if (len > 1 && text[0] == '"' && text[len - 1] == '"')
        problems_error(
            c->problems, where, "%s: %s: values are written without quotes", key->name, text);
    else if (value_parse(key, text, &c->table->arena, &entry->value, &err))
        problems_error(c->problems, where, "%s: %s", key->name, err.context);
    else
        entry->text = text;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void add_list(struct collector *c, struct section *section, const struct schema_key *key,
    const char *value, struct where where)
{
    bool more = true;
    while (more) {
        size_t len = strcspn(value, ",");
        more = value[len] == ',';
        size_t from = 0, to = len;
        while (from < to && is_blank(value[from]))
            from++;
        while (to > from && is_blank(value[to - 1]))
            to--;
        if (from == to) {
            problems_error(c->problems, where, "%s: an item between commas is empty", key->name);
            section->damaged = true;
        } else {
            add_item(c, section, key, value + from, to - from, where);
        }
        value += len + more;
    }
}

static void add_value(struct collector *c, struct section *section, const struct schema_key *key,
    const char *value, struct where where)
{
    if (key->list)
        add_list(c, section, key, value, where);
    else
        add_item(c, section, key, value, strlen(value), where);
}

static void explain_unknown_key(
    struct collector *c, const struct section *section, const char *key, struct where where)
{
    char rest[128] = "";
    struct text t;
    text_init(&t, rest, sizeof(rest));
    struct label label = label_of(section->id, section->name);
    const struct schema_key *elsewhere = schema_find_key(key, ~0u);
    const struct schema_later *later = schema_find_later(key, ~0u);
    if (elsewhere || later) {
        schema_format_sections(elsewhere ? elsewhere->in : later->in, &t);
        problems_error(c->problems, where, "key \"%s\" does not belong in %s, but in %s", key,
            label.text, rest);
        return;
    }
    hint_key(key, 1u << section->id, &t);
    problems_error(c->problems, where, "unknown key \"%s\" in %s%s", key, label.text, rest);
}

/* The row of a key that may stand here; otherwise NULL, and the problem was told. */
static const struct schema_key *accept_key(
    struct collector *c, const struct section *section, const char *name, struct where where)
{
    unsigned in = 1u << section->id;
    const struct schema_key *key = schema_find_key(name, in);
    if (key)
        return key;
    if (schema_find_later(name, in))
        problems_error(c->problems, where, "key \"%s\" is not supported yet", name);
    else
        explain_unknown_key(c, section, name, where);
    return NULL;
}

static bool is_repeated(struct collector *c, const struct section *section,
    const struct schema_key *key, struct where where)
{
    if (key->list)
        return false;
    const struct entry *first = section->entries;
    while (first && first->key != key)
        first = first->next;
    if (!first)
        return false;
    problems_error(c->problems, where, "key \"%s\" appears twice in %s; first at %s:%u", key->name,
        label_of(section->id, section->name).text, first->where.file, first->where.line);
    return true;
}

static void on_value(void *user, const char *name, const char *value, struct where where)
{
    struct collector *c = user;
    struct section *section = c->current;
    if (c->skipping)
        return;
    if (!section) {
        problems_error(
            c->problems, where, "key \"%s\" stands before the first section of its file", name);
        return;
    }
    const struct schema_key *key = accept_key(c, section, name, where);
    if (!key) {
        section->damaged = true;
    } else if (!*value) {
        problems_error(c->problems, where, "key \"%s\" has no value", name);
        section->damaged = true;
    } else if (!is_repeated(c, section, key, where)) {
        add_value(c, section, key, value, where);
    }
}

static void on_bad_line(void *user)
{
    struct collector *c = user;
    if (c->current)
        c->current->damaged = true;
}

/* --- sections --- */

static void explain_unknown_section(
    struct collector *c, const char *text, const char *word, struct where where)
{
    char rest[160] = "";
    struct text t;
    text_init(&t, rest, sizeof(rest));
    hint_section(word, &t);
    if (!t.len) {
        text_puts(&t, ": expected ");
        unsigned supported = 0;
        for (size_t i = 0; i < SECTION_COUNT; i++)
            supported |= (unsigned)schema_sections[i].supported << i;
        schema_format_sections(supported, &t);
    }
    problems_error(c->problems, where, "unknown section [%s]%s", text, rest);
}

static bool is_section_name(enum schema_section_id id, const char *name)
{
    char pool[NAME_BYTES_MAX + 1];
    const char *slash = strchr(name, '/');
    if (id != SECTION_SERVER)
        return value_is_name(name);
    if (!slash)
        return false;
    memcpy(pool, name, (size_t)(slash - name));
    pool[slash - name] = '\0';
    return value_is_name(pool) && value_is_name(slash + 1);
}

/* False, and the problem was told, when the name is missing, unwanted or bad. */
static bool check_name(
    struct collector *c, enum schema_section_id id, const char *name, struct where where)
{
    const struct schema_section *kind = &schema_sections[id];
    if (!kind->named && *name)
        problems_error(c->problems, where, "[%s %s]: this section takes no name: write [%s]",
            kind->word, name, kind->word);
    else if (kind->named && !*name)
        problems_error(c->problems, where, "[%s] has no name: write [%s %s]", kind->word,
            kind->word, kind->named);
    else if (kind->named && !is_section_name(id, name))
        problems_error(c->problems, where,
            "[%s %s]: bad name: expected %s, of letters, digits, _ . and -", kind->word, name,
            kind->named);
    else if (id == SECTION_POOL && !strcmp(name, "none"))
        problems_error(c->problems, where, "[%s none]: \"none\" means no pool: choose another name",
            kind->word);
    else
        return true;
    return false;
}

static bool is_second(
    struct collector *c, enum schema_section_id id, const char *name, struct where where)
{
    const struct section *first = table_find_section(c->table, id, name);
    if (!first)
        return false;
    problems_error(c->problems, where, "section %s appears twice; first at %s:%u",
        label_of(id, name).text, first->where.file, first->where.line);
    return true;
}

static void open_section(
    struct collector *c, enum schema_section_id id, const char *name, struct where where)
{
    struct section *section = arena_array(&c->table->arena, 1, sizeof(*section));
    name = arena_strdup(&c->table->arena, name);
    if (!section || !name)
        return;
    section_init(section, id, name, where);
    section->spare = !check_name(c, id, name, where) || is_second(c, id, name, where);
    *c->table->sections_end = section;
    c->table->sections_end = &section->next;
    c->current = section;
    c->skipping = false;
    if (id == SECTION_DEFAULTS && !section->spare)
        c->table->defaults = section;
}

static void on_file(void *user)
{
    struct collector *c = user;
    c->current = NULL;
    c->skipping = false;
}

static void on_section(void *user, const char *text, struct where where)
{
    struct collector *c = user;
    c->current = NULL;
    c->skipping = true;
    if (!text)
        return;
    char word[NAME_BYTES_MAX + 1];
    struct text t;
    text_init(&t, word, sizeof(word));
    text_append(&t, text, strcspn(text, " \t"));
    const char *name = text + t.len + strspn(text + t.len, " \t");
    enum schema_section_id id;
    if (!schema_find_section(word, &id))
        explain_unknown_section(c, text, word, where);
    else if (!schema_sections[id].supported)
        problems_error(c->problems, where, "section [%s] is not supported yet", text);
    else
        open_section(c, id, name, where);
}

struct reader_sink collector_sink(struct collector *c)
{
    return (struct reader_sink){.user = c,
        .on_file = on_file,
        .on_section = on_section,
        .on_value = on_value,
        .on_bad_line = on_bad_line};
}

void collect_built_in(struct collector *c)
{
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (schema_keys[i].fallback)
            add_value(c, &c->table->built_in, &schema_keys[i], schema_keys[i].fallback,
                (struct where){NULL, 0});
}
