/* OpenSSL's contexts: one a thread, and nothing from the environment (F94). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tls/libctx.h"

static char config_path[] = "/tmp/test_libctx.XXXXXX";

/* Asking with NULL changes nothing and tells which context is the default. */
static OSSL_LIB_CTX *default_context(void)
{
    return OSSL_LIB_CTX_set0_default(NULL);
}

static void work_a_little(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    assert_non_null(key);
    EVP_PKEY_free(key);
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    assert_non_null(ctx);
    SSL_CTX_free(ctx);
}

static void enter_makes_a_default_and_leave_restores_the_old_one(void **state)
{
    (void)state;
    struct err e;
    OSSL_LIB_CTX *before = default_context();
    struct libctx *ctx = libctx_enter(&e);
    assert_non_null(ctx);
    assert_ptr_not_equal(default_context(), before);
    work_a_little();
    libctx_leave(ctx);
    assert_ptr_equal(default_context(), before);
    libctx_leave(NULL);
}

struct thread {
    pthread_t id;
    pthread_barrier_t *all_in;
    OSSL_LIB_CTX *context;
};

static void *thread_run(void *arg)
{
    struct thread *t = arg;
    struct err e;
    struct libctx *ctx = libctx_enter(&e);
    t->context = default_context();
    if (ctx)
        work_a_little();
    pthread_barrier_wait(t->all_in); /* all contexts live now, so equal addresses are one context */
    libctx_leave(ctx);
    return ctx;
}

static void threads_have_a_context_each(void **state)
{
    (void)state;
    enum { THREADS = 3 };
    struct thread threads[THREADS];
    pthread_barrier_t all_in;
    assert_int_equal(pthread_barrier_init(&all_in, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++) {
        threads[i].all_in = &all_in;
        assert_int_equal(pthread_create(&threads[i].id, NULL, thread_run, &threads[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *entered;
        assert_int_equal(pthread_join(threads[i].id, &entered), 0);
        assert_non_null(entered);
        assert_ptr_not_equal(threads[i].context, default_context());
        for (int j = 0; j < i; j++)
            assert_ptr_not_equal(threads[i].context, threads[j].context);
    }
    pthread_barrier_destroy(&all_in);
}

/* The file that OPENSSL_CONF names would load one more provider. */
static void configuration_of_the_environment_is_not_read_F94(void **state)
{
    (void)state;
    struct err e;
    work_a_little();
    assert_int_equal(OSSL_PROVIDER_available(NULL, "null"), 0);
    struct libctx *ctx = libctx_enter(&e);
    assert_non_null(ctx);
    work_a_little();
    assert_int_equal(OSSL_PROVIDER_available(NULL, "default"), 1);
    assert_int_equal(OSSL_PROVIDER_available(NULL, "null"), 0);
    libctx_leave(ctx);
}

static void version_is_that_of_openssl(void **state)
{
    (void)state;
    assert_int_equal(strncmp(libctx_version(), "OpenSSL ", 8), 0);
}

static int group_setup(void **state)
{
    (void)state;
    static const char config[] = "openssl_conf = all\n"
                                 "[all]\nproviders = list\n"
                                 "[list]\ndefault = on\nnull = on\n"
                                 "[on]\nactivate = 1\n";
    struct err e;
    int fd = mkstemp(config_path);
    if (fd < 0 || write(fd, config, strlen(config)) < 0 || close(fd) < 0)
        return -1;
    setenv("OPENSSL_CONF", config_path, 1);
    return libctx_process_init(&e);
}

static int group_teardown(void **state)
{
    (void)state;
    libctx_process_fini();
    return unlink(config_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enter_makes_a_default_and_leave_restores_the_old_one),
        cmocka_unit_test(threads_have_a_context_each),
        cmocka_unit_test(configuration_of_the_environment_is_not_read_F94),
        cmocka_unit_test(version_is_that_of_openssl),
    };
    return cmocka_run_group_tests_name("libctx", tests, group_setup, group_teardown);
}
