#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

static void system_time_does_not_go_back(void **state)
{
    (void)state;
    mono_us last = clock_mono(clock_system());
    for (int i = 0; i < 1000; i++) {
        mono_us now = clock_mono(clock_system());
        assert_true(now >= last);
        last = now;
    }
}

static void wall_time_is_microseconds_since_1970(void **state)
{
    (void)state;
    int64_t year_2020 = INT64_C(1577836800) * US_PER_S;
    int64_t year_2200 = INT64_C(7258118400) * US_PER_S;
    int64_t now = clock_wall(clock_system());
    assert_true(now > year_2020 && now < year_2200);
}

static void fake_time_stands_until_it_is_set(void **state)
{
    (void)state;
    struct clock_fake fake;
    clock_fake_init(&fake, 42);
    assert_int_equal(clock_mono(&fake.clock), 42);
    assert_int_equal(clock_mono(&fake.clock), 42);
    fake.now += US_PER_S;
    assert_int_equal(clock_mono(&fake.clock), 42 + US_PER_S);
}

/* F66: a jump of the wall clock is invisible to timers. */
static void fake_wall_clock_jumps_without_the_monotonic_one(void **state)
{
    (void)state;
    struct clock_fake fake;
    clock_fake_init(&fake, 7);
    fake.wall_now = -24 * 3600 * US_PER_S;
    assert_int_equal(clock_wall(&fake.clock), -24 * 3600 * US_PER_S);
    assert_int_equal(clock_mono(&fake.clock), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(system_time_does_not_go_back),
        cmocka_unit_test(wall_time_is_microseconds_since_1970),
        cmocka_unit_test(fake_time_stands_until_it_is_set),
        cmocka_unit_test(fake_wall_clock_jumps_without_the_monotonic_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
