/* tls_error: emptying OpenSSL's error queue. */
#include "tls/tls_error.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define OUT_OF_MEMORY "OpenSSL is out of memory"

struct queue_sum {
    bool is_empty, out_of_memory;
    int os_errno;
    char reason[128]; /* of the oldest entry: that is the cause, later ones are its callers' echoes
                       */
};

static void put_reason(struct queue_sum *sum, unsigned long code, const char *data)
{
    struct text t;
    text_init(&t, sum->reason, sizeof sum->reason);
    if (ERR_SYSTEM_ERROR(code)) {
        char words[80];
        sum->os_errno = ERR_GET_REASON(code);
        text_puts(&t, strerror_r(sum->os_errno, words, sizeof words));
    } else {
        const char *reason = ERR_reason_error_string(code);
        text_puts(&t, reason ? reason : "no reason given");
    }
    if (*data)
        text_printf(&t, " (%s)", data);
}

static bool is_out_of_memory(unsigned long code)
{
    int reason = ERR_GET_REASON(code);
    return ERR_SYSTEM_ERROR(code) ? reason == ENOMEM : reason == ERR_R_MALLOC_FAILURE;
}

static struct queue_sum queue_take(void)
{
    struct queue_sum sum = {.is_empty = true, .reason = "no reason given"};
    unsigned long code;
    const char *data;
    int flags;
    while ((code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags))) {
        sum.out_of_memory |= is_out_of_memory(code);
        if (sum.is_empty)
            put_reason(&sum, code, flags & ERR_TXT_STRING ? data : "");
        sum.is_empty = false;
    }
    return sum;
}

void tls_error_clear(void)
{
    if (ERR_peek_error())
        ERR_clear_error();
}

void tls_error_take(struct err *ret_err, const char *what)
{
    struct queue_sum sum = queue_take();
    if (sum.out_of_memory)
        err_set(ret_err, ERR_MEMORY, "%s: " OUT_OF_MEMORY, what);
    else
        err_set(ret_err, ERR_TLS, "%s: %s", what, sum.reason);
    ret_err->os_errno = sum.os_errno;
}

int tls_error_refuse(struct err *ret_err, const char *fmt, ...)
{
    struct queue_sum sum = queue_take();
    if (sum.out_of_memory) {
        err_set(ret_err, ERR_MEMORY, OUT_OF_MEMORY);
        return -1;
    }
    char sentence[sizeof ret_err->context];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, ap);
    va_end(ap);
    err_set(ret_err, ERR_INPUT, "%s", sentence);
    return -1;
}
