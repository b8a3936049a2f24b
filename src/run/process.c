#include "run/process.h"

#include <assert.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"
#include "net/reserve.h"
#include "run/limits.h"
#include "run/privileges.h"
#include "run/reload.h"

#define LOG_FLUSH_US (2 * US_PER_S)

/* ---- the end ---- */

static void tell_all(struct process *p, enum message_kind kind, size_t message_offset)
{
    for (unsigned i = 0; i < p->crew.n_workers; i++) {
        struct worker *w = p->crew.workers[i];
        mailbox_post(&w->box, kind, (struct message *)(void *)((char *)w + message_offset));
    }
}

static void stop_now(struct process *p)
{
    p->stopping = true;
    loop_break(&p->loop);
}

void process_fail(struct process *p)
{
    p->exit_status = 1;
    stop_now(p);
}

static uint64_t count_live(const struct process *p)
{
    uint64_t live = 0;
    for (unsigned i = 0; i < p->crew.n_workers; i++)
        live += atomic_load_explicit(&p->crew.workers[i]->live, memory_order_relaxed);
    return live;
}

static bool any_listening(const struct process *p)
{
    for (unsigned i = 0; i < p->crew.n_workers; i++)
        if (atomic_load(&p->crew.workers[i]->listening))
            return true;
    return false;
}

static void check_drained(struct process *p)
{
    if (!p->stopping || any_listening(p))
        return;
    if (p->current)
        snapshot_release_listens(p->current); /* from here on clients are refused */
    if (count_live(p))
        return;
    log_info("drained: no connection is left");
    stop_now(p);
}

static void on_grace_over(void *owner)
{
    struct process *p = owner;
    uint64_t live = count_live(p);
    if (live)
        log_warn("shutdown-grace is over: %" PRIu64 " connections are closed", live);
    stop_now(p);
}

/* TERM, QUIT: new clients are not accepted, the others may end. A second one may be the same wish
 * by another way: timeout(1) and others signal the process and then its group. */
static void begin_drain(struct process *p, int number)
{
    if (p->stopping) {
        log_info("%s again: %" PRIu64 " connections are left; INT stops at once", strsignal(number),
            count_live(p));
        return;
    }
    p->stopping = true;
    log_info("%s: draining %" PRIu64 " connections", strsignal(number), count_live(p));
    tell_all(p, MESSAGE_DRAIN, offsetof(struct worker, drain));
    watch_timer_start(
        &p->loop, &p->grace, p->current ? p->current->conf->global.shutdown_grace_us : 0);
}

static void interrupt(struct process *p, const char *why)
{
    log_info("%s: stopping now", why);
    stop_now(p);
}

/* ---- signals and messages ---- */

static void reopen_logs(void)
{
    struct err err;
    if (log_reopen(&err) < 0)
        log_error("a log cannot be opened again and goes on as it was: %s", err.context);
    else
        log_info("logs opened again");
}

static void on_signal(void *owner, int number)
{
    struct process *p = owner;
    switch (number) {
    case SIGHUP:
        if (p->text)
            interrupt(p, "the terminal is gone"); /* there is no file to read again */
        else
            reload_request(p);
        break;
    case SIGUSR1:
        reopen_logs();
        break;
    case SIGTERM:
    case SIGQUIT:
        begin_drain(p, number);
        break;
    case SIGINT:
        interrupt(p, "interrupted");
        break;
    default:
        log_warn("%s means nothing to this program", strsignal(number));
    }
}

static void on_message(void *owner, struct message *message)
{
    struct process *p = owner;
    if (message->kind == MESSAGE_PREPARED) {
        reload_on_prepared(p, CONTAINER_OF(message, struct prepare, message));
        return;
    }
    assert(message->kind == MESSAGE_UNUSED);
    struct unused *unused = CONTAINER_OF(message, struct unused, message);
    snapshot_unref(unused->snapshot);
    mem_free(unused);
}

static void on_wake(void *owner)
{
    struct process *p = owner;
    reload_check_settled(p);
    check_drained(p);
}

/* ---- the workers ---- */

static int make_workers(struct process *p, unsigned n, struct err *ret_err)
{
    p->crew.workers = mem_array(n, sizeof *p->crew.workers);
    if (!p->crew.workers) {
        err_set(ret_err, ERR_MEMORY, "no memory for workers");
        return -1;
    }
    for (unsigned i = 0; i < n; i++) {
        uint64_t seed;
        if (sys_getrandom(&seed, sizeof seed) != sizeof seed)
            seed = (uint64_t)clock_wall(p->crew.clock) + i; /* jitter, not secrets */
        struct worker *w = worker_new(&p->crew, i, seed, ret_err);
        if (!w)
            return -1;
        p->crew.workers[p->crew.n_workers++] = w;
    }
    return 0;
}

static int start_workers(struct process *p, struct err *ret_err)
{
    for (unsigned i = 0; i < p->crew.n_workers; i++)
        if (worker_start(p->crew.workers[i], ret_err) < 0)
            return -1;
    return 0;
}

static void log_totals(const struct process *p)
{
    struct counters sum = {0};
    uint64_t closed = 0;
    for (unsigned i = 0; i < p->crew.n_workers; i++)
        counters_add(&sum, &p->crew.workers[i]->ctx.counters);
    for (int i = 0; i < CLOSE_REASONS; i++)
        closed += sum.closed[i];
    log_info("stopped: %" PRIu64 " connections accepted, %" PRIu64 " ended, %" PRIu64
             " bytes in, %" PRIu64 " bytes out, %" PRIu64 " dials, %" PRIu64 " log lines lost",
        sum.accepted, closed, sum.bytes_in, sum.bytes_out, sum.dials, log_dropped());
}

static void end_workers(struct process *p)
{
    tell_all(p, MESSAGE_STOP, offsetof(struct worker, stop));
    for (unsigned i = 0; i < p->crew.n_workers; i++)
        worker_join(p->crew.workers[i]);
    mailbox_close(&p->box); /* the last views */
    log_totals(p);
    reload_fini(p);
    snapshot_unref(p->current);
    for (unsigned i = 0; i < p->crew.n_workers; i++)
        worker_free(p->crew.workers[i]);
    mem_free(p->crew.workers);
}

/* ---- the beginning ---- */

static int init_assets(struct process *p, const struct conf *conf, struct err *ret_err)
{
    unsigned char secret[TICKET_SECRET_BYTES];
    if (sys_getrandom(secret, sizeof secret) != sizeof secret) {
        err_set(ret_err, ERR_SYSTEM, "the kernel gives no random bytes");
        return -1;
    }
    assets_init(&p->assets, limits_threads(&conf->global), p->identity.uid, p->crew.clock, secret);
    explicit_bzero(secret, sizeof secret);
    return 0;
}

/* Everything that is needed before the first configuration can go its way; that one opens its ports
 * while we may still be root. */
static int begin(struct process *p, struct conf *conf, struct problems *problems)
{
    struct err err;
    unsigned n = p->assets.n_workers;
    if (make_workers(p, n, &err) < 0) {
        conf_free(conf);
    } else {
        if (reload_build(p, conf, problems) < 0)
            return -1;
        listen_sets_give(&p->assets.listen_sets, p->identity.uid);
        if (privileges_drop(&p->identity, &err) == 0 && start_workers(p, &err) == 0)
            return reload_publish(p, problems);
    }
    problems_error(problems, (struct where){0}, "%s", err.context);
    return -1;
}

/* As the user that will open the files again: what he may not do shows now, not with the first
 * SIGUSR1. Back to root also when he may not: between two identities nobody can look into the
 * program, not even LeakSanitizer from inside. */
static int start_log_as_user(const struct process *p, const struct conf_global *g,
    enum log_stream *ret_whose, struct err *ret_err)
{
    struct err err;
    if (privileges_step_down(&p->identity, ret_err) < 0)
        return -1;
    int rc = log_start(&g->log, &g->access_log, p->crew.clock, ret_whose, ret_err);
    if (privileges_step_up(&p->identity, &err) == 0)
        return rc;
    *ret_err = err;
    return -1;
}

static int start_log(const struct process *p, const struct conf *conf, struct problems *problems)
{
    const struct conf_global *g = &conf->global;
    enum log_stream whose = LOG_ERRORS;
    struct err err;
    log_set_level(g->log_level);
    if (start_log_as_user(p, g, &whose, &err) == 0)
        return 0;
    if (p->identity.change)
        err_prefix(&err, "as uid %u", (unsigned)p->identity.uid);
    reload_tell_log(conf, whose, &err, problems);
    return -1;
}

static int run_loop(struct process *p, struct conf *conf, struct problems *problems)
{
    mailbox_open(&p->box, &p->loop, on_message, on_wake, p);
    watch_timer_init(&p->grace, on_grace_over, p);
    int rc = begin(p, conf, problems);
    reload_log_problems(problems);
    if (rc == 0)
        loop_run(&p->loop);
    end_workers(p);
    watch_timer_stop(&p->loop, &p->grace);
    return rc;
}

static int run_with_loop(
    struct process *p, struct conf *conf, struct problems *problems, struct err *ret_err)
{
    if (loop_init(&p->loop, ret_err) < 0 ||
        signals_watch(&p->signals, &p->loop, on_signal, p, ret_err) < 0) {
        loop_fini(&p->loop);
        conf_free(conf);
        return -1;
    }
    if (run_loop(p, conf, problems) < 0)
        p->exit_status = 2;
    watch_signals_stop(&p->signals);
    loop_fini(&p->loop);
    return 0;
}

static int run_with_tls(
    struct process *p, struct conf *conf, struct problems *problems, struct err *ret_err)
{
    struct libctx *libctx = libctx_enter(ret_err); /* for reading certificates */
    if (!libctx || init_assets(p, conf, ret_err) < 0) {
        libctx_leave(libctx);
        conf_free(conf);
        return -1;
    }
    int rc = run_with_loop(p, conf, problems, ret_err);
    reserve_drop();
    assets_fini(&p->assets);
    libctx_leave(libctx);
    return rc;
}

static void run_with_log(struct process *p, struct conf *conf, struct problems *problems)
{
    struct err err;
    if (run_with_tls(p, conf, problems, &err) == 0)
        return;
    log_error("cannot start: %s", err.context);
    p->exit_status = 1;
}

int process_run(struct process *p, struct conf *conf)
{
    struct problems problems;
    problems_init(&problems);
    p->crew.clock = clock_system();
    p->crew.main_box = &p->box;
    if (privileges_resolve(&conf->global, &p->identity, &problems) < 0) {
        reload_log_problems(&problems);
        p->exit_status = 2;
        conf_free(conf);
    } else if (start_log(p, conf, &problems) < 0) {
        reload_log_problems(&problems);
        p->exit_status = 1;
        conf_free(conf);
    } else {
        run_with_log(p, conf, &problems);
    }
    problems_fini(&problems);
    log_stop(LOG_FLUSH_US);
    return p->exit_status;
}

const struct addr *process_first_address(const struct process *p)
{
    return &p->current->listens[0].set->addr;
}
