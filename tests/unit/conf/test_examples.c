/* The operator's example files in conf/ are valid, and show what they promise. $srcdir is the top
 * of the sources. */
#include "recorder.h"

#include "conf/conf.h"
#include "conf/schema.h"

static char *example_path(const char *name)
{
    static char path[4096];
    const char *top = getenv("srcdir");
    snprintf(path, sizeof(path), "%s/conf/%s", top ? top : ".", name);
    return path;
}

static struct conf *load_example(const char *name)
{
    struct problems p;
    problems_init(&p);
    struct conf *conf = conf_load(example_path(name), &p);
    assert_no_problem(&p);
    problems_fini(&p);
    return conf;
}

static char *slurp(const char *name)
{
    static char text[65536];
    FILE *file = fopen(example_path(name), "r");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof(text) - 1, file);
    assert_int_equal(fclose(file), 0);
    text[len] = '\0';
    return text;
}

static void the_smallest_file_is_six_lines_of_settings(void **state)
{
    (void)state;
    struct conf *conf = load_example("smallest.ini");
    assert_int_equal(conf->n_frontends, 1);
    assert_int_equal(conf->pools[0].n_servers, 2);
    conf_free(conf);
}

static void the_full_file_is_valid(void **state)
{
    (void)state;
    struct conf *conf = load_example("sluice.ini");
    assert_int_equal(conf->frontends[0].n_certificates, 2);
    assert_int_equal(conf->pools[0].n_servers, 3);
    conf_free(conf);
}

static bool shows(const char *text, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += strspn(line, "\n; ");
        if (!strncmp(line, name, len) && line[len + strspn(line + len, " ")] == '=')
            return true;
    }
    return false;
}

static void the_full_file_shows_every_key(void **state)
{
    (void)state;
    const char *text = slurp("sluice.ini");
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (!shows(text, schema_keys[i].name))
            fail_msg("conf/sluice.ini does not show %s", schema_keys[i].name);
    assert_false(shows(text, "balanc"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_file_is_six_lines_of_settings),
        cmocka_unit_test(the_full_file_is_valid),
        cmocka_unit_test(the_full_file_shows_every_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
