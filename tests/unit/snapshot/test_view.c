/* A worker's own realisation of a snapshot, and how it says that it has no more use for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../base/failing_mem.h"
#include "configured.h"
#include "snapshot/view.h"

static struct {
    struct clock_fake clock;
    struct assets assets;
    struct problems problems;
    struct tls_thread *tls;
    struct snapshot *snapshot;
    struct err err;
    unsigned n_unused;
    const struct snapshot *unused;
} test;

static void on_unused(void *owner, struct snapshot *snapshot)
{
    assert_ptr_equal(owner, &test);
    test.n_unused++;
    test.unused = snapshot;
}

static int set_up(void **state)
{
    static const unsigned char secret[TICKET_SECRET_BYTES] = "secret";
    mem_fails_at(0);
    test.n_unused = 0;
    test.unused = NULL;
    if (make_folder(state) < 0)
        return -1;
    ports_reserve();
    problems_init(&test.problems);
    clock_fake_init(&test.clock, 0);
    test.clock.wall_now = (CERT_FIXTURE_FROM_S + 1000) * US_PER_S;
    assets_init(&test.assets, 1, geteuid(), &test.clock.clock, secret);
    write_certificate("web.pem", "www.example.org");
    struct conf *conf =
        conf_from("[frontend plain]\nlisten = $0\ntls = off\npool = none\n"
                  "[frontend web]\nlisten = $1\ncertificate = @web.pem\npool = none\n",
            &test.problems);
    test.snapshot = snapshot_build(conf, &test.assets, NULL, &test.problems);
    return test.snapshot ? 0 : -1;
}

static int tear_down(void **state)
{
    mem_fails_at(0);
    bool is_clean = list_is_empty(&test.tls->certs);
    snapshot_unref(test.snapshot);
    assets_fini(&test.assets);
    problems_fini(&test.problems);
    ports_release();
    return is_clean ? remove_folder(state) : -1;
}

static struct view *make_view(void)
{
    struct view *view = view_new(test.snapshot, test.tls, on_unused, &test, &test.err);
    if (!view)
        fail_msg("%s", test.err.context);
    return view;
}

static void view_has_a_context_where_there_is_tls(void **state)
{
    (void)state;
    struct view *view = make_view();
    assert_ptr_equal(view->snapshot, test.snapshot);
    assert_null(view->contexts[0]);
    assert_non_null(view->contexts[1]);
    assert_int_equal(view->contexts[1]->n_certs, 1);
    view_unref(view);
}

/* Main then gives the snapshot's reference back: once, or it would be freed under others. */
static void last_user_tells_once(void **state)
{
    (void)state;
    struct view *view = make_view();
    assert_ptr_equal(view_ref(view), view);
    view_unref(view);
    assert_int_equal(test.n_unused, 0);
    view_unref(view);
    assert_int_equal(test.n_unused, 1);
    assert_ptr_equal(test.unused, test.snapshot);
    view_unref(NULL);
    assert_int_equal(test.n_unused, 1);
}

/* After a reload sessions of both go on, with certificates that were made once. */
static void two_views_share_certificates_and_end_apart(void **state)
{
    (void)state;
    struct view *old = make_view(), *new = make_view();
    assert_ptr_equal(old->contexts[1]->certs[0], new->contexts[1]->certs[0]);
    view_unref(old);
    assert_int_equal(test.n_unused, 1);
    assert_non_null(new->contexts[1]->certs[0]->objects.leaf);
    view_unref(new);
    assert_int_equal(test.n_unused, 2);
}

static void view_without_memory_is_none_and_tells_nobody(void **state)
{
    (void)state;
    unsigned n = 1;
    struct view *view;
    for (;; n++) {
        mem_fails_at(n);
        view = view_new(test.snapshot, test.tls, on_unused, &test, &test.err);
        if (view)
            break;
        assert_int_equal(test.err.code, ERR_MEMORY);
        assert_int_equal(test.n_unused, 0);
    }
    assert_true(n > 4); /* itself, its table, a context, its certificate */
    view_unref(view);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static int group_setup(void **state)
{
    (void)state;
    if (libctx_process_init(&test.err) < 0)
        return -1;
    test.tls = tls_thread_new(&test.err);
    cert_fixture_init();
    return test.tls ? 0 : -1;
}

static int group_teardown(void **state)
{
    (void)state;
    cert_fixture_fini();
    tls_thread_free(test.tls);
    libctx_process_fini();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(view_has_a_context_where_there_is_tls),
        CASE(last_user_tells_once),
        CASE(two_views_share_certificates_and_end_apart),
        CASE(view_without_memory_is_none_and_tells_nobody),
    };
    return cmocka_run_group_tests_name("view", tests, group_setup, group_teardown);
}
