#include "net/chunk.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif
#endif
#ifndef ASAN_POISON_MEMORY_REGION
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#define FREE_MAX 16u /* a quarter of a MiB a worker */

void chunk_pool_init(struct chunk_pool *pool)
{
    *pool = (struct chunk_pool){0};
}

void chunk_pool_fini(struct chunk_pool *pool)
{
    assert(pool->n_used == 0);
    while (pool->free) {
        struct chunk *c = pool->free;
        pool->free = c->next;
        ASAN_UNPOISON_MEMORY_REGION(c->bytes, sizeof c->bytes);
        mem_free(c);
    }
    pool->n_free = 0;
}

unsigned chunk_budget_percent(const struct chunk_budget *budget)
{
    size_t used = atomic_load_explicit(&budget->used, memory_order_relaxed);
    size_t limit = atomic_load_explicit(&budget->limit, memory_order_relaxed);
    return limit ? (unsigned)(used / (limit / 100 + 1)) : 0;
}

static bool charge(struct chunk_budget *budget)
{
    size_t cost = sizeof(struct chunk);
    if (!budget)
        return true;
    size_t before = atomic_fetch_add_explicit(&budget->used, cost, memory_order_relaxed);
    if (before + cost <= atomic_load_explicit(&budget->limit, memory_order_relaxed))
        return true;
    atomic_fetch_sub_explicit(&budget->used, cost, memory_order_relaxed);
    return false;
}

static void discharge(struct chunk_budget *budget)
{
    if (budget)
        atomic_fetch_sub_explicit(&budget->used, sizeof(struct chunk), memory_order_relaxed);
}

static struct chunk *chunk_take(struct chunk_pool *pool)
{
    if (!charge(pool->budget))
        return NULL;
    struct chunk *c = pool->free;
    if (c) {
        pool->free = c->next;
        pool->n_free--;
        ASAN_UNPOISON_MEMORY_REGION(c->bytes, sizeof c->bytes);
    } else {
        c = mem_alloc(sizeof *c);
        if (!c) {
            discharge(pool->budget);
            return NULL;
        }
    }
    c->next = NULL;
    c->begin = c->end = 0;
    pool->n_used++;
    return c;
}

static void chunk_give(struct chunk_pool *pool, struct chunk *c)
{
    pool->n_used--;
    discharge(pool->budget);
    if (pool->n_free >= FREE_MAX) {
        mem_free(c);
        return;
    }
    /* A free block that is still read is a bug that the pool must not hide (F70). */
    ASAN_POISON_MEMORY_REGION(c->bytes, sizeof c->bytes);
    c->next = pool->free;
    pool->free = c;
    pool->n_free++;
}

/* Fresh blocks for n bytes, linked; NULL when memory ends midway. */
static struct chunk *chunks_for(struct chunk_pool *pool, size_t n)
{
    struct chunk *list = NULL;
    for (size_t have = 0; have < n; have += CHUNK_BYTES) {
        struct chunk *c = chunk_take(pool);
        if (!c) {
            while ((c = list)) {
                list = c->next;
                chunk_give(pool, c);
            }
            return NULL;
        }
        c->next = list;
        list = c;
    }
    return list;
}

static size_t chunk_fill(struct chunk *c, const unsigned char *p, size_t n)
{
    size_t room = CHUNK_BYTES - c->end;
    size_t take = n < room ? n : room;
    memcpy(c->bytes + c->end, p, take);
    c->end += (unsigned)take;
    return take;
}

bool chunk_queue_append(struct chunk_pool *pool, struct chunk_queue *q, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    size_t room = q->tail ? CHUNK_BYTES - q->tail->end : 0;
    struct chunk *more = n > room ? chunks_for(pool, n - room) : NULL;
    if (n > room && !more)
        return false;
    q->bytes += n;
    if (room && n) {
        size_t take = chunk_fill(q->tail, p, n);
        p += take;
        n -= take;
    }
    while (more) {
        struct chunk *c = more;
        more = c->next;
        c->next = NULL;
        size_t take = chunk_fill(c, p, n);
        p += take;
        n -= take;
        if (q->tail)
            q->tail->next = c;
        else
            q->head = c;
        q->tail = c;
    }
    return true;
}

size_t chunk_queue_peek(const struct chunk_queue *q, const unsigned char **ret_bytes)
{
    if (!q->head)
        return 0;
    *ret_bytes = q->head->bytes + q->head->begin;
    return q->head->end - q->head->begin;
}

void chunk_queue_consume(struct chunk_pool *pool, struct chunk_queue *q, size_t n)
{
    assert(n <= q->bytes);
    q->bytes -= n;
    while (q->head) {
        struct chunk *c = q->head;
        size_t have = c->end - c->begin;
        if (n < have) {
            c->begin += (unsigned)n;
            return;
        }
        n -= have;
        q->head = c->next;
        if (!q->head)
            q->tail = NULL;
        chunk_give(pool, c);
    }
}

void chunk_queue_clear(struct chunk_pool *pool, struct chunk_queue *q)
{
    chunk_queue_consume(pool, q, q->bytes);
}
