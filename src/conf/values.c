#include "conf/values.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "conf/hint.h"
#include "conf/reader.h"
#include "conf/values_priv.h"

bool value_is_name(const char *s)
{
    const char *p = s;
    while (isalnum((unsigned char)*p) || (*p && strchr("_.-", *p)))
        p++;
    return p > s && !*p && p - s <= NAME_BYTES_MAX;
}

static int take_number(
    const struct input *in, int64_t n, union value *ret_value, struct err *ret_err)
{
    if (n >= in->key->min && n <= in->key->max) {
        ret_value->number = n;
        return 0;
    }
    char range[64];
    struct text t;
    text_init(&t, range, sizeof(range));
    schema_format_range(in->key, &t);
    err_set(ret_err, ERR_INPUT, "\"%.40s\" is out of range: expected %s", in->text, range);
    return -1;
}

static int take_unsigned(
    const struct input *in, uint64_t n, union value *ret_value, struct err *ret_err)
{
    return take_number(in, n > INT64_MAX ? INT64_MAX : (int64_t)n, ret_value, ret_err);
}

static int parse_duration(const struct input *in, union value *ret_value, struct err *ret_err)
{
    int64_t us = 0;
    if (units_parse_duration(in->text, &us, ret_err))
        return -1;
    return take_number(in, us, ret_value, ret_err);
}

static int parse_duration_range(const struct input *in, union value *ret_value, struct err *ret_err)
{
    const char *dots = strstr(in->text, "..");
    char low[48];
    if (!dots || (size_t)(dots - in->text) >= sizeof(low)) {
        err_set(ret_err, ERR_INPUT, "\"%.40s\": expected MIN..MAX, as in 50ms..2s", in->text);
        return -1;
    }
    memcpy(low, in->text, (size_t)(dots - in->text));
    low[dots - in->text] = '\0';
    struct input low_in = {in->key, low, in->arena}, high_in = {in->key, dots + 2, in->arena};
    union value from, to;
    if (parse_duration(&low_in, &from, ret_err) || parse_duration(&high_in, &to, ret_err))
        return -1;
    if (from.number > to.number) {
        err_set(ret_err, ERR_INPUT, "\"%.40s\": the first time is the longer one", in->text);
        return -1;
    }
    ret_value->range.from = from.number;
    ret_value->range.to = to.number;
    return 0;
}

static int parse_size(const struct input *in, union value *ret_value, struct err *ret_err)
{
    uint64_t bytes = 0;
    if (units_parse_size(in->text, &bytes, ret_err))
        return -1;
    return take_unsigned(in, bytes, ret_value, ret_err);
}

static int parse_percent(const struct input *in, union value *ret_value, struct err *ret_err)
{
    unsigned percent = 0;
    if (units_parse_percent(in->text, &percent, ret_err))
        return -1;
    return take_number(in, percent, ret_value, ret_err);
}

static int parse_count(const struct input *in, union value *ret_value, struct err *ret_err)
{
    uint64_t count = 0;
    if (units_parse_count(in->text, &count, ret_err))
        return -1;
    return take_unsigned(in, count, ret_value, ret_err);
}

static int parse_count_or_auto(const struct input *in, union value *ret_value, struct err *ret_err)
{
    if (strcmp(in->text, "auto"))
        return parse_count(in, ret_value, ret_err);
    ret_value->number = 0;
    return 0;
}

/* "hash source" and "plugin:/x.so" are known by their first word. */
static bool is_later(const char *words, const char *text)
{
    char first[32];
    struct text t;
    text_init(&t, first, sizeof(first));
    text_append(&t, text, strcspn(text, " \t:"));
    return schema_word_index(words, first) >= 0;
}

static int parse_word(const struct input *in, union value *ret_value, struct err *ret_err)
{
    int index = schema_word_index(in->key->words, in->text);
    if (index >= 0) {
        ret_value->number = index;
        return 0;
    }
    char expected[96];
    struct text t;
    text_init(&t, expected, sizeof(expected));
    schema_format_words(in->key->words, &t);
    bool later = is_later(in->key->later, in->text);
    if (!later)
        hint_word(in->text, in->key->words, &t);
    err_set(ret_err, ERR_INPUT, "\"%.30s\"%s: expected %s", in->text,
        later ? " is not supported yet" : "", expected);
    return -1;
}

static int parse_target(
    const struct input *in, const char *words, union value *ret_value, struct err *ret_err)
{
    static const enum log_sink_kind kinds[] = {
        LOG_SINK_STDERR, LOG_SINK_JOURNAL, LOG_SINK_SYSLOG, LOG_SINK_OFF};
    int index = schema_word_index(words, in->text);
    if (index >= 0 || in->text[0] == '/') {
        ret_value->target = (struct log_target){
            .kind = index >= 0 ? kinds[index] : LOG_SINK_FILE,
            .path = index >= 0 ? NULL : in->text,
        };
        return 0;
    }
    char expected[96];
    struct text t;
    text_init(&t, expected, sizeof(expected));
    schema_format_words(words, &t);
    hint_word(in->text, words, &t);
    err_set(ret_err, ERR_INPUT, "\"%.40s\": expected /an/absolute/path, %s", in->text, expected);
    return -1;
}

static int parse_log(const struct input *in, union value *ret_value, struct err *ret_err)
{
    return parse_target(in, "stderr journal syslog", ret_value, ret_err);
}

static int parse_access_log(const struct input *in, union value *ret_value, struct err *ret_err)
{
    return parse_target(in, "stderr journal syslog off", ret_value, ret_err);
}

static int parse_text(const struct input *in, union value *ret_value, struct err *ret_err)
{
    (void)ret_err;
    ret_value->text = in->text;
    return 0;
}

static int parse_certificate(const struct input *in, union value *ret_value, struct err *ret_err)
{
    (void)ret_err;
    ret_value->text = strcmp(in->text, "self-signed") ? in->text : NULL;
    return 0;
}

static int parse_name(const struct input *in, union value *ret_value, struct err *ret_err)
{
    if (!value_is_name(in->text)) {
        err_set(ret_err, ERR_INPUT, "\"%.40s\" is no name: expected letters, digits, _ . and -",
            in->text);
        return -1;
    }
    ret_value->text = in->text;
    return 0;
}

static int parse_pool(const struct input *in, union value *ret_value, struct err *ret_err)
{
    if (parse_name(in, ret_value, ret_err))
        return -1;
    if (!strcmp(in->text, "none"))
        ret_value->text = NULL;
    return 0;
}

int value_parse(const struct schema_key *key, const char *text, struct arena *arena,
    union value *ret_value, struct err *ret_err)
{
    static int (*const parsers[])(const struct input *, union value *, struct err *) = {
        [TYPE_DURATION] = parse_duration,
        [TYPE_DURATION_RANGE] = parse_duration_range,
        [TYPE_SIZE] = parse_size,
        [TYPE_PERCENT] = parse_percent,
        [TYPE_COUNT] = parse_count,
        [TYPE_COUNT_OR_AUTO] = parse_count_or_auto,
        [TYPE_WORD] = parse_word,
        [TYPE_USER] = parse_name,
        [TYPE_LOG] = parse_log,
        [TYPE_ACCESS_LOG] = parse_access_log,
        [TYPE_INCLUDE] = parse_text,
        [TYPE_LISTEN] = value_parse_listen,
        [TYPE_CERTIFICATE] = parse_certificate,
        [TYPE_POOL] = parse_pool,
        [TYPE_SERVER] = value_parse_server,
        [TYPE_ADDRESS] = value_parse_address,
        [TYPE_HOST] = value_parse_host,
    };
    struct input in = {key, text, arena};
    return parsers[key->type](&in, ret_value, ret_err);
}
