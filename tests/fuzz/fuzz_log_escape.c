/* Any bytes in a log, in any room. Whatever they are, they stay inside their value and their line,
 * and what was not cut can be read back exactly (F97). */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log_line.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_printable(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert(s[i] >= ' ' && s[i] <= '~');
}

/* Reads a quoted value as a strict reader would, `hex` being what starts an escape by number. */
static void check_quoted(const struct text *t, const char *hex, const uint8_t *data, size_t size)
{
    const char *p = t->p, *end = t->p + t->len - 1;
    size_t n = 0;
    assert(t->len >= 2 && *p++ == '"' && *end == '"');
    while (p < end) {
        unsigned byte = (unsigned char)*p++;
        assert(byte != '"');
        if (byte == '\\' && (*p == '"' || *p == '\\')) {
            byte = (unsigned char)*p++;
        } else if (byte == '\\') {
            char digits[3] = {p[strlen(hex) - 1], p[strlen(hex)], '\0'};
            assert(strncmp(p - 1, hex, strlen(hex)) == 0);
            byte = (unsigned)strtoul(digits, NULL, 16);
            p += strlen(hex) + 1;
        }
        assert(n < size && byte == data[n]);
        n++;
    }
    assert(p == end && n == size);
}

static void check_bare(const struct text *t, const uint8_t *data, size_t size)
{
    assert(t->len == size && memcmp(t->p, data, size) == 0);
    assert(!memchr(data, ' ', size) && !memchr(data, '=', size) && !memchr(data, '\\', size));
}

/* A block of exactly `cap` bytes, so that one too many is seen. */
static void try_value(const uint8_t *data, size_t size, size_t cap, bool as_json)
{
    char *memory = malloc(cap);
    struct text t;
    if (!memory)
        abort();
    text_init(&t, memory, cap);
    if (as_json)
        text_json_string(&t, (const char *)data, size);
    else
        text_logfmt_value(&t, (const char *)data, size);
    assert(t.len < cap && t.p[t.len] == '\0');
    check_printable(t.p, t.len);
    if (!t.cut && t.p[0] == '"')
        check_quoted(&t, as_json ? "\\u00" : "\\x", data, size);
    else if (!t.cut)
        check_bare(&t, data, size);
    free(memory);
}

static void try_line(const uint8_t *data, size_t size)
{
    char *message = malloc(size + 1), memory[LOG_ERROR_LINE_MAX + 1];
    struct log_line line;
    if (!message)
        abort();
    if (size > 0)
        memcpy(message, data, size);
    message[size] = '\0';
    struct log_note note = {LOG_LEVEL_INFO, "w1", message};
    log_line_compose(&note, (int64_t)size * US_PER_S, memory, &line);
    assert(line.len <= LOG_ERROR_LINE_MAX && line.time_len < line.len);
    check_printable(line.text, line.len);
    free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t enough = 6 * size + 3; /* \u00NN for each byte, two quotes, NUL */
    for (int as_json = 0; as_json < 2; as_json++) {
        try_value(data, size, enough, as_json);
        for (size_t cap = 1; cap < enough && cap < 20; cap++)
            try_value(data, size, cap, as_json);
    }
    try_line(data, size);
    return 0;
}
