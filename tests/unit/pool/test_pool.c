#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "pool/pool.h"

#define START (1000 * US_PER_S)
#define CONNECT_TIMEOUT (3 * US_PER_S)
#define PATIENCE (CONNECT_TIMEOUT / 8)
#define SERVERS_MAX 12
#define THREADS 4

static struct registry registry;
static struct rng rng;
static struct pool *pool;

static int set_up(void **state)
{
    (void)state;
    registry_init(&registry);
    rng_init(&rng, 3);
    pool = NULL;
    return 0;
}

/* Each test leaves the registry empty: registry_fini() asserts it. */
static int tear_down(void **state)
{
    (void)state;
    pool_free(pool);
    registry_fini(&registry);
    return 0;
}

/* Servers a, b, c, ... with these weights. */
static struct pool *make_pool_within(
    int64_t connect_timeout_us, enum conf_balance balance, const unsigned *weights, size_t n)
{
    static const char *const names[SERVERS_MAX] = {
        "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"};
    struct conf_server servers[SERVERS_MAX];
    memset(servers, 0, sizeof servers);
    struct err err;
    for (size_t i = 0; i < n; i++) {
        servers[i].name = names[i];
        servers[i].weight = weights[i];
        char text[] = "10.0.0.1:80";
        text[7] = (char)('1' + i % 9);
        assert_int_equal(addr_parse(text, &servers[i].addr, &err), 0);
    }
    struct conf_pool conf = {
        .name = "app",
        .balance = balance,
        .servers = servers,
        .n_servers = n,
        .retry_on = CONF_RETRY_CONNECT,
        .retry_max = 3,
        .retry_base_us = 50 * US_PER_MS,
        .retry_cap_us = 2 * US_PER_S,
        .retry_budget_percent = 20,
        .connect_timeout_us = connect_timeout_us,
    };
    struct pool *made = NULL;
    assert_int_equal(pool_new(&conf, &registry, &made, &err), 0);
    return made;
}

static struct pool *make_pool(enum conf_balance balance, const unsigned *weights, size_t n)
{
    return make_pool_within(CONNECT_TIMEOUT, balance, weights, n);
}

/* The first pick of an errand: '-' for none, else the server's letter. */
static char pick(mono_us now)
{
    struct pool_tried tried = {0};
    struct server *s = pool_pick(pool, &tried, now);
    return s ? s->name[0] : '-';
}

static void fail_dial(struct server *s, mono_us now)
{
    server_dial_started(s, now);
    server_dial_failed(s, now, &rng);
}

static void pool_takes_what_the_configuration_says(void **state)
{
    (void)state;
    pool = make_pool(CONF_BALANCE_LEAST_CONN, (unsigned[]){1, 2}, 2);
    assert_string_equal(pool->name, "app");
    assert_ptr_equal(pool->balancer.ops, &balancer_least_conn);
    assert_int_equal(pool->n, 2);
    assert_int_equal(pool->members[1].weight, 2);
    assert_int_equal(pool->retry_on, CONF_RETRY_CONNECT);
    assert_int_equal(pool->retry_max, 3);
    assert_int_equal(pool->retry_budget_percent, 20);
    assert_int_equal(pool->retry_base_us, 50 * US_PER_MS);
    assert_int_equal(pool->retry_cap_us, 2 * US_PER_S);
    assert_int_equal(pool->connect_timeout_us, CONNECT_TIMEOUT);
    assert_int_equal(pool->source.len, 0);
}

static void pick_reserves_until_release(void **state)
{
    (void)state;
    pool = make_pool(CONF_BALANCE_ROUND_ROBIN, (unsigned[]){1}, 1);
    struct pool_tried tried = {0};
    struct server *s = pool_pick(pool, &tried, START);
    assert_int_equal(s->load, 1);
    server_release(s);
    assert_int_equal(s->load, 0);
}

static void pick_skips_tried_servers(void **state)
{
    (void)state;
    enum conf_balance policies[] = {CONF_BALANCE_ROUND_ROBIN, CONF_BALANCE_LEAST_CONN};
    for (size_t p = 0; p < 2; p++) {
        pool = make_pool(policies[p], (unsigned[]){5, 1, 1}, 3);
        struct pool_tried tried = {0};
        unsigned seen = 0;
        for (int i = 0; i < 3; i++)
            seen |= 1u << (pool_pick(pool, &tried, START)->name[0] - 'a');
        assert_int_equal(seen, 7); /* each once */
        assert_null(pool_pick(pool, &tried, START));
        assert_int_equal(tried.n, 3);
        pool_free(pool);
    }
    pool = NULL;
}

static void pick_stops_when_the_tried_set_is_full(void **state)
{
    (void)state;
    static const unsigned weights[SERVERS_MAX] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    pool = make_pool(CONF_BALANCE_ROUND_ROBIN, weights, SERVERS_MAX);
    struct pool_tried tried = {0};
    for (int i = 0; i < POOL_TRIED_MAX; i++)
        assert_non_null(pool_pick(pool, &tried, START));
    assert_null(pool_pick(pool, &tried, START));
}

static void pick_skips_avoided_servers(void **state)
{
    (void)state;
    pool = make_pool(CONF_BALANCE_ROUND_ROBIN, (unsigned[]){1, 1, 1}, 3);
    fail_dial(pool->servers[1], START);
    for (int i = 0; i < 30; i++)
        assert_int_not_equal(pick(START), 'b');
    assert_int_equal(pool->servers[0]->load, 15);
    assert_int_equal(pool->servers[2]->load, 15);
}

static void pick_takes_avoided_ones_when_no_other_is_left(void **state)
{
    (void)state;
    pool = make_pool(CONF_BALANCE_ROUND_ROBIN, (unsigned[]){1, 1}, 2);
    fail_dial(pool->servers[0], START);
    struct pool_tried tried = {0};
    assert_string_equal(pool_pick(pool, &tried, START)->name, "b");
    assert_string_equal(pool_pick(pool, &tried, START)->name, "a");
    assert_null(pool_pick(pool, &tried, START));
}

static void pick_shares_evenly_when_all_are_avoided(void **state)
{
    (void)state;
    enum conf_balance policies[] = {CONF_BALANCE_ROUND_ROBIN, CONF_BALANCE_LEAST_CONN};
    for (size_t p = 0; p < 2; p++) {
        pool = make_pool(policies[p], (unsigned[]){1, 1}, 2);
        fail_dial(pool->servers[0], START);
        fail_dial(pool->servers[1], START);
        for (int i = 0; i < 20; i++)
            assert_int_not_equal(pick(START), '-');
        assert_int_equal(pool->servers[0]->load, 10);
        assert_int_equal(pool->servers[1]->load, 10);
        pool_free(pool);
    }
    pool = NULL;
}

static void pick_never_chooses_weight_zero(void **state)
{
    (void)state;
    pool = make_pool(CONF_BALANCE_LEAST_CONN, (unsigned[]){0, 1}, 2);
    fail_dial(pool->servers[1], START); /* not even as the last resort */
    struct pool_tried tried = {0};
    assert_string_equal(pool_pick(pool, &tried, START)->name, "b");
    assert_null(pool_pick(pool, &tried, START));
}

static void pick_from_an_empty_pool_is_nobody(void **state)
{
    (void)state;
    pool = make_pool(CONF_BALANCE_ROUND_ROBIN, NULL, 0);
    assert_int_equal(pick(START), '-');
}

/* It refuses at once, so its load is always the lowest. */
static void dead_server_does_not_attract_least_conn(void **state)
{
    (void)state;
    pool = make_pool(CONF_BALANCE_LEAST_CONN, (unsigned[]){1, 1, 1}, 3);
    unsigned dials_to_dead = 0;
    mono_us now = START;
    for (int i = 0; i < 6000; i++, now += 10 * US_PER_MS) { /* a minute */
        struct pool_tried tried = {0};
        struct server *s = pool_pick(pool, &tried, now);
        server_dial_started(s, now);
        if (s != pool->servers[0]) {
            server_dial_succeeded(s, now); /* and the connection stays */
            continue;
        }
        dials_to_dead++;
        server_dial_failed(s, now, &rng);
        server_release(s);
    }
    assert_in_range(
        dials_to_dead, 3, 9); /* penalties of 1, 2, 4, 8, 16, 30 s, each from its half */
    assert_int_equal(pool->servers[0]->load, 0);
    assert_in_range(pool->servers[1]->load, 2995, 3000);
    assert_in_range(pool->servers[2]->load, 2995, 3000);
}

static void black_hole_is_avoided_after_patience(void **state)
{
    (void)state;
    pool = make_pool(CONF_BALANCE_ROUND_ROBIN, (unsigned[]){1, 1}, 2);
    server_dial_started(pool->servers[0], START);
    unsigned before = 0;
    for (int i = 0; i < 10; i++)
        before += pick(START + PATIENCE - 1) == 'a';
    assert_int_equal(before, 5);
    for (int i = 0; i < 10; i++)
        assert_int_equal(pick(START + PATIENCE), 'b');
}

static void patience_follows_the_connect_timeout_within_bounds(void **state)
{
    (void)state;
    static const struct {
        int64_t connect_timeout_us, patience_us;
    } cases[] = {
        {10 * US_PER_MS, 100 * US_PER_MS},
        {800 * US_PER_MS, 100 * US_PER_MS},
        {2 * US_PER_S, 250 * US_PER_MS},
        {4 * US_PER_S, 500 * US_PER_MS},
        {60 * US_PER_S, 500 * US_PER_MS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pool = make_pool_within(
            cases[i].connect_timeout_us, CONF_BALANCE_LEAST_CONN, (unsigned[]){1, 1}, 2);
        atomic_store(
            &pool->servers[1]->load, 9); /* so that only avoidance keeps a from being chosen */
        server_dial_started(pool->servers[0], START);
        assert_int_equal(pick(START + cases[i].patience_us - 1), 'a');
        assert_int_equal(pick(START + cases[i].patience_us), 'b');
        pool_free(pool);
    }
    pool = NULL;
}

/* A minute with one black hole of three, 100 errands a second: few of them ever wait for it. */
static void black_hole_costs_one_probe_a_penalty(void **state)
{
    (void)state;
    enum { ERRANDS = 6000 };
    static mono_us deadlines[ERRANDS];
    size_t first = 0, n = 0;
    pool = make_pool(CONF_BALANCE_LEAST_CONN, (unsigned[]){1, 1, 1}, 3);
    for (int i = 0; i < ERRANDS; i++) {
        mono_us now = START + i * 10 * US_PER_MS;
        for (; first < n && deadlines[first] <= now; first++) {
            server_dial_failed(pool->servers[0], now, &rng);
            server_release(pool->servers[0]);
        }
        struct pool_tried tried = {0};
        struct server *s = pool_pick(pool, &tried, now);
        server_dial_started(s, now);
        if (s == pool->servers[0]) {
            deadlines[n++] = now + CONNECT_TIMEOUT;
        } else {
            server_dial_succeeded(s, now);
            server_release(s);
        }
    }
    unsigned during_patience = (unsigned)(PATIENCE / (10 * US_PER_MS)) + 1;
    assert_in_range(
        n, 2, during_patience + 7); /* those before it was noticed, then one a penalty */
}

static void reload_keeps_load_turn_and_penalty(void **state)
{
    (void)state;
    pool = make_pool(CONF_BALANCE_ROUND_ROBIN, (unsigned[]){1, 1, 1}, 3);
    assert_int_equal(pick(START), 'a');
    fail_dial(pool->servers[2], START);

    struct pool *old = pool;
    pool = make_pool(CONF_BALANCE_ROUND_ROBIN, (unsigned[]){1, 1, 1}, 3);
    assert_ptr_equal(pool->servers[0], old->servers[0]);
    pool_free(old);
    assert_int_equal(pool->servers[0]->load, 1);
    assert_int_equal(pick(START), 'b'); /* the turn goes on */
    assert_int_equal(pick(START), 'a'); /* c is still avoided */
}

static void reload_changes_weights_of_living_servers(void **state)
{
    (void)state;
    pool = make_pool(CONF_BALANCE_ROUND_ROBIN, (unsigned[]){1, 1}, 2);
    struct pool *old = pool;
    pool = make_pool(CONF_BALANCE_ROUND_ROBIN, (unsigned[]){0, 1}, 2);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pick(START), 'b');
    pool_free(old);
}

static void *pick_until_999(void *arg)
{
    _Atomic int *begun = arg;
    while (atomic_fetch_add(begun, 1) < 999) {
        struct pool_tried tried = {0};
        pool_pick(pool, &tried, START);
    }
    return NULL;
}

static void pool_gives_333_each_of_999_from_four_threads(void **state)
{
    (void)state;
    enum conf_balance policies[] = {CONF_BALANCE_ROUND_ROBIN, CONF_BALANCE_LEAST_CONN};
    for (size_t p = 0; p < 2; p++) {
        _Atomic int begun = 0;
        pthread_t threads[THREADS];
        pool = make_pool(policies[p], (unsigned[]){1, 1, 1}, 3);
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, pick_until_999, &begun), 0);
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        for (size_t i = 0; i < 3; i++)
            assert_int_equal(pool->servers[i]->load, 333);
        pool_free(pool);
    }
    pool = NULL;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(pool_takes_what_the_configuration_says),
        CASE(pick_reserves_until_release),
        CASE(pick_skips_tried_servers),
        CASE(pick_stops_when_the_tried_set_is_full),
        CASE(pick_skips_avoided_servers),
        CASE(pick_takes_avoided_ones_when_no_other_is_left),
        CASE(pick_shares_evenly_when_all_are_avoided),
        CASE(pick_never_chooses_weight_zero),
        CASE(pick_from_an_empty_pool_is_nobody),
        CASE(dead_server_does_not_attract_least_conn),
        CASE(black_hole_is_avoided_after_patience),
        CASE(patience_follows_the_connect_timeout_within_bounds),
        CASE(black_hole_costs_one_probe_a_penalty),
        CASE(reload_keeps_load_turn_and_penalty),
        CASE(reload_changes_weights_of_living_servers),
        CASE(pool_gives_333_each_of_999_from_four_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
