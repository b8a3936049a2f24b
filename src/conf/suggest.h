/* suggest: the known word that is nearest to what was written. Pure; compares without regard to
 * case. */
#ifndef SLUICE_CONF_SUGGEST_H
#define SLUICE_CONF_SUGGEST_H

#include <stddef.h>

struct suggest {
    const char *word; /* borrowed, as the candidates are */
    const char *best;
    size_t best_distance;
};

void suggest_init(struct suggest *s, const char *word);
void suggest_offer(struct suggest *s, const char *candidate);
/* The nearest candidate offered so far; NULL when none is near enough to be what was meant. */
const char *suggest_best(const struct suggest *s);

/* Insertions, deletions, replacements and swaps of neighbours that make one word of the other
 * (optimal string alignment). Words longer than 63 bytes are infinitely far: SIZE_MAX. */
size_t suggest_distance(const char *a, const char *b);

#endif
