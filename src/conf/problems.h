/* problems: everything that is wrong with a configuration, collected so that one run tells it all
 * (config.md, principle 6).
 *
 * Filled by the reader, the parser, the checks and by snapshot/build; printed by check, start and
 * reload. One thread. Running out of memory while collecting is itself a problem: problems_any() is
 * then true. */
#ifndef SLUICE_CONF_PROBLEMS_H
#define SLUICE_CONF_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Where a value was written. file NULL: built in. The text belongs to the conf (or to the caller,
 * for the main path). */
struct where {
    const char *file;
    unsigned line;
};

enum problem_kind { PROBLEM_ERROR, PROBLEM_WARNING };

struct problem {
    enum problem_kind kind;
    char *text; /* "FILE:LINE: error: ..." or "FILE: error: ..." when line is 0; no newline;
                   untrusted bytes escaped */
};

struct problems {
    struct problem *items;
    size_t n, cap;
    size_t n_errors; /* counts also what could not be stored */
};

void problems_init(struct problems *p);
void problems_fini(struct problems *p);
void problems_error(struct problems *p, struct where where, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void problems_warn(struct problems *p, struct where where, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool problems_any(const struct problems *p);              /* any error, warnings do not count */
void problems_print(const struct problems *p, FILE *out); /* in the order of files and lines met */

#endif
