/* `sluice check --effective`: what it prints is a configuration that means the same (F86). */
#include "recorder.h"

#include "conf/conf.h"

static struct conf *load(const char *name, const char *text)
{
    struct problems p;
    problems_init(&p);
    struct conf *conf = conf_load_text(name, text, strlen(text), &p);
    assert_no_problem(&p);
    problems_fini(&p);
    return conf;
}

static char *print(const struct conf *conf)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    conf_print_effective(conf, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* The comments tell other places in the second printing. */
static void strip_comments(char *text)
{
    char *to = text;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char *comment = strchr(line, '#');
        size_t len = comment ? (size_t)(comment - line) : strlen(line);
        memmove(to, line, len);
        to += len;
        *to++ = '\n';
    }
    *to = '\0';
}

static const char full[] =
    "[global]\nuser = www-data\nthreads = 3\nlog = syslog\naccess-log = /var/log/a.log\n"
    "access-format = json\nlog-level = error\nmax-connections = 77\nshutdown-grace = 0s\n"
    "[defaults]\nretry-on = tls\nidle-timeout = 90s\nretry-max = 9\n"
    "[frontend web]\nlisten = :443, unix:/run/w.sock\ncertificate = a.pem, self-signed, x#y.pem\n"
    "pool = app\n"
    "[frontend plain]\nlisten = [::1]:80\ntls = off\nbuffer = 4k\n"
    "pool = none\n"
    "[pool app]\nserver = a 10.0.0.1:80 weight=3\nretry-backoff = 10ms..1m\n"
    "[server app/b]\naddress = 10.0.0.2:80\nweight = 0\n"
    "[pool two]\nbalance = least-conn\nserver = u unix:/run/u.sock\nretry-on = connect, tls\n"
    "[pool six]\nserver = a [::1]:1\nsource = 2001:db8::1\nconnect-timeout = 1h\n";

static void what_is_printed_means_the_same(void **state)
{
    (void)state;
    struct conf *first = load("first.ini", full);
    char *printed = print(first);
    struct conf *second = load("second.ini", printed);
    char *again = print(second);
    strip_comments(printed);
    strip_comments(again);
    assert_string_equal(printed, again);
    free(printed);
    free(again);

    assert_int_equal(second->global.threads, 3);
    assert_string_equal(second->global.access_log.path, "/var/log/a.log");
    assert_int_equal(second->frontends[0].n_listens, 2);
    assert_string_equal(second->frontends[0].certificates[2].path, "x#y.pem");
    assert_int_equal(second->frontends[0].idle_timeout_us, first->frontends[0].idle_timeout_us);
    assert_null(second->frontends[1].pool_name);
    assert_int_equal(second->pools[0].retry_on, CONF_RETRY_TLS);
    assert_int_equal(second->pools[0].retry_max, 9);
    assert_int_equal(second->pools[0].n_servers, 2);
    assert_int_equal(second->pools[0].servers[0].weight, 3);
    assert_int_equal(second->pools[0].servers[1].weight, 0);
    assert_true(addr_equal(&second->pools[2].source, &first->pools[2].source));
    conf_free(first);
    conf_free(second);
}

/* The first line of `printed` that begins with `start` ends with `end`. */
static void assert_line(const char *printed, const char *start, const char *end)
{
    char before[64];
    snprintf(before, sizeof(before), "\n%s", start);
    const char *line = strstr(printed, before);
    assert_non_null(line);
    line++;
    size_t len = strcspn(line, "\n");
    assert_true(len >= strlen(end));
    if (strncmp(line + len - strlen(end), end, strlen(end)))
        fail_msg("\"%.*s\" does not end with \"%s\"", (int)len, line, end);
}

static void every_value_tells_where_it_comes_from(void **state)
{
    (void)state;
    struct conf *conf = load("t.ini", full);
    char *printed = print(conf);
    assert_line(printed, "threads ", "= 3                              # t.ini:3");
    assert_line(strstr(printed, "[frontend web]"), "idle-timeout ", "# t.ini:12");
    assert_line(strstr(printed, "[frontend web]"), "handshake-timeout ", "# default");
    assert_line(printed, "server             = b 10.0.0.2:80 weight=0", "# t.ini:26");
    assert_line(strstr(printed, "[pool app]"), "retry-on ", "# t.ini:11");
    assert_non_null(strstr(printed, "# source is not set\n"));
    free(printed);
    conf_free(conf);
}

static void includes_are_named_and_not_repeated(void **state)
{
    (void)state;
    struct folder dir;
    struct problems p;
    char path[256], expected[300];
    folder_make(&dir);
    problems_init(&p);
    folder_write(&dir, "main.ini",
        "[global]\ninclude = p.ini\n"
        "[frontend f]\nlisten = :80\ntls = off\npool = app\n");
    folder_write(&dir, "p.ini", "[pool app]\nserver = a 10.0.0.1:80\n");
    struct conf *conf = conf_load(folder_path(&dir, "main.ini", path), &p);
    assert_no_problem(&p);
    char *printed = print(conf);
    snprintf(expected, sizeof(expected), "\n# include = p.ini at %s:2\n", path);
    assert_non_null(strstr(printed, expected));
    conf_free(load("again.ini", printed));
    free(printed);
    conf_free(conf);
    problems_fini(&p);
    folder_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_printed_means_the_same),
        cmocka_unit_test(every_value_tells_where_it_comes_from),
        cmocka_unit_test(includes_are_named_and_not_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
