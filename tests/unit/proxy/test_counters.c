/* What workers count, and its sum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "proxy/counters.h"

#define COUNTERS (sizeof(struct counters) / sizeof(uint64_t))

/* The n-th of them, whatever its name. */
static _Atomic uint64_t *nth(struct counters *c, size_t n)
{
    return (_Atomic uint64_t *)(void *)c + n;
}

static void sum_has_every_counter_of_every_worker(void **state)
{
    (void)state;
    struct counters sum = {0}, workers[3] = {{0}};
    for (size_t n = 0; n < COUNTERS; n++) {
        for (size_t w = 0; w < 3; w++)
            counter_add(nth(&workers[w], n), 1000 * n + w);
        counter_add(nth(&workers[0], n), UINT64_C(1) << 40);
    }
    for (size_t w = 0; w < 3; w++)
        counters_add(&sum, &workers[w]);
    for (size_t n = 0; n < COUNTERS; n++)
        assert_int_equal(*nth(&sum, n), 3000 * n + 3 + (UINT64_C(1) << 40));
}

static void taking_the_sum_changes_no_worker(void **state)
{
    (void)state;
    struct counters sum = {0}, worker = {0}, before;
    counter_add(&worker.accepted, 3);
    counter_add(&worker.closed[CLOSE_DONE], 2);
    memcpy(&before, &worker, sizeof before);
    counters_add(&sum, &worker);
    assert_memory_equal(&before, &worker, sizeof before);
    assert_int_equal(sum.accepted, 3);
    assert_int_equal(sum.closed[CLOSE_DONE], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sum_has_every_counter_of_every_worker),
        cmocka_unit_test(taking_the_sum_changes_no_worker),
    };
    return cmocka_run_group_tests_name("counters", tests, NULL, NULL);
}
