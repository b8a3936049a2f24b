/* F74: a budget keeps retries from turning an outage into a storm. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/rng.h"
#include "pool/budget.h"

#define PERCENT 20
#define FLOOR (BUDGET_FLOOR_PER_S * BUDGET_WINDOW_S)
#define START (1000 * US_PER_S) /* on the edge of a second */
#define THREADS 4

static struct budget budget;

static void note_many(unsigned n, mono_us now)
{
    for (unsigned i = 0; i < n; i++)
        budget_note_connection(&budget, now);
}

/* Retries granted at `now` until the first refusal. */
static unsigned take_all(mono_us now)
{
    unsigned granted = 0;
    while (budget_take(&budget, PERCENT, now))
        granted++;
    return granted;
}

static void budget_grants_the_floor_to_an_idle_pool(void **state)
{
    (void)state;
    budget_init(&budget);
    assert_int_equal(take_all(START), FLOOR);
}

static void budget_adds_its_percentage_of_connections(void **state)
{
    (void)state;
    budget_init(&budget);
    note_many(999, START);
    assert_int_equal(take_all(START), 199 + FLOOR);
}

static void budget_refuses_when_spent(void **state)
{
    (void)state;
    budget_init(&budget);
    take_all(START);
    for (int i = 0; i < 1000; i++) /* refusals themselves cost nothing and grant nothing */
        assert_false(budget_take(&budget, PERCENT, START + US_PER_S));
    note_many(5, START + US_PER_S);
    assert_int_equal(take_all(START + US_PER_S), 1);
}

static void budget_of_zero_percent_is_the_floor(void **state)
{
    (void)state;
    budget_init(&budget);
    note_many(1000, START);
    unsigned granted = 0;
    while (budget_take(&budget, 0, START))
        granted++;
    assert_int_equal(granted, FLOOR);
}

static void budget_counts_connections_for_ten_seconds(void **state)
{
    (void)state;
    budget_init(&budget);
    note_many(500, START + 999999); /* the last microsecond of its second */
    mono_us last = START + 10 * US_PER_S - 1;
    assert_int_equal(take_all(last), 100 + FLOOR);

    budget_init(&budget);
    note_many(500, START + 999999);
    assert_int_equal(take_all(last + 1), FLOOR);
}

static void budget_returns_retries_after_ten_seconds(void **state)
{
    (void)state;
    budget_init(&budget);
    take_all(START);
    assert_int_equal(take_all(START + 10 * US_PER_S - 1), 0);
    assert_int_equal(take_all(START + 10 * US_PER_S), FLOOR);
    assert_int_equal(take_all(START + 19 * US_PER_S), 0);
    assert_int_equal(take_all(START + 20 * US_PER_S), FLOOR);
}

static void budget_forgets_all_after_a_long_silence(void **state)
{
    (void)state;
    budget_init(&budget);
    note_many(500, START);
    take_all(START);
    assert_int_equal(take_all(START + 86400 * US_PER_S), FLOOR);
}

static void budget_serves_a_worker_whose_clock_lags(void **state)
{
    (void)state;
    budget_init(&budget);
    note_many(100, START - US_PER_S);
    note_many(100, START);
    take_all(START);
    assert_int_equal(take_all(START - 1), 0); /* what the others took is not granted again */
    note_many(50, START - 1);                 /* and what it notes is not lost */
    assert_int_equal(take_all(START), 10);
}

static void budget_refuses_a_worker_whose_clock_is_far_behind(void **state)
{
    (void)state;
    budget_init(&budget);
    mono_us behind = START - BUDGET_SLOTS * US_PER_S;
    note_many(1, START);
    assert_true(budget_take(&budget, PERCENT, START));
    note_many(1000, behind);
    assert_int_equal(take_all(behind), 0);
    assert_int_equal(take_all(START), FLOOR - 1);
}

/* A minute with every server down: each arrival wants three retries. */
static void budget_keeps_dials_below_arrivals_and_a_fifth_and_the_floor(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 74);
    for (int load = 0; load < 50; load++) {
        budget_init(&budget);
        uint64_t arrivals = 0, dials = 0;
        uint64_t longest_gap = 1 + rng_below(&rng, 200 * US_PER_MS);
        mono_us now = START;
        while (now < START + 60 * US_PER_S) {
            budget_note_connection(&budget, now);
            arrivals++;
            dials++;
            for (int retry = 0; retry < 3; retry++)
                dials += budget_take(&budget, PERCENT, now);
            now += (mono_us)(US_PER_MS + (int64_t)rng_below(&rng, longest_gap));
        }
        assert_true(dials * 100 <= arrivals * 120 + 60 * BUDGET_FLOOR_PER_S * 100);
        assert_true(dials > arrivals); /* it does grant */
    }
}

/* The same with arrivals in bursts, and silence between them: no second is paid for twice. */
static void budget_holds_over_bursts(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 75);
    for (int run = 0; run < 50; run++) {
        budget_init(&budget);
        uint64_t arrivals = 0, retries = 0;
        for (int second = 0; second < 60; second++) {
            mono_us now = START + second * US_PER_S;
            unsigned burst = rng_below(&rng, 4) ? 0 : (unsigned)rng_below(&rng, 500);
            note_many(burst, now);
            arrivals += burst;
            if (rng_below(&rng, 2))
                retries += take_all(now);
            uint64_t tens = (uint64_t)second / BUDGET_WINDOW_S + 1;
            assert_true(retries * 100 <= arrivals * PERCENT + tens * FLOOR * 100);
        }
    }
}

/* Both sides of the edge of a second at once, as workers' clocks are. */
static void *take_around_an_edge(void *arg)
{
    _Atomic unsigned *granted = arg;
    for (int i = 0; i < 3000; i++)
        *granted += budget_take(&budget, PERCENT, START - (i & 1));
    return NULL;
}

static void budget_never_grants_more_than_allowed_to_racing_threads(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        _Atomic unsigned granted = 0;
        pthread_t threads[THREADS];
        budget_init(&budget);
        note_many(1000, START - 1);
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, take_around_an_edge, &granted), 0);
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(granted <= 200 + FLOOR);
        assert_int_equal(granted + take_all(START), 200 + FLOOR); /* and no refusal leaked */
    }
}

static void *note_1000(void *arg)
{
    (void)arg;
    for (int i = 0; i < 1000; i++)
        budget_note_connection(&budget, START + i * (US_PER_S / 100)); /* ten seconds */
    return NULL;
}

static void budget_loses_no_connection_when_threads_race_over_edges(void **state)
{
    (void)state;
    budget_init(&budget);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, note_1000, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(take_all(START + 10 * US_PER_S - 1), THREADS * 200 + FLOOR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(budget_grants_the_floor_to_an_idle_pool),
        cmocka_unit_test(budget_adds_its_percentage_of_connections),
        cmocka_unit_test(budget_refuses_when_spent),
        cmocka_unit_test(budget_of_zero_percent_is_the_floor),
        cmocka_unit_test(budget_counts_connections_for_ten_seconds),
        cmocka_unit_test(budget_returns_retries_after_ten_seconds),
        cmocka_unit_test(budget_forgets_all_after_a_long_silence),
        cmocka_unit_test(budget_serves_a_worker_whose_clock_lags),
        cmocka_unit_test(budget_refuses_a_worker_whose_clock_is_far_behind),
        cmocka_unit_test(budget_keeps_dials_below_arrivals_and_a_fifth_and_the_floor),
        cmocka_unit_test(budget_holds_over_bursts),
        cmocka_unit_test(budget_never_grants_more_than_allowed_to_racing_threads),
        cmocka_unit_test(budget_loses_no_connection_when_threads_race_over_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
