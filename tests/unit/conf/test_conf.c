/* Files without errors, and the values that they come to. */
#include "recorder.h"

#include "base/clock.h"
#include "conf/conf.h"

static struct conf *load(const char *text)
{
    struct problems p;
    problems_init(&p);
    struct conf *conf = conf_load_text("t.ini", text, strlen(text), &p);
    assert_no_problem(&p);
    assert_non_null(conf);
    problems_fini(&p);
    return conf;
}

static const char smallest[] = "[frontend web]\n"
                               "listen      = :443\n"
                               "certificate = /etc/sluice/certs/web.pem\n"
                               "pool        = app\n"
                               "\n"
                               "[pool app]\n"
                               "server = a 10.0.0.11:8080\n"
                               "server = b 10.0.0.12:8080\n";

static void assert_addr(const struct addr *addr, const char *expected)
{
    char text[ADDR_TEXT_MAX];
    addr_format(addr, text);
    assert_string_equal(text, expected);
}

static void the_smallest_file_has_all_its_values(void **state)
{
    (void)state;
    struct conf *conf = load(smallest);
    assert_string_equal(conf->path, "t.ini");
    assert_int_equal(conf->n_frontends, 1);
    const struct conf_frontend *f = &conf->frontends[0];
    assert_string_equal(f->name, "web");
    assert_int_equal(f->where.line, 1);
    assert_int_equal(f->n_listens, 1);
    assert_string_equal(f->listens[0].text, ":443");
    assert_int_equal(f->listens[0].n_addrs, 2);
    assert_addr(&f->listens[0].addrs[0], "[::]:443");
    assert_addr(&f->listens[0].addrs[1], "0.0.0.0:443");
    assert_string_equal(f->listens[0].where.file, "t.ini");
    assert_int_equal(f->listens[0].where.line, 2);
    assert_int_equal(f->n_certificates, 1);
    assert_string_equal(f->certificates[0].path, "/etc/sluice/certs/web.pem");
    assert_int_equal(f->certificates[0].where.line, 3);
    assert_string_equal(f->pool_name, "app");
    assert_ptr_equal(f->pool, &conf->pools[0]);

    assert_int_equal(conf->n_pools, 1);
    const struct conf_pool *p = &conf->pools[0];
    assert_string_equal(p->name, "app");
    assert_int_equal(p->n_servers, 2);
    assert_string_equal(p->servers[0].name, "a");
    assert_string_equal(p->servers[1].name, "b");
    assert_addr(&p->servers[1].addr, "10.0.0.12:8080");
    assert_int_equal(p->servers[1].where.line, 8);
    conf_free(conf);
}

static void the_built_in_values_are_those_of_the_contract(void **state)
{
    (void)state;
    struct conf *conf = load(smallest);
    const struct conf_global *g = &conf->global;
    assert_null(g->user);
    assert_string_equal(g->user_where.file, conf->path);
    assert_int_equal(g->user_where.line, 0);
    assert_int_equal(g->threads, 0);
    assert_int_equal(g->max_connections, 20000);
    assert_int_equal(g->log.kind, LOG_SINK_STDERR);
    assert_int_equal(g->log_level, LOG_LEVEL_INFO);
    assert_int_equal(g->access_log.kind, LOG_SINK_OFF);
    assert_int_equal(g->access_format, CONF_ACCESS_LOGFMT);
    assert_int_equal(g->shutdown_grace_us, 30 * US_PER_S);
    const struct conf_frontend *f = &conf->frontends[0];
    assert_int_equal(f->tls, CONF_TLS_TERMINATE);
    assert_int_equal(f->handshake_timeout_us, 5 * US_PER_S);
    assert_int_equal(f->idle_timeout_us, 600 * US_PER_S);
    assert_int_equal(f->half_close_timeout_us, 30 * US_PER_S);
    assert_int_equal(f->write_timeout_us, 300 * US_PER_S);
    assert_int_equal(f->buffer_bytes, 16384);
    const struct conf_pool *p = &conf->pools[0];
    assert_int_equal(p->balance, CONF_BALANCE_ROUND_ROBIN);
    assert_int_equal(p->retry_on, CONF_RETRY_CONNECT | CONF_RETRY_TLS);
    assert_int_equal(p->retry_max, 3);
    assert_int_equal(p->retry_base_us, 50 * US_PER_MS);
    assert_int_equal(p->retry_cap_us, 2 * US_PER_S);
    assert_int_equal(p->retry_budget_percent, 20);
    assert_int_equal(p->connect_timeout_us, 3 * US_PER_S);
    assert_int_equal(p->source.len, 0);
    assert_int_equal(p->servers[0].weight, 1);
    conf_free(conf);
}

static const char everything[] = "[global]\n"
                                 "user = www-data\n"
                                 "threads = 4\n"
                                 "max-connections = 1000000\n"
                                 "log = /var/log/sluice/error.log\n"
                                 "log-level = debug\n"
                                 "access-log = journal\n"
                                 "access-format = json\n"
                                 "shutdown-grace = 0s\n"
                                 "[frontend web]\n"
                                 "listen = 192.0.2.1:443, [2001:db8::1]:443\n"
                                 "listen = unix:/run/web.sock\n"
                                 "mode = tcp\n"
                                 "tls = terminate\n"
                                 "tls-profile = intermediate\n"
                                 "certificate = rsa.pem, ecdsa.pem\n"
                                 "certificate = self-signed\n"
                                 "pool = app\n"
                                 "handshake-timeout = 1s\n"
                                 "idle-timeout = 2m\n"
                                 "half-close-timeout = 3s\n"
                                 "write-timeout = 4s\n"
                                 "buffer = 64k\n"
                                 "[pool app]\n"
                                 "balance = least-conn\n"
                                 "server = a 10.0.0.1:80 weight=256, b [::1]:80 weight=0\n"
                                 "server = c unix:/run/c.sock\n"
                                 "retry-on = connect\n"
                                 "retry-max = 0\n"
                                 "retry-backoff = 10ms..10ms\n"
                                 "retry-budget = 100%\n"
                                 "connect-timeout = 250ms\n";

static void every_value_can_be_said(void **state)
{
    (void)state;
    struct conf *conf = load(everything);
    const struct conf_global *g = &conf->global;
    assert_string_equal(g->user, "www-data");
    assert_int_equal(g->user_where.line, 2);
    assert_int_equal(g->threads, 4);
    assert_int_equal(g->threads_where.line, 3);
    assert_int_equal(g->max_connections, 1000000);
    assert_int_equal(g->log.kind, LOG_SINK_FILE);
    assert_string_equal(g->log.path, "/var/log/sluice/error.log");
    assert_int_equal(g->log_level, LOG_LEVEL_DEBUG);
    assert_int_equal(g->access_log.kind, LOG_SINK_JOURNAL);
    assert_int_equal(g->access_format, CONF_ACCESS_JSON);
    assert_int_equal(g->shutdown_grace_us, 0);
    const struct conf_frontend *f = &conf->frontends[0];
    assert_int_equal(f->n_listens, 3);
    assert_addr(&f->listens[1].addrs[0], "[2001:db8::1]:443");
    assert_addr(&f->listens[2].addrs[0], "unix:/run/web.sock");
    assert_int_equal(f->n_certificates, 3);
    assert_string_equal(f->certificates[1].path, "ecdsa.pem");
    assert_null(f->certificates[2].path);
    assert_int_equal(f->handshake_timeout_us, US_PER_S);
    assert_int_equal(f->idle_timeout_us, 120 * US_PER_S);
    assert_int_equal(f->half_close_timeout_us, 3 * US_PER_S);
    assert_int_equal(f->write_timeout_us, 4 * US_PER_S);
    assert_int_equal(f->buffer_bytes, 65536);
    const struct conf_pool *p = &conf->pools[0];
    assert_int_equal(p->balance, CONF_BALANCE_LEAST_CONN);
    assert_int_equal(p->n_servers, 3);
    assert_int_equal(p->servers[0].weight, 256);
    assert_int_equal(p->servers[1].weight, 0);
    assert_addr(&p->servers[1].addr, "[::1]:80");
    assert_addr(&p->servers[2].addr, "unix:/run/c.sock");
    assert_int_equal(p->retry_on, CONF_RETRY_CONNECT);
    assert_int_equal(p->retry_max, 0);
    assert_int_equal(p->retry_base_us, 10 * US_PER_MS);
    assert_int_equal(p->retry_cap_us, 10 * US_PER_MS);
    assert_int_equal(p->retry_budget_percent, 100);
    assert_int_equal(p->connect_timeout_us, 250 * US_PER_MS);
    conf_free(conf);
}

static void a_setting_is_looked_up_outwards(void **state)
{
    (void)state;
    struct conf *conf = load("[pool a]\nserver = x 10.0.0.1:80\nconnect-timeout = 1s\n"
                             "[pool b]\nserver = x 10.0.0.1:80\n"
                             "[frontend f]\nlisten = :80\ntls = off\npool = a\nidle-timeout = 3s\n"
                             "[frontend g]\nlisten = :81\ntls = off\npool = b\n"
                             "[defaults]\nconnect-timeout = 2s\nidle-timeout = 4s\nretry-on = tls\n"
                             "balance = least-conn\n");
    assert_int_equal(conf->pools[0].connect_timeout_us, US_PER_S);
    assert_int_equal(conf->pools[1].connect_timeout_us, 2 * US_PER_S);
    assert_int_equal(conf->pools[0].retry_max, 3);
    assert_int_equal(conf->pools[0].retry_on, CONF_RETRY_TLS);
    assert_int_equal(conf->pools[1].balance, CONF_BALANCE_LEAST_CONN);
    assert_int_equal(conf->frontends[0].idle_timeout_us, 3 * US_PER_S);
    assert_int_equal(conf->frontends[1].idle_timeout_us, 4 * US_PER_S);
    assert_int_equal(conf->frontends[1].handshake_timeout_us, 5 * US_PER_S);
    conf_free(conf);
}

static void a_server_can_have_a_section_of_its_own(void **state)
{
    (void)state;
    struct conf *conf = load("[server app/c]\naddress = 10.0.0.3:80\nweight = 7\n"
                             "[server app-2/c]\naddress = 10.0.0.4:80\n"
                             "[frontend f]\nlisten = :80\ntls = off\npool = app\n"
                             "[backend app]\nserver = a 10.0.0.1:80\n"
                             "[pool app-2]\n");
    assert_int_equal(conf->pools[0].n_servers, 2);
    assert_string_equal(conf->pools[0].servers[0].name, "a");
    assert_string_equal(conf->pools[0].servers[1].name, "c");
    assert_int_equal(conf->pools[0].servers[1].weight, 7);
    assert_int_equal(conf->pools[0].servers[1].where.line, 1);
    assert_addr(&conf->pools[0].servers[1].addr, "10.0.0.3:80");
    assert_int_equal(conf->pools[1].n_servers, 1);
    assert_int_equal(conf->pools[1].servers[0].weight, 1);
    conf_free(conf);
}

static void source_is_an_address_without_a_port(void **state)
{
    (void)state;
    struct conf *conf = load("[frontend f]\nlisten = :80\ntls = off\npool = app\n"
                             "[pool app]\nserver = a 10.0.0.1:80, u unix:/run/u.sock\n"
                             "source = 10.0.0.9\n");
    assert_addr(&conf->pools[0].source, "10.0.0.9:0");
    assert_int_equal(conf->pools[0].source_where.line, 7);
    conf_free(conf);
}

static void pool_none_refuses_on_purpose(void **state)
{
    (void)state;
    struct conf *conf = load("[frontend f]\nlisten = :80\ntls = off\npool = none\n");
    assert_null(conf->frontends[0].pool_name);
    assert_null(conf->frontends[0].pool);
    conf_free(conf);
}

static void a_wildcard_and_one_address_may_share_a_port(void **state)
{
    (void)state;
    struct conf *conf = load("[frontend f]\nlisten = 0.0.0.0:80\ntls = off\npool = none\n"
                             "[frontend g]\nlisten = 127.0.0.1:80\ntls = off\npool = none\n");
    assert_int_equal(conf->n_frontends, 2);
    conf_free(conf);
}

static void frontends_may_share_a_pool(void **state)
{
    (void)state;
    struct conf *conf = load("[frontend f]\nlisten = :80\ntls = off\npool = a\n"
                             "[frontend g]\nlisten = :81\ntls = off\npool = a\n"
                             "[pool a]\nserver = a 10.0.0.1:80\n");
    assert_ptr_equal(conf->frontends[0].pool, conf->frontends[1].pool);
    conf_free(conf);
}

static void included_files_are_part_of_the_whole(void **state)
{
    (void)state;
    struct folder dir;
    struct problems p;
    char path[256];
    folder_make(&dir);
    problems_init(&p);
    folder_write(&dir, "main.ini",
        "[global]\ninclude = p.ini\n"
        "[frontend f]\nlisten = :80\ntls = off\npool = app\n");
    folder_write(&dir, "p.ini", "[pool app]\nserver = a 10.0.0.1:80\n");
    struct conf *conf = conf_load(folder_path(&dir, "main.ini", path), &p);
    assert_no_problem(&p);
    assert_int_equal(conf->frontends[0].pool->n_servers, 1);
    assert_string_equal(conf->pools[0].where.file, folder_path(&dir, "p.ini", path));
    conf_free(conf);
    problems_fini(&p);
    folder_remove(&dir);
}

static void variables_may_stand_in_any_value(void **state)
{
    (void)state;
    setenv("TEST_SERVERS", "a 10.0.0.1:80, b 10.0.0.2:80", 1);
    setenv("TEST_PORT", "8443", 1);
    struct conf *conf = load("[frontend f]\nlisten = :${TEST_PORT}\ntls = off\npool = app\n"
                             "[pool app]\nserver = ${TEST_SERVERS}\n");
    assert_string_equal(conf->frontends[0].listens[0].text, ":8443");
    assert_int_equal(conf->pools[0].n_servers, 2);
    conf_free(conf);
}

static void freeing_nothing_is_nothing(void **state)
{
    (void)state;
    conf_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_file_has_all_its_values),
        cmocka_unit_test(the_built_in_values_are_those_of_the_contract),
        cmocka_unit_test(every_value_can_be_said),
        cmocka_unit_test(a_setting_is_looked_up_outwards),
        cmocka_unit_test(a_server_can_have_a_section_of_its_own),
        cmocka_unit_test(source_is_an_address_without_a_port),
        cmocka_unit_test(pool_none_refuses_on_purpose),
        cmocka_unit_test(a_wildcard_and_one_address_may_share_a_port),
        cmocka_unit_test(frontends_may_share_a_pool),
        cmocka_unit_test(included_files_are_part_of_the_whole),
        cmocka_unit_test(variables_may_stand_in_any_value),
        cmocka_unit_test(freeing_nothing_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
