/* Why a session ended: one list, from which the log, the metrics and the manual take their words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "proxy/close_reason.h"

#define WORD_BYTES "abcdefghijklmnopqrstuvwxyz-"

/* They stand bare in the access log and between quotes in metrics. */
static void words_are_plain_and_unique(void **state)
{
    (void)state;
    for (int i = 0; i < CLOSE_REASONS; i++) {
        const char *word = close_reason_info((enum close_reason)i)->word;
        if (!*word || word[strspn(word, WORD_BYTES)])
            fail_msg("\"%s\" is no plain word", word);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(word, close_reason_info((enum close_reason)j)->word);
    }
}

static void sentences_are_unique_and_go_on_behind_a_colon(void **state)
{
    (void)state;
    for (int i = 0; i < CLOSE_REASONS; i++) {
        const char *sentence = close_reason_info((enum close_reason)i)->sentence;
        size_t n = strlen(sentence);
        assert_true(n > 10 && n < sizeof((struct err *)0)->context);
        assert_in_range(sentence[0], 'a', 'z');
        assert_int_not_equal(sentence[n - 1], '.');
        for (int j = 0; j < i; j++)
            assert_string_not_equal(sentence, close_reason_info((enum close_reason)j)->sentence);
    }
}

static void sides_have_the_words_of_the_log(void **state)
{
    (void)state;
    static const struct {
        enum close_reason reason;
        const char *word;
    } rows[] = {{CLOSE_CLIENT_RESET, "client"}, {CLOSE_SERVER_RESET, "server"},
        {CLOSE_SHUTDOWN, "sluice"}, {CLOSE_LOCAL, "sluice"}, {CLOSE_NO_SERVER, "server"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(close_reason_side(close_reason_info(rows[i].reason)), rows[i].word);
}

/* A stream that did not end by itself must not look as if it had (P3). */
static void only_streams_that_had_ended_or_not_begun_are_closed_cleanly(void **state)
{
    (void)state;
    for (int i = 0; i < CLOSE_REASONS; i++) {
        enum close_reason reason = (enum close_reason)i;
        bool may_close = reason == CLOSE_DONE || reason == CLOSE_CLIENT_GONE ||
                         reason == CLOSE_HANDSHAKE_FAILED || reason == CLOSE_SERVER_DONE;
        assert_int_equal(close_reason_info(reason)->end == CONN_CLOSE, may_close);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_plain_and_unique),
        cmocka_unit_test(sentences_are_unique_and_go_on_behind_a_colon),
        cmocka_unit_test(sides_have_the_words_of_the_log),
        cmocka_unit_test(only_streams_that_had_ended_or_not_begun_are_closed_cleanly),
    };
    return cmocka_run_group_tests_name("close_reason", tests, NULL, NULL);
}
