/* libctx: one OSSL_LIB_CTX a thread, its default before any OpenSSL object exists there: without it
 * threads share locks and two do the work of one.
 *
 * Rules: first call in the thread; every object is freed on its thread; last call in the thread. */
#ifndef SLUICE_TLS_LIBCTX_H
#define SLUICE_TLS_LIBCTX_H

#include "base/err.h"

struct libctx;

/* Once, in main(), before threads: no configuration file, no atexit surprises (F94). */
int libctx_process_init(struct err *ret_err);
/* Last, in main(), when every other thread that used OpenSSL has been joined; OpenSSL cannot be
 * used again. */
void libctx_process_fini(void);

struct libctx *libctx_enter(struct err *ret_err); /* NULL on failure */
void libctx_leave(struct libctx *ctx);            /* takes NULL */
const char *libctx_version(void);                 /* OpenSSL's own words, for --version */

#endif
