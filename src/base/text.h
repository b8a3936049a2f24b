/* text: a string builder over the caller's memory: never allocates, never overruns, says when
 * something was cut. */
#ifndef SLUICE_BASE_TEXT_H
#define SLUICE_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct text {
    char *p; /* always NUL terminated */
    size_t cap, len;
    bool cut;
};

void text_init(struct text *t, char *memory, size_t cap); /* cap >= 1 */
void text_append(struct text *t, const char *s, size_t n);
void text_puts(struct text *t, const char *s);
void text_printf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_vprintf(struct text *t, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/* Untrusted bytes for a log (F97). logfmt: bare when all are [!-~] but for `"`, `=` and `\`; else
 * in quotes with \" \\ \xNN (NN two hex digits). JSON: in quotes, RFC 8259 section 7, bytes outside
 * printable ASCII as \u00NN. An empty value is "". */
void text_logfmt_value(struct text *t, const char *s, size_t n);
void text_json_string(struct text *t, const char *s, size_t n);

/* The same without quotes, up to the NUL: a whole line for people. \xNN for all but printable
 * ASCII. */
void text_escape(struct text *t, const char *s);

#endif
