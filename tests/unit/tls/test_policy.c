/* Tickets' keys: the same wherever a session of the policy may be resumed, and nowhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <stdlib.h>
#include <string.h>

#include "tls/context.h"

#define SECRET_BYTES 32

static unsigned char secret[SECRET_BYTES] = "0123456789abcdef0123456789abcde";

static struct tls_policy policy_of(const char *name)
{
    struct err err;
    struct tls_policy policy = {.name = name};
    assert_int_equal(tls_policy_set_ticket_keys(&policy, secret, SECRET_BYTES, &err), 0);
    return policy;
}

static bool same_keys(const struct tls_policy *a, const struct tls_policy *b)
{
    return memcmp(a->ticket_keys, b->ticket_keys, TLS_TICKET_KEY_BYTES) == 0;
}

/* OpenSSL's own. */
static void expand(const char *info, unsigned char out[static TLS_TICKET_KEY_BYTES])
{
    char digest[] = "SHA512", mode[] = "EXPAND_ONLY";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MODE, mode, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret, SECRET_BYTES),
        OSSL_PARAM_construct_octet_string(
            OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info, strlen(info)),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    assert_int_equal(EVP_KDF_derive(ctx, out, TLS_TICKET_KEY_BYTES, params), 1);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
}

static void ticket_keys_are_hkdf_of_the_policys_name(void **state)
{
    (void)state;
    char longest[200];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const char *const names[] = {"web", "w", longest};
    for (size_t i = 0; i < 3; i++) {
        unsigned char expected[TLS_TICKET_KEY_BYTES];
        struct tls_policy policy = policy_of(names[i]);
        expand(names[i], expected);
        assert_memory_equal(policy.ticket_keys, expected, sizeof expected);
    }
}

static void ticket_keys_are_equal_for_equal_policies_only_F1(void **state)
{
    (void)state;
    struct tls_policy web = policy_of("web"), again = policy_of("web"), mail = policy_of("mail");
    assert_true(same_keys(&web, &again));
    assert_false(same_keys(&web, &mail));
    secret[31] ^= 1;
    struct tls_policy other = policy_of("web");
    secret[31] ^= 1;
    assert_false(same_keys(&web, &other));
}

/* The name of the keys stands in each ticket: it must not be the secret's, nor the keys. */
static void parts_of_the_ticket_keys_differ_F5(void **state)
{
    (void)state;
    struct tls_policy web = policy_of("web");
    const unsigned char *name = web.ticket_keys, *mac = name + 16, *cipher = mac + 32;
    assert_memory_not_equal(name, mac, 16);
    assert_memory_not_equal(name, cipher, 16);
    assert_memory_not_equal(mac, cipher, 32);
    assert_memory_not_equal(name, secret, 16);
}

static void wipe_forgets_the_keys(void **state)
{
    (void)state;
    static const struct tls_policy nothing;
    struct tls_policy web = policy_of("web");
    tls_policy_wipe(&web);
    assert_memory_equal(web.ticket_keys, nothing.ticket_keys, TLS_TICKET_KEY_BYTES);
    assert_null(web.records);
    assert_int_equal(web.n_records, 0);
}

static int group_setup(void **state)
{
    (void)state;
    struct err err;
    return libctx_process_init(&err);
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
        cmocka_unit_test(ticket_keys_are_hkdf_of_the_policys_name),
        cmocka_unit_test(ticket_keys_are_equal_for_equal_policies_only_F1),
        cmocka_unit_test(parts_of_the_ticket_keys_differ_F5),
        cmocka_unit_test(wipe_forgets_the_keys),
    };
    return cmocka_run_group_tests_name("policy", tests, group_setup, group_teardown);
}
