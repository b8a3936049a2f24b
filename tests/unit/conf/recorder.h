/* What a reader told, one line an event, and what it complained about; and a file in a folder of
 * its own. Included by tests only. */
#ifndef TEST_RECORDER_H
#define TEST_RECORDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "conf/arena.h"
#include "conf/problems.h"
#include "conf/reader.h"

struct recorder {
    struct arena arena;
    struct problems problems;
    char memory[65536];
    struct text events; /* "[pool app]@1 key=value@2 bad " */
    struct reader_sink sink;
};

static inline void recorder_on_file(void *user)
{
    (void)user;
}

static inline void recorder_on_section(void *user, const char *section, struct where where)
{
    struct recorder *r = user;
    text_printf(&r->events, "[%s]@%u ", section ? section : "?", where.line);
}

static inline void recorder_on_value(
    void *user, const char *key, const char *value, struct where where)
{
    struct recorder *r = user;
    text_printf(&r->events, "%s=", key);
    text_puts(&r->events, value);
    text_printf(&r->events, "@%u ", where.line);
}

static inline void recorder_on_bad_line(void *user)
{
    struct recorder *r = user;
    text_puts(&r->events, "bad ");
}

static inline void recorder_init(struct recorder *r)
{
    arena_init(&r->arena);
    problems_init(&r->problems);
    text_init(&r->events, r->memory, sizeof(r->memory));
    r->sink = (struct reader_sink){.user = r,
        .on_file = recorder_on_file,
        .on_section = recorder_on_section,
        .on_value = recorder_on_value,
        .on_bad_line = recorder_on_bad_line};
}

static inline void recorder_fini(struct recorder *r)
{
    problems_fini(&r->problems);
    arena_fini(&r->arena);
}

static inline void assert_problem(const struct problems *p, const char *words)
{
    for (size_t i = 0; i < p->n; i++)
        if (strstr(p->items[i].text, words))
            return;
    problems_print(p, stderr);
    fail_msg("nothing was said of: %s", words);
}

static inline void assert_no_problem(const struct problems *p)
{
    if (p->n) {
        problems_print(p, stderr);
        fail_msg("%zu problems", p->n);
    }
}

/* A folder that is removed with all files in it. */
struct folder {
    char path[64];
};

static inline void folder_make(struct folder *f)
{
    strcpy(f->path, "/tmp/test-conf-XXXXXX");
    assert_non_null(mkdtemp(f->path));
}

static inline void folder_remove(struct folder *f)
{
    char command[96];
    snprintf(command, sizeof(command), "rm -rf '%s'", f->path);
    assert_int_equal(system(command), 0);
}

static inline const char *folder_path(
    const struct folder *f, const char *name, char out[static 256])
{
    snprintf(out, 256, "%s/%s", f->path, name);
    return out;
}

static inline void folder_write(const struct folder *f, const char *name, const char *text)
{
    char path[256];
    FILE *file = fopen(folder_path(f, name, path), "w");
    assert_non_null(file);
    assert_int_equal(fputs(text, file) < 0, 0);
    assert_int_equal(fclose(file), 0);
}

#endif
