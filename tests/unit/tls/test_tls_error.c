/* OpenSSL's error queue in one line, and empty afterwards (F15). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <string.h>

#include "tls/libctx.h"
#include "tls/tls_error.h"

static void take_names_the_oldest_reason_and_empties_the_queue_F15(void **state)
{
    (void)state;
    struct err e;
    ERR_raise(ERR_LIB_SSL, SSL_R_NO_SHARED_CIPHER);
    ERR_raise(ERR_LIB_SSL, SSL_R_BAD_PACKET);
    tls_error_take(&e, "handshake");
    assert_int_equal(e.code, ERR_TLS);
    assert_int_equal(e.side, SIDE_OURS);
    assert_string_equal(e.context, "handshake: no shared cipher");
    assert_int_equal(ERR_peek_error(), 0);
}

static void clear_empties_the_queue_F15(void **state)
{
    (void)state;
    tls_error_clear();
    assert_int_equal(ERR_peek_error(), 0);
    ERR_raise(ERR_LIB_SSL, SSL_R_NO_SHARED_CIPHER);
    ERR_raise(ERR_LIB_SSL, SSL_R_BAD_PACKET);
    tls_error_clear();
    assert_int_equal(ERR_peek_error(), 0);
}

static void take_shows_what_openssl_adds_to_a_reason(void **state)
{
    (void)state;
    struct err e;
    ERR_raise_data(ERR_LIB_SSL, SSL_R_NO_SHARED_CIPHER, "offered %d", 3);
    tls_error_take(&e, "handshake");
    assert_string_equal(e.context, "handshake: no shared cipher (offered 3)");
}

static void take_says_memory_wherever_in_the_queue_that_is(void **state)
{
    (void)state;
    struct err e;
    ERR_raise(ERR_LIB_SSL, SSL_R_BAD_PACKET);
    ERR_raise(ERR_LIB_SSL, ERR_R_MALLOC_FAILURE);
    ERR_raise(ERR_LIB_SSL, SSL_R_BAD_PACKET);
    tls_error_take(&e, "handshake");
    assert_int_equal(e.code, ERR_MEMORY);
    assert_string_equal(e.context, "handshake: OpenSSL is out of memory");
    assert_int_equal(ERR_peek_error(), 0);
}

static void take_keeps_the_errno_of_a_system_call(void **state)
{
    (void)state;
    struct err e;
    ERR_raise_data(ERR_LIB_SYS, ENOENT, "calling fopen()");
    tls_error_take(&e, "reading");
    assert_int_equal(e.code, ERR_TLS);
    assert_int_equal(e.os_errno, ENOENT);
    assert_string_equal(e.context, "reading: No such file or directory (calling fopen())");
}

static void take_of_an_empty_queue_still_says_what(void **state)
{
    (void)state;
    struct err e;
    tls_error_take(&e, "handshake");
    assert_int_equal(e.code, ERR_TLS);
    assert_string_equal(e.context, "handshake: no reason given");
}

static void refuse_says_the_callers_sentence_and_empties_the_queue(void **state)
{
    (void)state;
    struct err e;
    ERR_raise(ERR_LIB_SSL, SSL_R_BAD_PACKET);
    assert_int_equal(tls_error_refuse(&e, "certificate %d is odd", 2), -1);
    assert_int_equal(e.code, ERR_INPUT);
    assert_string_equal(e.context, "certificate 2 is odd");
    assert_int_equal(ERR_peek_error(), 0);
}

static void refuse_does_not_blame_a_file_for_a_lack_of_memory(void **state)
{
    (void)state;
    struct err e;
    ERR_raise(ERR_LIB_SSL, ERR_R_MALLOC_FAILURE);
    assert_int_equal(tls_error_refuse(&e, "certificate %d is odd", 2), -1);
    assert_int_equal(e.code, ERR_MEMORY);
    assert_null(strstr(e.context, "odd"));
    assert_int_equal(ERR_peek_error(), 0);
}

static int group_setup(void **state)
{
    (void)state;
    struct err e;
    return libctx_process_init(&e);
}

static int group_teardown(void **state)
{
    (void)state;
    libctx_process_fini();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(take_names_the_oldest_reason_and_empties_the_queue_F15),
        cmocka_unit_test(clear_empties_the_queue_F15),
        cmocka_unit_test(take_shows_what_openssl_adds_to_a_reason),
        cmocka_unit_test(take_says_memory_wherever_in_the_queue_that_is),
        cmocka_unit_test(take_keeps_the_errno_of_a_system_call),
        cmocka_unit_test(take_of_an_empty_queue_still_says_what),
        cmocka_unit_test(refuse_says_the_callers_sentence_and_empties_the_queue),
        cmocka_unit_test(refuse_does_not_blame_a_file_for_a_lack_of_memory),
    };
    return cmocka_run_group_tests_name("tls_error", tests, group_setup, group_teardown);
}
