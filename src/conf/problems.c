#include "conf/problems.h"

#include <stdarg.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* A file of noise must not fill the memory or the terminal. */
enum { PROBLEMS_KEPT = 200, PROBLEM_TEXT_MAX = 1024 };

void problems_init(struct problems *p)
{
    *p = (struct problems){0};
}

void problems_fini(struct problems *p)
{
    for (size_t i = 0; i < p->n; i++)
        mem_free(p->items[i].text);
    mem_free(p->items);
    *p = (struct problems){0};
}

static bool problems_grow(struct problems *p)
{
    if (p->n < p->cap)
        return true;
    if (p->cap >= PROBLEMS_KEPT)
        return false;
    size_t cap = p->cap ? p->cap * 2 : 25;
    struct problem *items = mem_resize(p->items, cap * sizeof(*items));
    if (!items)
        return false;
    p->items = items;
    p->cap = cap;
    return true;
}

static void append_escaped(struct text *t, const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c >= 0x20 && c < 0x7f)
            text_append(t, s, 1);
        else
            text_printf(t, "\\x%02x", c);
    }
}

static void compose(struct text *t, enum problem_kind kind, struct where where, const char *message)
{
    if (where.file) {
        append_escaped(t, where.file);
        if (where.line)
            text_printf(t, ":%u", where.line);
        text_puts(t, ": ");
    }
    text_puts(t, kind == PROBLEM_ERROR ? "error: " : "warning: ");
    append_escaped(t, message);
}

static void problems_add(struct problems *p, enum problem_kind kind, struct where where,
    const char *fmt, va_list ap) __attribute__((format(printf, 4, 0)));

static void problems_add(
    struct problems *p, enum problem_kind kind, struct where where, const char *fmt, va_list ap)
{
    if (kind == PROBLEM_ERROR)
        p->n_errors++;
    char message[PROBLEM_TEXT_MAX], line[2 * PROBLEM_TEXT_MAX];
    struct text raw, t;
    text_init(&raw, message, sizeof(message));
    text_vprintf(&raw, fmt, ap);
    text_init(&t, line, sizeof(line));
    compose(&t, kind, where, message);
    if (!problems_grow(p))
        return;
    char *text = mem_strdup(line);
    if (text)
        p->items[p->n++] = (struct problem){kind, text};
}

void problems_error(struct problems *p, struct where where, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    problems_add(p, PROBLEM_ERROR, where, fmt, ap);
    va_end(ap);
}

void problems_warn(struct problems *p, struct where where, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    problems_add(p, PROBLEM_WARNING, where, fmt, ap);
    va_end(ap);
}

bool problems_any(const struct problems *p)
{
    return p->n_errors > 0;
}

void problems_print(const struct problems *p, FILE *out)
{
    size_t shown = 0;
    for (size_t i = 0; i < p->n; i++) {
        fprintf(out, "%s\n", p->items[i].text);
        shown += p->items[i].kind == PROBLEM_ERROR;
    }
    if (shown < p->n_errors)
        fprintf(out, "error: and %zu more errors\n", p->n_errors - shown);
}
