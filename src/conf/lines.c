#include "conf/lines.h"

#include <assert.h>
#include <ctype.h>
#include <ini.h>
#include <stdbool.h>
#include <string.h>

/* Stands at both ends of every piece handed to inih, which strips blanks there. The text itself
 * holds no control characters. */
static const char GUARD = '\x01';

struct slice {
    const char *p;
    size_t n;
};

struct lines {
    struct slice text; /* not yet looked at */
    struct where where;
    const struct reader_sink *sink;
    struct problems *problems;
    char key[NAME_BYTES_MAX + 1];
    struct slice rest;               /* of the current value: not yet handed to inih */
    bool rest_is_due;                /* also when it is empty */
    char value[VALUE_BYTES_MAX + 1]; /* of the current line: handed back by inih so far */
    size_t value_len;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_comment_mark(char c)
{
    return c == ';' || c == '#';
}

static bool is_key_char(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_';
}

static struct slice trim(struct slice s)
{
    while (s.n && is_blank(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

static size_t find(struct slice s, char c)
{
    const char *at = memchr(s.p, c, s.n);
    return at ? (size_t)(at - s.p) : s.n;
}

/* A mark begins a comment at the start of a value or of an item of a list, and after a blank: `a#b`
 * is a value. */
static struct slice without_comment(struct slice s)
{
    size_t first_equals = find(s, '=');
    for (size_t i = 1; i < s.n; i++) {
        char before = s.p[i - 1];
        if (is_comment_mark(s.p[i]) &&
            (is_blank(before) || before == ',' || i - 1 == first_equals)) {
            s.n = i;
            break;
        }
    }
    return trim(s);
}

static struct slice next_line(struct lines *l)
{
    struct slice line = {l->text.p, find(l->text, '\n')};
    size_t used = line.n < l->text.n ? line.n + 1 : line.n;
    l->text = (struct slice){l->text.p + used, l->text.n - used};
    l->where.line++;
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    return trim(line);
}

#define SLICE_ARG(s) (int)((s).n < 60 ? (s).n : 60), (s).p

static void take_section(struct lines *l, struct slice line)
{
    char section[NAME_BYTES_MAX + 1];
    size_t close = find(line, ']');
    struct slice inner = trim((struct slice){line.p + 1, close - 1});
    struct slice after = {line.p + close, line.n - close};
    if (!after.n)
        problems_error(l->problems, l->where, "\"]\" is missing after \"%.*s\"", SLICE_ARG(line));
    else if (after.n > 1)
        problems_error(l->problems, l->where, "text after \"]\": \"%.*s\"",
            SLICE_ARG(trim(((struct slice){after.p + 1, after.n - 1}))));
    else if (inner.n > NAME_BYTES_MAX)
        problems_error(l->problems, l->where, "section [%.*s...] is longer than %d characters",
            SLICE_ARG(inner), NAME_BYTES_MAX);
    else {
        memcpy(section, inner.p, inner.n);
        section[inner.n] = '\0';
        l->sink->on_section(l->sink->user, section, l->where);
        return;
    }
    l->sink->on_section(l->sink->user, NULL, l->where);
}

static bool key_is_good(struct slice key)
{
    for (size_t i = 0; i < key.n; i++)
        if (!is_key_char(key.p[i]))
            return false;
    return key.n > 0;
}

/* Tells what is wrong with a line that is no `key = value`. */
static void explain_bad_pair(struct lines *l, struct slice line, struct slice key, bool has_equals)
{
    size_t word = 0;
    while (word < line.n && is_key_char(line.p[word]))
        word++;
    if (word && word < line.n && line.p[word] == ':')
        problems_error(l->problems, l->where, "\"%.*s:\": write \"%.*s = ...\" (with \"=\")",
            (int)word, line.p, (int)word, line.p);
    else if (!has_equals || !key.n)
        problems_error(
            l->problems, l->where, "expected \"key = value\", found \"%.*s\"", SLICE_ARG(line));
    else
        problems_error(l->problems, l->where,
            "\"%.*s\" is no key: expected letters, digits and \"-\" before the first \"=\"",
            SLICE_ARG(key));
}

/* True when there is a value for inih to take. */
static bool take_pair(struct lines *l, struct slice line)
{
    size_t equals = find(line, '=');
    bool has_equals = equals < line.n;
    struct slice key = trim((struct slice){line.p, equals});
    struct slice value = {NULL, 0};
    if (has_equals)
        value = trim((struct slice){line.p + equals + 1, line.n - equals - 1});
    if (!has_equals || !key_is_good(key))
        explain_bad_pair(l, line, key, has_equals);
    else if (key.n > NAME_BYTES_MAX)
        problems_error(l->problems, l->where, "key \"%.*s\" is longer than %d characters",
            SLICE_ARG(key), NAME_BYTES_MAX);
    else if (value.n > VALUE_BYTES_MAX)
        problems_error(l->problems, l->where, "%.*s: the value is longer than %d bytes",
            SLICE_ARG(key), VALUE_BYTES_MAX);
    else {
        memcpy(l->key, key.p, key.n);
        l->key[key.n] = '\0';
        l->rest = value;
        l->rest_is_due = true;
        l->value_len = 0;
        return true;
    }
    l->sink->on_bad_line(l->sink->user);
    return false;
}

/* True when there is a value for inih to take. */
static bool take_line(struct lines *l, struct slice line)
{
    if (!line.n || is_comment_mark(line.p[0]))
        return false;
    line = without_comment(line);
    if (line.p[0] == '[') {
        take_section(l, line);
        return false;
    }
    return take_pair(l, line);
}

/* inih's reader: as fgets(3). It never sees a section, a comment, a blank line or one that it would
 * cut. */
static char *hand_line(char *str, int num, void *stream)
{
    struct lines *l = stream;
    while (!l->rest_is_due) {
        if (!l->text.n)
            return NULL;
        take_line(l, next_line(l));
    }
    size_t key_len = strlen(l->key), around = key_len + sizeof("=\1\1\n");
    assert(num > 0 && (size_t)num > around);
    size_t piece = (size_t)num - around;
    if (piece > l->rest.n)
        piece = l->rest.n;

    char *at = str;
    memcpy(at, l->key, key_len);
    at += key_len;
    *at++ = '=';
    *at++ = GUARD;
    if (piece)
        memcpy(at, l->rest.p, piece);
    at += piece;
    *at++ = GUARD;
    *at++ = '\n';
    *at = '\0';

    l->rest = (struct slice){l->rest.p + piece, l->rest.n - piece};
    l->rest_is_due = l->rest.n > 0;
    return str;
}

/* inih's handler. Its `section` is always "", and `name` is l->key. */
static int take_piece(void *user, const char *section, const char *name, const char *piece)
{
    (void)section;
    struct lines *l = user;
    size_t n = strlen(piece) - 2;
    memcpy(l->value + l->value_len, piece + 1, n);
    l->value_len += n;
    if (!l->rest_is_due) {
        l->value[l->value_len] = '\0';
        l->sink->on_value(l->sink->user, name, l->value, l->where);
    }
    return 1;
}

/* A NUL would hide the rest of its line from inih (F86), other control characters hide things from
 * people. */
static bool is_plain_text(struct lines *l)
{
    unsigned line = 1;
    for (size_t i = 0; i < l->text.n; i++) {
        unsigned char c = (unsigned char)l->text.p[i];
        bool line_end = c == '\r' && (i + 1 == l->text.n || l->text.p[i + 1] == '\n');
        if (c == '\n')
            line++;
        else if ((c < 0x20 && c != '\t' && !line_end) || c == 0x7f) {
            problems_error(l->problems, (struct where){l->where.file, line},
                "not a text file: it holds the control character 0x%02x", c);
            return false;
        }
    }
    return true;
}

static void skip_byte_order_mark(struct lines *l)
{
    if (l->text.n >= 3 && !memcmp(l->text.p, "\xef\xbb\xbf", 3))
        l->text = (struct slice){l->text.p + 3, l->text.n - 3};
}

void lines_parse(const char *file, const char *text, size_t len, const struct reader_sink *sink,
    struct problems *problems)
{
    struct lines l = {.text = {text, len}, .where = {file, 0}, .sink = sink, .problems = problems};
    skip_byte_order_mark(&l);
    if (!is_plain_text(&l))
        return;
    /* Every line it gets is well formed, so anything but 0 means that it and this file disagree,
     * and values may be missing. */
    if (ini_parse_stream(hand_line, &l, take_piece, &l))
        problems_error(problems, l.where, "the INI library could not read this");
}
