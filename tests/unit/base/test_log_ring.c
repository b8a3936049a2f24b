#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/log_ring.h"
#include "base/mem.h"

static char memory[LOG_ACCESS_LINE_MAX];

static int make_ring(void **state)
{
    *state = mem_aligned(_Alignof(struct log_ring), sizeof(struct log_ring));
    return *state ? 0 : -1;
}

static int free_ring(void **state)
{
    mem_free(*state);
    return 0;
}

static bool push_text(struct log_ring *ring, const char *text, size_t len)
{
    struct log_line line = {.stream = LOG_ACCESS, .text = text, .len = len};
    return log_ring_push(ring, &line);
}

static bool push_number(struct log_ring *ring, unsigned n)
{
    char text[600] = "";
    int len = snprintf(text, sizeof text, "%u %*s", n, (int)(n % 500), "");
    return push_text(ring, text, (size_t)len);
}

/* The next line's number, or -1. */
static long pop_number(struct log_ring *ring)
{
    struct log_line line;
    if (!log_ring_pop(ring, log_ring_end(ring), memory, &line))
        return -1;
    memory[line.len] = '\0';
    char *end;
    long n = strtol(memory, &end, 10);
    assert_int_equal(strlen(end), 1 + n % 500);
    return n;
}

static void empty_ring_gives_nothing(void **state)
{
    assert_true(log_ring_is_empty(*state));
    assert_int_equal(pop_number(*state), -1);
}

static void line_comes_out_as_it_went_in(void **state)
{
    struct log_line in = {LOG_ERRORS, LOG_LEVEL_DEBUG, 27, 5, "hello"}, out;
    assert_true(log_ring_push(*state, &in));
    assert_false(log_ring_is_empty(*state));
    assert_true(log_ring_pop(*state, log_ring_end(*state), memory, &out));
    assert_int_equal(out.stream, in.stream);
    assert_int_equal(out.level, in.level);
    assert_int_equal(out.time_len, in.time_len);
    assert_int_equal(out.len, in.len);
    assert_memory_equal(out.text, "hello", 5);
    assert_true(log_ring_is_empty(*state));
}

static void full_ring_refuses_whole_lines(void **state)
{
    struct log_ring *ring = *state;
    char text[1000] = "";
    size_t n = 0;
    while (push_text(ring, text, sizeof text))
        n++;
    assert_true(n > 150);
    assert_true(log_ring_is_half_full(ring));
    struct log_line line;
    size_t got = 0;
    while (log_ring_pop(ring, log_ring_end(ring), memory, &line)) {
        assert_int_equal(line.len, sizeof text);
        got++;
    }
    assert_int_equal(got, n);
    assert_false(log_ring_is_half_full(ring));
}

static void full_of_access_lines_it_still_takes_errors(void **state)
{
    struct log_ring *ring = *state;
    char text[1000] = "";
    struct log_line error = {.stream = LOG_ERRORS, .text = text, .len = sizeof text};
    while (push_text(ring, text, sizeof text))
        continue;
    for (int i = 0; i < 50; i++)
        assert_true(log_ring_push(ring, &error));
    assert_false(push_text(ring, text, 1));
}

static void lines_survive_the_wrap(void **state)
{
    struct log_ring *ring = *state;
    unsigned in = 0, out = 0;
    while (in < 10000) {
        while (push_number(ring, in))
            in++;
        for (int i = 0; i < 300; i++)
            assert_int_equal(pop_number(ring), out++);
    }
    while (out < in)
        assert_int_equal(pop_number(ring), out++);
    assert_int_equal(pop_number(ring), -1);
}

static void pop_stops_at_the_given_end(void **state)
{
    struct log_ring *ring = *state;
    struct log_line line;
    push_text(ring, "a", 1);
    size_t end = log_ring_end(ring);
    push_text(ring, "b", 1);
    assert_true(log_ring_pop(ring, end, memory, &line));
    assert_false(log_ring_pop(ring, end, memory, &line));
    assert_true(log_ring_pop(ring, log_ring_end(ring), memory, &line));
    assert_int_equal(memory[0], 'b');
}

#define MANY 20000U

static void *push_many(void *ring)
{
    for (unsigned n = 0; n < MANY; n++)
        while (!push_number(ring, n))
            continue;
    return NULL;
}

static void two_threads_need_no_lock(void **state)
{
    struct log_ring *ring = *state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, push_many, ring), 0);
    for (unsigned expected = 0; expected < MANY;) {
        long n = pop_number(ring);
        if (n >= 0)
            assert_int_equal(n, expected++);
    }
    pthread_join(thread, NULL);
    assert_true(log_ring_is_empty(ring));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(empty_ring_gives_nothing, make_ring, free_ring),
        cmocka_unit_test_setup_teardown(line_comes_out_as_it_went_in, make_ring, free_ring),
        cmocka_unit_test_setup_teardown(full_ring_refuses_whole_lines, make_ring, free_ring),
        cmocka_unit_test_setup_teardown(
            full_of_access_lines_it_still_takes_errors, make_ring, free_ring),
        cmocka_unit_test_setup_teardown(lines_survive_the_wrap, make_ring, free_ring),
        cmocka_unit_test_setup_teardown(pop_stops_at_the_given_end, make_ring, free_ring),
        cmocka_unit_test_setup_teardown(two_threads_need_no_lock, make_ring, free_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
