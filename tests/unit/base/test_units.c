#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/units.h"

static void assert_duration(const char *text, int64_t expected)
{
    int64_t us = -1;
    struct err e;
    if (units_parse_duration(text, &us, &e) < 0)
        fail_msg("%s", e.context);
    assert_true(us == expected);
}

static void assert_size(const char *text, uint64_t expected)
{
    uint64_t bytes = 1;
    struct err e;
    if (units_parse_size(text, &bytes, &e) < 0)
        fail_msg("%s", e.context);
    assert_true(bytes == expected);
}

static void assert_message(const struct err *e, const char *words)
{
    assert_int_equal(e->code, ERR_INPUT);
    if (!strstr(e->context, words))
        fail_msg("no \"%s\" in: %s", words, e->context);
}

static void refuse_duration(const char *text, const char *words)
{
    int64_t us = 77;
    struct err e;
    assert_int_equal(units_parse_duration(text, &us, &e), -1);
    assert_true(us == 77);
    assert_message(&e, words);
}

static void refuse_size(const char *text, const char *words)
{
    uint64_t bytes = 77;
    struct err e;
    assert_int_equal(units_parse_size(text, &bytes, &e), -1);
    assert_true(bytes == 77);
    assert_message(&e, words);
}

static void refuse_percent(const char *text, const char *words)
{
    unsigned percent = 77;
    struct err e;
    assert_int_equal(units_parse_percent(text, &percent, &e), -1);
    assert_int_equal(percent, 77);
    assert_message(&e, words);
}

static void refuse_count(const char *text, const char *words)
{
    uint64_t n = 77;
    struct err e;
    assert_int_equal(units_parse_count(text, &n, &e), -1);
    assert_true(n == 77);
    assert_message(&e, words);
}

static void durations_have_units(void **state)
{
    (void)state;
    assert_duration("0s", 0);
    assert_duration("250us", 250);
    assert_duration("250ms", 250 * US_PER_MS);
    assert_duration("5s", 5 * US_PER_S);
    assert_duration("10m", 600 * US_PER_S);
    assert_duration("12h", 43200 * US_PER_S);
    assert_duration("1d", 86400 * US_PER_S);
}

static void bare_number_is_no_duration_and_the_fix_is_shown(void **state)
{
    (void)state;
    refuse_duration("5", "\"5\" has no unit: say 5s or 5ms");
}

static void durations_are_refused_when_unclear(void **state)
{
    (void)state;
    refuse_duration("", "is not a time");
    refuse_duration("s", "is not a time");
    refuse_duration("-5s", "is not a time");
    refuse_duration("1.5s", "a whole number");
    refuse_duration("5 s", "a whole number");
    refuse_duration("5sec", "one of ms, s, m, h, d");
    refuse_duration("5S", "one of ms, s, m, h, d");
    refuse_duration("1h30m", "one of ms, s, m, h, d");
}

static void durations_end_at_ten_years(void **state)
{
    (void)state;
    assert_duration("3650d", 3650 * 86400 * US_PER_S);
    refuse_duration("3651d", "at most 3650d");
    refuse_duration("18446744073709551615d", "at most 3650d");
    refuse_duration("18446744073709551616s", "at most 3650d");
    refuse_duration("99999999999999999999999", "at most 3650d");
}

static void sizes_are_powers_of_1024(void **state)
{
    (void)state;
    assert_size("0b", 0);
    assert_size("512b", 512);
    assert_size("16k", 16384);
    assert_size("2m", 2097152);
    assert_size("1g", 1073741824);
    assert_size("18446744073709551615b", UINT64_MAX);
}

static void sizes_are_refused_when_unclear(void **state)
{
    (void)state;
    refuse_size("512", "\"512\" has no unit: say 512b or 512k");
    refuse_size("", "is not a size");
    refuse_size("k", "is not a size");
    refuse_size("16K", "one of b, k, m, g");
    refuse_size("16kb", "one of b, k, m, g");
    refuse_size("17179869184g", "too large");
    refuse_size("18446744073709551616b", "too large");
}

static void percents_lie_between_0_and_100(void **state)
{
    (void)state;
    unsigned percent = 1;
    struct err e;
    assert_int_equal(units_parse_percent("0%", &percent, &e), 0);
    assert_int_equal(percent, 0);
    assert_int_equal(units_parse_percent("100%", &percent, &e), 0);
    assert_int_equal(percent, 100);
    refuse_percent("20", "\"20\" has no unit: say 20%");
    refuse_percent("101%", "at most 100%");
    refuse_percent("101", "at most 100%");
    refuse_percent("99999999999999999999999%", "at most 100%");
    refuse_percent("%", "as in 20%");
    refuse_percent("20%%", "as in 20%");
    refuse_percent("", "as in 20%");
}

static void counts_are_bare_digits(void **state)
{
    (void)state;
    uint64_t n = 1;
    struct err e;
    assert_int_equal(units_parse_count("20000", &n, &e), 0);
    assert_true(n == 20000);
    assert_int_equal(units_parse_count("18446744073709551615", &n, &e), 0);
    assert_true(n == UINT64_MAX);
    refuse_count("18446744073709551616", "too large");
    refuse_count("16k", "digits only");
    refuse_count("+1", "digits only");
    refuse_count("", "digits only");
}

static void booleans_have_three_words_each(void **state)
{
    (void)state;
    const char *const on[] = {"on", "yes", "true"}, *const off[] = {"off", "no", "false"};
    struct err e;
    for (int i = 0; i < 3; i++) {
        int value = 7;
        assert_int_equal(units_parse_bool(on[i], &value, &e), 0);
        assert_int_equal(value, 1);
        assert_int_equal(units_parse_bool(off[i], &value, &e), 0);
        assert_int_equal(value, 0);
    }
}

static void other_words_are_no_boolean(void **state)
{
    (void)state;
    struct err e;
    int value = 7;
    assert_int_equal(units_parse_bool("1", &value, &e), -1);
    assert_message(&e, "\"1\" is neither on nor off");
    assert_int_equal(units_parse_bool("", &value, &e), -1);
    assert_int_equal(value, 7);
}

static void durations_print_in_the_largest_exact_unit(void **state)
{
    (void)state;
    char out[32];
    const struct {
        int64_t us;
        const char *text;
    } rows[] = {{0, "0s"}, {1500, "1500us"}, {250000, "250ms"}, {1500000, "1500ms"},
        {90 * US_PER_S, "90s"}, {60 * US_PER_S, "1m"}, {5400 * US_PER_S, "90m"},
        {86400 * US_PER_S, "1d"}, {36 * 3600 * US_PER_S, "36h"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        units_format_duration(rows[i].us, out);
        assert_string_equal(out, rows[i].text);
        assert_duration(out, rows[i].us);
    }
}

static void sizes_print_in_the_largest_exact_unit(void **state)
{
    (void)state;
    char out[32];
    const struct {
        uint64_t bytes;
        const char *text;
    } rows[] = {{0, "0b"}, {1000, "1000b"}, {16384, "16k"}, {1536, "1536b"}, {1 << 20, "1m"},
        {UINT64_C(3) << 30, "3g"}, {UINT64_MAX, "18446744073709551615b"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        units_format_size(rows[i].bytes, out);
        assert_string_equal(out, rows[i].text);
        assert_size(out, rows[i].bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_have_units),
        cmocka_unit_test(bare_number_is_no_duration_and_the_fix_is_shown),
        cmocka_unit_test(durations_are_refused_when_unclear),
        cmocka_unit_test(durations_end_at_ten_years),
        cmocka_unit_test(sizes_are_powers_of_1024),
        cmocka_unit_test(sizes_are_refused_when_unclear),
        cmocka_unit_test(percents_lie_between_0_and_100),
        cmocka_unit_test(counts_are_bare_digits),
        cmocka_unit_test(booleans_have_three_words_each),
        cmocka_unit_test(other_words_are_no_boolean),
        cmocka_unit_test(durations_print_in_the_largest_exact_unit),
        cmocka_unit_test(sizes_print_in_the_largest_exact_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
