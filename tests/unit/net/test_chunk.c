/* Bytes that wait, in chunks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../base/failing_mem.h"
#include "net/chunk.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#endif

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define CHUNKS_KEPT 16 /* free ones, by a pool */
#define MOST (4 * (size_t)CHUNK_BYTES)

static struct chunk_pool pool;
static struct chunk_queue q;
static unsigned char sent[MOST], got[MOST];

static int set_up(void **state)
{
    (void)state;
    mem_fails_at(0);
    chunk_pool_init(&pool);
    q = (struct chunk_queue){0};
    for (size_t i = 0; i < MOST; i++)
        sent[i] = (unsigned char)(i ^ i >> 8 ^ i >> 14);
    return 0;
}

/* The pool asserts that all chunks are back. */
static int tear_down(void **state)
{
    (void)state;
    mem_fails_at(0);
    chunk_queue_clear(&pool, &q);
    chunk_pool_fini(&pool);
    return 0;
}

static void append(size_t n)
{
    assert_true(chunk_queue_append(&pool, &q, sent, n));
}

/* Takes everything out in steps of at most `step`; returns how much there was. */
static size_t take_all(size_t step)
{
    size_t have = 0, n;
    const unsigned char *p;
    while ((n = chunk_queue_peek(&q, &p))) {
        n = n < step ? n : step;
        memcpy(got + have, p, n);
        chunk_queue_consume(&pool, &q, n);
        have += n;
    }
    return have;
}

static void queue_gives_back_what_it_was_given_over_chunk_borders(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 1000, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1,
        2 * CHUNK_BYTES, 3 * CHUNK_BYTES + 7};
    for (size_t i = 0; i < COUNT(sizes); i++)
        for (size_t step = 0; step < COUNT(sizes); step++) {
            append(sizes[i]);
            assert_int_equal(take_all(sizes[step]), sizes[i]);
            assert_memory_equal(got, sent, sizes[i]);
        }
}

static void queue_keeps_the_order_of_many_pieces(void **state)
{
    (void)state;
    size_t at = 0;
    for (size_t piece = 1; at + piece < MOST; at += piece, piece = piece * 2 + 1)
        assert_true(chunk_queue_append(&pool, &q, sent + at, piece));
    assert_true(at > CHUNK_BYTES);
    assert_int_equal(q.bytes, at);
    assert_int_equal(take_all(777), at);
    assert_memory_equal(got, sent, at);
}

static void append_fills_the_last_chunk_before_it_takes_another(void **state)
{
    (void)state;
    append(CHUNK_BYTES - 1);
    assert_int_equal(pool.n_used, 1);
    append(1);
    assert_int_equal(pool.n_used, 1);
    append(1);
    assert_int_equal(pool.n_used, 2);
    append(CHUNK_BYTES);
    assert_int_equal(pool.n_used, 3);
    append(2 * CHUNK_BYTES - 1); /* fills the third and one more */
    assert_int_equal(pool.n_used, 4);
    assert_int_equal(q.bytes, 4 * CHUNK_BYTES);
}

static void append_goes_on_behind_what_was_taken(void **state)
{
    (void)state;
    append(10);
    chunk_queue_consume(&pool, &q, 4);
    assert_true(chunk_queue_append(&pool, &q, sent + 10, CHUNK_BYTES));
    assert_int_equal(take_all(MOST), 6 + CHUNK_BYTES);
    assert_memory_equal(got, sent + 4, 6 + CHUNK_BYTES);
}

static void peek_shows_the_first_chunk_to_its_end(void **state)
{
    (void)state;
    const unsigned char *p;
    append(CHUNK_BYTES + 5);
    assert_int_equal(chunk_queue_peek(&q, &p), CHUNK_BYTES);
    assert_memory_equal(p, sent, CHUNK_BYTES);
    chunk_queue_consume(&pool, &q, CHUNK_BYTES - 1);
    assert_int_equal(chunk_queue_peek(&q, &p), 1);
    chunk_queue_consume(&pool, &q, 3);
    assert_int_equal(chunk_queue_peek(&q, &p), 3);
    assert_int_equal(p[0], sent[CHUNK_BYTES + 2]);
}

static void chunk_goes_back_with_its_last_byte(void **state)
{
    (void)state;
    const unsigned char *p;
    append(CHUNK_BYTES + 1);
    chunk_queue_consume(&pool, &q, CHUNK_BYTES);
    assert_int_equal(pool.n_used, 1);
    chunk_queue_consume(&pool, &q, 1);
    assert_int_equal(pool.n_used, 0);
    assert_int_equal(q.bytes, 0);
    assert_int_equal(chunk_queue_peek(&q, &p), 0);
}

static void append_of_nothing_takes_no_chunk(void **state)
{
    (void)state;
    append(0);
    assert_int_equal(pool.n_used, 0);
    append(5);
    append(0);
    chunk_queue_consume(&pool, &q, 0);
    assert_int_equal(q.bytes, 5);
    assert_int_equal(pool.n_used, 1);
}

static void clear_gives_everything_back(void **state)
{
    (void)state;
    append(MOST);
    chunk_queue_clear(&pool, &q);
    assert_int_equal(pool.n_used, 0);
    assert_int_equal(q.bytes, 0);
    append(3);
    assert_int_equal(take_all(MOST), 3);
}

static void pool_keeps_a_bounded_number_of_free_chunks(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        append(MOST);
    assert_int_equal(pool.n_used, 40);
    chunk_queue_clear(&pool, &q);
    assert_int_equal(pool.n_used, 0);
    assert_int_equal(pool.n_free, CHUNKS_KEPT);
}

static void pool_uses_free_chunks_before_it_asks_for_memory(void **state)
{
    (void)state;
    append(MOST);
    chunk_queue_clear(&pool, &q);
    mem_fails_at(1);
    append(MOST);
    assert_int_equal(mem_plan.calls, 0);
    assert_int_equal(pool.n_free, 0);
}

static void append_without_memory_takes_nothing(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 3; n++) {
        append(10);
        mem_fails_at(n);
        assert_false(chunk_queue_append(&pool, &q, sent + 10, 3 * CHUNK_BYTES));
        assert_int_equal(pool.n_used, 1);
        assert_int_equal(take_all(MOST), 10);
        assert_memory_equal(got, sent, 10);
        chunk_pool_fini(&pool); /* so that the next round asks for memory again */
    }
}

static void budget_bounds_what_all_pools_hold_together(void **state)
{
    (void)state;
    struct chunk_budget budget = {.limit = 4 * sizeof(struct chunk) - 1};
    struct chunk_pool other = {.budget = &budget};
    struct chunk_queue others = {0};
    pool.budget = &budget;
    append(2 * CHUNK_BYTES);
    assert_true(chunk_queue_append(&other, &others, sent, 1));
    assert_int_equal(budget.used, 3 * sizeof(struct chunk));
    assert_false(chunk_queue_append(&pool, &q, sent, 1));
    assert_int_equal(q.bytes, 2 * CHUNK_BYTES);
    chunk_queue_clear(&other, &others);
    append(1);
    chunk_queue_clear(&pool, &q);
    assert_int_equal(budget.used, 0); /* free chunks are not counted */
    chunk_pool_fini(&other);
}

static void budget_counts_nothing_for_an_append_that_failed(void **state)
{
    (void)state;
    struct chunk_budget budget = {.limit = 3 * sizeof(struct chunk)};
    pool.budget = &budget;
    assert_false(chunk_queue_append(&pool, &q, sent, 4 * CHUNK_BYTES));
    assert_int_equal(budget.used, 0);
    chunk_pool_fini(&pool);
    mem_fails_at(2);
    assert_false(chunk_queue_append(&pool, &q, sent, 2 * CHUNK_BYTES));
    assert_int_equal(budget.used, 0);
}

static void budget_is_told_as_a_share_of_its_limit(void **state)
{
    (void)state;
    static const struct {
        size_t used, limit;
        unsigned percent;
    } rows[] = {{0, 0, 0}, {0, 1000000, 0}, {500000, 1000000, 50}, {850000, 1000000, 85},
        {1000000, 1000000, 100}, {SIZE_MAX, SIZE_MAX, 100}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct chunk_budget budget = {.used = rows[i].used, .limit = rows[i].limit};
        unsigned at_least = rows[i].percent ? rows[i].percent - 1 : 0; /* it may round down */
        assert_in_range(chunk_budget_percent(&budget), at_least, rows[i].percent);
    }
}

#ifdef WITH_ASAN
/* The pool must not hide from ASan what the heap would show (F70). */
static void free_chunk_is_poisoned_F70(void **state)
{
    (void)state;
    const unsigned char *p;
    append(1);
    assert_int_equal(chunk_queue_peek(&q, &p), 1);
    assert_false(__asan_address_is_poisoned(p));
    chunk_queue_consume(&pool, &q, 1);
    assert_true(__asan_address_is_poisoned(p));
    append(CHUNK_BYTES);
    assert_false(__asan_address_is_poisoned(p));
}
#endif

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(queue_gives_back_what_it_was_given_over_chunk_borders),
        CASE(queue_keeps_the_order_of_many_pieces),
        CASE(append_fills_the_last_chunk_before_it_takes_another),
        CASE(append_goes_on_behind_what_was_taken),
        CASE(peek_shows_the_first_chunk_to_its_end),
        CASE(chunk_goes_back_with_its_last_byte),
        CASE(append_of_nothing_takes_no_chunk),
        CASE(clear_gives_everything_back),
        CASE(pool_keeps_a_bounded_number_of_free_chunks),
        CASE(pool_uses_free_chunks_before_it_asks_for_memory),
        CASE(append_without_memory_takes_nothing),
        CASE(budget_bounds_what_all_pools_hold_together),
        CASE(budget_counts_nothing_for_an_append_that_failed),
        CASE(budget_is_told_as_a_share_of_its_limit),
#ifdef WITH_ASAN
        CASE(free_chunk_is_poisoned_F70),
#endif
    };
    return cmocka_run_group_tests_name("chunk", tests, NULL, NULL);
}
