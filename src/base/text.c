/* text: building one line in the caller's memory.
 *
 * After the first cut nothing more is taken, and an escape is taken whole or not at all: a cut line
 * stays readable and never ends in half an escape. */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

void text_init(struct text *t, char *memory, size_t cap)
{
    *t = (struct text){.p = memory, .cap = cap};
    t->p[0] = '\0';
}

static size_t room(const struct text *t)
{
    return t->cut ? 0 : t->cap - t->len - 1;
}

void text_append(struct text *t, const char *s, size_t n)
{
    size_t fits = n <= room(t) ? n : room(t);
    memcpy(t->p + t->len, s, fits);
    t->len += fits;
    t->p[t->len] = '\0';
    if (fits < n)
        t->cut = true;
}

void text_puts(struct text *t, const char *s)
{
    text_append(t, s, strlen(s));
}

void text_printf(struct text *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    text_vprintf(t, fmt, ap);
    va_end(ap);
}

void text_vprintf(struct text *t, const char *fmt, va_list ap)
{
    if (t->cut)
        return;
    int n = vsnprintf(t->p + t->len, room(t) + 1, fmt, ap);
    if (n < 0) {
        t->p[t->len] = '\0';
        t->cut = true;
    } else if ((size_t)n > room(t)) {
        t->len = t->cap - 1;
        t->cut = true;
    } else {
        t->len += (size_t)n;
    }
}

static void append_whole(struct text *t, const char *s, size_t n)
{
    if (n <= room(t))
        text_append(t, s, n);
    else
        t->cut = true;
}

static bool is_printable(unsigned char c)
{
    return c >= ' ' && c <= '~';
}

/* `hex` starts an escape by number. */
static void append_escaped(struct text *t, unsigned char c, const char *hex)
{
    char escape[8];
    if (is_printable(c))
        text_append(t, (char[]){(char)c}, 1);
    else
        append_whole(t, escape, (size_t)snprintf(escape, sizeof escape, "%s%02x", hex, c));
}

static void append_quoted(struct text *t, unsigned char c, const char *hex)
{
    if (c == '"' || c == '\\')
        append_whole(t, (char[]){'\\', (char)c}, 2);
    else
        append_escaped(t, c, hex);
}

static void append_in_quotes(struct text *t, const char *s, size_t n, const char *hex)
{
    text_append(t, "\"", 1);
    for (size_t i = 0; i < n && !t->cut; i++)
        append_quoted(t, (unsigned char)s[i], hex);
    text_append(t, "\"", 1);
}

static bool is_bare(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (!is_printable(c) || c == ' ' || c == '"' || c == '=' || c == '\\')
            return false;
    }
    return n > 0;
}

void text_logfmt_value(struct text *t, const char *s, size_t n)
{
    if (is_bare(s, n))
        text_append(t, s, n);
    else
        append_in_quotes(t, s, n, "\\x");
}

void text_json_string(struct text *t, const char *s, size_t n)
{
    append_in_quotes(t, s, n, "\\u00");
}

void text_escape(struct text *t, const char *s)
{
    for (; *s && !t->cut; s++)
        append_escaped(t, (unsigned char)*s, "\\x");
}
