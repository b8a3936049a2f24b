#include "conf/hint.h"

#include <string.h>

#include "conf/schema.h"
#include "conf/suggest.h"

static const char *find_foreign(const struct schema_foreign *table, const char *word)
{
    for (; table->word; table++)
        if (!strcmp(table->word, word))
            return table->ours;
    return NULL;
}

void hint_say(const struct suggest *suggest, struct text *out)
{
    const char *best = suggest_best(suggest);
    if (best)
        text_printf(out, "; did you mean \"%s\"?", best);
}

void hint_key(const char *key, unsigned in, struct text *out)
{
    const char *ours = find_foreign(schema_foreign_keys, key);
    if (ours) {
        text_printf(out, "; sluice says \"%s\"", ours);
        return;
    }
    struct suggest s;
    suggest_init(&s, key);
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (schema_keys[i].in & in)
            suggest_offer(&s, schema_keys[i].name);
    for (const struct schema_later *later = schema_later; later->name; later++)
        if (later->in & in)
            suggest_offer(&s, later->name);
    hint_say(&s, out);
}

void hint_section(const char *word, struct text *out)
{
    const char *ours = find_foreign(schema_foreign_sections, word);
    if (ours) {
        text_printf(out, "; sluice says \"%s\"", ours);
        return;
    }
    struct suggest s;
    suggest_init(&s, word);
    for (size_t i = 0; i < SECTION_COUNT; i++)
        suggest_offer(&s, schema_sections[i].word);
    hint_say(&s, out);
}

void hint_word(const char *word, const char *words, struct text *out)
{
    char candidates[16][32];
    struct suggest s;
    suggest_init(&s, word);
    size_t len = 0, n = 0;
    for (const char *w = NULL; n < 16 && (w = schema_next_word(&words, &len)); n++) {
        struct text t;
        text_init(&t, candidates[n], sizeof(candidates[n]));
        text_append(&t, w, len);
        suggest_offer(&s, candidates[n]);
    }
    hint_say(&s, out);
}
