#include "machine.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fake_log.h"
#include "fake_mem.h"
#include "fake_watch.h"
#include "proxy/shed.h"

const char MACHINE_CONF[] = CONF_WITH(TLS_FRONT, TWO_SERVERS);

#define START (1000 * US_PER_S)
#define POOLS_MAX 4

/* What one end has been given and has given away, to see that bytes arrive as they were read. */
struct end {
    struct conn *conn;
    bool holds_more;
    bool broken;
    uint64_t n_read, n_written;
};

static struct machine {
    const struct machine_case *test;
    size_t at; /* the next row */

    struct clock_fake clock;
    struct io io;
    struct context ctx;
    struct registry registry;
    struct conf *conf;
    struct pool *pools[POOLS_MAX];
    struct frontend frontend;
    struct snapshot_listen listen;
    struct snapshot snapshot;
    struct view *view;
    bool view_unused;

    struct session *session; /* NULL when it is gone */
    struct end ends[2];      /* by enum who */
    struct dialer *dialer;   /* NULL: none under way */
    int opened_fds, closed_fds;
    int closed; /* enum close_reason, or -1 */
    bool lost;
    long blocks; /* of memory that were in use before it */
} m;

static bool reasons_seen[CLOSE_REASONS];
static bool steps_seen[SESSION_STEPS];

bool machine_has_closed(enum close_reason reason)
{
    return reasons_seen[reason];
}

bool machine_has_been_in(enum session_step step)
{
    return steps_seen[step];
}

/* ---- rows ---- */

static const char *const who_names[] = {"front", "back", "clock", "worker", "session"};
static const char *const what_names[] = {"arrives", "ready", "again", "wakes", "passes", "rings",
    "stops", "spends", "rests", "handshake", "read", "write", "finish", "flush", "fin", "park",
    "close", "dial", "result", "listen", "cancel", "wants", "in", "closed", "lost", "logs",
    "retried", "blamed"};

/* "row 3 (front read)" */
static const char *row_name(size_t at)
{
    static char text[64];
    if (at >= m.test->n)
        return "the end of the test";
    const struct step *s = &m.test->steps[at];
    snprintf(text, sizeof text, "row %zu (%s %s)", at + 1, who_names[s->who], what_names[s->what]);
    return text;
}

static bool is_next(enum who who, enum what what)
{
    if (m.at >= m.test->n)
        return false;
    const struct step *s = &m.test->steps[m.at];
    return s->who == who && s->what == what;
}

static void note_step(void)
{
    if (m.session)
        steps_seen[m.session->step] = true;
}

/* The session calls: the row that answers. */
static const struct step *called(enum who who, enum what what)
{
    note_step();
    if (!is_next(who, what))
        fail_msg("%s: the session calls %s %s, but next is %s", m.test->name, who_names[who],
            what_names[what], row_name(m.at));
    return &m.test->steps[m.at++];
}

static void fill_err(struct err *ret_err, const struct step *s)
{
    err_set(ret_err, (enum err_code)s->n, "scripted %s", err_code_name((enum err_code)s->n));
}

/* ---- the scripted transport ---- */

static enum who who_is(const struct conn *c)
{
    return m.ends[FRONT].conn == c ? FRONT : BACK;
}

static enum io_result answer(struct conn *c, const struct step *s, struct err *ret_err)
{
    if (s->result != IO_ERROR)
        return (enum io_result)s->result;
    m.ends[who_is(c)].broken = true;
    c->deaf = s->text && strcmp(s->text, "deaf") == 0;
    chunk_queue_clear(&m.io.chunks, &c->out); /* as wire.c */
    c->stalled_since = 0;
    fill_err(ret_err, s);
    return IO_ERROR;
}

/* Both ends receive into the scratch, as TLS would. */
static void use_rx(struct conn *c)
{
    if (m.io.rx_owner && m.io.rx_owner != c)
        fail_msg("%s: %s is read while bytes of the other end are in the scratch", m.test->name,
            who_names[who_is(c)]);
    m.io.rx_owner = c;
}

/* The client's end alone, or the other one would empty it. */
static void use_gather(struct conn *c)
{
    if (who_is(c) == FRONT)
        m.io.gather_owner = c;
}

static unsigned char byte_of(enum who reader, uint64_t n)
{
    return (unsigned char)(n * 7 + n / 251 + (uint64_t)reader);
}

static enum io_result scripted_read(
    struct conn *c, void *buf, size_t cap, size_t *ret_n, struct err *ret_err)
{
    enum who who = who_is(c);
    const struct step *s = called(who, READ);
    struct end *end = &m.ends[who];
    use_rx(c);
    use_gather(c); /* the answer to a KeyUpdate */
    if (s->result == IO_WANT_READ)
        c->readable = false;
    if (s->result != IO_DONE && s->result != IO_DONE_AND_MORE)
        return answer(c, s, ret_err);
    end->holds_more = s->result == IO_DONE_AND_MORE;
    assert_true((size_t)s->n <= cap);
    for (size_t i = 0; i < (size_t)s->n; i++)
        ((unsigned char *)buf)[i] = byte_of(who, end->n_read++);
    if ((size_t)s->n < cap)
        c->readable = false;
    c->received += (size_t)s->n;
    *ret_n = (size_t)s->n;
    return IO_DONE;
}

static bool queue(struct conn *c, const void *bytes, size_t n)
{
    if (!chunk_queue_append(&m.io.chunks, &c->out, bytes, n))
        return false;
    if (!c->stalled_since)
        c->stalled_since = m.io.now;
    return true;
}

static const char a_flight[4096];

static enum io_result scripted_handshake(struct conn *c, struct err *ret_err)
{
    const struct step *s = called(who_is(c), HANDSHAKE);
    use_rx(c);
    use_gather(c); /* our flight, or an alert */
    if (s->result == IO_WANT_READ)
        c->readable = false;
    if (s->result == IO_ERROR)
        return answer(c, s, ret_err);
    c->received++;
    if (s->n && !queue(c, a_flight, (size_t)s->n)) {
        err_set(ret_err, ERR_MEMORY, "scripted memory");
        return IO_ERROR;
    }
    return answer(c, s, ret_err);
}

static enum io_result scripted_write(
    struct conn *c, const void *bytes, size_t n, struct err *ret_err)
{
    enum who who = who_is(c);
    const struct step *s = called(who, WRITE);
    struct end *end = &m.ends[who];
    if (s->result == IO_ERROR)
        return answer(c, s, ret_err);
    if (n != (size_t)s->n)
        fail_msg("%s: %zu bytes are written instead of %lld before %s", m.test->name, n,
            (long long)s->n, row_name(m.at));
    for (size_t i = 0; i < n; i++)
        assert_int_equal(((const unsigned char *)bytes)[i],
            byte_of(who == FRONT ? BACK : FRONT, end->n_written++));
    assert_int_equal(c->out.bytes, 0); /* only called while nothing waits */
    use_gather(c);
    if (s->result == IO_DONE) {
        c->sent += n;
    } else if (!queue(c, bytes, n)) {
        err_set(ret_err, ERR_MEMORY, "scripted memory");
        return IO_ERROR;
    }
    return IO_DONE;
}

static enum io_result scripted_finish(struct conn *c, struct err *ret_err)
{
    const struct step *s = called(who_is(c), FINISH);
    if (s->result != IO_WANT_WRITE)
        return answer(c, s, ret_err);
    if (queue(c, "!", 1))
        return IO_DONE;
    err_set(ret_err, ERR_MEMORY, "scripted memory");
    return IO_ERROR;
}

static enum io_result scripted_flush(struct conn *c, struct err *ret_err)
{
    enum who who = who_is(c);
    if (m.io.gather_owner == c)
        m.io.gather_owner = NULL;
    if (is_next(who, FLUSH)) {
        const struct step *s = called(who, FLUSH);
        if (s->result == IO_ERROR)
            return answer(c, s, ret_err);
        size_t n = s->result == IO_DONE ? c->out.bytes : (size_t)s->n;
        if (!c->out.bytes)
            fail_msg("%s: nothing waits that could leave before %s", m.test->name, row_name(m.at));
        chunk_queue_consume(&m.io.chunks, &c->out, n);
        c->sent += n;
        if (n)
            c->stalled_since = m.io.now;
    }
    if (c->out.bytes)
        return IO_WANT_WRITE;
    c->stalled_since = 0;
    if (!c->finishing || c->finished || m.ends[who].broken)
        return IO_DONE;
    const struct step *s = called(who, FIN);
    c->finished = s->result == IO_DONE;
    return answer(c, s, ret_err);
}

static bool scripted_park(struct conn *c)
{
    if (m.io.rx_owner == c)
        m.io.rx_owner = NULL;
    return !is_next(who_is(c), PARK) || called(who_is(c), PARK)->result == IO_DONE;
}

static bool scripted_has_buffered(const struct conn *c)
{
    return m.ends[who_is(c)].holds_more;
}

static const char *const end_names[] = {"closed", "reset", "aborted"};

static void scripted_close(struct conn *c, enum conn_end how)
{
    enum who who = who_is(c);
    if (!fake_mem_has_failed() || is_next(who, CLOSE)) {
        const struct step *s = called(who, CLOSE);
        if (s->result != (int)how)
            fail_msg("%s: %s is %s before %s", m.test->name, who_names[who], end_names[how],
                row_name(m.at));
    }
    if (how == CONN_CLOSE && m.io.gather_owner == c)
        fail_msg("%s: %s is closed without a flush", m.test->name, who_names[who]);
    if (m.io.rx_owner == c)
        m.io.rx_owner = NULL;
    if (m.io.gather_owner == c)
        m.io.gather_owner = NULL;
    chunk_queue_clear(&m.io.chunks, &c->out);
    watch_io_set(NULL, &c->watch, 0);
    close(c->fd);
    c->fd = -1;
    m.closed_fds++;
}

static const struct transport_ops transport_scripted = {
    .name = "scripted",
    .handshake = scripted_handshake,
    .read = scripted_read,
    .write = scripted_write,
    .finish = scripted_finish,
    .flush = scripted_flush,
    .park = scripted_park,
    .has_buffered = scripted_has_buffered,
    .close = scripted_close,
};

static int open_fd(void)
{
    m.opened_fds++;
    return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static int scripted_front_open(struct conn *front, struct tls_context *tls, struct err *ret_err)
{
    (void)tls;
    (void)ret_err;
    m.ends[FRONT] = (struct end){.conn = front};
    front->transport = &transport_scripted;
    m.session = CONTAINER_OF(front, struct session, front);
    return 0;
}

/* ---- the scripted dialer ---- */

static enum dial_result dial_answer(const struct step *s, struct dialer *d, struct err *ret_err)
{
    m.dialer = s->result == DIAL_FAILED ? NULL : d;
    if (s->result == DIAL_FAILED)
        fill_err(ret_err, s);
    return (enum dial_result)s->result;
}

static const char *server_of(const struct addr *addr)
{
    const struct conf_pool *pool = m.frontend.conf->pool;
    for (size_t i = 0; i < pool->n_servers; i++)
        if (addr_equal(&pool->servers[i].addr, addr))
            return pool->servers[i].name;
    return "?";
}

static enum dial_result scripted_dial(
    struct dialer *d, const struct addr *addr, const struct addr *source, struct err *ret_err)
{
    (void)source;
    assert_null(m.dialer);
    const struct step *s = called(BACK, DIAL);
    if (s->text && strcmp(s->text, server_of(addr)) != 0)
        fail_msg("%s: server %s is dialled instead of %s before %s", m.test->name, server_of(addr),
            s->text, row_name(m.at));
    return dial_answer(s, d, ret_err);
}

static enum dial_result scripted_result(struct dialer *d, struct err *ret_err)
{
    assert_ptr_equal(m.dialer, d);
    /* Asked at any wake-up, also by a timer: only the dialer's own news need a row. */
    return is_next(BACK, RESULT) ? dial_answer(called(BACK, RESULT), d, ret_err) : DIAL_WAIT;
}

static enum dial_result scripted_listen(struct dialer *d, struct err *ret_err)
{
    assert_ptr_equal(m.dialer, d);
    return is_next(BACK, LISTEN) ? dial_answer(called(BACK, LISTEN), d, ret_err) : DIAL_WAIT;
}

static void scripted_take(
    struct dialer *d, struct conn *c, void (*on_ready)(void *, unsigned), void *owner)
{
    assert_ptr_equal(m.dialer, d);
    m.dialer = NULL;
    m.ends[BACK] = (struct end){.conn = c};
    conn_open(c, d->io, open_fd(), &transport_scripted, on_ready, owner);
}

static void scripted_cancel(struct dialer *d)
{
    if (m.dialer != d)
        return;
    if (!fake_mem_has_failed() || is_next(BACK, CANCEL))
        called(BACK, CANCEL);
    m.dialer = NULL;
}

static const struct dial_ops dial_scripted = {
    .start = scripted_dial,
    .result = scripted_result,
    .listen = scripted_listen,
    .take = scripted_take,
    .cancel = scripted_cancel,
};

/* ---- the world around a session ---- */

static void on_view_unused(void *owner, struct snapshot *snapshot)
{
    (void)owner;
    assert_ptr_equal(snapshot, &m.snapshot);
    m.view_unused = true;
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

static void set_up(const struct machine_case *test)
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
    set_up_snapshot();
}

/* Everything that was taken has been given back. */
static void check_leftovers(void)
{
    assert_int_equal(m.ctx.n_sessions, 0);
    assert_int_equal(fake_watch_timers(), 0);
    assert_int_equal(fake_watch_ios(), 0);
    assert_int_equal(m.opened_fds, m.closed_fds);
    assert_int_equal(m.io.chunks.n_used, 0);
    assert_null(m.dialer);
    for (size_t p = 0; p < m.conf->n_pools; p++)
        for (size_t i = 0; i < m.pools[p]->n; i++)
            assert_int_equal(m.pools[p]->servers[i]->load, 0);
    assert_int_equal(m.view->refs, 1);
    assert_int_equal(fake_log_access_lines, m.closed >= 0);
    assert_int_equal(m.ctx.counters.accepted, (m.closed >= 0) + m.ctx.counters.accept_lost);
}

static void tear_down(void)
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

/* ---- running ---- */

/* F65: whatever comes or does not come, the session is woken, and never for nothing. */
static void check_watches(enum who who)
{
    const struct conn *c = m.ends[who].conn;
    if (!c || !conn_is_open(c))
        return;
    unsigned wanted = fake_watch_wanted(&c->watch);
    bool has_to_write = conn_is_blocked(c) || c->wants_write;
    if (!(wanted & WATCH_WRITE) != !has_to_write)
        fail_msg("%s: %s %s before %s", m.test->name, who_names[who],
            has_to_write ? "does not wait for room" : "waits for room but has nothing to write",
            row_name(m.at));
    if (wanted & WATCH_READ && c->eof)
        fail_msg(
            "%s: %s is read after its end before %s", m.test->name, who_names[who], row_name(m.at));
}

static void check_is_woken(void)
{
    check_watches(FRONT);
    check_watches(BACK);
    if (!fake_watch_timers())
        fail_msg("%s: no deadline is set before %s", m.test->name, row_name(m.at));
}

/* What the worker does at the end of a turn; and what must be true then. */
static void end_turn(void)
{
    note_step();
    if (m.session && m.session->closed) {
        for (int i = 0; i < CLOSE_REASONS; i++)
            if (m.ctx.counters.closed[i])
                m.closed = i;
        reasons_seen[m.closed] = true;
        m.session = NULL;
    }
    if (m.session)
        check_is_woken();
    context_sweep(&m.ctx);
    if (m.io.rx_owner || m.io.gather_owner)
        fail_msg(
            "%s: the shared scratch was not left empty before %s", m.test->name, row_name(m.at));
}

static void arrive(void)
{
    struct addr peer;
    struct err err;
    assert_int_equal(addr_parse("192.0.2.7:4711", &peer, &err), 0);
    int fd = open_fd();
    if (!session_open(&m.ctx, m.view, &m.listen, fd, &peer)) {
        m.lost = true;
        m.closed_fds++;
        assert_int_equal(fcntl(fd, F_GETFD), -1);
    }
}

/* Events come only to those who wait for them; the end of a peer is told to all (HUP). */
static void be_ready(const struct step *s)
{
    struct watch_io *w = &m.ends[s->who].conn->watch;
    if (!(fake_watch_wanted(w) & (unsigned)s->result))
        fail_msg("%s: nobody waits for %s", m.test->name, row_name(m.at - 1));
    fake_watch_deliver(w, (unsigned)s->result);
}

static void go_again(const struct step *s)
{
    struct watch_io *w = &m.ends[s->who].conn->watch;
    if (!fake_watch_is_fed(w))
        fail_msg("%s: nothing was put off that could be delivered in %s", m.test->name,
            row_name(m.at - 1));
    fake_watch_deliver(w, WATCH_READ);
}

/* False: the row is none of these. */
static bool happens(const struct step *s)
{
    switch (s->what) {
    case ARRIVES:
        arrive();
        break;
    case READY:
        be_ready(s);
        break;
    case AGAIN:
        go_again(s);
        break;
    case WAKES:
        assert_non_null(m.dialer);
        m.dialer->on_wake(m.dialer->owner);
        break;
    case PASSES:
        fake_watch_pass(s->n);
        break;
    case RINGS:
        if (!fake_watch_ring(s->n))
            fail_msg("%s: nothing falls due in %s", m.test->name, row_name(m.at - 1));
        break;
    case SPENDS:
        for (int64_t i = 0; i < s->n; i++)
            assert_true(budget_take(&m.frontend.pool->record->budget, 0, m.clock.now));
        break;
    case RESTS:
        for (size_t i = 0; i < m.frontend.pool->n; i++)
            m.frontend.pool->members[i].weight = 0;
        break;
    case SHEDS:
        shed_stalled(&m.ctx, &(struct chunk_budget){.used = (size_t)s->n * 10, .limit = 999});
        break;
    case STOPS:
        context_tick(&m.ctx);
        session_close(m.session, CLOSE_SHUTDOWN, NULL);
        break;
    default:
        return false;
    }
    end_turn();
    return true;
}

static void check_wants(const struct step *s)
{
    unsigned wanted = fake_watch_wanted(&m.ends[s->who].conn->watch);
    if (wanted != (unsigned)s->result)
        fail_msg("%s: it wants %s%s%s instead in %s", m.test->name,
            wanted & WATCH_READ ? "read" : "", wanted & WATCH_WRITE ? "write" : "",
            wanted ? "" : "nothing", row_name(m.at - 1));
}

static int count_blamed(void)
{
    int n = 0;
    for (size_t i = 0; i < m.frontend.pool->n; i++)
        n += m.frontend.pool->servers[i]->failures > 0;
    return n;
}

/* There may be no memory to remember the errors of attempts: the line lacks them then. */
static void check_log(const char *text)
{
    if (!strstr(fake_log_access, text) && !(fake_mem_has_failed() && strstr(text, "errors=")))
        fail_msg("%s: \"%s\" is not in: %s", m.test->name, text, fake_log_access);
}

static const char *reason_word(int reason)
{
    return reason < 0 ? "open" : close_reason_info((enum close_reason)reason)->word;
}

/* False: the row is none of these. */
static bool is_true(const struct step *s)
{
    switch (s->what) {
    case WANTS:
        check_wants(s);
        break;
    case IN:
        assert_non_null(m.session);
        assert_string_equal(
            session_step_name(m.session->step), session_step_name((enum session_step)s->result));
        break;
    case CLOSED:
        assert_string_equal(reason_word(m.closed), reason_word(s->result));
        break;
    case LOST:
        assert_true(m.lost);
        break;
    case LOGS:
        check_log(s->text);
        break;
    case RETRIED:
        assert_int_equal(m.ctx.counters.retries, s->n);
        break;
    case BLAMED:
        assert_int_equal(count_blamed(), s->n);
        break;
    default:
        return false;
    }
    return true;
}

static bool is_over_without_memory(void)
{
    return fake_mem_has_failed() && (m.lost || m.closed == CLOSE_LOCAL);
}

static void run_steps(void)
{
    while (m.at < m.test->n && !is_over_without_memory()) {
        const struct step *s = &m.test->steps[m.at++];
        if (!happens(s) && !is_true(s))
            fail_msg("%s: %s did not come", m.test->name, row_name(m.at - 1));
    }
}

void machine_run(const struct machine_case *c)
{
    set_up(c);
    run_steps();
    check_leftovers();
    tear_down();
}

void machine_run_without_memory(const struct machine_case *c)
{
    unsigned n = 1;
    for (bool failed = true; failed; n++) {
        set_up(c);
        fake_mem_plan(n);
        run_steps();
        failed = fake_mem_has_failed();
        fake_mem_plan(0);
        check_leftovers();
        tear_down();
    }
    assert_true(n > 2); /* otherwise nothing was shown */
}
