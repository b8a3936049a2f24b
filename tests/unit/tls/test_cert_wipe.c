/* No piece of a private key is left in memory that we give back to the heap: the linker puts us
 * between sluice and its heap (--wrap, see module.mk). OpenSSL's own blocks are not looked at: its
 * base64 and DER decoders (3.0) do not wipe theirs, and no caller can make them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>
#include <openssl/core_names.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cert_fixture.h"
#include "tls/cert_objects.h"
#include "tls/cert_record.h"
#include "tls/libctx.h"

#define NEEDLE_BYTES 16

static struct {
    char dir[32], path[64];
    struct libctx *libctx;
    unsigned char number[NEEDLE_BYTES]; /* of the secret number, as in DER */
    char base64[NEEDLE_BYTES];          /* of the same, as in PEM */
    bool watching;
    int leaks, frees;
} test;

void *__real_mem_alloc(size_t size);
void *__wrap_mem_alloc(size_t size);
void __real_mem_free(void *p);
void __wrap_mem_free(void *p);

/* Zeroed, so that looking at a block that was never filled to its end is no mistake. */
void *__wrap_mem_alloc(size_t size)
{
    void *p = __real_mem_alloc(size);
    if (p)
        memset(p, 0, size);
    return p;
}

static void look_at(const void *p)
{
    size_t n = malloc_usable_size((void *)(uintptr_t)p);
    test.frees++;
    if (memmem(p, n, test.number, NEEDLE_BYTES) || memmem(p, n, test.base64, NEEDLE_BYTES))
        test.leaks++;
}

void __wrap_mem_free(void *p)
{
    if (p && test.watching)
        look_at(p);
    __real_mem_free(p);
}

static void number_take(const struct cert_record *record)
{
    struct cert_objects objects;
    struct err e;
    BIGNUM *number = NULL;
    unsigned char bytes[128];
    assert_int_equal(cert_objects_init(record, &objects, &e), 0);
    assert_int_equal(
        EVP_PKEY_get_bn_param(objects.key, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, &number), 1);
    assert_int_equal(BN_bn2binpad(number, bytes, sizeof bytes), sizeof bytes);
    memcpy(test.number, bytes + 8, NEEDLE_BYTES);
    BN_clear_free(number);
    cert_objects_fini(&objects);
}

/* The line before the last is all of the coefficient, the last number in the key. */
static void base64_take(const char *key)
{
    const char *end = strstr(key, "\n-----END");
    assert_non_null(end);
    const char *last = memrchr(key, '\n', (size_t)(end - key));
    assert_non_null(last);
    memcpy(test.base64, last - 2 * NEEDLE_BYTES, NEEDLE_BYTES);
}

static void file_write(const char *pieces)
{
    char *text = cert_fixture_text(pieces);
    FILE *f = fopen(test.path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(test.path, 0600), 0);
    free(text);
}

static struct cert_record *load(const char *pieces)
{
    struct cert_record *record;
    struct err e;
    file_write(pieces);
    return cert_record_load(test.path, geteuid(), &record, &e) == 0 ? record : NULL;
}

static void watch_start(void)
{
    test.leaks = test.frees = 0;
    test.watching = true;
}

static void watch_stop(void)
{
    test.watching = false;
    assert_int_not_equal(test.frees, 0);
    assert_int_equal(test.leaks, 0);
}

/* Without this the other tests could pass by looking for the wrong bytes. */
static void needles_are_in_what_is_loaded(void **state)
{
    (void)state;
    struct cert_record *record = load("rsa-2048-cert rsa-2048-key");
    assert_non_null(record);
    assert_non_null(memmem(record->key.p, record->key.n, test.number, NEEDLE_BYTES));
    cert_record_unref(record);

    char *text = cert_fixture_text("rsa-2048-cert rsa-2048-key");
    char *copy = mem_strdup(text);
    free(text);
    test.leaks = 0;
    test.watching = true;
    mem_free(copy);
    test.watching = false;
    assert_int_equal(test.leaks, 1);
}

static void key_is_wiped_after_loading_and_with_the_record(void **state)
{
    (void)state;
    watch_start();
    struct cert_record *record = load("rsa-2048-cert middle root rsa-2048-key");
    assert_non_null(record);
    cert_record_unref(record);
    watch_stop();
}

static void key_is_wiped_when_the_file_is_refused(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "rsa-2048-key",                        /* by what is missing */
        "rsa-2048-key rsa-2048-cert junk-key", /* by a later block */
        "rsa-2048-key leaf",                   /* by a check of the whole */
        "rsa-2048-key rsa-2048-cert cut-middle",
        "rsa-2048-key rsa-2048-cert junk-cert",
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        watch_start();
        assert_null(load(refused[i]));
        watch_stop();
    }
}

static int group_setup(void **state)
{
    (void)state;
    struct err e;
    snprintf(test.dir, sizeof test.dir, "/tmp/test_cert_wipe.XXXXXX");
    if (libctx_process_init(&e) < 0 || !(test.libctx = libctx_enter(&e)) || !mkdtemp(test.dir))
        return -1;
    snprintf(test.path, sizeof test.path, "%s/cert.pem", test.dir);
    cert_fixture_init();
    struct cert_record *record = load("rsa-2048-cert rsa-2048-key");
    if (!record)
        return -1;
    number_take(record);
    cert_record_unref(record);
    char *text = cert_fixture_text("rsa-2048-key");
    base64_take(text);
    free(text);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    cert_fixture_fini();
    unlink(test.path);
    libctx_leave(test.libctx);
    libctx_process_fini();
    return rmdir(test.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(needles_are_in_what_is_loaded),
        cmocka_unit_test(key_is_wiped_after_loading_and_with_the_record),
        cmocka_unit_test(key_is_wiped_when_the_file_is_refused),
    };
    return cmocka_run_group_tests_name("cert_wipe", tests, group_setup, group_teardown);
}
