#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "conf/suggest.h"

static const char *nearest(const char *word)
{
    static const char *const known[] = {"balance", "server", "source", "retry-on", "retry-max"};
    struct suggest s;
    suggest_init(&s, word);
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        suggest_offer(&s, known[i]);
    return suggest_best(&s);
}

static void distance_counts_single_changes(void **state)
{
    (void)state;
    assert_int_equal(suggest_distance("balance", "balance"), 0);
    assert_int_equal(suggest_distance("ballance", "balance"), 1);
    assert_int_equal(suggest_distance("balnce", "balance"), 1);
    assert_int_equal(suggest_distance("balence", "balance"), 1);
    assert_int_equal(suggest_distance("blaance", "balance"), 1);
    assert_int_equal(suggest_distance("", "abc"), 3);
    assert_int_equal(suggest_distance("abc", ""), 3);
    assert_int_equal(suggest_distance("kitten", "sitting"), 3);
    assert_int_equal(suggest_distance("ca", "abc"), 3);
}

static void case_does_not_count(void **state)
{
    (void)state;
    assert_int_equal(suggest_distance("Balance", "bALANCE"), 0);
}

static void long_words_are_far_from_everything(void **state)
{
    (void)state;
    char word[65];
    memset(word, 'a', 64);
    word[64] = '\0';
    assert_true(suggest_distance(word, word) == SIZE_MAX);
    assert_true(suggest_distance(word + 1, word + 1) == 0);
    assert_null(nearest(word));
}

static void the_nearest_word_is_suggested(void **state)
{
    (void)state;
    assert_string_equal(nearest("ballance"), "balance");
    assert_string_equal(nearest("serevr"), "server");
    assert_string_equal(nearest("retry_max"), "retry-max");
}

static void nothing_is_suggested_for_what_is_far(void **state)
{
    (void)state;
    assert_null(nearest("certificate"));
    assert_null(nearest("x"));
    assert_null(nearest(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_counts_single_changes),
        cmocka_unit_test(case_does_not_count),
        cmocka_unit_test(long_words_are_far_from_everything),
        cmocka_unit_test(the_nearest_word_is_suggested),
        cmocka_unit_test(nothing_is_suggested_for_what_is_far),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
