/* chunk: the 16 KiB blocks in which bytes wait, and only then: a connection holds chunks while its
 * peer cannot take bytes, never when idle. A worker has one pool; all of it belongs to that thread.
 */
#ifndef SLUICE_NET_CHUNK_H
#define SLUICE_NET_CHUNK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* A full TLS record with its header and tag fits into one. */
#define CHUNK_BYTES (16u * 1024u + 512u)

struct chunk {
    struct chunk *next;
    unsigned begin, end; /* bytes[begin..end) are waiting */
    unsigned char bytes[CHUNK_BYTES];
};

/* What the blocks in use of all workers may take together. Any thread. */
struct chunk_budget {
    _Alignas(64) _Atomic size_t used, limit; /* bytes */
};

/* In use, as a share of the limit. */
unsigned chunk_budget_percent(const struct chunk_budget *budget);

/* Keeps a bounded number of free blocks, gives the rest back. */
struct chunk_pool {
    struct chunk_budget *budget; /* NULL: none; set before the first use */
    struct chunk *free;
    size_t n_free, n_used;
};

void chunk_pool_init(struct chunk_pool *pool);
void chunk_pool_fini(struct chunk_pool *pool); /* nothing may be in use */

/* A queue of bytes, empty when zeroed. */
struct chunk_queue {
    struct chunk *head, *tail;
    size_t bytes;
};

/* Copies n bytes to the end; all or nothing. False: out of memory, or of budget. */
bool chunk_queue_append(
    struct chunk_pool *pool, struct chunk_queue *q, const void *bytes, size_t n);
/* The longest run at the front: its length, 0 when empty. */
size_t chunk_queue_peek(const struct chunk_queue *q, const unsigned char **ret_bytes);
void chunk_queue_consume(struct chunk_pool *pool, struct chunk_queue *q, size_t n); /* n <= bytes */
void chunk_queue_clear(struct chunk_pool *pool, struct chunk_queue *q);

#endif
