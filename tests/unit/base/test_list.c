#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/list.h"

struct item {
    int value;
    struct list node;
};

static void empty_list_has_no_first(void **state)
{
    (void)state;
    struct list head;
    list_init(&head);
    assert_true(list_is_empty(&head));
    assert_null(list_first(&head));
}

static void items_come_in_the_order_of_appending(void **state)
{
    (void)state;
    struct item items[] = {{.value = 1}, {.value = 2}, {.value = 3}};
    struct list head;
    int expected = 1;
    list_init(&head);
    for (int i = 0; i < 3; i++)
        list_append(&head, &items[i].node);
    LIST_EACH_SAFE(it, next, &head)
    assert_int_equal(CONTAINER_OF(it, struct item, node)->value, expected++);
    assert_int_equal(expected, 4);
}

static void items_may_leave_while_walking(void **state)
{
    (void)state;
    struct item items[] = {{.value = 1}, {.value = 2}, {.value = 3}};
    struct list head;
    list_init(&head);
    for (int i = 0; i < 3; i++)
        list_append(&head, &items[i].node);
    LIST_EACH_SAFE(it, next, &head)
    list_remove(it);
    assert_true(list_is_empty(&head));
}

static void removing_twice_is_harmless(void **state)
{
    (void)state;
    struct item a = {.value = 1}, b = {.value = 2};
    struct list head;
    list_init(&head);
    list_append(&head, &a.node);
    list_append(&head, &b.node);
    list_remove(&a.node);
    list_remove(&a.node);
    assert_ptr_equal(list_first(&head), &b.node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_list_has_no_first),
        cmocka_unit_test(items_come_in_the_order_of_appending),
        cmocka_unit_test(items_may_leave_while_walking),
        cmocka_unit_test(removing_twice_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
