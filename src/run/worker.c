#include "run/worker.h"

#include <assert.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/sys.h"
#include "proxy/session.h"
#include "proxy/shed.h"
#include "run/privileges.h"
#include "run/worker_listeners.h"

/* ---- sessions ---- */

static void on_session_closed(void *owner)
{
    struct worker *w = owner;
    unsigned left = atomic_fetch_sub_explicit(&w->live, 1, memory_order_relaxed) - 1;
    if (w->draining && !left)
        mailbox_wake(w->crew->main_box);
}

static void on_turn(void *owner)
{
    struct worker *w = owner;
    shed_stalled(&w->ctx, &w->crew->buffers);
    context_sweep(&w->ctx);
}

static void close_sessions(struct worker *w)
{
    context_tick(&w->ctx);
    LIST_EACH_SAFE(it, tmp, &w->ctx.sessions)
    session_close(CONTAINER_OF(it, struct session, entry), CLOSE_SHUTDOWN, NULL);
    context_sweep(&w->ctx);
}

/* ---- snapshots ---- */

/* Posted when the view's last user is gone; made together with the view, so that it cannot fail
 * then. */
static void on_view_unused(void *owner, struct snapshot *snapshot)
{
    struct unused *unused = owner;
    unused->snapshot = snapshot;
    mailbox_post(unused->worker->crew->main_box, MESSAGE_UNUSED, &unused->message);
}

static struct view *make_view(struct worker *w, struct snapshot *snapshot, struct err *ret_err)
{
    if (!w->tls) {
        *ret_err = w->start_err;
        return NULL;
    }
    struct unused *unused = mem_zalloc(sizeof *unused);
    if (!unused) {
        err_set(ret_err, ERR_MEMORY, "no memory for a worker's view of the configuration");
        return NULL;
    }
    unused->worker = w;
    struct view *view = view_new(snapshot, w->tls, on_view_unused, unused, ret_err);
    if (!view)
        mem_free(unused);
    return view;
}

static void on_prepare(struct worker *w, struct prepare *p)
{
    assert(!w->prepared);
    /* The view last: with it the reference is ours to give back, and without it main's. */
    if (worker_listeners_prepare(w, p->snapshot, &p->err) == 0)
        w->prepared = make_view(w, p->snapshot, &p->err);
    p->ok = w->prepared != NULL;
    mailbox_post(w->crew->main_box, MESSAGE_PREPARED, &p->message);
}

static void on_commit(struct worker *w)
{
    struct view *old = w->view;
    w->view = w->prepared;
    w->prepared = NULL;
    worker_listeners_follow(w, w->view);
    view_unref(old);
}

static void on_abandon(struct worker *w)
{
    worker_listeners_abandon(w);
    view_unref(w->prepared);
    w->prepared = NULL;
}

/* ---- messages ---- */

static void on_message(void *owner, struct message *message)
{
    struct worker *w = owner;
    switch (message->kind) {
    case MESSAGE_PREPARE:
        on_prepare(w, CONTAINER_OF(message, struct prepare, message));
        break;
    case MESSAGE_COMMIT:
        on_commit(w);
        break;
    case MESSAGE_ABANDON:
        on_abandon(w);
        break;
    case MESSAGE_ADOPT:
        worker_adopt(w, CONTAINER_OF(message, struct adopt, message));
        break;
    case MESSAGE_DRAIN:
        w->draining = true;
        worker_listeners_retire_all(w);
        break;
    case MESSAGE_STOP:
        loop_break(&w->loop);
        break;
    case MESSAGE_PREPARED:
    case MESSAGE_UNUSED:
        assert(0 && "a message for main");
    }
}

/* ---- the thread ---- */

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    char name[16];
    struct err err;
    snprintf(name, sizeof name, "w%u", w->number + 1);
    if (log_thread_init(name, &err) < 0)
        log_warn("worker %s shares the log with others: %s", name, err.context);
    if (privileges_drop_in_worker(&w->start_err) == 0)
        w->tls = tls_thread_new(&w->start_err);
    loop_run(&w->loop);
    worker_listeners_close_all(w);
    close_sessions(w);
    on_abandon(w);
    view_unref(w->view);
    watch_turn_stop(&w->loop, &w->turn);
    tls_thread_free(w->tls);
    log_thread_fini();
    return NULL;
}

struct worker *worker_new(struct crew *crew, unsigned number, uint64_t seed, struct err *ret_err)
{
    struct worker *w = mem_aligned(_Alignof(struct worker), sizeof *w);
    if (!w) {
        err_set(ret_err, ERR_MEMORY, "no memory for a worker");
        return NULL;
    }
    *w = (struct worker){.number = number, .crew = crew};
    list_init(&w->listeners);
    list_init(&w->prepared_listeners);
    w->io = mem_alloc(sizeof *w->io);
    if (!w->io) {
        err_set(ret_err, ERR_MEMORY, "no memory for a worker's buffers");
        goto fail;
    }
    io_init(w->io, &w->loop);
    w->io->chunks.budget = &crew->buffers;
    if (loop_init(&w->loop, ret_err) < 0)
        goto fail;
    context_init(&w->ctx, w->io, crew->clock, seed, number + 1);
    w->ctx.on_session_closed = on_session_closed;
    w->ctx.owner = w;
    worker_listeners_init(w);
    mailbox_open(&w->box, &w->loop, on_message, NULL, w);
    watch_turn_start(&w->loop, &w->turn, on_turn, w);
    return w;
fail:
    worker_free(w);
    return NULL;
}

int worker_start(struct worker *w, struct err *ret_err)
{
    if (sys_thread_create(&w->thread, worker_main, w) < 0) {
        err_set_errno(ret_err, errno, "cannot start a worker thread");
        return -1;
    }
    w->thread_started = true;
    return 0;
}

void worker_join(struct worker *w)
{
    if (w->thread_started)
        pthread_join(w->thread, NULL);
    w->thread_started = false;
}

void worker_free(struct worker *w)
{
    if (!w)
        return;
    if (w->box.loop)
        mailbox_close(&w->box); /* connections that another worker sent here at the last moment */
    if (w->io)
        io_fini(w->io);
    loop_fini(&w->loop);
    mem_free(w->io);
    mem_free(w);
}
