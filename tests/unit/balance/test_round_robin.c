#include "farm.h"

#include "balance/smooth_order.h"
#include "base/mem.h"

static struct farm farm;

static void expect_picks(const char *letters)
{
    for (const char *c = letters; *c; c++)
        assert_int_equal(farm_pick(&farm), *c - 'a');
}

static void round_robin_takes_equals_in_turn(void **state)
{
    (void)state;
    farm_init(&farm, &balancer_round_robin, (unsigned[]){7, 7, 7}, 3);
    expect_picks("abcabcabc");
    farm_fini(&farm);
}

static void round_robin_spreads_weights_smoothly(void **state)
{
    (void)state;
    farm_init(&farm, &balancer_round_robin, (unsigned[]){5, 1, 1}, 3);
    expect_picks("aabacaa" /* and again */ "aabacaa");
    farm_fini(&farm);
}

static void round_robin_is_exact_in_every_cycle(void **state)
{
    (void)state;
    farm_init(&farm, &balancer_round_robin, (unsigned[]){5, 3, 1}, 3);
    for (uint32_t cycle = 1; cycle <= 20; cycle++) {
        for (int i = 0; i < 9; i++)
            farm_pick(&farm);
        assert_int_equal(farm_load(&farm, 0), 5 * cycle);
        assert_int_equal(farm_load(&farm, 1), 3 * cycle);
        assert_int_equal(farm_load(&farm, 2), cycle);
    }
    farm_fini(&farm);
}

/* After any number of picks each member has its share to within one. */
static void round_robin_is_never_more_than_one_off_the_share(void **state)
{
    (void)state;
    static const unsigned weights[] = {5, 3, 1};
    farm_init(&farm, &balancer_round_robin, weights, 3);
    for (int64_t picks = 1; picks <= 90; picks++) {
        farm_pick(&farm);
        for (size_t i = 0; i < 3; i++) {
            int64_t ninths_off = 9 * (int64_t)farm_load(&farm, i) - picks * weights[i];
            assert_in_range(ninths_off + 9, 0, 18);
        }
    }
    farm_fini(&farm);
}

static void *pick_for_999_picks_in_all(void *arg)
{
    static _Atomic int begun;
    while (atomic_fetch_add(&begun, 1) < 999)
        farm_pick(arg);
    return NULL;
}

static void round_robin_gives_333_each_of_999_from_four_threads(void **state)
{
    (void)state;
    farm_init(&farm, &balancer_round_robin, (unsigned[]){1, 1, 1}, 3);
    farm_race(&farm, pick_for_999_picks_in_all);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(farm_load(&farm, i), 333);
    farm_fini(&farm);
}

static void *pick_900(void *arg)
{
    for (int i = 0; i < 900; i++)
        farm_pick(arg);
    return NULL;
}

static void round_robin_is_exact_by_weight_from_four_threads(void **state)
{
    (void)state;
    farm_init(&farm, &balancer_round_robin, (unsigned[]){50, 30, 10}, 3);
    farm_race(&farm, pick_900);
    assert_int_equal(farm_load(&farm, 0), 2000);
    assert_int_equal(farm_load(&farm, 1), 1200);
    assert_int_equal(farm_load(&farm, 2), 400);
    farm_fini(&farm);
}

static void round_robin_stays_fair_among_the_rest_when_one_is_down(void **state)
{
    (void)state;
    farm_init(&farm, &balancer_round_robin, (unsigned[]){1, 1, 1, 1}, 4);
    farm.is_down[1] = true;
    for (int i = 0; i < 300; i++)
        farm_pick(&farm);
    assert_int_equal(farm_load(&farm, 0), 100);
    assert_int_equal(farm_load(&farm, 1), 0);
    assert_int_equal(farm_load(&farm, 2), 100);
    assert_int_equal(farm_load(&farm, 3), 100);
    farm_fini(&farm);
}

static void *pick_500(void *arg)
{
    for (int i = 0; i < 500; i++)
        farm_pick(arg);
    return NULL;
}

/* Another thread draws a turn between any two of ours: with two members, all turns of the second.
 */
static bool is_second_while_another_draws(const void *arg, size_t index)
{
    (void)arg;
    atomic_fetch_add(&farm.turn, 1);
    return index == 1;
}

static void round_robin_finds_the_usable_one_though_others_draw_its_turns(void **state)
{
    (void)state;
    farm_init(&farm, &balancer_round_robin, (unsigned[]){1, 1}, 2);
    const struct balance_request request = {is_second_while_another_draws, NULL};
    for (int i = 0; i < 10; i++)
        assert_int_equal(balancer_pick(&farm.balancer, &request), 1);
    farm_fini(&farm);
}

static void round_robin_finds_the_only_usable_one_under_contention(void **state)
{
    (void)state;
    farm_init(&farm, &balancer_round_robin, (unsigned[]){1, 1, 1, 1}, 4);
    farm.is_down[0] = farm.is_down[1] = farm.is_down[2] = true;
    farm_race(&farm, pick_500);
    assert_int_equal(farm_load(&farm, 3), 500 * FARM_THREADS);
    farm_fini(&farm);
}

static void round_robin_gives_up_when_nothing_is_usable(void **state)
{
    (void)state;
    farm_init(&farm, &balancer_round_robin, (unsigned[]){2, 1}, 2);
    farm.is_down[0] = farm.is_down[1] = true;
    assert_true(farm_pick(&farm) == BALANCE_NONE);
    assert_int_equal(farm_load(&farm, 0) + farm_load(&farm, 1), 0);
    farm_fini(&farm);
}

/* A pool asks twice while all its servers are avoided; the first question must not move the turn.
 */
static void round_robin_in_vain_costs_no_turn(void **state)
{
    (void)state;
    farm_init(&farm, &balancer_round_robin, (unsigned[]){1, 1}, 2);
    farm.is_down[0] = farm.is_down[1] = true;
    assert_true(farm_pick(&farm) == BALANCE_NONE);
    assert_int_equal(farm.turn, 0);
    farm_fini(&farm);
}

static void round_robin_never_chooses_weight_zero(void **state)
{
    (void)state;
    farm_init(&farm, &balancer_round_robin, (unsigned[]){0, 1, 0, 1}, 4);
    expect_picks("bdbdbd");
    farm.is_down[1] = farm.is_down[3] = true;
    assert_true(farm_pick(&farm) == BALANCE_NONE);
    farm_fini(&farm);
}

static void round_robin_of_zero_weights_or_nobody_is_nobody(void **state)
{
    (void)state;
    farm_init(&farm, &balancer_round_robin, (unsigned[]){0, 0}, 2);
    assert_true(farm_pick(&farm) == BALANCE_NONE);
    farm_fini(&farm);
    farm_init(&farm, &balancer_round_robin, NULL, 0);
    assert_true(farm_pick(&farm) == BALANCE_NONE);
    farm_fini(&farm);
}

static void round_robin_goes_on_where_the_turn_stands(void **state)
{
    (void)state;
    farm_init(&farm, &balancer_round_robin, (unsigned[]){1, 1, 1}, 3);
    expect_picks("ab");
    balancer_fini(&farm.balancer); /* a reload: a new balancer over the same turn */
    struct err err;
    assert_int_equal(
        balancer_init(&farm.balancer, &balancer_round_robin, farm.members, 3, &farm.turn, &err), 0);
    expect_picks("cab");
    farm_fini(&farm);
}

static void order_is_in_lowest_terms(void **state)
{
    (void)state;
    farm_init(&farm, &balancer_round_robin, (unsigned[]){50, 0, 30, 10}, 4);
    const struct smooth_order *order = farm.balancer.tables;
    assert_int_equal(order->n, 9);
    farm_fini(&farm);
}

static void order_is_exact_for_64_members_of_any_weight(void **state)
{
    (void)state;
    for (size_t i = 0; i < 64; i++)
        farm.members[i].weight = i ? 256 : 255; /* no common divisor */
    struct err err;
    struct smooth_order *order = smooth_order_new(farm.members, 64, &err);
    assert_non_null(order);
    assert_int_equal(order->n, 64 * 256 - 1);
    mem_free(order);
}

static void order_of_many_heavy_members_is_scaled_and_forgets_nobody(void **state)
{
    (void)state;
    enum { MEMBERS = 1000 };
    for (size_t i = 0; i < MEMBERS; i++)
        farm.members[i].weight = i ? 101 + i % 2 : 1; /* sum 101,400 */
    struct err err;
    struct smooth_order *order = smooth_order_new(farm.members, MEMBERS, &err);
    assert_non_null(order);
    assert_in_range(order->n, 1, SMOOTH_ORDER_EXACT_MAX + MEMBERS);

    static unsigned turns[MEMBERS];
    for (size_t i = 0; i < order->n; i++)
        turns[order->index[i]]++;
    assert_int_equal(turns[0], 1);
    for (size_t i = 1; i < MEMBERS; i++)
        assert_in_range(turns[i], 16, 17); /* 101 x 16384 / 101,400 = 16.3 */
    mem_free(order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_robin_takes_equals_in_turn),
        cmocka_unit_test(round_robin_spreads_weights_smoothly),
        cmocka_unit_test(round_robin_is_exact_in_every_cycle),
        cmocka_unit_test(round_robin_is_never_more_than_one_off_the_share),
        cmocka_unit_test(round_robin_gives_333_each_of_999_from_four_threads),
        cmocka_unit_test(round_robin_is_exact_by_weight_from_four_threads),
        cmocka_unit_test(round_robin_stays_fair_among_the_rest_when_one_is_down),
        cmocka_unit_test(round_robin_finds_the_usable_one_though_others_draw_its_turns),
        cmocka_unit_test(round_robin_finds_the_only_usable_one_under_contention),
        cmocka_unit_test(round_robin_gives_up_when_nothing_is_usable),
        cmocka_unit_test(round_robin_in_vain_costs_no_turn),
        cmocka_unit_test(round_robin_never_chooses_weight_zero),
        cmocka_unit_test(round_robin_of_zero_weights_or_nobody_is_nobody),
        cmocka_unit_test(round_robin_goes_on_where_the_turn_stands),
        cmocka_unit_test(order_is_in_lowest_terms),
        cmocka_unit_test(order_is_exact_for_64_members_of_any_weight),
        cmocka_unit_test(order_of_many_heavy_members_is_scaled_and_forgets_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
