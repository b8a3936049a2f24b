/* failing_mem: the allocation that a test chose fails. The linker puts these functions between
 * sluice and its heap: link with $(FAILING_MEM).
 *
 * Each thread has a plan and a count of its own. */
#ifndef SLUICE_TESTS_FAILING_MEM_H
#define SLUICE_TESTS_FAILING_MEM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

void *__real_mem_alloc(size_t size);
void *__wrap_mem_alloc(size_t size);
void *__real_mem_zalloc(size_t size);
void *__wrap_mem_zalloc(size_t size);
void *__real_mem_array(size_t count, size_t size);
void *__wrap_mem_array(size_t count, size_t size);
void *__real_mem_aligned(size_t alignment, size_t size);
void *__wrap_mem_aligned(size_t alignment, size_t size);
void *__real_mem_resize(void *old, size_t size);
void *__wrap_mem_resize(void *old, size_t size);
char *__real_mem_strdup(const char *s);
char *__wrap_mem_strdup(const char *s);
char *__real_mem_strndup(const char *s, size_t n);
char *__wrap_mem_strndup(const char *s, size_t n);
char *__real_mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *__wrap_mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static _Thread_local struct {
    unsigned calls;
    unsigned failing; /* the number of a call, from 1; 0: none */
} mem_plan;

/* The n-th allocation from now, once; 0: none. */
static void mem_fails_at(unsigned n)
{
    mem_plan.calls = 0;
    mem_plan.failing = n;
}

static bool mem_may(void)
{
    return ++mem_plan.calls != mem_plan.failing;
}

void *__wrap_mem_alloc(size_t size)
{
    return mem_may() ? __real_mem_alloc(size) : NULL;
}

void *__wrap_mem_zalloc(size_t size)
{
    return mem_may() ? __real_mem_zalloc(size) : NULL;
}

void *__wrap_mem_array(size_t count, size_t size)
{
    return mem_may() ? __real_mem_array(count, size) : NULL;
}

void *__wrap_mem_aligned(size_t alignment, size_t size)
{
    return mem_may() ? __real_mem_aligned(alignment, size) : NULL;
}

void *__wrap_mem_resize(void *old, size_t size)
{
    return mem_may() ? __real_mem_resize(old, size) : NULL;
}

char *__wrap_mem_strdup(const char *s)
{
    return mem_may() ? __real_mem_strdup(s) : NULL;
}

char *__wrap_mem_strndup(const char *s, size_t n)
{
    return mem_may() ? __real_mem_strndup(s, n) : NULL;
}

char *__wrap_mem_printf(const char *fmt, ...)
{
    if (!mem_may())
        return NULL;
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return __real_mem_printf("%s", text);
}

#endif
