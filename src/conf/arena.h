/* arena: memory of one configuration, freed at once.
 *
 * A failed allocation returns NULL and is remembered in `failed`, so that a parser may go on and
 * its caller looks once, at the end. Owned by whoever called arena_init(); one thread. */
#ifndef SLUICE_CONF_ARENA_H
#define SLUICE_CONF_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks;
    bool failed;
};

void arena_init(struct arena *arena);
void arena_fini(struct arena *arena);

/* Zeroed, aligned for any type. count may be 0; the result is then valid but holds nothing. */
void *arena_array(struct arena *arena, size_t count, size_t size);
char *arena_strndup(struct arena *arena, const char *s, size_t len);
char *arena_strdup(struct arena *arena, const char *s);

#endif
