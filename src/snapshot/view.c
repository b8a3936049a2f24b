#include "snapshot/view.h"

#include "base/mem.h"

static void view_free(struct view *view)
{
    for (size_t i = 0; view->contexts && i < view->snapshot->n_frontends; i++)
        tls_context_free(view->contexts[i]);
    mem_free(view->contexts);
    mem_free(view);
}

struct view *view_new(struct snapshot *snapshot, struct tls_thread *tls,
    void (*on_unused)(void *owner, struct snapshot *snapshot), void *owner, struct err *ret_err)
{
    struct view *view = mem_zalloc(sizeof *view);
    if (!view) {
        err_set(ret_err, ERR_MEMORY, "no memory for a worker's view of the configuration");
        return NULL;
    }
    *view = (struct view){.snapshot = snapshot, .refs = 1, .on_unused = on_unused, .owner = owner};
    view->contexts = mem_array(snapshot->n_frontends, sizeof *view->contexts);
    if (!view->contexts) {
        err_set(ret_err, ERR_MEMORY, "no memory for a worker's view of the configuration");
        goto fail;
    }
    for (size_t i = 0; i < snapshot->n_frontends; i++) {
        const struct frontend *f = &snapshot->frontends[i];
        if (!frontend_is_tls(f))
            continue;
        view->contexts[i] = tls_context_new(tls, &f->policy, ret_err);
        if (!view->contexts[i])
            goto fail;
    }
    return view;
fail:
    view_free(view);
    return NULL;
}

struct view *view_ref(struct view *view)
{
    view->refs++;
    return view;
}

void view_unref(struct view *view)
{
    if (!view || --view->refs)
        return;
    struct snapshot *snapshot = view->snapshot;
    void (*on_unused)(void *, struct snapshot *) = view->on_unused;
    void *owner = view->owner;
    view_free(view);
    on_unused(owner, snapshot);
}
