#include "farm.h"

static struct farm farm;

static void give_back(size_t i)
{
    atomic_fetch_sub(&farm.loads[i], 1);
}

static void least_conn_takes_the_least_loaded(void **state)
{
    (void)state;
    farm_init(&farm, &balancer_least_conn, (unsigned[]){1, 1, 1}, 3);
    atomic_store(&farm.loads[0], 5);
    atomic_store(&farm.loads[1], 3);
    atomic_store(&farm.loads[2], 4);
    assert_int_equal(farm_pick(&farm), 1);
    assert_int_equal(farm_load(&farm, 1), 4);
    farm_fini(&farm);
}

static void least_conn_lets_equals_alternate(void **state)
{
    (void)state;
    farm_init(&farm, &balancer_least_conn, (unsigned[]){1, 1, 1}, 3);
    for (size_t i = 0; i < 12; i++) {
        size_t chosen = farm_pick(&farm);
        assert_int_equal(chosen, i % 3);
        give_back(chosen); /* one connection at a time: every pick is a tie */
    }
    farm_fini(&farm);
}

static void least_conn_breaks_ties_by_weight(void **state)
{
    (void)state;
    unsigned got[2] = {0};
    farm_init(&farm, &balancer_least_conn, (unsigned[]){3, 1}, 2);
    for (int i = 0; i < 40; i++) {
        size_t chosen = farm_pick(&farm);
        got[chosen]++;
        give_back(chosen);
    }
    assert_int_equal(got[0], 30);
    assert_int_equal(got[1], 10);
    farm_fini(&farm);
}

static void least_conn_ties_stay_fair_when_one_is_down(void **state)
{
    (void)state;
    unsigned got[3] = {0};
    farm_init(&farm, &balancer_least_conn, (unsigned[]){1, 1, 1}, 3);
    farm.is_down[0] = true;
    for (int i = 0; i < 40; i++) {
        size_t chosen = farm_pick(&farm);
        got[chosen]++;
        give_back(chosen);
    }
    assert_int_equal(got[1], 20);
    assert_int_equal(got[2], 20);
    farm_fini(&farm);
}

static void least_conn_fills_by_weight(void **state)
{
    (void)state;
    farm_init(&farm, &balancer_least_conn, (unsigned[]){2, 1, 4}, 3);
    for (int i = 0; i < 700; i++)
        farm_pick(&farm);
    assert_int_equal(farm_load(&farm, 0), 200);
    assert_int_equal(farm_load(&farm, 1), 100);
    assert_int_equal(farm_load(&farm, 2), 400);
    farm_fini(&farm);
}

/* 4,000,000,000 x 256 needs more than 32 bits. */
static void least_conn_compares_without_overflow(void **state)
{
    (void)state;
    farm_init(&farm, &balancer_least_conn, (unsigned[]){256, 255}, 2);
    atomic_store(&farm.loads[0], 4000000000u);
    atomic_store(&farm.loads[1], 4000000000u);
    assert_int_equal(farm_pick(&farm), 0);
    farm_fini(&farm);
}

static void least_conn_skips_the_unusable_and_weight_zero(void **state)
{
    (void)state;
    farm_init(&farm, &balancer_least_conn, (unsigned[]){1, 0, 1}, 3);
    atomic_store(&farm.loads[2], 9);
    farm.is_down[0] = true;
    assert_int_equal(farm_pick(&farm), 2);
    farm.is_down[2] = true;
    assert_true(farm_pick(&farm) == BALANCE_NONE);
    assert_int_equal(farm_load(&farm, 0), 0);
    assert_int_equal(farm_load(&farm, 1), 0);
    assert_int_equal(farm_load(&farm, 2), 10);
    farm_fini(&farm);
}

static void least_conn_of_zero_weights_or_nobody_is_nobody(void **state)
{
    (void)state;
    farm_init(&farm, &balancer_least_conn, (unsigned[]){0, 0}, 2);
    assert_true(farm_pick(&farm) == BALANCE_NONE);
    farm_fini(&farm);
    farm_init(&farm, &balancer_least_conn, NULL, 0);
    assert_true(farm_pick(&farm) == BALANCE_NONE);
    farm_fini(&farm);
}

/* At each question another thread makes a whole pick of its own, until it has made its `left`. */
static bool is_up_while_another_picks(const void *arg, size_t index)
{
    int *left = *(int *const *)arg;
    if (*left > 0) {
        --*left;
        farm_pick(&farm);
    }
    return farm_is_up(&farm, index);
}

static void least_conn_looks_again_when_another_thread_was_faster(void **state)
{
    (void)state;
    farm_init(&farm, &balancer_least_conn, (unsigned[]){1, 1, 1}, 3);
    for (int others = 0; others < 60; others++) {
        int left = others % 6, *arg = &left;
        balancer_pick(&farm.balancer, &(struct balance_request){is_up_while_another_picks, &arg});
        uint32_t lowest = UINT32_MAX, highest = 0;
        for (size_t i = 0; i < 3; i++) {
            uint32_t load = farm_load(&farm, i);
            lowest = load < lowest ? load : lowest;
            highest = load > highest ? load : highest;
        }
        assert_in_range(highest - lowest, 0, 1);
    }
    farm_fini(&farm);
}

enum { SERVERS = 5, PICKS = 5000 };

static _Atomic bool spread_was_too_wide;

/* Loads only grow and never lie more than one apart. So no load seen now can be more than one above
 * any load seen later. */
static void *pick_and_watch_the_spread(void *arg)
{
    struct farm *f = arg;
    for (int pick = 0; pick < PICKS; pick++) {
        farm_pick(f);
        uint32_t highest = 0;
        for (size_t i = 0; i < SERVERS; i++) {
            uint32_t load = farm_load(f, i);
            highest = load > highest ? load : highest;
        }
        for (size_t i = 0; i < SERVERS; i++) {
            if (highest > farm_load(f, i) + 1)
                atomic_store(&spread_was_too_wide, true);
        }
    }
    return NULL;
}

static void least_conn_is_never_more_than_one_above_the_least_from_four_threads(void **state)
{
    (void)state;
    farm_init(&farm, &balancer_least_conn, (unsigned[]){1, 1, 1, 1, 1}, SERVERS);
    farm_race(&farm, pick_and_watch_the_spread);
    assert_false(spread_was_too_wide);
    for (size_t i = 0; i < SERVERS; i++) /* 20,000 divide evenly: within one is exact */
        assert_int_equal(farm_load(&farm, i), PICKS * FARM_THREADS / SERVERS);
    farm_fini(&farm);
}

static void *pick_and_give_back(void *arg)
{
    for (int i = 0; i < PICKS; i++)
        give_back(farm_pick(arg));
    return NULL;
}

static void least_conn_loses_no_load_when_threads_come_and_go(void **state)
{
    (void)state;
    farm_init(&farm, &balancer_least_conn, (unsigned[]){3, 1, 2}, 3);
    farm_race(&farm, pick_and_give_back);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(farm_load(&farm, i), 0);
    farm_fini(&farm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(least_conn_takes_the_least_loaded),
        cmocka_unit_test(least_conn_lets_equals_alternate),
        cmocka_unit_test(least_conn_breaks_ties_by_weight),
        cmocka_unit_test(least_conn_ties_stay_fair_when_one_is_down),
        cmocka_unit_test(least_conn_fills_by_weight),
        cmocka_unit_test(least_conn_compares_without_overflow),
        cmocka_unit_test(least_conn_skips_the_unusable_and_weight_zero),
        cmocka_unit_test(least_conn_of_zero_weights_or_nobody_is_nobody),
        cmocka_unit_test(least_conn_looks_again_when_another_thread_was_faster),
        cmocka_unit_test(least_conn_is_never_more_than_one_above_the_least_from_four_threads),
        cmocka_unit_test(least_conn_loses_no_load_when_threads_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
