#include "run/reload.h"

#include <assert.h>
#include <inttypes.h>
#include <malloc.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/reserve.h"
#include "run/limits.h"

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

void reload_log_problems(const struct problems *problems)
{
    for (size_t i = 0; i < problems->n; i++) {
        const struct problem *item = &problems->items[i];
        if (item->kind == PROBLEM_ERROR)
            log_event(LOG_LEVEL_ERROR, "%s", item->text);
        else
            log_event(LOG_LEVEL_WARNING, "%s", item->text);
    }
}

void reload_tell_log(const struct conf *conf, enum log_stream whose, const struct err *err,
    struct problems *problems)
{
    if (whose == LOG_ERRORS)
        problems_error(problems, conf->global.log_where, "log: %s", err->context);
    else
        problems_error(problems, conf->global.access_log_where, "access-log: %s", err->context);
}

/* ---- what cannot change while the program runs ---- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

/* Two times auto is no change, whatever the machine has become meanwhile. */
static void refuse_threads(
    const struct process *p, const struct conf_global *next, struct problems *problems)
{
    unsigned n = limits_threads(next);
    bool both_auto = !next->threads && !p->current->conf->global.threads;
    if (!both_auto && n != p->crew.n_workers)
        problems_error(problems, next->threads_where,
            "threads = %s%u: the program runs with %u; restart it to change that",
            next->threads ? "" : "auto, here ", n, p->crew.n_workers);
}

static void refuse_changes(
    const struct process *p, const struct conf *next, struct problems *problems)
{
    const struct conf *now = p->current->conf;
    refuse_threads(p, &next->global, problems);
    if (!same_text(now->global.user, next->global.user))
        problems_error(problems, next->global.user_where,
            "user cannot change while the program runs: restart it to change that");
}

/* ---- prepare ---- */

static bool ask_workers(struct process *p)
{
    struct reload *r = &p->reload;
    r->prepares = mem_array(p->crew.n_workers, sizeof *r->prepares);
    if (!r->prepares)
        return false;
    r->phase = RELOAD_PREPARING;
    r->failed = false;
    r->n_waiting = p->crew.n_workers;
    for (unsigned i = 0; i < p->crew.n_workers; i++) {
        struct prepare *prepare = &r->prepares[i];
        prepare->worker = p->crew.workers[i];
        prepare->snapshot = snapshot_ref(r->next); /* the worker's, if it says yes */
        mailbox_post(&prepare->worker->box, MESSAGE_PREPARE, &prepare->message);
    }
    return true;
}

/* Last, because it takes effect at once; a log that cannot be opened refuses the reload. */
static int follow_logs(const struct conf *conf, struct problems *problems)
{
    struct err err;
    enum log_stream whose;
    if (log_retarget(&conf->global.log, &conf->global.access_log, &whose, &err) == 0)
        return 0;
    reload_tell_log(conf, whose, &err, problems);
    return -1;
}

/* Whether this machine has descriptors and memory for the connections. */
static int fit(struct process *p, const struct conf *conf, struct problems *problems)
{
    uint64_t *n = &p->reload.max_connections;
    if (limits_files(conf, p->crew.n_workers, n, problems) < 0)
        return -1;
    if (reserve_set(*n) == 0)
        return 0;
    problems_error(problems, conf->global.max_connections_where,
        "no memory for the event loops of %" PRIu64 " connections", *n);
    return -1;
}

int reload_build(struct process *p, struct conf *conf, struct problems *problems)
{
    struct reload *r = &p->reload;
    if (p->current)
        refuse_changes(p, conf, problems);
    if (fit(p, conf, problems) < 0 || problems_any(problems)) {
        conf_free(conf);
        return -1;
    }
    r->next = snapshot_build(conf, &p->assets, p->current, problems);
    if (!r->next)
        return -1;
    if (!p->current || follow_logs(conf, problems) == 0)
        return 0;
    snapshot_unref(r->next);
    r->next = NULL;
    return -1;
}

/* The logs go back to where they were, which worked before. */
static void forget_next(struct process *p)
{
    struct err err;
    enum log_stream whose;
    snapshot_unref(p->reload.next);
    p->reload.next = NULL;
    if (p->current)
        (void)log_retarget(
            &p->current->conf->global.log, &p->current->conf->global.access_log, &whose, &err);
}

int reload_publish(struct process *p, struct problems *problems)
{
    if (ask_workers(p))
        return 0;
    problems_error(
        problems, (struct where){p->reload.next->conf->path, 0}, "no memory for a reload");
    forget_next(p);
    return -1;
}

/* ---- all have answered ---- */

static void become_idle(struct process *p)
{
    p->reload.phase = RELOAD_IDLE;
    if (!p->reload.pending)
        return;
    p->reload.pending = false;
    reload_request(p);
}

static void tell_abandoned(struct process *p)
{
    if (p->stopping)
        log_event(LOG_LEVEL_INFO, "the configuration on its way is given up: the program stops");
    else if (p->current)
        log_event(LOG_LEVEL_ERROR, "reload refused: %s; configuration %u stays in force",
            p->reload.err.context, p->current->version);
    else
        log_event(LOG_LEVEL_ERROR, "cannot start: %s", p->reload.err.context);
}

/* Also when the program stops meanwhile: addresses that were bound for it must not take clients
 * whom nobody will serve. */
static void abandon(struct process *p)
{
    struct reload *r = &p->reload;
    for (unsigned i = 0; i < p->crew.n_workers; i++) {
        struct worker *w = p->crew.workers[i];
        /* A worker that made its view gives its reference back by MESSAGE_UNUSED. */
        if (!r->prepares[i].ok)
            snapshot_unref(r->next);
        mailbox_post(&w->box, MESSAGE_ABANDON, &w->abandon);
    }
    forget_next(p);
    tell_abandoned(p);
    if (!p->current && !p->stopping)
        process_fail(p);
}

static void commit(struct process *p)
{
    struct reload *r = &p->reload;
    atomic_store_explicit(&p->crew.max_connections, r->max_connections, memory_order_relaxed);
    atomic_store_explicit(
        &p->crew.buffers.limit, r->next->conf->global.memory_limit_bytes, memory_order_relaxed);
    for (unsigned i = 0; i < p->crew.n_workers; i++)
        mailbox_post(&p->crew.workers[i]->box, MESSAGE_COMMIT, &p->crew.workers[i]->commit);
    r->previous = p->current;
    p->current = r->next;
    r->next = NULL;
    r->phase = RELOAD_SETTLING;
    log_set_level(p->current->conf->global.log_level);
}

void reload_on_prepared(struct process *p, struct prepare *prepare)
{
    struct reload *r = &p->reload;
    if (!prepare->ok && !r->failed) {
        r->failed = true;
        r->err = prepare->err;
    }
    if (--r->n_waiting)
        return;
    if (!r->failed && !p->stopping && snapshot_start_listens(r->next, &r->err) < 0)
        r->failed = true;
    bool is_wanted = !r->failed && !p->stopping;
    if (is_wanted)
        commit(p);
    else
        abandon(p);
    mem_free(r->prepares);
    r->prepares = NULL;
    if (!is_wanted)
        become_idle(p);
}

/* ---- in force ---- */

static bool all_serve(const struct process *p)
{
    for (unsigned i = 0; i < p->crew.n_workers; i++)
        if (atomic_load(&p->crew.workers[i]->version) != p->current->version)
            return false;
    return true;
}

static bool none_retires(const struct process *p)
{
    for (unsigned i = 0; i < p->crew.n_workers; i++)
        if (atomic_load(&p->crew.workers[i]->retiring))
            return false;
    return true;
}

/* Said when all workers serve it; listeners that are gone may still be on their way out. */
static void announce(struct process *p)
{
    const struct snapshot *s = p->current;
    if (s->version == 1) {
        log_event(LOG_LEVEL_INFO, "ready: %zu listener%s, %u worker thread%s", s->n_listens,
            plural(s->n_listens), p->crew.n_workers, plural(p->crew.n_workers));
        if (p->on_ready)
            p->on_ready(p);
    } else {
        log_event(LOG_LEVEL_INFO, "configuration %u in force: %zu listener%s, %zu pool%s",
            s->version, s->n_listens, plural(s->n_listens), s->n_pools, plural(s->n_pools));
    }
    p->reload.announced = s->version;
}

void reload_check_settled(struct process *p)
{
    struct reload *r = &p->reload;
    if (r->phase != RELOAD_SETTLING || !all_serve(p))
        return;
    if (r->announced != p->current->version)
        announce(p);
    if (!none_retires(p))
        return;
    if (r->previous) {
        /* Its sessions go on; its sockets are no longer anybody's. */
        snapshot_release_listens(r->previous);
        snapshot_unref(r->previous);
        r->previous = NULL;
    }
    malloc_trim(0);
    become_idle(p);
}

void reload_request(struct process *p)
{
    struct reload *r = &p->reload;
    if (p->stopping) {
        log_event(LOG_LEVEL_INFO, "no reload: the program stops");
        return;
    }
    if (r->phase != RELOAD_IDLE) {
        r->pending = true;
        return;
    }
    struct problems problems;
    problems_init(&problems);
    struct conf *conf = conf_load(p->path, &problems);
    int rc = conf ? reload_build(p, conf, &problems) : -1;
    if (rc == 0)
        rc = reload_publish(p, &problems);
    reload_log_problems(&problems);
    if (rc < 0)
        log_event(LOG_LEVEL_ERROR,
            "reload refused: %zu error%s in %s; configuration %u stays in force", problems.n_errors,
            plural(problems.n_errors), p->path, p->current->version);
    problems_fini(&problems);
}

void reload_fini(struct process *p)
{
    struct reload *r = &p->reload;
    assert(!r->prepares); /* every worker has answered before it ended */
    snapshot_unref(r->next);
    snapshot_unref(r->previous);
    *r = (struct reload){0};
}
