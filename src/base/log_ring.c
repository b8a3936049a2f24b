/* log_ring: a byte ring of lines, each behind a small header. */
#include "base/log_ring.h"

#include <stdatomic.h>
#include <string.h>

struct header {
    uint16_t len;
    uint8_t stream, level, time_len;
};

static void copy_in(struct log_ring *ring, size_t at, const void *from, size_t n)
{
    size_t start = at % LOG_RING_BYTES;
    size_t first = n < LOG_RING_BYTES - start ? n : LOG_RING_BYTES - start;
    memcpy(ring->bytes + start, from, first);
    memcpy(ring->bytes, (const char *)from + first, n - first);
}

static void copy_out(const struct log_ring *ring, size_t at, void *to, size_t n)
{
    size_t start = at % LOG_RING_BYTES;
    size_t first = n < LOG_RING_BYTES - start ? n : LOG_RING_BYTES - start;
    memcpy(to, ring->bytes + start, first);
    memcpy((char *)to + first, ring->bytes, n - first);
}

bool log_ring_push(struct log_ring *ring, const struct log_line *line)
{
    size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    size_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    struct header h = {
        .len = (uint16_t)line->len,
        .stream = (uint8_t)line->stream,
        .level = (uint8_t)line->level,
        .time_len = (uint8_t)line->time_len,
    };
    size_t limit = line->stream == LOG_ACCESS ? LOG_RING_ACCESS_BYTES : LOG_RING_BYTES;
    if (head - tail + sizeof h + line->len > limit)
        return false;
    copy_in(ring, head, &h, sizeof h);
    copy_in(ring, head + sizeof h, line->text, line->len);
    /* Not just a release: log_queue must see either this line or that the writer sleeps. */
    atomic_store(&ring->head, head + sizeof h + line->len);
    return true;
}

bool log_ring_is_half_full(const struct log_ring *ring)
{
    size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    return atomic_load_explicit(&ring->head, memory_order_relaxed) - tail > LOG_RING_BYTES / 2;
}

size_t log_ring_end(const struct log_ring *ring)
{
    return atomic_load(&ring->head);
}

bool log_ring_pop(struct log_ring *ring, size_t end, char memory[static LOG_ACCESS_LINE_MAX],
    struct log_line *ret_line)
{
    size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    struct header h;
    if (tail == end)
        return false;
    copy_out(ring, tail, &h, sizeof h);
    copy_out(ring, tail + sizeof h, memory, h.len);
    atomic_store_explicit(&ring->tail, tail + sizeof h + h.len, memory_order_release);
    *ret_line = (struct log_line){
        .stream = h.stream,
        .level = h.level,
        .time_len = h.time_len,
        .len = h.len,
        .text = memory,
    };
    return true;
}

bool log_ring_is_empty(const struct log_ring *ring)
{
    return log_ring_end(ring) == atomic_load_explicit(&ring->tail, memory_order_relaxed);
}
