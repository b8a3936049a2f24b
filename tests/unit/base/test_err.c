#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static enum err_code code_of(int os_errno)
{
    struct err e;
    err_set_errno(&e, os_errno, "call");
    return e.code;
}

static void every_code_has_a_name(void **state)
{
    (void)state;
    for (enum err_code c = ERR_NONE; c <= ERR_UNAVAILABLE; c++)
        assert_string_not_equal(err_code_name(c), "unknown");
    assert_string_equal(err_code_name(ERR_REFUSED), "refused");
    assert_string_equal(err_code_name((enum err_code)99), "unknown");
}

static void set_starts_as_ours_and_not_to_be_retried(void **state)
{
    (void)state;
    struct err e;
    memset(&e, 0xff, sizeof e);
    err_set(&e, ERR_INPUT, "line %d", 7);
    assert_int_equal(e.code, ERR_INPUT);
    assert_int_equal(e.side, SIDE_OURS);
    assert_int_equal(e.retry, RETRY_NEVER);
    assert_int_equal(e.os_errno, 0);
    assert_string_equal(e.context, "line 7");
}

static void long_context_is_cut(void **state)
{
    (void)state;
    struct err e;
    err_set(&e, ERR_INPUT, "%300d", 1);
    assert_int_equal(strlen(e.context), sizeof e.context - 1);
    err_set_errno(&e, EIO, "%300d", 1);
    assert_int_equal(strlen(e.context), sizeof e.context - 1);
}

static void errno_is_appended_in_words(void **state)
{
    (void)state;
    struct err e;
    err_set_errno(&e, ECONNREFUSED, "connect to %s", "10.0.0.1:80");
    assert_int_equal(e.os_errno, ECONNREFUSED);
    assert_string_equal(e.context, "connect to 10.0.0.1:80: Connection refused");
}

static void code_follows_from_errno(void **state)
{
    (void)state;
    assert_int_equal(code_of(ENOMEM), ERR_MEMORY);
    assert_int_equal(code_of(ECONNREFUSED), ERR_REFUSED);
    assert_int_equal(code_of(ENOENT), ERR_REFUSED);
    assert_int_equal(code_of(EHOSTUNREACH), ERR_UNREACHABLE);
    assert_int_equal(code_of(ENETDOWN), ERR_UNREACHABLE);
    assert_int_equal(code_of(ETIMEDOUT), ERR_TIMEOUT);
    assert_int_equal(code_of(ECONNRESET), ERR_RESET);
    assert_int_equal(code_of(EPIPE), ERR_RESET);
    assert_int_equal(code_of(EIO), ERR_SYSTEM);
}

/* A machine that runs out must not be taken for a failing server (F55). */
static void exhaustion_is_never_the_peers_fault(void **state)
{
    (void)state;
    const int ours[] = {EMFILE, ENFILE, ENOBUFS, EADDRNOTAVAIL, EADDRINUSE, EAGAIN};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        assert_int_equal(code_of(ours[i]), ERR_LOCAL);
}

static void prefix_keeps_everything_but_the_words(void **state)
{
    (void)state;
    struct err e;
    err_set_errno(&e, EACCES, "open");
    e.side = SIDE_BACK;
    e.retry = RETRY_SAFE;
    err_prefix(&e, "pool %s", "app");
    assert_string_equal(e.context, "pool app: open: Permission denied");
    assert_int_equal(e.side, SIDE_BACK);
    assert_int_equal(e.retry, RETRY_SAFE);
    assert_int_equal(e.os_errno, EACCES);
}

static void clear_leaves_no_failure_and_no_words(void **state)
{
    (void)state;
    struct err e;
    memset(&e, 0xff, sizeof e);
    err_clear(&e);
    assert_int_equal(e.code, ERR_NONE);
    assert_int_equal(e.side, SIDE_OURS);
    assert_int_equal(e.retry, RETRY_NEVER);
    assert_int_equal(e.os_errno, 0);
    assert_string_equal(e.context, "");
}

static void arguments_may_point_into_the_error_itself(void **state)
{
    (void)state;
    struct err e;
    err_set(&e, ERR_INPUT, "bad key");
    err_set(&e, ERR_TLS, "web.pem: %s", e.context);
    assert_string_equal(e.context, "web.pem: bad key");
    err_prefix(&e, "%s", e.context);
    assert_string_equal(e.context, "web.pem: bad key: web.pem: bad key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_a_name),
        cmocka_unit_test(set_starts_as_ours_and_not_to_be_retried),
        cmocka_unit_test(clear_leaves_no_failure_and_no_words),
        cmocka_unit_test(long_context_is_cut),
        cmocka_unit_test(errno_is_appended_in_words),
        cmocka_unit_test(code_follows_from_errno),
        cmocka_unit_test(exhaustion_is_never_the_peers_fault),
        cmocka_unit_test(prefix_keeps_everything_but_the_words),
        cmocka_unit_test(arguments_may_point_into_the_error_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
