/* reader: files to sections and values, each with the place it was written at.
 *
 * Follows `include`, expands ${NAME}, knows no key but include. Stands on inih; lines.h says how
 * its traps are cured. Everything that is wrong with the text goes to `problems`; the reader goes
 * on, so that one run tells it all. One thread. */
#ifndef SLUICE_CONF_READER_H
#define SLUICE_CONF_READER_H

#include "conf/arena.h"
#include "conf/problems.h"

/* Of a key, of what stands between brackets, of any name: inih would cut longer ones. */
enum { NAME_BYTES_MAX = 49 };

/* Called in the order of the file; included files follow after the end of the one that names them.
 * `where.file` lives as long as the arena, the other texts until the callback returns. */
struct reader_sink {
    void *user;
    /* A file begins, with no section: none reaches over the end of a file. */
    void (*on_file)(void *user);
    /* What stands between the brackets, without blanks around it. NULL: a section line that could
     * not be read; what follows belongs to nothing. */
    void (*on_section)(void *user, const char *section, struct where where);
    /* Value as meant: without comment, put together, expanded; "" when there is none. */
    void (*on_value)(void *user, const char *key, const char *value, struct where where);
    /* A line of the current section was refused and told: do not also complain about what it may
     * have said. */
    void (*on_bad_line)(void *user);
};

void reader_read_file(const char *path, const struct reader_sink *sink, struct arena *arena,
    struct problems *problems);
/* The same from memory; `name` stands for the file, includes are relative to its folder. */
void reader_read_text(const char *name, const char *text, size_t len,
    const struct reader_sink *sink, struct arena *arena, struct problems *problems);

#endif
