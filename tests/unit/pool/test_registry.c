#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "pool/registry.h"

static struct registry registry;

static int set_up(void **state)
{
    (void)state;
    registry_init(&registry);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    registry_fini(&registry);
    return 0;
}

static struct addr address(const char *text)
{
    struct addr addr;
    struct err err;
    assert_int_equal(addr_parse(text, &addr, &err), 0);
    return addr;
}

static struct server *get(const char *pool, const char *name, const char *addr_text)
{
    struct addr addr = address(addr_text);
    struct server *s = registry_server(&registry, pool, name, &addr);
    assert_non_null(s);
    return s;
}

static void registry_keeps_a_server_over_a_reload(void **state)
{
    (void)state;
    struct server *old = get("app", "a", "10.0.0.1:80");
    atomic_store(&old->load, 7);
    atomic_store(&old->dials, 99);

    struct server *new = get("app", "a", "10.0.0.1:80");
    assert_ptr_equal(new, old);
    registry_unref_server(&registry, old); /* the old snapshot goes */
    assert_int_equal(new->load, 7);
    assert_int_equal(new->dials, 99);
    registry_unref_server(&registry, new);
}

static void registry_makes_another_record_for_another_address(void **state)
{
    (void)state;
    struct server *a = get("app", "a", "10.0.0.1:80");
    struct server *port = get("app", "a", "10.0.0.1:81");
    struct server *host = get("app", "a", "10.0.0.2:80");
    struct server *v6 = get("app", "a", "[::1]:80");
    struct server *local = get("app", "a", "unix:/run/a.sock");
    struct server *all[] = {a, port, host, v6, local};
    for (size_t i = 0; i < 5; i++) {
        for (size_t j = 0; j < i; j++)
            assert_ptr_not_equal(all[i], all[j]);
    }
    for (size_t i = 0; i < 5; i++)
        registry_unref_server(&registry, all[i]);
}

static void registry_tells_servers_apart_by_name_and_pool(void **state)
{
    (void)state;
    struct server *a = get("app", "a", "10.0.0.1:80");
    struct server *b = get("app", "b", "10.0.0.1:80");
    struct server *other = get("admin", "a", "10.0.0.1:80");
    assert_ptr_not_equal(a, b);
    assert_ptr_not_equal(a, other);
    registry_unref_server(&registry, a);
    registry_unref_server(&registry, b);
    registry_unref_server(&registry, other);
}

/* Names come from a configuration that is freed long before the record. */
static void registry_copies_names(void **state)
{
    (void)state;
    char pool[] = "app", name[] = "a";
    struct server *s = get(pool, name, "10.0.0.1:80");
    struct pool_record *p = registry_pool(&registry, pool);
    memset(pool, 'x', 3);
    memset(name, 'x', 1);
    assert_string_equal(s->pool_name, "app");
    assert_string_equal(s->name, "a");
    assert_string_equal(s->addr_text, "10.0.0.1:80");
    assert_string_equal(p->name, "app");
    registry_unref_server(&registry, s);
    registry_unref_pool(&registry, p);
}

static void registry_forgets_with_the_last_reference(void **state)
{
    (void)state;
    struct server *s = get("app", "a", "10.0.0.1:80");
    assert_ptr_equal(get("app", "a", "10.0.0.1:80"), s);
    registry_unref_server(&registry, s);
    assert_false(list_is_empty(&registry.servers));
    registry_unref_server(&registry, s);
    assert_true(list_is_empty(&registry.servers));

    struct pool_record *p = registry_pool(&registry, "app");
    assert_ptr_equal(registry_pool(&registry, "app"), p);
    registry_unref_pool(&registry, p);
    assert_false(list_is_empty(&registry.pools));
    registry_unref_pool(&registry, p);
    assert_true(list_is_empty(&registry.pools));
}

static void registry_keeps_turn_and_budget_by_pool_name(void **state)
{
    (void)state;
    struct pool_record *app = registry_pool(&registry, "app");
    struct pool_record *other = registry_pool(&registry, "apple");
    assert_ptr_not_equal(app, other);
    atomic_store(&app->turn, 5);
    while (budget_take(&app->budget, 20, US_PER_S))
        continue;

    struct pool_record *reloaded = registry_pool(&registry, "app");
    assert_int_equal(reloaded->turn, 5);
    assert_false(budget_take(&reloaded->budget, 20, US_PER_S));
    assert_int_equal(other->turn, 0);
    assert_true(budget_take(&other->budget, 20, US_PER_S));
    registry_unref_pool(&registry, app);
    registry_unref_pool(&registry, reloaded);
    registry_unref_pool(&registry, other);
}

static void registry_takes_back_nothing(void **state)
{
    (void)state;
    registry_unref_server(&registry, NULL);
    registry_unref_pool(&registry, NULL);
    assert_true(list_is_empty(&registry.servers));
    assert_true(list_is_empty(&registry.pools));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(registry_keeps_a_server_over_a_reload),
        CASE(registry_makes_another_record_for_another_address),
        CASE(registry_tells_servers_apart_by_name_and_pool),
        CASE(registry_copies_names),
        CASE(registry_forgets_with_the_last_reference),
        CASE(registry_keeps_turn_and_budget_by_pool_name),
        CASE(registry_takes_back_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
