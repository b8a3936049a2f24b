/* log_ring: lines from one thread to the log's writer, without a lock. One thread pushes, one pops.
 */
#ifndef SLUICE_BASE_LOG_RING_H
#define SLUICE_BASE_LOG_RING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log_line.h"

#define LOG_RING_BYTES ((size_t)256 * 1024) /* a power of two */
/* The rest is kept for errors, which a burst of access lines must not push out. */
#define LOG_RING_ACCESS_BYTES (LOG_RING_BYTES / 4 * 3)
#define CACHE_LINE 64

/* Zeroed memory is an empty ring. The positions count bytes since the beginning of time; what they
 * count modulo LOG_RING_BYTES is where the byte is. */
struct log_ring {
    _Alignas(CACHE_LINE) _Atomic size_t head; /* written by the pushing thread only */
    _Alignas(CACHE_LINE) _Atomic size_t tail; /* written by the popping thread only */
    _Alignas(CACHE_LINE) char bytes[LOG_RING_BYTES];
};

/* False when there is no room for the whole line: nothing was stored. */
bool log_ring_push(struct log_ring *ring, const struct log_line *line);
bool log_ring_is_half_full(const struct log_ring *ring);

/* Where the newest line ends now. */
size_t log_ring_end(const struct log_ring *ring);
/* The oldest line, copied to `memory`, unless it lies past `end` (an earlier log_ring_end(), which
 * keeps a busy thread from holding the popping one for ever). */
bool log_ring_pop(struct log_ring *ring, size_t end, char memory[static LOG_ACCESS_LINE_MAX],
    struct log_line *ret_line);
bool log_ring_is_empty(const struct log_ring *ring);

#endif
