/* Files, includes and the environment. */
#include "recorder.h"

#include <sys/stat.h>

#include "conf/env.h"

static struct recorder rec;
static struct folder dir;
static char path[256];

static int setup(void **state)
{
    (void)state;
    recorder_init(&rec);
    folder_make(&dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    recorder_fini(&rec);
    folder_remove(&dir);
    env_release();
    return 0;
}

static void read_named(const char *name)
{
    reader_read_file(folder_path(&dir, name, path), &rec.sink, &rec.arena, &rec.problems);
}

static void read_main(const char *text)
{
    folder_write(&dir, "main.ini", text);
    read_named("main.ini");
}

static void read_text(const char *text)
{
    reader_read_text("t.ini", text, strlen(text), &rec.sink, &rec.arena, &rec.problems);
}

static void assert_said(const char *file, const char *words)
{
    char expected[512];
    snprintf(expected, sizeof(expected), "%s/%s%s", dir.path, file, words);
    assert_problem(&rec.problems, expected);
}

static void included_files_follow_in_sorted_order(void **state)
{
    (void)state;
    assert_int_equal(mkdir(folder_path(&dir, "conf.d", path), 0700), 0);
    folder_write(&dir, "conf.d/20.ini", "[pool b]\nx = 2\n");
    folder_write(&dir, "conf.d/10.ini", "[pool a]\nx = 1\n");
    folder_write(&dir, "conf.d/30.off", "[pool c]\nx = 3\n");
    read_main("[global]\ninclude = conf.d/*.ini\ny = 4\n[pool z]\n");
    assert_no_problem(&rec.problems);
    assert_string_equal(rec.events.p,
        "[global]@1 include=conf.d/*.ini@2 y=4@3 [pool z]@4 [pool a]@1 x=1@2 [pool b]@1 x=2@2 ");
}

static void an_error_names_the_included_file_and_its_line(void **state)
{
    (void)state;
    folder_write(&dir, "a.ini", "[pool a]\n\nserver x\n");
    read_main("[global]\ninclude = a.ini\n");
    assert_said("a.ini", ":3: error: expected \"key = value\"");
}

static void include_takes_a_list_and_absolute_paths(void **state)
{
    (void)state;
    char text[300];
    folder_write(&dir, "a.ini", "[pool a]\n");
    folder_write(&dir, "b.ini", "[pool b]\n");
    snprintf(text, sizeof(text), "[global]\ninclude = b.ini , %s/a.ini\n", dir.path);
    read_main(text);
    assert_no_problem(&rec.problems);
    assert_non_null(strstr(rec.events.p, "[pool b]@1 [pool a]@1 "));
}

static void include_counts_in_global_only(void **state)
{
    (void)state;
    folder_write(&dir, "a.ini", "[pool a]\n");
    read_main("[pool x]\ninclude = a.ini\n");
    assert_string_equal(rec.events.p, "[pool x]@1 include=a.ini@2 ");
}

static void a_missing_file_is_refused_and_an_empty_pattern_is_not(void **state)
{
    (void)state;
    read_main("[global]\ninclude = none.ini\ninclude = *.conf\n");
    assert_int_equal(rec.problems.n_errors, 1);
    assert_said("main.ini", ":2: error: include = none.ini: there is no such file");
}

static void a_missing_folder_is_refused(void **state)
{
    (void)state;
    read_main("[global]\ninclude = conf.d/*.ini\n");
    assert_said("main.ini", ":2: error: include = conf.d/*.ini: cannot read the folder");
}

static void a_file_that_includes_itself_is_refused(void **state)
{
    (void)state;
    read_main("[global]\ninclude = *.ini\n");
    assert_said("main.ini", ":2: error: include: ");
    assert_problem(&rec.problems, "main.ini was read already");
}

static void a_file_included_twice_is_refused_by_whatever_name(void **state)
{
    (void)state;
    folder_write(&dir, "a.ini", "[pool a]\n");
    read_main("[global]\ninclude = a.ini\ninclude = ./a.ini\n");
    assert_int_equal(rec.problems.n_errors, 1);
    assert_problem(&rec.problems, "a.ini was read already");
}

static void included_files_cannot_include(void **state)
{
    (void)state;
    folder_write(&dir, "a.ini", "[global]\ninclude = b.ini\n");
    folder_write(&dir, "b.ini", "[pool b]\n");
    read_main("[global]\ninclude = a.ini\n");
    assert_said("a.ini", ":2: error: an included file cannot include others");
    assert_null(strstr(rec.events.p, "[pool b]"));
}

static void the_folder_of_the_main_file_is_no_pattern(void **state)
{
    (void)state;
    assert_int_equal(mkdir(folder_path(&dir, "w[x]?", path), 0700), 0);
    folder_write(&dir, "w[x]?/main.ini", "[global]\ninclude = a*.ini\n");
    folder_write(&dir, "w[x]?/a1.ini", "[pool a]\n");
    read_named("w[x]?/main.ini");
    assert_no_problem(&rec.problems);
    assert_non_null(strstr(rec.events.p, "[pool a]@1 "));
}

static void a_missing_main_file_is_told(void **state)
{
    (void)state;
    read_named("absent.ini");
    assert_said("absent.ini", ": error: cannot open: No such file or directory");
}

/* F85 */
static void a_folder_is_refused(void **state)
{
    (void)state;
    read_named(".");
    assert_problem(&rec.problems, "error: not a regular file");
}

/* F85: opening a FIFO for reading would block a reload for ever. */
static void a_fifo_is_refused_at_once(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(folder_path(&dir, "fifo", path), 0600), 0);
    read_named("fifo");
    assert_said("fifo", ": error: not a regular file");
}

static void a_device_is_refused(void **state)
{
    (void)state;
    reader_read_file("/dev/null", &rec.sink, &rec.arena, &rec.problems);
    assert_problem(&rec.problems, "/dev/null: error: not a regular file");
}

/* F85, F86 */
static void a_file_over_one_mebibyte_is_refused(void **state)
{
    (void)state;
    folder_write(&dir, "main.ini", "[pool a]\n");
    assert_int_equal(truncate(folder_path(&dir, "main.ini", path), (1 << 20) + 1), 0);
    read_named("main.ini");
    assert_said("main.ini", ": error: larger than 1 MiB");
}

static void a_file_of_one_mebibyte_is_read(void **state)
{
    (void)state;
    char *text = malloc((1 << 20) + 1);
    assert_non_null(text);
    memset(text, '\n', 1 << 20);
    memcpy(text + (1 << 20) - 8, "[pool a]", 8);
    text[1 << 20] = '\0';
    read_main(text);
    free(text);
    assert_no_problem(&rec.problems);
    assert_string_equal(rec.events.p, "[pool a]@1048569 ");
}

static void variables_are_expanded(void **state)
{
    (void)state;
    setenv("TEST_HOST", "10.0.0.1", 1);
    setenv("TEST_EMPTY", "", 1);
    read_text("server = a ${TEST_HOST}:80\nb = ${TEST_EMPTY}\nc = x${TEST_EMPTY}${TEST_HOST}\n");
    assert_no_problem(&rec.problems);
    assert_string_equal(rec.events.p, "server=a 10.0.0.1:80@1 b=@2 c=x10.0.0.1@3 ");
}

static void a_dollar_alone_is_a_dollar(void **state)
{
    (void)state;
    read_text("a = $x $5 $\n");
    assert_string_equal(rec.events.p, "a=$x $5 $@1 ");
}

static void an_unset_variable_is_refused(void **state)
{
    (void)state;
    unsetenv("TEST_UNSET");
    read_text("[pool a]\nserver = a ${TEST_UNSET}:80\n");
    assert_problem(&rec.problems,
        "t.ini:2: error: server: ${TEST_UNSET}: the environment has no such variable");
    assert_string_equal(rec.events.p, "[pool a]@1 bad ");
}

static void what_is_no_variable_is_refused(void **state)
{
    (void)state;
    read_text("a = ${}\nb = ${1X}\nc = ${X\nd = ${a b}\n");
    assert_problem(&rec.problems, "t.ini:1: error: a: ${}: expected the name");
    assert_problem(&rec.problems, "t.ini:2: error: b: ${1X}: expected the name");
    assert_problem(&rec.problems, "t.ini:3: error: c: \"}\" is missing after \"${\"");
    assert_problem(&rec.problems, "t.ini:4: error: d: ${a b}: expected the name");
}

static void a_variable_cannot_bring_in_what_a_file_could_not_hold(void **state)
{
    (void)state;
    static const char *const bad[] = {"x ; y", "x # y", "#x", "x\ny", "x\x1by", "${HOME}", "a,;b"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        setenv("TEST_BAD", bad[i], 1);
        read_text("a = ${TEST_BAD}\n");
    }
    assert_int_equal(rec.problems.n_errors, sizeof(bad) / sizeof(*bad));
    assert_problem(&rec.problems, "t.ini:1: error: a: a variable brings in a comment mark");
}

static void a_variable_in_parts_cannot_either(void **state)
{
    (void)state;
    setenv("TEST_BLANK", "x ", 1);
    setenv("TEST_DOLLAR", "$", 1);
    read_text("a = ${TEST_BLANK}#y\nb = ${TEST_DOLLAR}{HOME}\n");
    assert_int_equal(rec.problems.n_errors, 2);
}

static void blanks_around_a_variable_are_stripped(void **state)
{
    (void)state;
    setenv("TEST_BLANKS", "\t x y ", 1);
    read_text("a = ${TEST_BLANKS}\n");
    assert_string_equal(rec.events.p, "a=x y@1 ");
}

static void a_value_too_long_when_expanded_is_refused(void **state)
{
    (void)state;
    char value[5000];
    memset(value, 'x', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    setenv("TEST_LONG", value, 1);
    read_text("a = ${TEST_LONG}${TEST_LONG}\n");
    assert_problem(&rec.problems, "t.ini:1: error: a: too long with its variables");
    unsetenv("TEST_LONG");
}

/* F94 */
static void captured_variables_outlive_the_environment(void **state)
{
    (void)state;
    setenv("TEST_KEPT", "kept", 1);
    assert_int_equal(env_capture(), 0);
    unsetenv("TEST_KEPT");
    setenv("TEST_LATER", "later", 1);
    assert_string_equal(env_get("TEST_KEPT"), "kept");
    assert_null(env_get("TEST_LATER"));
    assert_null(env_get("TEST_KEP"));
    assert_int_equal(env_capture(), 0);
    assert_null(env_get("TEST_KEPT"));
    assert_string_equal(env_get("TEST_LATER"), "later");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(included_files_follow_in_sorted_order),
        CASE(an_error_names_the_included_file_and_its_line),
        CASE(include_takes_a_list_and_absolute_paths),
        CASE(include_counts_in_global_only),
        CASE(a_missing_file_is_refused_and_an_empty_pattern_is_not),
        CASE(a_missing_folder_is_refused),
        CASE(a_file_that_includes_itself_is_refused),
        CASE(a_file_included_twice_is_refused_by_whatever_name),
        CASE(included_files_cannot_include),
        CASE(the_folder_of_the_main_file_is_no_pattern),
        CASE(a_missing_main_file_is_told),
        CASE(a_folder_is_refused),
        CASE(a_fifo_is_refused_at_once),
        CASE(a_device_is_refused),
        CASE(a_file_over_one_mebibyte_is_refused),
        CASE(a_file_of_one_mebibyte_is_read),
        CASE(variables_are_expanded),
        CASE(a_dollar_alone_is_a_dollar),
        CASE(an_unset_variable_is_refused),
        CASE(what_is_no_variable_is_refused),
        CASE(a_variable_cannot_bring_in_what_a_file_could_not_hold),
        CASE(a_variable_in_parts_cannot_either),
        CASE(blanks_around_a_variable_are_stripped),
        CASE(a_value_too_long_when_expanded_is_refused),
        CASE(captured_variables_outlive_the_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
