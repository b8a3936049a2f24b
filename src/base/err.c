/* err: filling in failures. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/text.h"

static const char *const code_names[] = {
    [ERR_NONE] = "none",
    [ERR_MEMORY] = "memory",
    [ERR_SYSTEM] = "system",
    [ERR_LOCAL] = "local",
    [ERR_REFUSED] = "refused",
    [ERR_UNREACHABLE] = "unreachable",
    [ERR_TIMEOUT] = "timeout",
    [ERR_RESET] = "reset",
    [ERR_TRUNCATED] = "truncated",
    [ERR_TLS] = "tls",
    [ERR_INPUT] = "input",
    [ERR_UNAVAILABLE] = "unavailable",
};

const char *err_code_name(enum err_code code)
{
    size_t i = (size_t)code;
    return i < sizeof code_names / sizeof code_names[0] ? code_names[i] : "unknown";
}

static enum err_code code_from_errno(int os_errno)
{
    switch (os_errno) {
    case ENOMEM:
        return ERR_MEMORY;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case EADDRNOTAVAIL:
    case EADDRINUSE:
    case EAGAIN: /* connect(2) without a free port, pthread_create(3) without room */
        return ERR_LOCAL;
    case ECONNREFUSED:
    case ENOENT: /* the UNIX socket of a server that is not running */
        return ERR_REFUSED;
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
        return ERR_UNREACHABLE;
    case ETIMEDOUT:
        return ERR_TIMEOUT;
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
        return ERR_RESET;
    default:
        return ERR_SYSTEM;
    }
}

void err_clear(struct err *err)
{
    err->code = ERR_NONE;
    err->side = SIDE_OURS;
    err->retry = RETRY_NEVER;
    err->os_errno = 0;
    err->context[0] = '\0';
}

/* All three build the new value aside, since the arguments may point into the old one. */
void err_set(struct err *ret_err, enum err_code code, const char *fmt, ...)
{
    struct err e = {.code = code, .side = SIDE_OURS, .retry = RETRY_NEVER};
    struct text t;
    va_list ap;
    text_init(&t, e.context, sizeof e.context);
    va_start(ap, fmt);
    text_vprintf(&t, fmt, ap);
    va_end(ap);
    *ret_err = e;
}

void err_set_errno(struct err *ret_err, int os_errno, const char *fmt, ...)
{
    struct err e = {.code = code_from_errno(os_errno), .os_errno = os_errno};
    char words[80];
    struct text t;
    va_list ap;
    text_init(&t, e.context, sizeof e.context);
    va_start(ap, fmt);
    text_vprintf(&t, fmt, ap);
    va_end(ap);
    text_printf(&t, ": %s", strerror_r(os_errno, words, sizeof words));
    *ret_err = e;
}

void err_prefix(struct err *err, const char *fmt, ...)
{
    struct err e = *err;
    struct text t;
    va_list ap;
    text_init(&t, e.context, sizeof e.context);
    va_start(ap, fmt);
    text_vprintf(&t, fmt, ap);
    va_end(ap);
    text_printf(&t, ": %s", err->context);
    *err = e;
}
