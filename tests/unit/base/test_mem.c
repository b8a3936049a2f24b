#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static void zeroed_memory_is_zero(void **state)
{
    (void)state;
    const char zero[100] = {0};
    char *one = mem_zalloc(sizeof zero);
    char *many = mem_array(20, 5);
    assert_memory_equal(one, zero, sizeof zero);
    assert_memory_equal(many, zero, sizeof zero);
    mem_free(one);
    mem_free(many);
}

static void array_refuses_a_product_that_overflows(void **state)
{
    (void)state;
    size_t half = SIZE_MAX / 2 + 1;
    errno = 0;
    void *p = mem_array(half, 2);
    assert_null(p);
    assert_int_equal(errno, ENOMEM);
}

static void resize_keeps_the_contents(void **state)
{
    (void)state;
    char *p = mem_strdup("keep");
    assert_non_null(p);
    p = mem_resize(p, 1000);
    assert_non_null(p);
    assert_string_equal(p, "keep");
    mem_free(p);
}

static void resize_to_nothing_still_gives_a_block(void **state)
{
    (void)state;
    void *p = mem_alloc(0);
    assert_non_null(p);
    p = mem_resize(p, 0);
    assert_non_null(p);
    mem_free(p);
}

static void strndup_stops_at_either_end(void **state)
{
    (void)state;
    char *cut = mem_strndup("abcdef", 3);
    char *whole = mem_strndup("abc", 100);
    assert_string_equal(cut, "abc");
    assert_string_equal(whole, "abc");
    mem_free(cut);
    mem_free(whole);
}

static void printf_makes_room_for_all(void **state)
{
    (void)state;
    char *text = mem_printf("%s-%0500d", "n", 7);
    assert_non_null(text);
    assert_int_equal(strlen(text), 502);
    assert_int_equal(text[501], '7');
    mem_free(text);
}

static void free_takes_null(void **state)
{
    (void)state;
    mem_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeroed_memory_is_zero),
        cmocka_unit_test(array_refuses_a_product_that_overflows),
        cmocka_unit_test(resize_keeps_the_contents),
        cmocka_unit_test(resize_to_nothing_still_gives_a_block),
        cmocka_unit_test(strndup_stops_at_either_end),
        cmocka_unit_test(printf_makes_room_for_all),
        cmocka_unit_test(free_takes_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
