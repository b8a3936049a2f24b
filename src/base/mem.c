/* mem: the heap of the C library, with planned failures in a test build. */
#include "base/mem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef SLUICE_FAULTS
#include "base/sys_fault.h"
#define PLANNED(kind) is_planned_to_fail(SYS_FAULT_##kind)
static bool is_planned_to_fail(enum sys_fault_kind kind)
{
    int planned = sys_fault(kind);
    if (planned)
        errno = planned;
    return planned != 0;
}
#else
#define PLANNED(kind) false
#endif

void *mem_alloc(size_t size)
{
    return PLANNED(alloc) ? NULL : malloc(size ? size : 1);
}

void *mem_zalloc(size_t size)
{
    return PLANNED(alloc) ? NULL : calloc(1, size ? size : 1);
}

void *mem_array(size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return mem_zalloc(total);
}

void *mem_aligned(size_t alignment, size_t size)
{
    if (PLANNED(alloc))
        return NULL;
    void *p = aligned_alloc(alignment, size);
    return p ? memset(p, 0, size) : NULL;
}

void *mem_resize(void *old, size_t size)
{
    if (PLANNED(alloc))
        return NULL;
    return realloc(old, size ? size : 1); /* realloc(p, 0) would free p and return NULL */
}

char *mem_strdup(const char *s)
{
    return mem_strndup(s, strlen(s));
}

char *mem_strndup(const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    char *copy = mem_alloc(len + 1);
    if (!copy)
        return NULL;
    memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

char *mem_printf(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (len < 0)
        return NULL;

    size_t size = (size_t)len + 1;
    char *text = mem_alloc(size);
    if (!text)
        return NULL;
    va_start(ap, fmt);
    vsnprintf(text, size, fmt, ap);
    va_end(ap);
    return text;
}

void mem_free(void *p)
{
    free(p);
}

void *mem_library_resize(enum mem_library library, void *old, size_t size)
{
    bool fails = false;
    switch (library) {
    case MEM_OPENSSL:
        fails = PLANNED(openssl_alloc);
        break;
    case MEM_LIBEV:
        fails = PLANNED(libev_alloc);
        break;
    }
    if (size)
        return fails ? NULL : realloc(old, size);
    free(old);
    return NULL;
}
