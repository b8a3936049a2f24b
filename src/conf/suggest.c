#include "conf/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { WORD_MAX = 63 };

void suggest_init(struct suggest *s, const char *word)
{
    *s = (struct suggest){.word = word, .best_distance = SIZE_MAX};
}

void suggest_offer(struct suggest *s, const char *candidate)
{
    size_t distance = suggest_distance(s->word, candidate);
    if (distance < s->best_distance) {
        s->best = candidate;
        s->best_distance = distance;
    }
}

const char *suggest_best(const struct suggest *s)
{
    size_t limit = strlen(s->word) / 3;
    return s->best_distance <= (limit ? limit : 1) ? s->best : NULL;
}

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

size_t suggest_distance(const char *a, const char *b)
{
    size_t na = strlen(a), nb = strlen(b);
    if (na > WORD_MAX || nb > WORD_MAX)
        return SIZE_MAX;
    /* rows[i % 3][j]: distance of the first i bytes of a from the first j of b */
    size_t rows[3][WORD_MAX + 1];
    for (size_t j = 0; j <= nb; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t replace = above[j - 1] + !same(a[i - 1], b[j - 1]);
            row[j] = least(above[j] + 1, row[j - 1] + 1, replace);
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                row[j] = least(row[j], above2[j - 2] + 1, row[j]);
        }
    }
    return rows[na % 3][nb];
}
