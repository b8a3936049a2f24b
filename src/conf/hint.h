/* hint: what to add to a message about an unknown word: `; did you mean "balance"?`, `; sluice says
 * "listen"`, or nothing. */
#ifndef SLUICE_CONF_HINT_H
#define SLUICE_CONF_HINT_H

#include "base/text.h"

void hint_key(const char *key, unsigned in, struct text *out); /* in: bits IN_x */
void hint_section(const char *word, struct text *out);
void hint_word(
    const char *word, const char *words, struct text *out); /* words: separated by blanks */

/* For names of pools: offered one by one to a suggest, then said here. */
struct suggest;
void hint_say(const struct suggest *suggest, struct text *out);

#endif
