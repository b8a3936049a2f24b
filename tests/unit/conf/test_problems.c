#include "recorder.h"

static const struct where here = {"a.ini", 7};

static void problems_carry_file_and_line(void **state)
{
    (void)state;
    struct problems p;
    problems_init(&p);
    problems_error(&p, here, "bad %s", "thing");
    problems_error(&p, (struct where){"a.ini", 0}, "no file");
    problems_error(&p, (struct where){NULL, 0}, "nowhere");
    problems_warn(&p, here, "odd");
    assert_string_equal(p.items[0].text, "a.ini:7: error: bad thing");
    assert_string_equal(p.items[1].text, "a.ini: error: no file");
    assert_string_equal(p.items[2].text, "error: nowhere");
    assert_string_equal(p.items[3].text, "a.ini:7: warning: odd");
    problems_fini(&p);
}

static void warnings_are_no_errors(void **state)
{
    (void)state;
    struct problems p;
    problems_init(&p);
    assert_false(problems_any(&p));
    problems_warn(&p, here, "odd");
    assert_false(problems_any(&p));
    problems_error(&p, here, "bad");
    assert_true(problems_any(&p));
    problems_fini(&p);
}

/* F97 */
static void untrusted_bytes_are_escaped(void **state)
{
    (void)state;
    struct problems p;
    problems_init(&p);
    problems_error(&p, (struct where){"a\nb", 1}, "%s", "\x1b[31m\r\nroot: \xff");
    assert_string_equal(p.items[0].text, "a\\x0ab:1: error: \\x1b[31m\\x0d\\x0aroot: \\xff");
    problems_fini(&p);
}

static void a_flood_is_counted_not_kept(void **state)
{
    (void)state;
    struct problems p;
    problems_init(&p);
    for (int i = 0; i < 1000; i++)
        problems_error(&p, here, "bad");
    assert_int_equal(p.n_errors, 1000);
    assert_int_equal(p.n, 200);

    char *printed = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&printed, &len);
    assert_non_null(out);
    problems_print(&p, out);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(printed, "a.ini:7: error: bad\n"));
    assert_non_null(strstr(printed, "\nerror: and 800 more errors\n"));
    free(printed);
    problems_fini(&p);
}

static void long_messages_are_cut(void **state)
{
    (void)state;
    char text[5000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    struct problems p;
    problems_init(&p);
    problems_error(&p, here, "%s", text);
    assert_true(strlen(p.items[0].text) < 2048);
    problems_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(problems_carry_file_and_line),
        cmocka_unit_test(warnings_are_no_errors),
        cmocka_unit_test(untrusted_bytes_are_escaped),
        cmocka_unit_test(a_flood_is_counted_not_kept),
        cmocka_unit_test(long_messages_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
