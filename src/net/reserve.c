#include "net/reserve.h"

#include <stdatomic.h>
#include <stddef.h>

#include "base/log.h"
#include "base/mem.h"

/* Of libev's arrays a connection has two descriptors (16 bytes each), two timers (16) and its share
 * of lists of changes and events (24 a descriptor); an array that grows doubles. */
#define BYTES_PER_CONNECTION 256u

static _Atomic(void *) held;
static _Atomic(size_t) held_bytes; /* wanted; 0: never set */

int reserve_set(uint64_t n_connections)
{
    size_t bytes = (size_t)n_connections * BYTES_PER_CONNECTION;
    void *fresh = mem_alloc(bytes);
    if (!fresh)
        return -1;
    mem_free(atomic_exchange(&held, fresh));
    atomic_store(&held_bytes, bytes);
    return 0;
}

void reserve_drop(void)
{
    atomic_store(&held_bytes, 0);
    mem_free(atomic_exchange(&held, NULL));
}

bool reserve_is_there(void)
{
    size_t bytes = atomic_load_explicit(&held_bytes, memory_order_relaxed);
    if (!bytes || atomic_load_explicit(&held, memory_order_relaxed))
        return true;
    void *fresh = mem_alloc(bytes), *none = NULL;
    if (fresh && !atomic_compare_exchange_strong(&held, &none, fresh))
        mem_free(fresh); /* another thread was faster */
    return fresh != NULL;
}

/* Whoever comes second finds what the first one gave back. */
static void give_up(void)
{
    mem_free(atomic_exchange(&held, NULL));
    log_warn("memory is short: the event loops live on what was set aside for them");
}

void *reserve_resize(void *old, long size)
{
    void *p = mem_library_resize(MEM_LIBEV, old, (size_t)size);
    if (p || !size)
        return p;
    give_up();
    return mem_library_resize(MEM_LIBEV, old, (size_t)size);
}
