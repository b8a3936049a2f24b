#include "machine_priv.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_log.h"
#include "fake_mem.h"
#include "fake_watch.h"
#include "proxy/shed.h"

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

const char *const who_names[] = {
    [FRONT] = "front",
    [BACK] = "back",
    [CLOCK] = "clock",
    [WORKER] = "worker",
    [SESSION] = "session",
};

static const char *const what_names[] = {
    [ARRIVES] = "arrives",
    [READY] = "ready",
    [AGAIN] = "again",
    [UNSEEN] = "unseen",
    [HOLDS] = "holds",
    [WAKES] = "wakes",
    [PASSES] = "passes",
    [RINGS] = "rings",
    [STOPS] = "stops",
    [SPENDS] = "spends",
    [RESTS] = "rests",
    [PROVEN] = "proven",
    [SHEDS] = "sheds",
    [OPEN] = "open",
    [HANDSHAKE] = "handshake",
    [READ] = "read",
    [WRITE] = "write",
    [FINISH] = "finish",
    [FLUSH] = "flush",
    [FIN] = "fin",
    [PARK] = "park",
    [CLOSE] = "close",
    [DIAL] = "dial",
    [RESULT] = "result",
    [LISTEN] = "listen",
    [CANCEL] = "cancel",
    [STARTED] = "started",
    [WANTS] = "wants",
    [IN] = "in",
    [CLOSED] = "closed",
    [LOST] = "lost",
    [LOGS] = "logs",
    [RETRIED] = "retried",
    [RESUMED] = "resumed",
    [FAILED] = "failed",
    [BLAMED] = "blamed",
    [TRUSTED] = "trusted",
};

const char *row_name(size_t at)
{
    static char text[64];
    if (at >= m.test->n)
        return "the end of the test";
    const struct step *s = &m.test->steps[at];
    snprintf(text, sizeof text, "row %zu (%s %s)", at + 1, who_names[s->who], what_names[s->what]);
    return text;
}

bool is_next(enum who who, enum what what)
{
    if (m.at >= m.test->n)
        return false;
    const struct step *s = &m.test->steps[m.at];
    return s->who == who && s->what == what;
}

static void note_step(void)
{
    if (!m.session)
        return;
    steps_seen[m.session->step] = true;
    m.has_discarded |= m.session->step == SESSION_DELIVER || m.session->step == SESSION_LINGER;
    m.has_discarded_answer |= m.session->step == SESSION_BEQUEATH;
}

const struct step *called(enum who who, enum what what)
{
    note_step();
    if (!is_next(who, what))
        fail_msg("%s: the session calls %s %s, but next is %s", m.test->name, who_names[who],
            what_names[what], row_name(m.at));
    return &m.test->steps[m.at++];
}

/* ---- after each event ---- */

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
    if (c->wants_write && fake_watch_is_fed(&c->watch))
        fail_msg("%s: %s is woken though it waits for room before %s", m.test->name, who_names[who],
            row_name(m.at));
    if (wanted & WATCH_READ && c->eof)
        fail_msg(
            "%s: %s is read after its end before %s", m.test->name, who_names[who], row_name(m.at));
}

static void check_is_woken(void)
{
    check_watches(FRONT);
    check_watches(BACK);
    /* The session's own; and an errand's, as long as it runs. */
    unsigned timers = fake_watch_timers(), most = m.session->step == SESSION_CONNECT ? 2 : 1;
    if (timers < 1 || timers > most)
        fail_msg("%s: %u timers are set before %s", m.test->name, timers, row_name(m.at));
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

/* ---- what happens ---- */

static void arrive(void)
{
    struct addr peer;
    struct err err;
    assert_int_equal(addr_parse("192.0.2.7:4711", &peer, &err), 0);
    int fd = world_open_fd();
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
    case UNSEEN:
        fake_watch_fail(&m.ends[s->who].conn->watch);
        break;
    case HOLDS:
        m.ends[s->who].held = (int)s->n;
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
    case PROVEN:
        for (size_t i = 0; i < m.frontend.pool->n; i++)
            server_prove(m.frontend.pool->servers[i]);
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

/* ---- what must be true ---- */

static void check_wants(const struct step *s)
{
    unsigned wanted = fake_watch_wanted(&m.ends[s->who].conn->watch);
    if (wanted != (unsigned)s->result)
        fail_msg("%s: it wants %s%s%s instead in %s", m.test->name,
            wanted & WATCH_READ ? "read" : "", wanted & WATCH_WRITE ? "write" : "",
            wanted ? "" : "nothing", row_name(m.at - 1));
}

static bool is_blamed(const struct server *s)
{
    return s->failures > 0;
}

static int count_servers(bool (*is_counted)(const struct server *s))
{
    int n = 0;
    for (size_t i = 0; i < m.frontend.pool->n; i++)
        n += is_counted(m.frontend.pool->servers[i]);
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
    case STARTED:
        assert_int_equal(fake_watch_starts(), s->n);
        break;
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
    case RESUMED:
        assert_int_equal(m.ctx.counters.handshakes_resumed, s->n);
        break;
    case BLAMED:
        assert_int_equal(count_servers(is_blamed), s->n);
        break;
    case TRUSTED:
        assert_int_equal(count_servers(server_is_proven), s->n);
        break;
    case FAILED:
        assert_int_equal(m.ctx.counters.dial_errors, s->n);
        break;
    default:
        return false;
    }
    return true;
}

/* ---- running ---- */

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
    world_set_up(c);
    run_steps();
    world_check_leftovers();
    world_tear_down();
}

void machine_run_without_memory(const struct machine_case *c)
{
    unsigned n = 1;
    for (bool failed = true; failed; n++) {
        world_set_up(c);
        fake_mem_plan(n);
        run_steps();
        failed = fake_mem_has_failed();
        fake_mem_plan(0);
        world_check_leftovers();
        world_tear_down();
    }
    assert_true(n > 2); /* otherwise nothing was shown */
}
