#include "fake_mem.h"

#include <errno.h>
#include <stddef.h>

static unsigned planned, count;
static long live;

void fake_mem_plan(unsigned nth)
{
    planned = nth;
    count = 0;
}

unsigned fake_mem_count(void)
{
    return count;
}

bool fake_mem_has_failed(void)
{
    return planned && count >= planned;
}

long fake_mem_live(void)
{
    return live;
}

static bool fails(void)
{
    if (++count != planned)
        return false;
    errno = ENOMEM;
    return true;
}

static void *given(void *block)
{
    live += block != NULL;
    return block;
}

#define WRAP(name, parameters, arguments)                                                          \
    void *__real_##name parameters;                                                                \
    void *__wrap_##name parameters;                                                                \
    void *__wrap_##name parameters                                                                 \
    {                                                                                              \
        return fails() ? NULL : given(__real_##name arguments);                                    \
    }

WRAP(mem_alloc, (size_t size), (size))
WRAP(mem_zalloc, (size_t size), (size))
WRAP(mem_array, (size_t n, size_t size), (n, size))
WRAP(mem_aligned, (size_t alignment, size_t size), (alignment, size))
WRAP(mem_strdup, (const char *s), (s))
WRAP(mem_strndup, (const char *s, size_t n), (s, n))

void *__real_mem_resize(void *old, size_t size);
void *__wrap_mem_resize(void *old, size_t size);
void *__wrap_mem_resize(void *old, size_t size)
{
    if (fails())
        return NULL;
    return old ? __real_mem_resize(old, size) : given(__real_mem_resize(old, size));
}

void __real_mem_free(void *block);
void __wrap_mem_free(void *block);
void __wrap_mem_free(void *block)
{
    live -= block != NULL;
    __real_mem_free(block);
}
