/* units: one table a quantity; the same rows read and write it. */
#include "base/units.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define QUOTE "\"%.40s\""
#define TEN_YEARS_US (INT64_C(3650) * 24 * 3600 * 1000 * 1000)

struct unit {
    const char *name;
    uint64_t factor;
};

/* Largest first: the formatter takes the first that divides. */
static const struct unit durations[] = {
    {"d", UINT64_C(86400000000)},
    {"h", UINT64_C(3600000000)},
    {"m", UINT64_C(60000000)},
    {"s", UINT64_C(1000000)},
    {"ms", UINT64_C(1000)},
    {"us", UINT64_C(1)},
    {NULL, 0},
};

static const struct unit sizes[] = {
    {"g", UINT64_C(1) << 30},
    {"m", UINT64_C(1) << 20},
    {"k", UINT64_C(1) << 10},
    {"b", UINT64_C(1)},
    {NULL, 0},
};

/* Reads leading digits; returns where they end, or NULL when the number does not fit. */
static const char *read_digits(const char *text, uint64_t *ret_n)
{
    uint64_t n = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        if (__builtin_mul_overflow(n, UINT64_C(10), &n) ||
            __builtin_add_overflow(n, (uint64_t)(*text - '0'), &n))
            return NULL;
    *ret_n = n;
    return text;
}

static const struct unit *find_unit(const struct unit *units, const char *name)
{
    for (; units->name; units++)
        if (strcmp(units->name, name) == 0)
            return units;
    return NULL;
}

int units_parse_duration(const char *text, int64_t *ret_us, struct err *ret_err)
{
    uint64_t n = 0, us = 0;
    const char *end = read_digits(text, &n);
    const struct unit *unit = end ? find_unit(durations, end) : NULL;

    if (end == text)
        err_set(ret_err, ERR_INPUT, QUOTE " is not a time: say 250ms, 5s, 10m, 12h or 1d", text);
    else if (end && *end == '\0')
        err_set(ret_err, ERR_INPUT, QUOTE " has no unit: say %.20ss or %.20sms", text, text, text);
    else if (end && !unit)
        err_set(ret_err, ERR_INPUT,
            QUOTE " is not a time: a whole number and one of ms, s, m, h, d, as in 250ms", text);
    else if (!unit || __builtin_mul_overflow(n, unit->factor, &us) || us > TEN_YEARS_US)
        err_set(ret_err, ERR_INPUT, QUOTE " is too long: at most 3650d", text);
    else {
        *ret_us = (int64_t)us;
        return 0;
    }
    return -1;
}

int units_parse_size(const char *text, uint64_t *ret_bytes, struct err *ret_err)
{
    uint64_t n = 0, bytes = 0;
    const char *end = read_digits(text, &n);
    const struct unit *unit = end ? find_unit(sizes, end) : NULL;

    if (end == text)
        err_set(ret_err, ERR_INPUT, QUOTE " is not a size: say 512b, 16k, 2m or 1g", text);
    else if (end && *end == '\0')
        err_set(ret_err, ERR_INPUT, QUOTE " has no unit: say %.20sb or %.20sk", text, text, text);
    else if (end && !unit)
        err_set(ret_err, ERR_INPUT,
            QUOTE " is not a size: a whole number and one of b, k, m, g, as in 16k", text);
    else if (!unit || __builtin_mul_overflow(n, unit->factor, &bytes))
        err_set(ret_err, ERR_INPUT, QUOTE " is too large", text);
    else {
        *ret_bytes = bytes;
        return 0;
    }
    return -1;
}

int units_parse_percent(const char *text, unsigned *ret_percent, struct err *ret_err)
{
    uint64_t n = 0;
    const char *end = read_digits(text, &n);

    if (end == text || (end && *end != '\0' && strcmp(end, "%") != 0))
        err_set(ret_err, ERR_INPUT, QUOTE " is not a share: a whole number, as in 20%%", text);
    else if (!end || n > 100)
        err_set(ret_err, ERR_INPUT, QUOTE " is too large: at most 100%%", text);
    else if (*end == '\0')
        err_set(ret_err, ERR_INPUT, QUOTE " has no unit: say %.20s%%", text, text);
    else {
        *ret_percent = (unsigned)n;
        return 0;
    }
    return -1;
}

int units_parse_count(const char *text, uint64_t *ret_n, struct err *ret_err)
{
    uint64_t n = 0;
    const char *end = read_digits(text, &n);

    if (end == text || (end && *end != '\0'))
        err_set(ret_err, ERR_INPUT, QUOTE " is not a whole number: digits only, as in 100", text);
    else if (!end)
        err_set(ret_err, ERR_INPUT, QUOTE " is too large", text);
    else {
        *ret_n = n;
        return 0;
    }
    return -1;
}

static bool is_one_of(const char *text, const char *a, const char *b, const char *c)
{
    return strcmp(text, a) == 0 || strcmp(text, b) == 0 || strcmp(text, c) == 0;
}

int units_parse_bool(const char *text, int *ret_bool, struct err *ret_err)
{
    bool on = is_one_of(text, "on", "yes", "true");
    if (!on && !is_one_of(text, "off", "no", "false")) {
        err_set(ret_err, ERR_INPUT, QUOTE " is neither on nor off", text);
        return -1;
    }
    *ret_bool = on;
    return 0;
}

static void format(const struct unit *units, uint64_t n, char out[static 32])
{
    while (n % units->factor != 0)
        units++;
    snprintf(out, 32, "%llu%s", (unsigned long long)(n / units->factor), units->name);
}

void units_format_duration(int64_t us, char out[static 32])
{
    if (us == 0)
        snprintf(out, 32, "0s");
    else
        format(durations, (uint64_t)us, out);
}

void units_format_size(uint64_t bytes, char out[static 32])
{
    if (bytes == 0)
        snprintf(out, 32, "0b");
    else
        format(sizes, bytes, out);
}
