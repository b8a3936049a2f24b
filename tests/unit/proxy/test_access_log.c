/* The line that a connection leaves behind, in both formats, whatever a client called itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../base/log_files.h"
#include "../net/sockets.h"
#include "../tls/tls_client.h"
#include "base/log.h"
#include "proxy/access_log.h"
#include "tls/accept.h"

#define OPENED (1000 * US_PER_S)
#define WALL INT64_C(1764560012000045) /* 2025-12-01 03:33:32.000045 */

static struct {
    struct conf conf;
    struct conf_frontend frontend_conf;
    struct frontend frontend;
    struct snapshot snapshot;
    struct snapshot_listen listen;
    struct view view;
    struct pool pool;
    struct server server;
    struct clock_fake clock;
    struct loop loop;
    struct io *io;
    struct context ctx;
    struct session s;
    struct tls_thread *tls;
    struct tls_context *context;
} test;

static void fill_session(struct session *s)
{
    static char name[] = "a";
    struct addr peer = addr_of("192.0.2.7:51234");
    test.frontend_conf.name = "web";
    test.frontend = (struct frontend){.conf = &test.frontend_conf, .pool = &test.pool};
    test.snapshot.conf = &test.conf;
    test.view.snapshot = &test.snapshot;
    test.listen.frontend = &test.frontend;
    strcpy(test.listen.address, "0.0.0.0:443");
    test.pool.name = "app";
    test.server.name = name;
    strcpy(test.server.addr_text, "10.0.0.1:80");
    *s = (struct session){
        .ctx = &test.ctx,
        .view = &test.view,
        .listen = &test.listen,
        .frontend = &test.frontend,
        .id = (UINT64_C(1) << 48) + 7,
        .step = SESSION_RELAY,
        .front = {.fd = -1, .transport = &transport_plain, .io = test.io},
        .last_server = &test.server,
        .attempts = 2,
        .opened_at = OPENED,
        .handshake_us = 1500,
        .connect_us = 200,
        .bytes_in = 300,
        .bytes_out = UINT64_C(5000000000),
    };
    peer_from_addr(&peer, &s->peer);
}

static int set_up(void **state)
{
    const struct log_target errors = {LOG_SINK_FILE, NULL};
    struct log_target targets[] = {errors, errors};
    enum log_stream whose;
    struct err err;
    if (make_folder(state) < 0)
        return -1;
    targets[0].path = path_of("errors");
    targets[1].path = path_of("access");
    clock_fake_init(&test.clock, OPENED);
    test.clock.wall_now = WALL;
    test.io->now = OPENED + 123456;
    context_init(&test.ctx, test.io, &test.clock.clock, 1, 1);
    memset(&test.conf, 0, sizeof test.conf);
    fill_session(&test.s);
    return log_start(&targets[0], &targets[1], &test.clock.clock, &whose, &err);
}

static int tear_down(void **state)
{
    log_stop(US_PER_S);
    conn_close(&test.s.front, CONN_CLOSE);
    return remove_folder(state);
}

/* What stands in the access log, one line, without its end. */
static const char *line_of(
    enum conf_access_format format, enum close_reason reason, const struct err *err)
{
    test.conf.global.access_format = format;
    access_log_session(&test.s, reason, err);
    log_stop(US_PER_S);
    static char line[8192];
    const char *text = contents("access");
    assert_int_equal(count_lines(text), 1);
    snprintf(line, sizeof line, "%.*s", (int)strcspn(text, "\n"), text);
    return line;
}

/* The front becomes TLS with a client that asks for this host. */
static void meet_tls_client(const char *sni)
{
    struct tls_client client;
    struct err err;
    int fd, peer;
    unix_pair(&fd, &peer);
    conn_open(&test.s.front, test.io, fd, &transport_plain, NULL, NULL);
    assert_int_equal(tls_accept(&test.s.front, test.context, &err), 0);
    tls_client_open(
        &client, peer, &(struct tls_client_plan){.sni = sni, .version = TLS1_3_VERSION});
    for (int i = 0; i < 2; i++) {
        (void)tls_client_handshake(&client);
        tls_client_push_all(&client);
        test.s.front.readable = true;
        assert_int_equal(conn_handshake(&test.s.front, &err), i ? IO_DONE : IO_WANT_READ);
        assert_int_equal(conn_flush(&test.s.front, &err), IO_DONE);
    }
    tls_client_close(&client);
    close(peer);
}

static void logfmt_line_has_its_fields_in_order(void **state)
{
    (void)state;
    assert_string_equal(line_of(CONF_ACCESS_LOGFMT, CLOSE_DONE, NULL),
        "time=2025-12-01T03:33:32.000045Z id=281474976710663 frontend=web listen=0.0.0.0:443 "
        "client=192.0.2.7:51234 pool=app server=a server_addr=10.0.0.1:80 attempts=2 bytes_in=300 "
        "bytes_out=5000000000 t_handshake_us=1500 t_connect_us=200 t_total_us=123456 step=RELAY "
        "side=client reason=done");
}

static void json_line_has_the_same_and_numbers_as_numbers(void **state)
{
    (void)state;
    assert_string_equal(line_of(CONF_ACCESS_JSON, CLOSE_DONE, NULL),
        "{\"time\":\"2025-12-01T03:33:32.000045Z\",\"id\":281474976710663,\"frontend\":\"web\","
        "\"listen\":\"0.0.0.0:443\",\"client\":\"192.0.2.7:51234\",\"pool\":\"app\","
        "\"server\":\"a\",\"server_addr\":\"10.0.0.1:80\",\"attempts\":2,\"bytes_in\":300,"
        "\"bytes_out\":5000000000,\"t_handshake_us\":1500,\"t_connect_us\":200,"
        "\"t_total_us\":123456,\"step\":\"RELAY\",\"side\":\"client\",\"reason\":\"done\"}");
}

static void failure_is_told_in_detail(void **state)
{
    (void)state;
    char errors[] = "b:refused,c:timeout";
    struct err err = {.code = ERR_RESET, .context = "reading: Connection reset by peer"};
    test.s.errors = errors;
    const char *line = line_of(CONF_ACCESS_LOGFMT, CLOSE_SERVER_RESET, &err);
    assert_non_null(strstr(line, " attempts=2 errors=b:refused,c:timeout bytes_in="));
    assert_non_null(strstr(line, " side=server reason=server-reset "
                                 "detail=\"reading: Connection reset by peer\""));
}

static void what_was_not_reached_is_left_out(void **state)
{
    (void)state;
    test.frontend.pool = NULL;
    test.s.last_server = NULL;
    test.s.attempts = 0;
    test.s.step = SESSION_ROUTE;
    const char *line = line_of(CONF_ACCESS_LOGFMT, CLOSE_NO_POOL, NULL);
    assert_non_null(strstr(line, " client=192.0.2.7:51234 attempts=0 bytes_in="));
    assert_non_null(strstr(line, " step=ROUTE side=sluice reason=no-pool"));
    assert_null(strstr(line, "detail="));
    assert_null(strstr(line, "tls="));
}

static void tls_is_told_with_its_host(void **state)
{
    (void)state;
    meet_tls_client("www.example.org");
    assert_non_null(strstr(line_of(CONF_ACCESS_LOGFMT, CLOSE_DONE, NULL),
        " client=192.0.2.7:51234 sni=www.example.org tls=TLSv1.3 cipher=TLS_AES_128_GCM_SHA256 "
        "resumed=no pool=app "));
}

/* One that would add a field, end the line, end the string or talk to a terminal (F97). */
static const char hostile[] = "a reason=done\n\"},{\"x\":\\\x1b[2J\x7f\xff=";

static void hostile_host_stays_one_value_in_logfmt_F97(void **state)
{
    (void)state;
    meet_tls_client(hostile);
    assert_non_null(strstr(line_of(CONF_ACCESS_LOGFMT, CLOSE_DONE, NULL),
        " sni=\"a reason=done\\x0a\\\"},{\\\"x\\\":\\\\\\x1b[2J\\x7f\\xff=\" tls=TLSv1.3 "));
}

static void hostile_host_stays_one_string_in_json_F97(void **state)
{
    (void)state;
    meet_tls_client(hostile);
    assert_non_null(strstr(line_of(CONF_ACCESS_JSON, CLOSE_DONE, NULL),
        ",\"sni\":\"a reason=done\\u000a\\\"},{\\\"x\\\":\\\\\\u001b[2J\\u007f\\u00ff=\","
        "\"tls\":\"TLSv1.3\","));
}

/* All at once, each as long as it gets: a line that was cut would be no JSON any more. */
static void longest_line_is_whole(void **state)
{
    (void)state;
    static char name[50], errors[256], sni[256];
    static struct err err = {.code = ERR_SYSTEM};
    memset(name, 'n', sizeof name - 1);
    memset(errors, 'e', sizeof errors - 1);
    memset(sni, '\x01', sizeof sni - 1); /* six bytes each */
    memset(err.context, 'c', sizeof err.context - 1);
    memset(test.listen.address, 'l', sizeof test.listen.address - 1);
    memset(test.server.addr_text, 's', sizeof test.server.addr_text - 1);
    meet_tls_client(sni);
    test.frontend_conf.name = test.pool.name = test.server.name = name;
    test.s.errors = errors;
    test.s.bytes_in = test.s.bytes_out = test.s.id = UINT64_MAX;
    test.s.handshake_us = test.s.connect_us = INT64_MAX;
    const char *line = line_of(CONF_ACCESS_JSON, CLOSE_HALF_CLOSE_LATE, &err);
    assert_string_equal(line + strlen(line) - 4, "cc\"}");
}

static void end_that_is_an_error_is_told_in_the_error_log_too(void **state)
{
    (void)state;
    char errors[] = "b:refused";
    struct err err = {.code = ERR_RESET, .context = "reading: Connection reset by peer"};
    test.s.errors = errors;
    line_of(CONF_ACCESS_LOGFMT, CLOSE_SERVER_RESET, &err);
    assert_non_null(strstr(contents("errors"),
        " connection 281474976710663 from 192.0.2.7:51234 on frontend web: server-reset: reading: "
        "Connection reset by peer; attempts: b:refused\n"));
}

static void error_without_details_is_told_by_its_sentence(void **state)
{
    (void)state;
    line_of(CONF_ACCESS_LOGFMT, CLOSE_NO_POOL, NULL);
    assert_non_null(
        strstr(contents("errors"), "web: no-pool: the frontend has no pool for this connection\n"));
}

static void end_that_is_none_is_not(void **state)
{
    (void)state;
    line_of(CONF_ACCESS_LOGFMT, CLOSE_DONE, NULL);
    assert_string_equal(contents("errors"), "");
}

static void error_is_told_without_an_access_log_too(void **state)
{
    (void)state;
    struct log_target errors = {LOG_SINK_FILE, NULL}, off = {LOG_SINK_OFF, NULL};
    enum log_stream whose;
    struct err err;
    log_stop(US_PER_S);
    errors.path = path_of("errors");
    assert_int_equal(log_start(&errors, &off, &test.clock.clock, &whose, &err), 0);
    access_log_session(&test.s, CLOSE_NO_POOL, NULL);
    log_stop(US_PER_S);
    assert_string_equal(contents("access"), "");
    assert_int_equal(count_lines(contents("errors")), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static int group_setup(void **state)
{
    (void)state;
    static struct cert_record *record;
    static struct tls_policy policy = {.name = "web", .records = &record, .n_records = 1};
    struct err err;
    test.io = malloc(sizeof *test.io);
    if (!test.io || loop_init(&test.loop, &err) < 0 || libctx_process_init(&err) < 0)
        return -1;
    io_init(test.io, &test.loop);
    test.tls = tls_thread_new(&err);
    if (!test.tls || cert_record_self_signed(WALL / US_PER_S, &record, &err) < 0)
        return -1;
    test.context = tls_context_new(test.tls, &policy, &err);
    cert_record_unref(record);
    return test.context ? 0 : -1;
}

static int group_teardown(void **state)
{
    (void)state;
    tls_context_free(test.context);
    tls_thread_free(test.tls);
    io_fini(test.io);
    free(test.io);
    loop_fini(&test.loop);
    libctx_process_fini();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(logfmt_line_has_its_fields_in_order),
        CASE(json_line_has_the_same_and_numbers_as_numbers),
        CASE(failure_is_told_in_detail),
        CASE(what_was_not_reached_is_left_out),
        CASE(tls_is_told_with_its_host),
        CASE(hostile_host_stays_one_value_in_logfmt_F97),
        CASE(hostile_host_stays_one_string_in_json_F97),
        CASE(longest_line_is_whole),
        CASE(end_that_is_an_error_is_told_in_the_error_log_too),
        CASE(error_without_details_is_told_by_its_sentence),
        CASE(end_that_is_none_is_not),
        CASE(error_is_told_without_an_access_log_too),
    };
    return cmocka_run_group_tests_name("access_log", tests, group_setup, group_teardown);
}
