#include "conf/reader.h"

#include <glob.h>
#include <string.h>

#include "conf/env.h"
#include "conf/file.h"
#include "conf/lines.h"

struct include {
    const char *pattern; /* as written, expanded */
    struct where where;
    struct include *next;
};

struct seen {
    dev_t dev;
    ino_t ino;
    struct seen *next;
};

struct reader {
    const struct reader_sink *sink;
    struct arena *arena;
    struct problems *problems;
    bool in_global, in_included;
    struct include *includes, **includes_end; /* still to be read, in order */
    struct seen *seen;
};

static void note_include(struct reader *r, const char *pattern, size_t len, struct where where)
{
    struct include *inc = arena_array(r->arena, 1, sizeof(*inc));
    char *copy = arena_strndup(r->arena, pattern, len);
    if (!inc || !copy)
        return;
    *inc = (struct include){.pattern = copy, .where = where};
    *r->includes_end = inc;
    r->includes_end = &inc->next;
}

static void note_includes(struct reader *r, const char *value, struct where where)
{
    if (r->in_included) {
        problems_error(r->problems, where, "an included file cannot include others");
        return;
    }
    while (*value) {
        value += strspn(value, ", \t");
        size_t len = strcspn(value, ",");
        size_t trimmed = len;
        while (trimmed && strchr(" \t", value[trimmed - 1]))
            trimmed--;
        if (trimmed)
            note_include(r, value, trimmed, where);
        value += len;
    }
}

static void on_section(void *user, const char *section, struct where where)
{
    struct reader *r = user;
    r->in_global = section && !strcmp(section, "global");
    r->sink->on_section(r->sink->user, section, where);
}

/* A variable may bring blanks in at the ends, where a file could not have them. */
static const char *without_blanks(struct text *t)
{
    while (t->len && strchr(" \t", t->p[t->len - 1]))
        t->p[--t->len] = '\0';
    return t->p + strspn(t->p, " \t");
}

static void on_value(void *user, const char *key, const char *value, struct where where)
{
    struct reader *r = user;
    char memory[VALUE_BYTES_MAX + 1];
    struct text t;
    struct err err;
    text_init(&t, memory, sizeof(memory));
    if (env_expand(value, &t, &err)) {
        problems_error(r->problems, where, "%s: %s", key, err.context);
        r->sink->on_bad_line(r->sink->user);
        return;
    }
    const char *expanded = without_blanks(&t);
    if (r->in_global && !strcmp(key, "include"))
        note_includes(r, expanded, where);
    r->sink->on_value(r->sink->user, key, expanded, where);
}

static void on_bad_line(void *user)
{
    struct reader *r = user;
    r->sink->on_bad_line(r->sink->user);
}

static void read_text(struct reader *r, const char *name, const char *text, size_t len)
{
    struct reader_sink sink = {
        .user = r, .on_section = on_section, .on_value = on_value, .on_bad_line = on_bad_line};
    char *kept_name = arena_strdup(r->arena, name);
    if (!kept_name)
        return;
    r->in_global = false;
    r->sink->on_file(r->sink->user);
    lines_parse(kept_name, text, len, &sink, r->problems);
}

/* False when the file was read before: a glob that matches the main file, or two that overlap. */
static bool note_seen(struct reader *r, const struct file *file)
{
    for (struct seen *s = r->seen; s; s = s->next)
        if (s->dev == file->dev && s->ino == file->ino)
            return false;
    struct seen *s = arena_array(r->arena, 1, sizeof(*s));
    if (s) {
        *s = (struct seen){file->dev, file->ino, r->seen};
        r->seen = s;
    }
    return true;
}

/* `asked_at` is where the include stands; no file for the main one. */
static void read_file(struct reader *r, const char *path, struct where asked_at)
{
    struct file file;
    struct err err;
    if (file_read(path, &file, &err)) {
        if (asked_at.file)
            problems_error(r->problems, asked_at, "include: %s: %s", path, err.context);
        else
            problems_error(r->problems, (struct where){path, 0}, "%s", err.context);
        return;
    }
    if (note_seen(r, &file))
        read_text(r, path, file.text, file.len);
    else
        problems_error(r->problems, asked_at, "include: %s was read already", path);
    file_free(&file);
}

/* The pattern made relative to the folder of the file it stands in, whose name is not a pattern. */
static char *pattern_from(struct reader *r, const struct include *inc)
{
    const char *file = inc->where.file, *slash = strrchr(file, '/');
    size_t folder = slash && inc->pattern[0] != '/' ? (size_t)(slash - file) + 1 : 0;
    char *pattern = arena_array(r->arena, 2 * folder + strlen(inc->pattern) + 1, 1);
    if (!pattern)
        return NULL;
    char *at = pattern;
    for (size_t i = 0; i < folder; i++) {
        if (strchr("*?[\\", file[i]))
            *at++ = '\\';
        *at++ = file[i];
    }
    strcpy(at, inc->pattern);
    return pattern;
}

static void read_include(struct reader *r, const struct include *inc)
{
    char *pattern = pattern_from(r, inc);
    if (!pattern)
        return;
    glob_t found = {0};
    int rc = glob(pattern, GLOB_ERR, NULL, &found);
    if (rc == GLOB_NOSPACE)
        r->arena->failed = true;
    else if (rc == GLOB_ABORTED)
        problems_error(
            r->problems, inc->where, "include = %s: cannot read the folder", inc->pattern);
    else if (rc == GLOB_NOMATCH && !strpbrk(inc->pattern, "*?["))
        problems_error(
            r->problems, inc->where, "include = %s: there is no such file", inc->pattern);
    for (size_t i = 0; !rc && i < found.gl_pathc; i++)
        read_file(r, found.gl_pathv[i], inc->where);
    globfree(&found);
}

static void reader_init(struct reader *r, const struct reader_sink *sink, struct arena *arena,
    struct problems *problems)
{
    *r = (struct reader){.sink = sink, .arena = arena, .problems = problems};
    r->includes_end = &r->includes;
}

static void read_includes(struct reader *r)
{
    r->in_included = true;
    for (struct include *inc = r->includes; inc; inc = inc->next)
        read_include(r, inc);
}

void reader_read_file(const char *path, const struct reader_sink *sink, struct arena *arena,
    struct problems *problems)
{
    struct reader r;
    reader_init(&r, sink, arena, problems);
    read_file(&r, path, (struct where){NULL, 0});
    read_includes(&r);
}

void reader_read_text(const char *name, const char *text, size_t len,
    const struct reader_sink *sink, struct arena *arena, struct problems *problems)
{
    struct reader r;
    reader_init(&r, sink, arena, problems);
    read_text(&r, name, text, len);
    read_includes(&r);
}
