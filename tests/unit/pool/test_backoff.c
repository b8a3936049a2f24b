#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "pool/backoff.h"

#define BASE (50 * US_PER_MS)
#define CAP (2 * US_PER_S)
#define DRAWS 2000

struct range {
    int64_t lowest, highest;
};

static struct range draw_many(int64_t base, int64_t cap, unsigned attempt)
{
    struct rng rng;
    rng_init(&rng, attempt + 1);
    struct range r = {INT64_MAX, INT64_MIN};
    for (int i = 0; i < DRAWS; i++) {
        int64_t delay = backoff_delay_us(base, cap, attempt, &rng);
        r.lowest = delay < r.lowest ? delay : r.lowest;
        r.highest = delay > r.highest ? delay : r.highest;
    }
    return r;
}

/* The whole of [0, limit]: inside it, and within 1 % of both ends. */
static void assert_fills(struct range r, int64_t limit)
{
    assert_true(r.lowest >= 0);
    assert_true(r.lowest <= limit / 100);
    assert_true(r.highest <= limit);
    assert_true(r.highest >= limit - limit / 100);
}

static void backoff_doubles_and_uses_the_whole_range(void **state)
{
    (void)state;
    assert_fills(draw_many(BASE, CAP, 0), 50 * US_PER_MS);
    assert_fills(draw_many(BASE, CAP, 1), 100 * US_PER_MS);
    assert_fills(draw_many(BASE, CAP, 5), 1600 * US_PER_MS);
}

static void backoff_stops_at_the_cap(void **state)
{
    (void)state;
    assert_fills(draw_many(BASE, CAP, 6), CAP);
    assert_fills(draw_many(BASE, CAP, 40), CAP);
    assert_fills(draw_many(CAP + 1, CAP, 0), CAP);
}

static void backoff_never_overflows(void **state)
{
    (void)state;
    assert_fills(draw_many(1, CAP, 62), CAP);
    assert_fills(draw_many(1, CAP, 63), CAP);
    assert_fills(draw_many(1, CAP, 64), CAP);
    assert_fills(draw_many(1, CAP, UINT32_MAX), CAP);
    assert_fills(draw_many(BASE, INT64_MAX, UINT32_MAX), INT64_MAX);
    assert_fills(draw_many(1, INT64_MAX, 63), INT64_MAX);
    assert_fills(draw_many(INT64_MAX, INT64_MAX, 1), INT64_MAX);
}

static void backoff_reaches_both_ends(void **state)
{
    (void)state;
    struct range r = draw_many(3, 3, 0);
    assert_int_equal(r.lowest, 0);
    assert_int_equal(r.highest, 3);
}

static void backoff_of_nothing_is_nothing(void **state)
{
    (void)state;
    struct range r = draw_many(0, CAP, 70);
    assert_int_equal(r.lowest, 0);
    assert_int_equal(r.highest, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backoff_doubles_and_uses_the_whole_range),
        cmocka_unit_test(backoff_stops_at_the_cap),
        cmocka_unit_test(backoff_never_overflows),
        cmocka_unit_test(backoff_reaches_both_ends),
        cmocka_unit_test(backoff_of_nothing_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
