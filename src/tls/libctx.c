/* libctx: OpenSSL's start and end, for the process and for each thread. */
#include "tls/libctx.h"

#include <openssl/crypto.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <stdbool.h>

#include "base/mem.h"
#include "tls/algorithms.h"
#include "tls/tls_error.h"

struct libctx {
    OSSL_LIB_CTX *ossl;
    OSSL_LIB_CTX *before; /* the thread's default until we came */
    OSSL_PROVIDER *provider;
};

#ifdef SLUICE_FAULTS
/* Lets a test fail OpenSSL's allocations too. In any other build OpenSSL keeps its own. */
static void *openssl_alloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return mem_library_resize(MEM_OPENSSL, NULL, size);
}

static void *openssl_resize(void *old, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return mem_library_resize(MEM_OPENSSL, old, size);
}

static void openssl_free(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    (void)mem_library_resize(MEM_OPENSSL, p, 0);
}

static bool set_allocator(void)
{
    return CRYPTO_set_mem_functions(openssl_alloc, openssl_resize, openssl_free) == 1;
}
#else
static bool set_allocator(void)
{
    return true;
}
#endif

int libctx_process_init(struct err *ret_err)
{
    /* NO_LOAD_CONFIG must be in the first call of all: later ones, also OpenSSL's own, find it
     * decided (F94). NO_ATEXIT: exit() while another thread is in OpenSSL would pull the ground
     * from under it. */
    uint64_t how = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT |
                   OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS;
    if (set_allocator() && OPENSSL_init_ssl(how, NULL) == 1)
        return 0;
    tls_error_take(ret_err, "starting OpenSSL");
    return -1;
}

void libctx_process_fini(void)
{
    OPENSSL_cleanup();
}

struct libctx *libctx_enter(struct err *ret_err)
{
    struct libctx *ctx = mem_zalloc(sizeof *ctx);
    if (!ctx) {
        err_set(ret_err, ERR_MEMORY, "no memory for OpenSSL's context");
        return NULL;
    }
    ctx->ossl = OSSL_LIB_CTX_new();
    if (!ctx->ossl)
        goto fail;
    ctx->before = OSSL_LIB_CTX_set0_default(ctx->ossl);
    if (OSSL_LIB_CTX_set0_default(NULL) != ctx->ossl) /* it does not say when it failed */
        goto fail;
    /* OpenSSL would load it by itself on first use, and then fail in the middle of a handshake. */
    ctx->provider = OSSL_PROVIDER_load(ctx->ossl, "default");
    if (!ctx->provider)
        goto fail;
    if (algorithms_make(ctx->provider, ret_err) < 0) {
        libctx_leave(ctx);
        return NULL;
    }
    return ctx;
fail:
    tls_error_take(ret_err, "making OpenSSL's context for a thread");
    libctx_leave(ctx);
    return NULL;
}

void libctx_leave(struct libctx *ctx)
{
    if (!ctx)
        return;
    if (ctx->provider)
        OSSL_PROVIDER_unload(ctx->provider);
    if (ctx->before)
        OSSL_LIB_CTX_set0_default(ctx->before);
    if (ctx->ossl) {
        OPENSSL_thread_stop_ex(
            ctx->ossl); /* what this thread keeps in the context: freed before it, not after */
        OSSL_LIB_CTX_free(ctx->ossl);
    }
    mem_free(ctx);
}

const char *libctx_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}
