/* The traps of inih that config.md names, each with its cure (F86). */
#include "recorder.h"

#include "conf/lines.h"

static struct recorder rec;

static int setup(void **state)
{
    (void)state;
    recorder_init(&rec);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    recorder_fini(&rec);
    return 0;
}

static void parse_bytes(const char *text, size_t len)
{
    lines_parse("t.ini", text, len, &rec.sink, &rec.problems);
}

static void parse(const char *text)
{
    parse_bytes(text, strlen(text));
}

static void assert_events(const char *expected)
{
    assert_no_problem(&rec.problems);
    assert_string_equal(rec.events.p, expected);
}

/* Fills `out` with letters that tell where they stand. */
static void fill(char *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (char)('a' + (i + i / 26) % 26);
    out[n] = '\0';
}

static void section_and_value_come_with_their_lines(void **state)
{
    (void)state;
    parse("\n[pool app]\n\n\nserver = a 10.0.0.1:80\nbalance=x\n");
    assert_events("[pool app]@2 server=a 10.0.0.1:80@5 balance=x@6 ");
}

static void long_values_arrive_whole(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 100, 139, 140, 141, 142, 143, 190, 191, 195, 196, 197, 198,
        199, 200, 201, 280, 281, 282, 283, 284, 400, 1000, 4096, 8000};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        char value[8192], text[8300], expected[8300];
        fill(value, lengths[i]);
        snprintf(text, sizeof(text), "ciphers = %s\n", value);
        snprintf(expected, sizeof(expected), "ciphers=%s@1 ", value);
        recorder_fini(&rec);
        recorder_init(&rec);
        parse(text);
        assert_events(expected);
    }
}

static void blanks_inside_long_values_survive_wherever_they_are_split(void **state)
{
    (void)state;
    char value[602], text[700], expected[700];
    for (size_t period = 2; period < 40; period++) {
        for (size_t i = 0; i < 600; i++)
            value[i] = i % period < period / 2 ? 'x' : ' ';
        value[600] = 'y';
        value[601] = '\0';
        snprintf(text, sizeof(text), "k = %s", value);
        snprintf(expected, sizeof(expected), "k=%s@1 ", value);
        recorder_fini(&rec);
        recorder_init(&rec);
        parse(text);
        assert_events(expected);
    }
}

static void the_longest_key_leaves_room_for_a_value(void **state)
{
    (void)state;
    char key[50], value[601], text[800], expected[800];
    fill(key, 49);
    fill(value, 600);
    snprintf(text, sizeof(text), "%s = %s", key, value);
    snprintf(expected, sizeof(expected), "%s=%s@1 ", key, value);
    parse(text);
    assert_events(expected);
}

static void names_that_inih_would_cut_are_refused(void **state)
{
    (void)state;
    char name[51], text[200];
    fill(name, 50);
    snprintf(text, sizeof(text), "[%s]\n%s = 1\n", name, name);
    parse(text);
    assert_string_equal(rec.events.p, "[?]@1 bad ");
    assert_problem(&rec.problems, "t.ini:1: error: section [");
    assert_problem(&rec.problems, "t.ini:2: error: key \"");
    assert_problem(&rec.problems, "longer than 49 characters");
}

/* Whatever stands around it: `check --effective` puts its own blanks and comment there. */
static void a_value_too_long_is_refused_not_cut(void **state)
{
    (void)state;
    char value[8194], text[2 * sizeof(value) + 100];
    for (size_t i = 0; i < 4; i++) {
        size_t length = i < 2 ? 8192 : 8193;
        fill(value, length);
        if (i % 2)
            snprintf(text, sizeof(text), "   key   =   %s    # %s", value, value);
        else
            snprintf(text, sizeof(text), "key=%s", value);
        recorder_fini(&rec);
        recorder_init(&rec);
        parse(text);
        if (length > 8192)
            assert_problem(
                &rec.problems, "t.ini:1: error: key: the value is longer than 8192 bytes");
        else
            assert_no_problem(&rec.problems);
        assert_int_equal(strcmp(rec.events.p, "bad ") == 0, length > 8192);
    }
}

static void an_indented_key_is_a_key(void **state)
{
    (void)state;
    parse("[pool app]\n  balance = x\n\tserver = y\n    [pool b]\n");
    assert_events("[pool app]@1 balance=x@2 server=y@3 [pool b]@4 ");
}

static void only_equals_splits(void **state)
{
    (void)state;
    parse("listen = :443\nlisten=[::1]:80\nserver = x a=b=c:d\n");
    assert_events("listen=:443@1 listen=[::1]:80@2 server=x a=b=c:d@3 ");
}

static void a_colon_after_the_key_is_refused(void **state)
{
    (void)state;
    parse("listen: :443\nlisten: a=b\n");
    assert_string_equal(rec.events.p, "bad bad ");
    assert_problem(
        &rec.problems, "t.ini:1: error: \"listen:\": write \"listen = ...\" (with \"=\")");
    assert_problem(
        &rec.problems, "t.ini:2: error: \"listen:\": write \"listen = ...\" (with \"=\")");
}

static void a_line_without_equals_is_refused(void **state)
{
    (void)state;
    parse("[pool app]\nlisten :443\n= x\njunk\n");
    assert_string_equal(rec.events.p, "[pool app]@1 bad bad bad ");
    assert_problem(
        &rec.problems, "t.ini:2: error: expected \"key = value\", found \"listen :443\"");
    assert_problem(&rec.problems, "t.ini:3: error: expected \"key = value\", found \"= x\"");
    assert_problem(&rec.problems, "t.ini:4: error: expected \"key = value\", found \"junk\"");
}

static void a_key_of_strange_characters_is_refused(void **state)
{
    (void)state;
    parse("server a = 10.0.0.1:80\n");
    assert_problem(&rec.problems, "t.ini:1: error: \"server a\" is no key");
}

static void comments_begin_with_either_mark(void **state)
{
    (void)state;
    parse("; one\n# two\n  ; three\n\t# four\na = 1 ; five\nb = 2 # six\nc = 3\t#seven\n"
          "[pool x] ; eight\n[pool y] # nine\n");
    assert_events("a=1@5 b=2@6 c=3@7 [pool x]@8 [pool y]@9 ");
}

static void a_mark_inside_a_word_is_no_comment(void **state)
{
    (void)state;
    parse("a = x#y;z\nb = x=#y\n");
    assert_events("a=x#y;z@1 b=x=#y@2 ");
}

static void a_mark_at_the_start_of_a_value_is_a_comment(void **state)
{
    (void)state;
    parse("a =;x\nb = # y\nc=#z\nd = e,#f\n");
    assert_events("a=@1 b=@2 c=@3 d=e,@4 ");
}

static void a_comment_of_any_length_is_no_value(void **state)
{
    (void)state;
    char comment[401], text[1000];
    fill(comment, 400);
    snprintf(text, sizeof(text), "a = 1 ; %s ; %s\n", comment, comment);
    parse(text);
    assert_events("a=1@1 ");
}

static void an_empty_value_is_told(void **state)
{
    (void)state;
    parse("a =\nb = \t\n");
    assert_events("a=@1 b=@2 ");
}

static void an_empty_section_is_told(void **state)
{
    (void)state;
    parse("[pool a]\n[pool b]\n[ pool c ]");
    assert_events("[pool a]@1 [pool b]@2 [pool c]@3 ");
}

static void text_after_a_section_is_refused(void **state)
{
    (void)state;
    parse("[pool a] server = x\n[pool b\n[pool c ; d]\n[pool a]]\n");
    assert_string_equal(rec.events.p, "[?]@1 [?]@2 [?]@3 [?]@4 ");
    assert_problem(&rec.problems, "t.ini:1: error: text after \"]\": \"server = x\"");
    assert_problem(&rec.problems, "t.ini:2: error: \"]\" is missing after \"[pool b\"");
    assert_problem(&rec.problems, "t.ini:3: error: \"]\" is missing after \"[pool c\"");
    assert_problem(&rec.problems, "t.ini:4: error: text after \"]\": \"]\"");
}

static void a_byte_order_mark_and_dos_line_ends_are_skipped(void **state)
{
    (void)state;
    parse("\xef\xbb\xbf[pool a]\r\nkey = 1\r\n\r\nb = 2\r");
    assert_events("[pool a]@1 key=1@2 b=2@4 ");
}

static void a_nul_byte_refuses_the_file(void **state)
{
    (void)state;
    static const char text[] = "[pool a]\nkey = x\0y\nb = 2\n";
    parse_bytes(text, sizeof(text) - 1);
    assert_string_equal(rec.events.p, "");
    assert_problem(
        &rec.problems, "t.ini:2: error: not a text file: it holds the control character 0x00");
}

static void control_characters_refuse_the_file(void **state)
{
    (void)state;
    parse("a = 1\nb = \x1b[31m\n");
    assert_string_equal(rec.events.p, "");
    assert_problem(&rec.problems, "t.ini:2: error: not a text file");
}

static void a_carriage_return_inside_a_line_refuses_the_file(void **state)
{
    (void)state;
    parse("log = a\rb = c\n");
    assert_problem(&rec.problems, "the control character 0x0d");
}

static void the_guards_of_our_own_cannot_be_written(void **state)
{
    (void)state;
    parse("a = \x01x\x01\n");
    assert_problem(&rec.problems, "the control character 0x01");
}

static void nothing_at_all_is_nothing(void **state)
{
    (void)state;
    parse_bytes(NULL, 0);
    parse("");
    parse("\n\n  \n");
    assert_events("");
}

static void messages_show_strange_bytes_escaped(void **state)
{
    (void)state;
    parse("gr\xc3\xbc\xc3\x9f\n");
    assert_problem(&rec.problems, "found \"gr\\xc3\\xbc\\xc3\\x9f\"");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(section_and_value_come_with_their_lines),
        CASE(long_values_arrive_whole),
        CASE(blanks_inside_long_values_survive_wherever_they_are_split),
        CASE(the_longest_key_leaves_room_for_a_value),
        CASE(names_that_inih_would_cut_are_refused),
        CASE(a_value_too_long_is_refused_not_cut),
        CASE(an_indented_key_is_a_key),
        CASE(only_equals_splits),
        CASE(a_colon_after_the_key_is_refused),
        CASE(a_line_without_equals_is_refused),
        CASE(a_key_of_strange_characters_is_refused),
        CASE(comments_begin_with_either_mark),
        CASE(a_mark_inside_a_word_is_no_comment),
        CASE(a_mark_at_the_start_of_a_value_is_a_comment),
        CASE(a_comment_of_any_length_is_no_value),
        CASE(an_empty_value_is_told),
        CASE(an_empty_section_is_told),
        CASE(text_after_a_section_is_refused),
        CASE(a_byte_order_mark_and_dos_line_ends_are_skipped),
        CASE(a_nul_byte_refuses_the_file),
        CASE(control_characters_refuse_the_file),
        CASE(a_carriage_return_inside_a_line_refuses_the_file),
        CASE(the_guards_of_our_own_cannot_be_written),
        CASE(nothing_at_all_is_nothing),
        CASE(messages_show_strange_bytes_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
