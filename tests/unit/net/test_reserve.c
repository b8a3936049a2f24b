/* Event loops when memory ends: their library would end the program (F61). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "net/reserve.h"
#include "net/watch.h"

#define TIMERS 1000
#define SOME 1000 /* connections */

/* The linker puts these two between sluice and its heap. */
void *__real_mem_alloc(size_t size);
void *__wrap_mem_alloc(size_t size);
void *__real_mem_library_resize(enum mem_library library, void *old, size_t size);
void *__wrap_mem_library_resize(enum mem_library library, void *old, size_t size);

static struct {
    bool is_out;  /* there is memory neither for us nor for libev */
    bool is_back; /* for libev, as soon as the reserve was given back */
    size_t set_aside;
    unsigned failures;
} memory;

void *__wrap_mem_alloc(size_t size)
{
    if (memory.is_out)
        return NULL;
    memory.set_aside = size;
    return __real_mem_alloc(size);
}

void *__wrap_mem_library_resize(enum mem_library library, void *old, size_t size)
{
    if (!size || !memory.is_out || memory.is_back)
        return __real_mem_library_resize(library, old, size);
    memory.failures++;
    memory.is_back = true;
    return NULL;
}

static struct watch_timer timers[TIMERS];

static int set_up(void **state)
{
    (void)state;
    memory.is_out = memory.is_back = false;
    memory.failures = 0;
    return reserve_set(SOME);
}

static int tear_down(void **state)
{
    (void)state;
    memory.is_out = false;
    reserve_drop();
    return 0;
}

static void on_timer(void *owner)
{
    unsigned *left = owner;
    --*left;
}

static void loop_goes_on_with_its_reserve_when_memory_ends_F61(void **state)
{
    (void)state;
    struct loop loop;
    struct err err;
    unsigned left = TIMERS;
    assert_int_equal(loop_init(&loop, &err), 0);
    memory.is_out = true;
    for (int i = 0; i < TIMERS; i++) {
        watch_timer_init(&timers[i], on_timer, &left);
        watch_timer_start(&loop, &timers[i], 0);
    }
    assert_int_equal(memory.failures, 1);
    while (left)
        ev_run(loop.ev, EVRUN_ONCE);
    loop_fini(&loop);
}

static void reserve_that_was_given_up_comes_back_with_memory(void **state)
{
    (void)state;
    memory.is_out = true;
    void *p = reserve_resize(NULL, 100);
    assert_non_null(p);
    assert_false(reserve_is_there());
    assert_false(reserve_is_there());
    memory.is_out = false;
    assert_true(reserve_is_there());
    memory.is_out = true;
    assert_true(reserve_is_there()); /* it is held: no allocation */
    assert_null(reserve_resize(p, 0));
}

static void larger_reserve_that_cannot_be_had_leaves_the_smaller(void **state)
{
    (void)state;
    size_t small = memory.set_aside;
    memory.is_out = true;
    assert_int_equal(reserve_set(2 * SOME), -1);
    assert_true(reserve_is_there());
    memory.is_out = false;
    assert_int_equal(reserve_set(2 * SOME), 0);
    assert_int_equal(memory.set_aside, 2 * small);
}

static void nothing_is_missed_where_none_was_set(void **state)
{
    (void)state;
    reserve_drop();
    memory.is_out = true;
    assert_true(reserve_is_there());
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(loop_goes_on_with_its_reserve_when_memory_ends_F61),
        CASE(reserve_that_was_given_up_comes_back_with_memory),
        CASE(larger_reserve_that_cannot_be_had_leaves_the_smaller),
        CASE(nothing_is_missed_where_none_was_set),
    };
    return cmocka_run_group_tests_name("reserve", tests, NULL, NULL);
}
