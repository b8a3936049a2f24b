#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "pool/server.h"

#define START (1000 * US_PER_S)
#define PATIENCE (375 * US_PER_MS)
#define THREADS 4

static struct server *server;
static struct rng rng;

static int set_up(void **state)
{
    (void)state;
    struct addr addr;
    struct err err;
    rng_init(&rng, 71);
    if (addr_parse("10.0.0.1:80", &addr, &err) < 0)
        return -1;
    server = server_new("app", "a", &addr);
    return server ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    server_free(server);
    return 0;
}

static bool is_avoided(mono_us now)
{
    return server_is_avoided(server, now, PATIENCE);
}

static void dial_and_fail(mono_us now)
{
    server_dial_started(server, now);
    server_dial_failed(server, now, &rng);
}

static void server_begins_welcome(void **state)
{
    (void)state;
    assert_false(is_avoided(START));
    assert_int_equal((uintptr_t)server % 64, 0);
    assert_string_equal(server->addr_text, "10.0.0.1:80");
}

static void server_is_avoided_from_half_to_the_whole_penalty(void **state)
{
    (void)state;
    dial_and_fail(START);
    assert_true(is_avoided(START));
    assert_true(is_avoided(START + US_PER_S / 2 - 1));
    assert_false(is_avoided(START + US_PER_S + 1));
}

static void server_penalty_doubles_up_to_the_cap(void **state)
{
    (void)state;
    static const int64_t full_s[] = {1, 2, 4, 8, 16, 30, 30, 30};
    mono_us now = START;
    for (size_t i = 0; i < sizeof full_s / sizeof full_s[0]; i++) {
        dial_and_fail(now);
        int64_t penalty = server->avoid_until - now;
        assert_in_range(penalty, full_s[i] * US_PER_S / 2, full_s[i] * US_PER_S);
        now = server->avoid_until;
    }
}

static void server_penalty_stays_at_the_cap_after_countless_failures(void **state)
{
    (void)state;
    atomic_store(&server->failures, UINT32_MAX - 1);
    dial_and_fail(START);
    assert_in_range(server->avoid_until - START, 15 * US_PER_S, 30 * US_PER_S);
}

static void server_penalty_uses_all_of_its_range(void **state)
{
    (void)state;
    int64_t lowest = INT64_MAX, highest = 0;
    for (int i = 0; i < 2000; i++) {
        atomic_store(&server->avoid_until, 0);
        atomic_store(&server->failures, 0);
        dial_and_fail(START);
        int64_t penalty = server->avoid_until - START;
        lowest = penalty < lowest ? penalty : lowest;
        highest = penalty > highest ? penalty : highest;
    }
    assert_in_range(lowest, 500 * US_PER_MS, 505 * US_PER_MS);
    assert_in_range(highest, 995 * US_PER_MS, US_PER_S);
}

/* A hundred dials were on their way when it went down: one outage, one penalty. */
static void server_counts_one_outage_once(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        server_dial_started(server, START);
    for (int i = 0; i < 100; i++)
        server_dial_failed(server, START + i, &rng);
    assert_int_equal(server->failures, 1);
    assert_int_equal(server->dial_errors, 100);
    assert_true(server->avoid_until <= START + US_PER_S);
}

static void server_gets_a_probe_when_its_penalty_is_over(void **state)
{
    (void)state;
    dial_and_fail(START);
    mono_us over = server->avoid_until;
    assert_true(is_avoided(over - 1));
    assert_false(is_avoided(over));
}

static void server_gets_one_probe_at_a_time(void **state)
{
    (void)state;
    dial_and_fail(START);
    mono_us over = server->avoid_until;
    server_dial_started(server, over);
    assert_true(is_avoided(over)); /* at once: nobody else waits with the probe */
    server_dial_failed(server, over + 3 * US_PER_S, &rng);
    assert_int_equal(server->failures, 2);

    over = server->avoid_until;
    assert_false(is_avoided(over));
    server_dial_started(server, over);
    server_dial_succeeded(server, over + 1);
    assert_false(is_avoided(over + 1));
}

static void server_gets_another_probe_when_one_was_dropped(void **state)
{
    (void)state;
    dial_and_fail(START);
    mono_us over = server->avoid_until;
    server_dial_started(server, over);
    server_dial_dropped(server, over + 1);
    assert_false(is_avoided(over + 1));
    assert_int_equal(server->failures, 1);
}

static void server_is_forgiven_by_one_success(void **state)
{
    (void)state;
    server_dial_started(server, START);
    dial_and_fail(START);
    assert_true(is_avoided(START));
    server_dial_succeeded(server, START + 1);
    assert_false(is_avoided(START + 1));
    dial_and_fail(START + 2); /* and the next penalty is a first one again */
    assert_true(server->avoid_until <= START + 2 + US_PER_S);
}

/* It takes a connection and resets it at once: a failure without a dial on its way. */
static void server_that_resets_after_its_answer_is_avoided(void **state)
{
    (void)state;
    server_dial_started(server, START);
    server_dial_succeeded(server, START + 1);
    server_dial_failed(server, START + 2, &rng);
    assert_int_equal(server->dialing, 0);
    assert_true(is_avoided(START + 2));

    mono_us over = server->avoid_until;
    server_dial_started(server, over); /* and the probe after it still counts */
    assert_true(is_avoided(over));
    server_dial_dropped(server, over);
    assert_false(is_avoided(over));
}

static void server_that_swallows_dials_is_avoided_after_patience(void **state)
{
    (void)state;
    server_dial_started(server, START);
    server_dial_started(server, START + PATIENCE - 1); /* a later dial does not extend it */
    assert_false(is_avoided(START + PATIENCE - 1));
    assert_true(is_avoided(START + PATIENCE));
    assert_true(is_avoided(START + 60 * US_PER_S));
}

/* When its dials ran into the connect deadline, the penalty takes over and ends in a probe. */
static void server_that_swallowed_dials_gets_a_probe_again(void **state)
{
    (void)state;
    mono_us deadline = START + 3 * US_PER_S;
    server_dial_started(server, START);
    server_dial_started(server, START + PATIENCE - 1);
    server_dial_failed(server, deadline, &rng);
    server_dial_failed(server, deadline + PATIENCE - 1, &rng);
    assert_int_equal(server->failures, 1);
    assert_true(is_avoided(deadline + PATIENCE));
    assert_false(is_avoided(deadline + US_PER_S));
}

/* Each answer takes longer than patience, but answers come: it is never out of use for long. */
static void server_that_is_slow_is_welcome_after_each_answer(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        mono_us now = START + i * US_PER_S;
        server_dial_started(server, now);
        server_dial_started(server, now + 1);
        assert_true(is_avoided(now + PATIENCE));
        server_dial_succeeded(server, now + 500 * US_PER_MS);
        assert_false(is_avoided(now + 500 * US_PER_MS));
        server_dial_succeeded(server, now + 501 * US_PER_MS);
    }
    assert_int_equal(server->dial_errors, 0);
}

/* The other dial's stamp went with the answer; the next dial starts the clock again. */
static void server_counts_patience_anew_after_an_answer(void **state)
{
    (void)state;
    server_dial_started(server, START);
    server_dial_started(server, START);
    server_dial_succeeded(server, START + 1);
    mono_us later = START + US_PER_S;
    assert_false(is_avoided(later));
    server_dial_started(server, later);
    assert_false(is_avoided(later + PATIENCE - 1));
    assert_true(is_avoided(later + PATIENCE));
}

static void server_stays_suspect_until_its_last_dial_is_dropped(void **state)
{
    (void)state;
    server_dial_started(server, START);
    server_dial_started(server, START);
    server_dial_dropped(server, START + PATIENCE);
    assert_true(is_avoided(START + PATIENCE));
    server_dial_dropped(server, START + PATIENCE);
    assert_false(is_avoided(START + PATIENCE));
}

static void server_is_not_blamed_for_dropped_dials(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        server_dial_started(server, START);
        server_dial_dropped(server, START);
    }
    assert_int_equal(server->dials, 50);
    assert_int_equal(server->dial_errors, 0);
    assert_int_equal(server->failures, 0);
}

static void server_release_gives_back_one(void **state)
{
    (void)state;
    atomic_store(&server->load, 2);
    server_release(server);
    assert_int_equal(server->load, 1);
}

/* Dials with every ending, many on their way at once; `arg` is the seed. */
static void *dial_at_random(void *arg)
{
    struct rng own;
    rng_init(&own, (uintptr_t)arg);
    for (int i = 0; i < 5000; i++) {
        mono_us now = START + i * US_PER_MS;
        uint64_t open = 1 + rng_below(&own, 4);
        for (uint64_t k = 0; k < open; k++)
            server_dial_started(server, now);
        (void)is_avoided(now);
        for (uint64_t k = 0; k < open; k++) {
            uint64_t end = rng_below(&own, 3);
            if (end == 0)
                server_dial_succeeded(server, now);
            else if (end == 1)
                server_dial_failed(server, now, &own);
            else
                server_dial_dropped(server, now);
        }
    }
    return NULL;
}

static void race(void *(*run)(void *seed))
{
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run, (void *)(i + 1)), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

/* However the threads met: with no dial on its way there is no stamp, so nothing is avoided for
 * ever. */
static void server_is_never_avoided_for_ever_after_a_race(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        race(dial_at_random);
        assert_int_equal(server->dialing, 0);
        assert_int_equal(server->unanswered_since, 0);
        assert_false(is_avoided(START + 3600 * US_PER_S));
    }
}

static void *fail_once(void *seed)
{
    struct rng own;
    rng_init(&own, (uintptr_t)seed);
    server_dial_started(server, START);
    server_dial_failed(server, START, &own);
    return NULL;
}

static void server_gets_one_penalty_from_racing_failures(void **state)
{
    (void)state;
    for (int round = 0; round < 100; round++) {
        atomic_store(&server->avoid_until, 0);
        atomic_store(&server->failures, 0);
        race(fail_once);
        assert_int_equal(server->failures, 1);
        assert_in_range(server->avoid_until - START, US_PER_S / 2, US_PER_S);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(server_begins_welcome),
        CASE(server_is_avoided_from_half_to_the_whole_penalty),
        CASE(server_penalty_doubles_up_to_the_cap),
        CASE(server_penalty_stays_at_the_cap_after_countless_failures),
        CASE(server_penalty_uses_all_of_its_range),
        CASE(server_counts_one_outage_once),
        CASE(server_gets_a_probe_when_its_penalty_is_over),
        CASE(server_gets_one_probe_at_a_time),
        CASE(server_gets_another_probe_when_one_was_dropped),
        CASE(server_is_forgiven_by_one_success),
        CASE(server_that_resets_after_its_answer_is_avoided),
        CASE(server_that_swallows_dials_is_avoided_after_patience),
        CASE(server_that_swallowed_dials_gets_a_probe_again),
        CASE(server_that_is_slow_is_welcome_after_each_answer),
        CASE(server_counts_patience_anew_after_an_answer),
        CASE(server_stays_suspect_until_its_last_dial_is_dropped),
        CASE(server_is_not_blamed_for_dropped_dials),
        CASE(server_release_gives_back_one),
        CASE(server_is_never_avoided_for_ever_after_a_race),
        CASE(server_gets_one_penalty_from_racing_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
