#include "run/worker_listeners.h"

#include "base/log.h"
#include "base/mem.h"
#include "net/reserve.h"
#include "net/sock.h"
#include "proxy/session.h"
#include "proxy/shed.h"

/* Clients that were halfway through the TCP handshake when an address was given up have so long to
 * finish it. */
#define RETIRE_US (300 * US_PER_MS)

/* A connection goes to another worker when that one has so many fewer: the kernel's hash alone
 * leaves workers unevenly loaded, above all with few long connections. */
#define HANDOVER_SLACK(mean) (2u + (mean) / 32u)

struct worker_listener {
    struct list entry;
    struct worker *worker;
    struct listener listener;
    const struct listen_set *set;
    struct view *view;                    /* counted */
    const struct snapshot_listen *listen; /* of the view's snapshot */
    bool kept, retiring;
};

/* ---- who serves it ---- */

static unsigned live_of(const struct worker *w)
{
    return atomic_load_explicit(&w->live, memory_order_relaxed);
}

/* Others follow a new configuration a moment before or after us: meanwhile they know other
 * addresses. */
static bool is_in_step(const struct worker *a, const struct worker *b)
{
    return atomic_load(&a->version) == atomic_load(&b->version);
}

static struct worker *least_loaded(struct worker *self)
{
    const struct crew *crew = self->crew;
    struct worker *least = self;
    unsigned long sum = 0;
    for (unsigned i = 0; i < crew->n_workers; i++) {
        struct worker *w = crew->workers[i];
        sum += live_of(w);
        if (live_of(w) < live_of(least) && is_in_step(w, self))
            least = w;
    }
    unsigned mean = (unsigned)(sum / crew->n_workers);
    return live_of(self) >= live_of(least) + HANDOVER_SLACK(mean) ? least : self;
}

static bool hand_over(
    const struct worker_listener *wl, struct worker *to, int fd, const struct addr *peer)
{
    struct adopt *adopt = mem_alloc(sizeof *adopt);
    if (!adopt)
        return false;
    *adopt = (struct adopt){.fd = fd, .set = wl->set, .peer = *peer};
    atomic_fetch_add_explicit(&to->live, 1, memory_order_relaxed);
    counter_add(&wl->worker->ctx.counters.handed_over, 1);
    mailbox_post(&to->box, MESSAGE_ADOPT, &adopt->message);
    return true;
}

static void serve(const struct worker_listener *wl, int fd, const struct addr *peer)
{
    struct worker *w = wl->worker;
    /* A session counts itself off at its end. */
    if (!session_open(&w->ctx, wl->view, wl->listen, fd, peer))
        atomic_fetch_sub_explicit(&w->live, 1, memory_order_relaxed);
}

static void on_accept(void *owner, int fd, const struct addr *peer)
{
    struct worker_listener *wl = owner;
    struct worker *w = wl->worker;
    struct worker *to = wl->retiring ? w : least_loaded(w);
    if (wl->retiring)
        listen_fd_let_in(fd, &wl->listener.addr);
    if (to != w && hand_over(wl, to, fd, peer))
        return;
    atomic_fetch_add_explicit(&w->live, 1, memory_order_relaxed);
    serve(wl, fd, peer);
}

static struct worker_listener *find(struct list *listeners, const struct listen_set *set)
{
    LIST_EACH_SAFE(it, tmp, listeners)
    {
        struct worker_listener *wl = CONTAINER_OF(it, struct worker_listener, entry);
        if (wl->set == set)
            return wl;
    }
    return NULL;
}

void worker_adopt(struct worker *w, struct adopt *adopt)
{
    /* The address was known here when the connection was sent. It may have been given up since: its
     * listener is there until the queue is served, which takes longer than a message. */
    const struct worker_listener *wl = find(&w->listeners, adopt->set);
    if (wl) {
        serve(wl, adopt->fd, &adopt->peer);
    } else {
        sock_reset(adopt->fd);
        atomic_fetch_sub_explicit(&w->live, 1, memory_order_relaxed);
    }
    mem_free(adopt);
}

static const char *what_is_full(void *owner)
{
    const struct worker_listener *wl = owner;
    const struct crew *crew = wl->worker->crew;
    uint64_t live = 0;
    for (unsigned i = 0; i < crew->n_workers; i++)
        live += live_of(crew->workers[i]);
    if (live >= atomic_load_explicit(&crew->max_connections, memory_order_relaxed))
        return "max-connections is reached";
    if (chunk_budget_percent(&crew->buffers) >= SHED_NO_ACCEPT_PERCENT)
        return "memory-limit is nearly reached";
    if (!reserve_is_there())
        return "memory is short";
    return NULL;
}

/* ---- following the snapshot ---- */

static void listener_close(struct worker_listener *wl)
{
    listener_stop(&wl->listener);
    list_remove(&wl->entry);
    view_unref(wl->view);
    mem_free(wl);
}

static void tell_main(struct worker *w)
{
    bool listening = !list_is_empty(&w->listeners);
    bool retiring = false;
    LIST_EACH_SAFE(it, tmp, &w->listeners)
    retiring |= CONTAINER_OF(it, struct worker_listener, entry)->retiring;
    atomic_store(&w->listening, listening);
    atomic_store(&w->retiring, retiring);
    mailbox_wake(w->crew->main_box);
}

static void on_retire_over(void *owner)
{
    struct worker *w = owner;
    LIST_EACH_SAFE(it, tmp, &w->listeners)
    {
        struct worker_listener *wl = CONTAINER_OF(it, struct worker_listener, entry);
        if (!wl->retiring)
            continue;
        if (wl->listener.fd >= 0)
            listener_drain(&wl->listener);
        listener_close(wl);
    }
    tell_main(w);
}

static void retire(struct worker_listener *wl)
{
    struct worker *w = wl->worker;
    if (wl->retiring)
        return;
    wl->retiring = true;
    watch_timer_start(&w->loop, &w->retire_timer, RETIRE_US);
    if (wl->listener.fd < 0)
        return;
    listen_fd_retire(wl->listener.fd, &wl->listener.addr);
    listener_drain(&wl->listener);
}

void worker_listeners_init(struct worker *w)
{
    watch_timer_init(&w->retire_timer, on_retire_over, w);
}

/* A worker without a socket of its own at the address (a UNIX path has one in all) has an entry all
 * the same: it tells the frontend of what is adopted from there. */
static struct worker_listener *listener_new(struct worker *w, const struct listen_set *set)
{
    struct worker_listener *wl = mem_zalloc(sizeof *wl);
    if (!wl)
        return NULL;
    wl->worker = w;
    wl->set = set;
    listener_init(&wl->listener, &w->loop, listen_set_fd(set, w->number), &set->addr, on_accept,
        what_is_full, wl);
    return wl;
}

int worker_listeners_prepare(struct worker *w, const struct snapshot *snapshot, struct err *ret_err)
{
    for (size_t i = 0; i < snapshot->n_listens; i++) {
        const struct listen_set *set = snapshot->listens[i].set;
        if (find(&w->listeners, set))
            continue;
        struct worker_listener *wl = listener_new(w, set);
        if (!wl) {
            err_set(ret_err, ERR_MEMORY, "no memory for a listener");
            return -1;
        }
        list_append(&w->prepared_listeners, &wl->entry);
    }
    return 0;
}

void worker_listeners_abandon(struct worker *w)
{
    LIST_EACH_SAFE(it, tmp, &w->prepared_listeners)
    listener_close(CONTAINER_OF(it, struct worker_listener, entry));
}

static void listener_take(
    struct worker_listener *wl, struct view *view, const struct snapshot_listen *listen)
{
    view_ref(view);
    view_unref(wl->view);
    wl->view = view;
    wl->listen = listen;
    wl->kept = true;
}

void worker_listeners_follow(struct worker *w, struct view *view)
{
    LIST_EACH_SAFE(it, tmp, &w->prepared_listeners)
    {
        list_remove(it);
        list_append(&w->listeners, it);
    }
    LIST_EACH_SAFE(it, tmp, &w->listeners)
    CONTAINER_OF(it, struct worker_listener, entry)->kept = false;
    for (size_t i = 0; i < view->snapshot->n_listens; i++) {
        const struct snapshot_listen *listen = &view->snapshot->listens[i];
        listener_take(find(&w->listeners, listen->set), view, listen);
    }
    LIST_EACH_SAFE(it, tmp, &w->listeners)
    {
        struct worker_listener *wl = CONTAINER_OF(it, struct worker_listener, entry);
        if (wl->kept)
            listener_start(&wl->listener);
        else
            retire(wl);
    }
    atomic_store(&w->version, view->snapshot->version);
    tell_main(w);
}

void worker_listeners_retire_all(struct worker *w)
{
    LIST_EACH_SAFE(it, tmp, &w->listeners)
    retire(CONTAINER_OF(it, struct worker_listener, entry));
    tell_main(w);
}

void worker_listeners_close_all(struct worker *w)
{
    watch_timer_stop(&w->loop, &w->retire_timer);
    LIST_EACH_SAFE(it, tmp, &w->listeners)
    listener_close(CONTAINER_OF(it, struct worker_listener, entry));
}
