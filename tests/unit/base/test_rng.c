#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"

/* Numbers of the authors' C code for the state {1, 2, 3, 4}. */
static void next_follows_the_reference(void **state)
{
    (void)state;
    struct rng rng = {{1, 2, 3, 4}};
    const uint64_t expected[] = {11520, 0, 1509978240, 1215971899390074240};
    for (int i = 0; i < 4; i++)
        assert_true(rng_next(&rng) == expected[i]);
}

/* The first numbers of splitmix64 from 0. */
static void seed_is_expanded_by_splitmix(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 0);
    assert_true(rng.s[0] == UINT64_C(0xe220a8397b1dcdaf));
    assert_true(rng.s[1] == UINT64_C(0x6e789e6aa1b965f4));
    assert_true(rng.s[2] == UINT64_C(0x06c45d188009454f));
    assert_true(rng.s[3] == UINT64_C(0xf88bb8a8724c81ec));
}

static void below_stays_below_and_reaches_all(void **state)
{
    (void)state;
    struct rng rng;
    unsigned seen[7] = {0};
    rng_init(&rng, 1);
    for (int i = 0; i < 7000; i++) {
        uint64_t x = rng_below(&rng, 7);
        assert_true(x < 7);
        seen[x]++;
    }
    for (int i = 0; i < 7; i++)
        assert_in_range(seen[i], 850, 1150);
}

/* For a limit of three quarters of the range a plain remainder would give its lower third twice as
 * often. */
static void below_has_no_modulo_bias(void **state)
{
    (void)state;
    struct rng rng;
    uint64_t limit = UINT64_C(3) << 62;
    unsigned low = 0;
    rng_init(&rng, 2);
    for (int i = 0; i < 6000; i++)
        low += rng_below(&rng, limit) < limit / 3;
    assert_in_range(low, 1850, 2150);
}

static void below_zero_or_one_is_zero(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 3);
    assert_true(rng_below(&rng, 0) == 0);
    assert_true(rng_below(&rng, 1) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_follows_the_reference),
        cmocka_unit_test(seed_is_expanded_by_splitmix),
        cmocka_unit_test(below_stays_below_and_reaches_all),
        cmocka_unit_test(below_has_no_modulo_bias),
        cmocka_unit_test(below_zero_or_one_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
