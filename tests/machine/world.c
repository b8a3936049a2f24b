/* world: what surrounds a session: a worker's context, a snapshot, pools. */
#include "machine_priv.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fake_log.h"
#include "fake_mem.h"
#include "fake_watch.h"

const char MACHINE_CONF[] = CONF_WITH(TLS_FRONT, TWO_SERVERS);

#define START (1000 * US_PER_S)

struct machine m;

int world_open_fd(void)
{
    m.opened_fds++;
    return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static void on_view_unused(void *owner, struct snapshot *snapshot)
{
    (void)owner;
    assert_ptr_equal(snapshot, &m.snapshot);
    m.view_unused = true;
}

static void on_session_closed(void *owner)
{
    assert_ptr_equal(owner, &m);
    m.closings++;
}

static struct conf *load_conf(const char *text)
{
    struct problems problems;
    problems_init(&problems);
    struct conf *conf = conf_load_text("test.ini", text, strlen(text), &problems);
    if (!conf)
        problems_print(&problems, stderr);
    problems_fini(&problems);
    assert_non_null(conf);
    return conf;
}

static void set_up_snapshot(void)
{
    m.conf = load_conf(m.test->conf ? m.test->conf : MACHINE_CONF);
    registry_init(&m.registry);
    assert_true(m.conf->n_pools <= POOLS_MAX);
    struct err err;
    for (size_t i = 0; i < m.conf->n_pools; i++)
        assert_int_equal(pool_new(&m.conf->pools[i], &m.registry, &m.pools[i], &err), 0);
    m.frontend = (struct frontend){.conf = &m.conf->frontends[0]};
    if (m.frontend.conf->pool)
        m.frontend.pool = m.pools[m.frontend.conf->pool - m.conf->pools];
    m.frontend.policy.n_records = m.frontend.conf->n_certificates;
    m.listen = (struct snapshot_listen){.address = "127.0.0.1:1", .frontend = &m.frontend};
    m.snapshot = (struct snapshot){.conf = m.conf,
        .frontends = &m.frontend,
        .n_frontends = 1,
        .listens = &m.listen,
        .n_listens = 1};
    m.view = mem_zalloc(sizeof *m.view);
    assert_non_null(m.view);
    *m.view = (struct view){.snapshot = &m.snapshot, .refs = 1, .on_unused = on_view_unused};
    m.view->contexts = mem_array(1, sizeof *m.view->contexts);
    assert_non_null(m.view->contexts);
}

void world_set_up(const struct machine_case *test)
{
    memset(&m, 0, sizeof m);
    m.test = test;
    m.closed = -1;
    m.blocks = fake_mem_live();
    fake_mem_plan(0);
    fake_log_init();
    clock_fake_init(&m.clock, START);
    fake_watch_init(&m.clock);
    io_init(&m.io, NULL);
    context_init(&m.ctx, &m.io, &m.clock.clock, 1, 1);
    m.ctx.dial = &dial_scripted;
    m.ctx.front_open = scripted_front_open;
    m.ctx.on_session_closed = on_session_closed;
    m.ctx.owner = &m;
    set_up_snapshot();
}

static uint64_t check_server(const struct server *s)
{
    assert_int_equal(s->load, 0);
    assert_int_equal(s->dialing, 0);
    assert_int_equal(s->unanswered_since, 0);
    return s->dials;
}

/* Sums that operators rely on (P8), and what both ends have got. */
static void check_accounts(void)
{
    const struct counters *c = &m.ctx.counters;
    const struct end *front = &m.ends[FRONT], *back = &m.ends[BACK];
    unsigned closed = m.closed >= 0;
    assert_int_equal(c->accepted, closed + c->accept_lost);
    assert_int_equal(m.closings, closed);
    assert_int_equal(fake_log_access_lines, closed);
    if (!m.has_discarded_answer)
        assert_int_equal(c->bytes_out, back->n_read);
    if (!m.has_discarded)
        assert_int_equal(c->bytes_in, front->n_read);
    if (m.closed == CLOSE_DONE) {
        assert_int_equal(front->n_written, back->n_read);
        assert_int_equal(back->n_written, front->n_read);
    }
}

/* Where something went wrong there is a line for it, and where the client is told why, by OpenSSL's
 * alert, or that all is well, it does get that. */
static void check_ending(void)
{
    if (m.closed < 0)
        return;
    const struct close_reason_info *why = close_reason_info((enum close_reason)m.closed);
    assert_int_equal(*fake_log_error != '\0', why->is_error);
    if (why->end == CONN_CLOSE || m.closed == CLOSE_CLIENT_TLS)
        assert_false(m.ends[FRONT].is_cut_short);
}

void world_check_leftovers(void)
{
    uint64_t dials = 0;
    assert_int_equal(m.ctx.n_sessions, 0);
    assert_int_equal(fake_watch_timers(), 0);
    assert_int_equal(fake_watch_ios(), 0);
    assert_int_equal(m.opened_fds, m.closed_fds);
    assert_int_equal(m.io.chunks.n_used, 0);
    assert_null(m.dialer);
    for (size_t p = 0; p < m.conf->n_pools; p++)
        for (size_t i = 0; i < m.pools[p]->n; i++)
            dials += check_server(m.pools[p]->servers[i]);
    assert_int_equal(dials, m.dials);
    assert_int_equal(m.ctx.counters.dials, m.dials);
    assert_int_equal(m.view->refs, 1);
    check_accounts();
    check_ending();
}

void world_tear_down(void)
{
    view_unref(m.view);
    assert_true(m.view_unused);
    for (size_t p = 0; p < m.conf->n_pools; p++)
        pool_free(m.pools[p]);
    registry_fini(&m.registry);
    io_fini(&m.io);
    conf_free(m.conf);
    assert_int_equal(fake_mem_live(), m.blocks);
}
