/* What a thread's context has after an allocation of OpenSSL has failed while it was made (F61). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tls/algorithms.h"
#include "tls/libctx.h"

#define RUNS 120

/* OpenSSL's heap: every block is in a list, because OpenSSL itself loses some when it fails, which
 * is not what is tested here. */
struct block {
    struct block *next, **link;
    max_align_t data[];
};
static struct block *blocks;
static unsigned long calls, failing; /* the number of the allocation that fails; 0: none */

static struct block *block_of(void *data)
{
    return data ? (struct block *)(void *)((char *)data - offsetof(struct block, data)) : NULL;
}

static void block_join(struct block *b)
{
    b->next = blocks;
    b->link = &blocks;
    if (blocks)
        blocks->link = &b->next;
    blocks = b;
}

static void block_leave(struct block *b)
{
    *b->link = b->next;
    if (b->next)
        b->next->link = b->link;
}

static void heap_free(void *data, const char *file, int line)
{
    (void)file;
    (void)line;
    struct block *b = block_of(data);
    if (b)
        block_leave(b);
    free(b);
}

static void *heap_resize(void *data, size_t size, const char *file, int line)
{
    if (!size) {
        heap_free(data, file, line);
        return NULL;
    }
    if (++calls == failing)
        return NULL;
    struct block *b = block_of(data);
    if (b)
        block_leave(b);
    b = realloc(b, sizeof *b + size);
    assert_non_null(b);
    block_join(b);
    return b->data;
}

static void *heap_alloc(size_t size, const char *file, int line)
{
    return heap_resize(NULL, size, file, line);
}

/* Asks for every algorithm of the thread's context. */
static int ask(void)
{
    struct err err;
    OSSL_PROVIDER *provider = OSSL_PROVIDER_load(NULL, "default");
    int rc = provider ? algorithms_make(provider, &err) : -1;
    if (provider)
        OSSL_PROVIDER_unload(provider);
    return rc;
}

static struct libctx *enter(void)
{
    struct err err;
    struct libctx *ctx = libctx_enter(&err);
    if (!ctx)
        assert_true(strlen(err.context) > 0);
    return ctx;
}

/* What OpenSSL makes once for the process is made; returns how many allocations entering takes. */
static unsigned long warm_up(void)
{
    for (int i = 0; i < 2; i++) {
        calls = 0;
        struct libctx *ctx = enter();
        assert_non_null(ctx);
        libctx_leave(ctx);
    }
    return calls;
}

static void context_is_made_with_all_its_algorithms_or_not_at_all_F61(void **state)
{
    (void)state;
    unsigned long total = warm_up();
    unsigned made = 0, refused = 0;
    for (unsigned long n = 1; n <= total; n += total / RUNS + 1) {
        calls = 0;
        failing = n;
        struct libctx *ctx = enter();
        failing = 0;
        if (ctx)
            assert_int_equal(ask(), 0);
        *(ctx ? &made : &refused) += 1;
        libctx_leave(ctx);
    }
    assert_true(made > 0 && refused > 0);
}

static void nothing_is_missing_for_good_after_a_failure_in_service_F61(void **state)
{
    (void)state;
    warm_up();
    struct libctx *ctx = enter();
    calls = 0;
    assert_int_equal(ask(), 0);
    unsigned long total = calls;
    libctx_leave(ctx);
    for (unsigned long n = 1; n <= total; n += total / RUNS + 1) {
        ctx = enter();
        assert_non_null(ctx);
        calls = 0;
        failing = n;
        (void)ask();
        failing = 0;
        assert_int_equal(ask(), 0);
        libctx_leave(ctx);
    }
}

int main(void)
{
    if (CRYPTO_set_mem_functions(heap_alloc, heap_resize, heap_free) != 1)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(context_is_made_with_all_its_algorithms_or_not_at_all_F61),
        cmocka_unit_test(nothing_is_missing_for_good_after_a_failure_in_service_F61),
    };
    return cmocka_run_group_tests_name("algorithms", tests, NULL, NULL);
}
