/* Bad files and what is said of them: FILE:LINE, what was found, what was expected, the nearest
 * known word. */
#include "recorder.h"

#include "conf/conf.h"

#define FRONT "[frontend web]\nlisten = :443\ntls = off\npool = app\n"
#define POOL "[pool app]\nserver = a 10.0.0.1:80\n"

/* `found` are all errors that the file has, in their order. */
struct bad_file {
    const char *text;
    const char *found[6];
};

static const struct bad_file words[] = {
    {FRONT POOL "ballance = round-robin\n",
        {"t.ini:7: error: unknown key \"ballance\" in [pool app]; did you mean \"balance\"?"}},
    {FRONT POOL "Balance = round-robin\n",
        {"t.ini:7: error: unknown key \"Balance\" in [pool app]; did you mean \"balance\"?"}},
    {FRONT POOL "colour = red\n", {"t.ini:7: error: unknown key \"colour\" in [pool app]"}},
    {FRONT POOL "[frontned x]\nlisten = :1\n",
        {"t.ini:7: error: unknown section [frontned x]; did you mean \"frontend\"?"}},
    {FRONT POOL "[https]\naccept = 443\n",
        {"t.ini:7: error: unknown section [https]: expected [global] or [defaults] or "
         "[frontend NAME] or [pool NAME] or [server POOL/NAME]"}},
    {FRONT POOL "[upstream x]\n",
        {"t.ini:7: error: unknown section [upstream x]; sluice says \"pool\""}},
    {FRONT POOL "[]\n", {"t.ini:7: error: unknown section []: expected [global]"}},
    {"[frontend web]\nbind = :443\n" POOL,
        {"t.ini:2: error: unknown key \"bind\" in [frontend web]; sluice says \"listen\""}},
    {FRONT "cert = /x.pem\n" POOL, {"t.ini:5: error: unknown key \"cert\" in [frontend web]; "
                                    "sluice says \"certificate\""}},
    {FRONT "pem-file = /x.pem\n" POOL, {"sluice says \"certificate\""}},
    {FRONT "accept = :1\n" POOL, {"sluice says \"listen\""}},
    {FRONT "connect = :1\n" POOL, {"sluice says \"server\""}},
    {FRONT "upstream = x\n" POOL, {"sluice says \"pool\""}},
    {FRONT "proxy_pass = x\n" POOL, {"sluice says \"pool\""}},
    {FRONT POOL "backend_connect = x\n", {"sluice says \"server\""}},
    {FRONT "balance = round-robin\n" POOL,
        {"t.ini:5: error: key \"balance\" does not belong in [frontend web], but in [defaults] or "
         "[pool NAME]"}},
    {FRONT POOL "[defaults]\nsource = 10.0.0.1\n",
        {"t.ini:8: error: key \"source\" does not belong in [defaults], but in [pool NAME]"}},
    {"listen = :80\n" FRONT POOL,
        {"t.ini:1: error: key \"listen\" stands before the first section"}},
};

static const struct bad_file not_yet[] = {
    {FRONT "alpn = h2\n" POOL, {"t.ini:5: error: key \"alpn\" is not supported yet"}},
    {FRONT "client-auth = required\n" POOL, {"key \"client-auth\" is not supported yet"}},
    {FRONT POOL "check = tcp\n", {"t.ini:7: error: key \"check\" is not supported yet"}},
    {FRONT POOL "tls = on\n", {"t.ini:7: error: key \"tls\" is not supported yet"}},
    {"[global]\ncontrol-socket = /run/s\n" FRONT POOL,
        {"key \"control-socket\" is not supported yet"}},
    {"[admin]\nlisten = 127.0.0.1:9090\nx = y\n" FRONT POOL,
        {"t.ini:1: error: section [admin] is not supported yet"}},
    {"[route x]\nsni = y\n" FRONT POOL, {"t.ini:1: error: section [route x] is not supported yet"}},
    {FRONT "mode = http\n" POOL,
        {"t.ini:5: error: mode: \"http\" is not supported yet: expected tcp"}},
    {"[frontend web]\nlisten = :443\npool = app\ncertificate = x\ntls = passthrough\n" POOL,
        {"t.ini:5: error: tls: \"passthrough\" is not supported yet: expected terminate or off"}},
    {FRONT "tls-profile = modern\n" POOL,
        {"tls-profile: \"modern\" is not supported yet: expected intermediate"}},
    {FRONT POOL "balance = hash header X\n",
        {"balance: \"hash header X\" is not supported yet: expected round-robin or least-conn"}},
    {FRONT POOL "balance = plugin:/x.so\n", {"\"plugin:/x.so\" is not supported yet"}},
    {FRONT POOL "retry-on = connect, early-close\n",
        {"t.ini:7: error: retry-on: \"early-close\" is not supported yet: expected connect or "
         "tls"}},
    {FRONT POOL "server = b app-2.internal:8080\n",
        {"t.ini:7: error: server: \"app-2.internal:8080\": host names are not supported yet"}},
    {FRONT POOL "[server app/b]\naddress = 10.0.0.2:80\nconnect-timeout = 1s\nsource = 10.0.0.1\n",
        {"t.ini:9: error: key \"connect-timeout\" is not supported yet",
            "t.ini:10: error: key \"source\" is not supported yet"}},
    {FRONT POOL "server = b srv:_http._tcp.app.internal\n", {"srv: is not supported yet"}},
    {FRONT POOL "server = b 10.0.0.2:80 backup\n", {"server: \"backup\" is not supported yet"}},
    {FRONT POOL "server = b 10.0.0.2:80 weight=2 max-connections=5\n",
        {"\"max-connections=5\" is not supported yet"}},
    {"[frontend web]\ntls = off\npool = app\nlisten = systemd:web\n" POOL,
        {"t.ini:4: error: listen: \"systemd:web\": systemd: is not supported yet"}},
};

static const struct bad_file twice[] = {
    {FRONT "pool = app\n" POOL,
        {"t.ini:5: error: key \"pool\" appears twice in [frontend web]; first at t.ini:4"}},
    {FRONT POOL FRONT, {"t.ini:7: error: section [frontend web] appears twice; first at t.ini:1"}},
    {FRONT POOL "[backend app]\nserver = b 10.0.0.2:80\n",
        {"t.ini:7: error: section [pool app] appears twice; first at t.ini:5"}},
    {"[global]\n[global]\n" FRONT POOL,
        {"t.ini:2: error: section [global] appears twice; first at t.ini:1"}},
    {FRONT POOL "server = a 10.0.0.2:80\n",
        {"t.ini:7: error: server \"a\" appears twice in [pool app]; first at t.ini:6"}},
    {FRONT POOL "[server app/a]\naddress = 10.0.0.2:80\n",
        {"t.ini:7: error: server \"a\" appears twice in [pool app]; first at t.ini:6"}},
    {FRONT POOL "server = b 10.0.0.2:80 weight=1 weight=2\n", {"the weight is written twice"}},
    {FRONT POOL "[frontend two]\nlisten = 0.0.0.0:443\ntls = off\npool = app\n",
        {"t.ini:8: error: listen: 0.0.0.0:443 is taken by [frontend web] at t.ini:2 (:443)"}},
    {FRONT "listen = [::]:443\n" POOL,
        {"t.ini:5: error: listen: [::]:443 is taken by [frontend web] at t.ini:2 (:443)"}},
};

static const struct bad_file names[] = {
    {FRONT POOL "[pool]\nserver = x 10.0.0.1:1\n",
        {"t.ini:7: error: [pool] has no name: write [pool NAME]"}},
    {"[global x]\n" FRONT POOL,
        {"t.ini:1: error: [global x]: this section takes no name: write [global]"}},
    {FRONT POOL "[pool a b]\n", {"t.ini:7: error: [pool a b]: bad name: expected NAME, of letters, "
                                 "digits, _ . and -"}},
    {FRONT POOL "[server app]\n", {"[server app]: bad name: expected POOL/NAME"}},
    {FRONT POOL "[server app/]\n", {"[server app/]: bad name"}},
    {FRONT POOL "[server /x]\n", {"[server /x]: bad name"}},
    {FRONT POOL "[pool none]\nserver = a 10.0.0.1:80\n",
        {"t.ini:7: error: [pool none]: \"none\" means no pool: choose another name"}},
    {FRONT POOL "server = a! 10.0.0.2:80\n", {"t.ini:7: error: server: \"a!\" is no name"}},
    {FRONT POOL "server = 10.0.0.2:80\n",
        {"server: \"10.0.0.2:80\": expected NAME ADDRESS, as in a 10.0.0.1:80"}},
    {FRONT POOL "server = aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee 10.0.0.2:80\n",
        {"is no name"}},
    {"[global]\nuser = a b\n" FRONT POOL, {"t.ini:2: error: user: \"a b\" is no name"}},
};

static const struct bad_file values[] = {
    {FRONT "idle-timeout =\n" POOL, {"t.ini:5: error: key \"idle-timeout\" has no value"}},
    {FRONT "idle-timeout = ; soon\n" POOL, {"key \"idle-timeout\" has no value"}},
    {FRONT "idle-timeout = 5\n" POOL,
        {"t.ini:5: error: idle-timeout: \"5\" has no unit: say 5s or 5ms"}},
    {FRONT "idle-timeout = 0s\n" POOL, {"\"0s\" is out of range: expected 1ms to 30d"}},
    {FRONT "idle-timeout = 31d\n" POOL, {"\"31d\" is out of range: expected 1ms to 30d"}},
    {FRONT "idle-timeout = \"5s\"\n" POOL,
        {"t.ini:5: error: idle-timeout: \"5s\": values are written without quotes"}},
    {FRONT "buffer = 2k\n" POOL, {"t.ini:5: error: buffer: \"2k\" is out of range: expected 4k to "
                                  "64k"}},
    {FRONT "buffer = 65k\n" POOL, {"expected 4k to 64k"}},
    {FRONT "buffer = 16384\n" POOL, {"buffer: \"16384\" has no unit: say 16384b or 16384k"}},
    {FRONT "buffer = 18446744073709551615b\n" POOL, {"expected 4k to 64k"}},
    {FRONT "pool = a!\n" POOL, {"appears twice"}},
    {"[global]\nthreads = 0\n" FRONT POOL,
        {"t.ini:2: error: threads: \"0\" is out of range: expected auto, or 1 to 256"}},
    {"[global]\nthreads = 257\n" FRONT POOL, {"expected auto, or 1 to 256"}},
    {"[global]\nthreads = many\n" FRONT POOL, {"threads: \"many\" is not a whole number"}},
    {"[global]\nmax-connections = 0\n" FRONT POOL, {"expected 1 to 1000000"}},
    {"[global]\nmax-connections = 1000001\n" FRONT POOL, {"expected 1 to 1000000"}},
    {"[global]\nmax-connections = 99999999999999999999\n" FRONT POOL, {"is too large"}},
    {"[global]\nmax-connections = 18446744073709551615\n" FRONT POOL, {"expected 1 to 1000000"}},
    {"[global]\nlog = stdout\n" FRONT POOL,
        {"t.ini:2: error: log: \"stdout\": expected /an/absolute/path, stderr, journal or syslog"}},
    {"[global]\nlog = off\n" FRONT POOL, {"log: \"off\": expected"}},
    {"[global]\naccess-log = logs/access.log\n" FRONT POOL,
        {"expected /an/absolute/path, stderr, journal, syslog or off"}},
    {"[global]\nlog-level = warn\n" FRONT POOL,
        {"log-level: \"warn\": expected error, warning, info or debug"}},
    {"[global]\nlog-level = debgu\n" FRONT POOL, {"did you mean \"debug\"?"}},
    {"[global]\naccess-format = combined\n" FRONT POOL, {"expected logfmt or json"}},
    {FRONT POOL "balance = roundrobin\n", {"t.ini:7: error: balance: \"roundrobin\": expected "
                                           "round-robin or least-conn; did you mean "
                                           "\"round-robin\"?"}},
    {FRONT POOL "retry-max = 11\n", {"retry-max: \"11\" is out of range: expected 0 to 10"}},
    {FRONT POOL "retry-budget = 20\n", {"retry-budget: \"20\" has no unit: say 20%"}},
    {FRONT POOL "retry-budget = 101%\n", {"retry-budget: \"101%\" is too large: at most 100%"}},
    {FRONT POOL "retry-backoff = 50ms\n", {"\"50ms\": expected MIN..MAX, as in 50ms..2s"}},
    {FRONT POOL "retry-backoff = 2s..50ms\n", {"\"2s..50ms\": the first time is the longer one"}},
    {FRONT POOL "retry-backoff = 50..2s\n", {"\"50\" has no unit: say 50s or 50ms"}},
    {FRONT POOL "retry-backoff = 1s..2h\n", {"\"2h\" is out of range: expected 1ms to 1h"}},
    {FRONT POOL "retry-on = connect,\n", {"retry-on: an item between commas is empty"}},
    {FRONT POOL "retry-on = ,\n",
        {"retry-on: an item between commas is empty", "an item between commas is empty"}},
    {FRONT POOL "server = b 10.0.0.2\n", {"server: \"10.0.0.2\" has no port"}},
    {FRONT POOL "server = b http://app\n", {"server: \"http://app\" is a URL"}},
    {FRONT POOL "server = b app\n", {"server: \"app\": host names are not supported yet"}},
    {FRONT POOL "server = b 10.0.0.2:0\n", {"expected a port from 1 to 65535"}},
    {FRONT POOL "server = b fe80::1:80\n", {"put an IPv6 address in brackets"}},
    {FRONT POOL "server = b 10.0.0.2:80 weight=257\n",
        {"server: weight: \"257\" is out of range: expected 0 to 256"}},
    {FRONT POOL "server = b 10.0.0.2:80 fast\n",
        {"server: \"fast\": expected weight=N after the address"}},
    {FRONT POOL "source = 10.0.0.1:80\n", {"t.ini:7: error: source: "}},
    {"[frontend web]\ntls = off\npool = app\nlisten = 443\n" POOL,
        {"t.ini:4: error: listen: \"443\": for every address of this machine say :443"}},
    {"[frontend web]\ntls = off\npool = app\nlisten = :0\n" POOL,
        {"t.ini:4: error: listen: \":0\": expected a port from 1 to 65535"}},
    {"[frontend web]\ntls = off\npool = app\nlisten = localhost:443\n" POOL,
        {"t.ini:4: error: listen: \"localhost\" is a host name"}},
};

static const struct bad_file across[] = {
    {"", {"t.ini: error: no [frontend NAME]: there is nothing to listen on"}},
    {"; nothing but this\n", {"t.ini: error: no [frontend NAME]"}},
    {POOL, {"t.ini: error: no [frontend NAME]"}},
    {"[frontend web]\ntls = off\npool = app\n" POOL,
        {"t.ini:1: error: [frontend web] has no \"listen\": expected an address, as in :443"}},
    {"[frontend web]\nlisten = :443\npool = app\n" POOL,
        {"t.ini:1: error: [frontend web] has no \"certificate\": expected the path of a PEM file, "
         "or self-signed, or tls = off"}},
    {FRONT "certificate = x.pem\n" POOL,
        {"t.ini:5: error: certificate: [frontend web] has tls = off, which shows none"}},
    {FRONT "[pool ap]\nserver = a 10.0.0.1:80\n",
        {"t.ini:4: error: pool: there is no [pool app]; did you mean \"ap\"?"}},
    {FRONT, {"t.ini:4: error: pool: there is no [pool app]"}},
    {FRONT "[pool app]\n", {"t.ini:5: error: [pool app] has no \"server\": expected NAME ADDRESS, "
                            "as in a 10.0.0.1:80"}},
    {FRONT "[pool app]\nserver = a 10.0.0.1:80 weight=0\n",
        {"t.ini:5: error: every server of [pool app] has weight 0"}},
    {FRONT POOL "[server ap/b]\naddress = 10.0.0.2:80\n",
        {"t.ini:7: error: [server ap/b]: there is no [pool ap]"}},
    {FRONT POOL "[server app/b]\nweight = 2\n",
        {"t.ini:7: error: [server app/b] has no \"address\": expected one, as in 10.0.0.1:80"}},
    {FRONT POOL "server = b [::1]:80\nsource = 10.0.0.1\n",
        {"t.ini:8: error: source: server \"b\" of [pool app] is IPv6, this address is not"}},
};

/* One mistake is told once: what seems to follow from it is not. */
static const struct bad_file once[] = {
    {"[frontend web]\nlisten :443\ncertificate x\npool = app\n" POOL,
        {"t.ini:2: error: expected \"key = value\"", "t.ini:3: error: expected \"key = value\""}},
    {"[frontend web]\nlisten = x\ncertificate =\npool = app\n" POOL,
        {"t.ini:2: error: listen: ", "t.ini:3: error: key \"certificate\" has no value"}},
    {FRONT "[pool app]\nserver = a\n", {"t.ini:6: error: server: \"a\": expected NAME ADDRESS"}},
    {FRONT "[pool app]\nsrever = a 10.0.0.1:80\n", {"t.ini:6: error: unknown key \"srever\""}},
    {"[frontned web]\nlisten = :443\n", {"t.ini:1: error: unknown section"}},
    {"[frontend web\nlisten = :443\nx = y\n", {"t.ini:1: error: \"]\" is missing"}},
    {FRONT POOL "[server app/b]\naddress = nowhere\n", {"t.ini:8: error: address: "}},
};

/* All errors of a file come in one run. */
static const struct bad_file many[] = {
    {"[global]\nthreads = x\n[frontend web]\nlisten = :443\nidle-timeout = 5\nfoo = 1\npool = ap\n"
     "[pool app]\nbalance = fair\n",
        {"t.ini:2: error: threads", "t.ini:5: error: idle-timeout", "t.ini:6: error: unknown key",
            "t.ini:9: error: balance", "t.ini:7: error: pool: there is no [pool ap]",
            "t.ini:8: error: [pool app] has no \"server\""}},
};

static void check_one(const struct bad_file *bad)
{
    struct problems p;
    problems_init(&p);
    assert_null(conf_load_text("t.ini", bad->text, strlen(bad->text), &p));
    size_t n = 0;
    while (n < sizeof(bad->found) / sizeof(*bad->found) && bad->found[n])
        n++;
    bool right = p.n_errors == n && p.n == n;
    for (size_t i = 0; right && i < n; i++)
        right = strstr(p.items[i].text, bad->found[i]) != NULL;
    if (!right) {
        problems_print(&p, stderr);
        fail_msg("expected %zu errors, the first \"%s\", of:\n%s", n, bad->found[0], bad->text);
    }
    problems_fini(&p);
}

#define CHECK_ALL(table)                                                                           \
    for (size_t i = 0; i < sizeof(table) / sizeof(*(table)); i++)                                  \
    check_one(&(table)[i])

static void unknown_words_are_told_with_the_nearest_known(void **state)
{
    (void)state;
    CHECK_ALL(words);
}

static void known_words_of_later_are_not_supported_yet(void **state)
{
    (void)state;
    CHECK_ALL(not_yet);
}

static void what_is_written_twice_is_told_with_the_first_place(void **state)
{
    (void)state;
    CHECK_ALL(twice);
}

static void bad_names_are_told(void **state)
{
    (void)state;
    CHECK_ALL(names);
}

static void bad_values_are_told_with_what_was_expected(void **state)
{
    (void)state;
    CHECK_ALL(values);
}

static void sections_that_do_not_fit_together_are_told(void **state)
{
    (void)state;
    CHECK_ALL(across);
}

static void one_mistake_is_told_once(void **state)
{
    (void)state;
    CHECK_ALL(once);
}

static void all_mistakes_are_told_in_one_run(void **state)
{
    (void)state;
    CHECK_ALL(many);
}

static void an_error_in_an_included_file_names_that_file(void **state)
{
    (void)state;
    struct folder dir;
    struct problems p;
    char path[256], expected[400];
    folder_make(&dir);
    problems_init(&p);
    folder_write(&dir, "main.ini", "[global]\ninclude = *.pool\n" FRONT);
    folder_write(&dir, "x.pool", POOL "retry-max = 3s\n[frontend web]\n");
    assert_null(conf_load(folder_path(&dir, "main.ini", path), &p));
    assert_int_equal(p.n_errors, 2);
    snprintf(expected, sizeof(expected), "%s/x.pool:3: error: retry-max: \"3s\"", dir.path);
    assert_problem(&p, expected);
    snprintf(expected, sizeof(expected),
        "%s/x.pool:4: error: section [frontend web] appears twice; first at %s/main.ini:3",
        dir.path, dir.path);
    assert_problem(&p, expected);
    problems_fini(&p);
    folder_remove(&dir);
}

/* Else the first lines of a file would mean what another one ends with. */
static void no_section_reaches_into_the_next_file(void **state)
{
    (void)state;
    struct folder dir;
    struct problems p;
    char path[256], expected[400];
    folder_make(&dir);
    problems_init(&p);
    folder_write(&dir, "main.ini", "[global]\ninclude = *.pool\n" FRONT POOL);
    folder_write(&dir, "1.pool", "retry-max = 1\n[nonsense]\n");
    folder_write(&dir, "2.pool", "balance = least-conn\n");
    assert_null(conf_load(folder_path(&dir, "main.ini", path), &p));
    assert_int_equal(p.n_errors, 3);
    snprintf(expected, sizeof(expected),
        "%s/1.pool:1: error: key \"retry-max\" stands before the first section of its file",
        dir.path);
    assert_problem(&p, expected);
    snprintf(expected, sizeof(expected),
        "%s/2.pool:1: error: key \"balance\" stands before the first section of its file",
        dir.path);
    assert_problem(&p, expected);
    problems_fini(&p);
    folder_remove(&dir);
}

/* F85: what a reload must refuse. */
static void a_file_that_is_not_there_is_told(void **state)
{
    (void)state;
    struct problems p;
    problems_init(&p);
    assert_null(conf_load("/nonexistent/sluice.ini", &p));
    assert_int_equal(p.n_errors, 1);
    assert_problem(&p, "/nonexistent/sluice.ini: error: cannot open: No such file or directory");
    problems_fini(&p);
}

static void load_with_warning(const char *text, const char *warning)
{
    struct problems p;
    problems_init(&p);
    struct conf *conf = conf_load_text("t.ini", text, strlen(text), &p);
    assert_non_null(conf);
    assert_false(problems_any(&p));
    assert_int_equal(p.n, 1);
    assert_problem(&p, warning);
    conf_free(conf);
    problems_fini(&p);
}

static void what_is_allowed_and_unwise_is_warned_of(void **state)
{
    (void)state;
    load_with_warning("[frontend web]\nlisten = :443\ntls = off\n",
        "t.ini:1: warning: [frontend web] has no \"pool\": every connection is refused");
}

/* Whoever loads twice into the same list, as a reload that was refused, gets the second one. */
static void errors_of_an_earlier_load_do_not_count(void **state)
{
    (void)state;
    struct problems p;
    problems_init(&p);
    assert_null(conf_load_text("bad.ini", "x", 1, &p));
    struct conf *conf = conf_load_text("good.ini", FRONT POOL, strlen(FRONT POOL), &p);
    assert_non_null(conf);
    conf_free(conf);
    assert_null(conf_load_text("empty.ini", "", 0, &p));
    assert_int_equal(p.n_errors, 2);
    problems_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_words_are_told_with_the_nearest_known),
        cmocka_unit_test(known_words_of_later_are_not_supported_yet),
        cmocka_unit_test(what_is_written_twice_is_told_with_the_first_place),
        cmocka_unit_test(bad_names_are_told),
        cmocka_unit_test(bad_values_are_told_with_what_was_expected),
        cmocka_unit_test(sections_that_do_not_fit_together_are_told),
        cmocka_unit_test(one_mistake_is_told_once),
        cmocka_unit_test(all_mistakes_are_told_in_one_run),
        cmocka_unit_test(an_error_in_an_included_file_names_that_file),
        cmocka_unit_test(no_section_reaches_into_the_next_file),
        cmocka_unit_test(a_file_that_is_not_there_is_told),
        cmocka_unit_test(what_is_allowed_and_unwise_is_warned_of),
        cmocka_unit_test(errors_of_an_earlier_load_do_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
