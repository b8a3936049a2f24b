#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

#define BYTES(literal) literal, sizeof(literal) - 1

static void assert_logfmt(const char *s, size_t n, const char *expected)
{
    char memory[100];
    struct text t;
    text_init(&t, memory, sizeof memory);
    text_logfmt_value(&t, s, n);
    assert_string_equal(t.p, expected);
    assert_int_equal(t.len, strlen(expected));
    assert_false(t.cut);
}

static void assert_json(const char *s, size_t n, const char *expected)
{
    char memory[100];
    struct text t;
    text_init(&t, memory, sizeof memory);
    text_json_string(&t, s, n);
    assert_string_equal(t.p, expected);
    assert_int_equal(t.len, strlen(expected));
}

static void pieces_are_joined(void **state)
{
    (void)state;
    char memory[32];
    struct text t;
    text_init(&t, memory, sizeof memory);
    assert_string_equal(t.p, "");
    text_puts(&t, "a=");
    text_printf(&t, "%d,%s", 7, "x");
    text_append(&t, "yz", 1);
    assert_string_equal(t.p, "a=7,xy");
    assert_int_equal(t.len, 6);
    assert_false(t.cut);
}

static void what_fits_exactly_is_not_cut(void **state)
{
    (void)state;
    char memory[5];
    struct text t;
    text_init(&t, memory, sizeof memory);
    text_puts(&t, "ab");
    text_printf(&t, "%s", "cd");
    assert_string_equal(t.p, "abcd");
    assert_false(t.cut);
}

static void cut_text_is_terminated_and_says_so(void **state)
{
    (void)state;
    char memory[8] = "#######";
    struct text t;
    text_init(&t, memory, 5);
    text_printf(&t, "%s", "abcdef");
    assert_string_equal(t.p, "abcd");
    assert_int_equal(t.len, 4);
    assert_true(t.cut);
    assert_int_equal(memory[5], '#');
}

static void nothing_is_taken_after_a_cut(void **state)
{
    (void)state;
    char memory[6];
    struct text t;
    text_init(&t, memory, sizeof memory);
    text_logfmt_value(&t, BYTES("ab\n"));
    assert_string_equal(t.p, "\"ab");
    assert_true(t.cut);
    text_puts(&t, "x");
    text_printf(&t, "y");
    assert_string_equal(t.p, "\"ab");
}

static void room_for_the_terminator_alone_is_enough(void **state)
{
    (void)state;
    char memory[1];
    struct text t;
    text_init(&t, memory, 1);
    text_puts(&t, "a");
    assert_string_equal(t.p, "");
    assert_true(t.cut);
}

static void logfmt_leaves_plain_words_bare(void **state)
{
    (void)state;
    assert_logfmt(BYTES("www.example.org:443/~x"), "www.example.org:443/~x");
}

static void logfmt_quotes_what_would_be_misread(void **state)
{
    (void)state;
    assert_logfmt(BYTES(""), "\"\"");
    assert_logfmt(BYTES("a b"), "\"a b\"");
    assert_logfmt(BYTES("a=b"), "\"a=b\"");
    assert_logfmt(BYTES("a\"b"), "\"a\\\"b\"");
    assert_logfmt(BYTES("a\\b"), "\"a\\\\b\"");
}

/* F97: no byte of a client ends the line or moves a terminal's cursor. */
static void logfmt_escapes_all_but_printable_ascii(void **state)
{
    (void)state;
    assert_logfmt(BYTES("a\r\nb\t"), "\"a\\x0d\\x0ab\\x09\"");
    assert_logfmt(BYTES("\x1b[2J\x7f"), "\"\\x1b[2J\\x7f\"");
    assert_logfmt(BYTES("\0\x80\xff"), "\"\\x00\\x80\\xff\"");
}

static void json_strings_follow_rfc_8259(void **state)
{
    (void)state;
    assert_json(BYTES(""), "\"\"");
    assert_json(BYTES("a b=c"), "\"a b=c\"");
    assert_json(BYTES("\"\\"), "\"\\\"\\\\\"");
}

/* F97 */
static void json_escapes_all_but_printable_ascii(void **state)
{
    (void)state;
    assert_json(BYTES("a\n\x1b\x7f\xc3\xa9\0"), "\"a\\u000a\\u001b\\u007f\\u00c3\\u00a9\\u0000\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_joined),
        cmocka_unit_test(what_fits_exactly_is_not_cut),
        cmocka_unit_test(cut_text_is_terminated_and_says_so),
        cmocka_unit_test(nothing_is_taken_after_a_cut),
        cmocka_unit_test(room_for_the_terminator_alone_is_enough),
        cmocka_unit_test(logfmt_leaves_plain_words_bare),
        cmocka_unit_test(logfmt_quotes_what_would_be_misread),
        cmocka_unit_test(logfmt_escapes_all_but_printable_ascii),
        cmocka_unit_test(json_strings_follow_rfc_8259),
        cmocka_unit_test(json_escapes_all_but_printable_ascii),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
