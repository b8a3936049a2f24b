/* From the operator's text to objects: all of it or nothing, shared with what was there before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>

#include "../base/failing_mem.h"
#include "configured.h"
#include "snapshot/snapshot.h"

#define WORKERS 3
#define DAY INT64_C(86400)

#define TWO_FRONTENDS                                                                              \
    "[frontend web]\nlisten = $0\ncertificate = @web.pem\npool = app\n"                            \
    "[frontend mail]\nlisten = $1\ntls = off\npool = mail\n"                                       \
    "[pool app]\nserver = a 127.0.0.1:1\nserver = b 127.0.0.1:2\n"                                 \
    "[pool mail]\nserver = m 127.0.0.1:3\n"

static struct {
    struct clock_fake clock;
    struct assets assets;
    struct problems problems;
    int next_file;
} test;

static void set_wall(int64_t seconds)
{
    test.clock.wall_now = seconds * US_PER_S;
}

static int set_up(void **state)
{
    static const unsigned char secret[TICKET_SECRET_BYTES] = "secret";
    mem_fails_at(0);
    if (make_folder(state) < 0)
        return -1;
    ports_reserve();
    test.next_file = file_next();
    clock_fake_init(&test.clock, 0);
    set_wall(CERT_FIXTURE_FROM_S + 1000);
    problems_init(&test.problems);
    assets_init(&test.assets, WORKERS, geteuid(), &test.clock.clock, secret);
    write_certificate("web.pem", "www.example.org");
    return 0;
}

/* Whatever was tried, nothing is left of it; assets_fini() asserts the half of that. */
static int tear_down(void **state)
{
    mem_fails_at(0);
    assets_fini(&test.assets);
    problems_fini(&test.problems);
    bool is_clean = file_next() == test.next_file;
    ports_release();
    return is_clean ? remove_folder(state) : -1;
}

static struct snapshot *build(const char *template, const struct snapshot *previous)
{
    struct conf *conf = conf_from(template, &test.problems);
    return snapshot_build(conf, &test.assets, previous, &test.problems);
}

static struct snapshot *built(const char *template, const struct snapshot *previous)
{
    struct snapshot *snapshot = build(template, previous);
    assert_nothing_said(&test.problems);
    assert_non_null(snapshot);
    return snapshot;
}

/* ---- what is in it ---- */

static void snapshot_holds_what_the_text_says(void **state)
{
    (void)state;
    struct snapshot *s = built(TWO_FRONTENDS, NULL);
    assert_int_equal(s->version, 1);
    assert_int_equal(s->n_frontends, 2);
    const struct frontend *web = &s->frontends[0], *mail = &s->frontends[1];
    assert_string_equal(web->conf->name, "web");
    assert_int_equal(web->index, 0);
    assert_int_equal(mail->index, 1);
    assert_true(frontend_is_tls(web));
    assert_false(frontend_is_tls(mail));
    assert_string_equal(web->policy.name, "web");
    assert_true(cert_record_has_name(web->policy.records[0], "www.example.org"));
    assert_int_equal(s->n_pools, 2);
    assert_ptr_equal(web->pool, s->pools[0]);
    assert_ptr_equal(mail->pool, s->pools[1]);
    assert_int_equal(web->pool->n, 2);
    assert_string_equal(mail->pool->servers[0]->name, "m");
    snapshot_unref(s);
}

static void every_address_has_a_socket_for_each_worker(void **state)
{
    (void)state;
    struct snapshot *s = built(TWO_FRONTENDS, NULL);
    assert_int_equal(s->n_listens, 2);
    for (int i = 0; i < 2; i++) {
        const struct snapshot_listen *listen = &s->listens[i];
        assert_ptr_equal(listen->frontend, &s->frontends[i]);
        assert_string_equal(listen->address, ports[i].text);
        assert_int_equal(listen->set->n, WORKERS);
    }
    snapshot_unref(s);
}

static void frontend_may_have_no_pool(void **state)
{
    (void)state;
    struct snapshot *s = built("[frontend web]\nlisten = $0\ntls = off\npool = none\n", NULL);
    assert_null(s->frontends[0].pool);
    assert_int_equal(s->n_pools, 0);
    snapshot_unref(s);
}

/* ---- all or nothing ---- */

static void all_certificates_that_cannot_be_used_are_told_with_their_lines(void **state)
{
    (void)state;
    write_file("junk.pem", "this is no certificate\n");
    write_certificate("open.pem", "open.example.org");
    assert_int_equal(chmod(path_of("open.pem"), 0644), 0);
    assert_null(
        build("[frontend web]\nlisten = $0\npool = none\n"
              "certificate = @web.pem\ncertificate = @missing.pem\ncertificate = @junk.pem\n"
              "[frontend mail]\nlisten = $1\npool = none\ncertificate = @open.pem\n",
            NULL));
    assert_int_equal(test.problems.n_errors, 3);
    assert_said(&test.problems, expand("sluice.ini:5: error: certificate @missing.pem: cannot open "
                                       "it: No such file or directory"));
    assert_said(&test.problems, expand("sluice.ini:6: error: certificate @junk.pem: "));
    assert_said(
        &test.problems, expand("sluice.ini:10: error: certificate @open.pem: open to others"));
    assert_true(list_is_empty(&test.assets.listen_sets)); /* no port was opened for a moment */
    assert_true(list_is_empty(&test.assets.registry.servers));
}

static void port_of_somebody_else_refuses_all(void **state)
{
    (void)state;
    assert_int_equal(listen(ports[1].reserved, 1), 0); /* now it has an owner */
    assert_null(build(TWO_FRONTENDS, NULL));
    assert_int_equal(test.problems.n_errors, 1);
    assert_said(&test.problems, expand("sluice.ini:6: error: listen = $1: cannot listen on $1: "
                                       "Address already in use"));
    assert_true(list_is_empty(&test.assets.listen_sets));
}

static void refused_reload_leaves_the_old_one_as_it_was(void **state)
{
    (void)state;
    struct snapshot *old = built(TWO_FRONTENDS, NULL);
    unsigned record_refs = old->frontends[0].policy.records[0]->refs;
    unsigned server_refs = old->pools[0]->servers[0]->refs, set_refs = old->listens[0].set->refs;
    assert_null(build("[frontend web]\nlisten = $0\ncertificate = @web.pem\npool = app\n"
                      "[frontend mail]\nlisten = $1\ncertificate = @missing.pem\npool = app\n"
                      "[pool app]\nserver = a 127.0.0.1:1\nserver = new 127.0.0.1:9\n",
        old));
    assert_int_equal(old->frontends[0].policy.records[0]->refs, record_refs);
    assert_int_equal(old->pools[0]->servers[0]->refs, server_refs);
    assert_int_equal(old->listens[0].set->refs, set_refs);
    snapshot_unref(old);
}

static void build_without_memory_is_whole_or_nothing(void **state)
{
    (void)state;
    unsigned n = 1;
    struct snapshot *s;
    for (;; n++) {
        struct conf *conf = conf_from(TWO_FRONTENDS, &test.problems);
        mem_fails_at(n);
        s = snapshot_build(conf, &test.assets, NULL, &test.problems);
        bool failed = mem_plan.calls >= n;
        mem_fails_at(0);
        if (!failed)
            break;
        assert_null(s);
        assert_true(problems_any(&test.problems));
        assert_true(list_is_empty(&test.assets.listen_sets));
        assert_true(list_is_empty(&test.assets.registry.servers));
        assert_true(list_is_empty(&test.assets.registry.pools));
        problems_fini(&test.problems);
        problems_init(&test.problems);
    }
    assert_non_null(s);
    assert_true(n > 20);
    snapshot_unref(s);
}

/* ---- reload ---- */

static void reload_shares_what_did_not_change(void **state)
{
    (void)state;
    struct snapshot *old = built(TWO_FRONTENDS, NULL), *new = built(TWO_FRONTENDS, old);
    assert_int_equal(new->version, 2);
    assert_ptr_equal(new->frontends[0].policy.records[0], old->frontends[0].policy.records[0]);
    assert_ptr_equal(new->pools[0]->servers[1], old->pools[0]->servers[1]);
    assert_ptr_equal(new->pools[0]->record, old->pools[0]->record);
    assert_ptr_equal(new->listens[0].set, old->listens[0].set);
    snapshot_unref(old);
    assert_int_equal(new->frontends[0].policy.records[0]->refs, 1);
    assert_int_equal(new->listens[0].set->refs, 1);
    snapshot_unref(new);
}

static void reload_reads_a_certificate_that_changed(void **state)
{
    (void)state;
    struct snapshot *old = built(TWO_FRONTENDS, NULL);
    write_certificate("web.pem", "new.example.org");
    struct snapshot *new = built(TWO_FRONTENDS, old);
    const struct cert_record *before = old->frontends[0].policy.records[0];
    const struct cert_record *after = new->frontends[0].policy.records[0];
    assert_true(cert_record_has_name(before, "www.example.org"));
    assert_true(cert_record_has_name(after, "new.example.org"));
    assert_int_equal(after->refs, 1);
    snapshot_unref(old);
    snapshot_unref(new);
}

static void reload_adds_and_removes_addresses(void **state)
{
    (void)state;
    struct snapshot *old = built("[frontend a]\nlisten = $0\ntls = off\npool = none\n", NULL);
    struct snapshot *new = built("[frontend a]\nlisten = $1\ntls = off\npool = none\n", old);
    assert_ptr_not_equal(new->listens[0].set, old->listens[0].set);
    snapshot_release_listens(old); /* its sessions go on, its sockets do not */
    assert_int_equal(old->n_listens, 0);
    assert_ptr_equal(list_first(&test.assets.listen_sets), &new->listens[0].set->entry);
    snapshot_unref(old);
    snapshot_unref(new);
}

static void tickets_live_through_a_reload_and_in_one_frontend_only_F1(void **state)
{
    (void)state;
    static const char text[] = "[frontend a]\nlisten = $0\ncertificate = @web.pem\npool = none\n"
                               "[frontend b]\nlisten = $1\ncertificate = @web.pem\npool = none\n";
    struct snapshot *old = built(text, NULL), *new = built(text, old);
    const unsigned char *a = old->frontends[0].policy.ticket_keys;
    assert_memory_equal(a, new->frontends[0].policy.ticket_keys, TLS_TICKET_KEY_BYTES);
    assert_memory_not_equal(a, old->frontends[1].policy.ticket_keys, TLS_TICKET_KEY_BYTES);
    snapshot_unref(old);
    snapshot_unref(new);
}

#define SELF_SIGNED "[frontend a]\nlisten = $0\ncertificate = self-signed\npool = none\n"

static void self_signed_certificate_outlives_a_reload(void **state)
{
    (void)state;
    struct snapshot *old = built(SELF_SIGNED, NULL), *new = built(SELF_SIGNED, old);
    assert_ptr_equal(new->frontends[0].policy.records[0], old->frontends[0].policy.records[0]);
    snapshot_unref(old);
    snapshot_unref(new);
}

/* Nobody else could mend it but by a restart. */
static void self_signed_certificate_is_made_anew_before_it_expires(void **state)
{
    (void)state;
    struct snapshot *old = built(SELF_SIGNED, NULL);
    set_wall(old->frontends[0].policy.records[0]->not_after_s - 10 * DAY);
    struct snapshot *new = built(SELF_SIGNED, old); /* without a warning */
    assert_true(new->frontends[0].policy.records[0]->not_after_s >
                old->frontends[0].policy.records[0]->not_after_s);
    snapshot_unref(old);
    snapshot_unref(new);
}

/* ---- warnings ---- */

static void dates_of_a_certificate_are_warned_of_and_served_F18(void **state)
{
    (void)state;
    static const struct {
        int64_t now_s;
        const char *words; /* NULL: none */
    } rows[] = {
        {CERT_FIXTURE_FROM_S - 1, "is not valid yet: is this machine's clock right?"},
        {CERT_FIXTURE_FROM_S, NULL},
        {CERT_FIXTURE_TO_S - 14 * DAY, NULL},
        {CERT_FIXTURE_TO_S - 14 * DAY + 1, "expires in 13 days"},
        {CERT_FIXTURE_TO_S - 1, "expires in 0 days"},
        {CERT_FIXTURE_TO_S, "has expired: clients will refuse it"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        set_wall(rows[i].now_s);
        struct snapshot *s = build(TWO_FRONTENDS, NULL);
        assert_non_null(s);
        assert_int_equal(test.problems.n_errors, 0);
        assert_int_equal(test.problems.n, rows[i].words != NULL);
        if (rows[i].words) {
            assert_said(&test.problems, expand("sluice.ini:3: warning: certificate @web.pem "));
            assert_said(&test.problems, rows[i].words);
        }
        snapshot_unref(s);
        problems_fini(&test.problems);
        problems_init(&test.problems);
    }
}

/* ---- check ---- */

static void check_reads_certificates_and_opens_no_port(void **state)
{
    (void)state;
    assert_int_equal(listen(ports[1].reserved, 1), 0); /* somebody has one of them */
    struct conf *conf = conf_from(TWO_FRONTENDS, &test.problems);
    snapshot_check(conf, &test.assets, &test.problems);
    assert_nothing_said(&test.problems);
    write_file("web.pem", "this is no certificate\n");
    snapshot_check(conf, &test.assets, &test.problems);
    assert_said(&test.problems, expand("sluice.ini:3: error: certificate @web.pem: "));
    conf_free(conf);
}

/* ---- references ---- */

static void snapshot_lives_until_its_last_reference(void **state)
{
    (void)state;
    struct snapshot *s = built(TWO_FRONTENDS, NULL);
    assert_ptr_equal(snapshot_ref(s), s);
    snapshot_unref(s);
    assert_string_equal(s->frontends[0].conf->name, "web");
    assert_false(list_is_empty(&test.assets.registry.servers));
    snapshot_unref(s);
    assert_true(list_is_empty(&test.assets.registry.servers));
    snapshot_unref(NULL);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static int group_setup(void **state)
{
    (void)state;
    struct err err;
    if (libctx_process_init(&err) < 0)
        return -1;
    cert_fixture_init();
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    cert_fixture_fini();
    libctx_process_fini();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(snapshot_holds_what_the_text_says),
        CASE(every_address_has_a_socket_for_each_worker),
        CASE(frontend_may_have_no_pool),
        CASE(all_certificates_that_cannot_be_used_are_told_with_their_lines),
        CASE(port_of_somebody_else_refuses_all),
        CASE(refused_reload_leaves_the_old_one_as_it_was),
        CASE(build_without_memory_is_whole_or_nothing),
        CASE(reload_shares_what_did_not_change),
        CASE(reload_reads_a_certificate_that_changed),
        CASE(reload_adds_and_removes_addresses),
        CASE(tickets_live_through_a_reload_and_in_one_frontend_only_F1),
        CASE(self_signed_certificate_outlives_a_reload),
        CASE(self_signed_certificate_is_made_anew_before_it_expires),
        CASE(dates_of_a_certificate_are_warned_of_and_served_F18),
        CASE(check_reads_certificates_and_opens_no_port),
        CASE(snapshot_lives_until_its_last_reference),
    };
    return cmocka_run_group_tests_name("snapshot", tests, group_setup, group_teardown);
}
