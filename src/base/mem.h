/* mem: the only door to the heap, so that tests can make the n-th allocation fail.
 *
 * Every result may be NULL and is checked by the caller; a failure costs one connection or one
 * reload, never the process. Any thread. Free with mem_free() on any thread. */
#ifndef SLUICE_BASE_MEM_H
#define SLUICE_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size) __attribute__((malloc, warn_unused_result));
void *mem_zalloc(size_t size) __attribute__((malloc, warn_unused_result));
/* Zeroed array; NULL with ENOMEM when count * size overflows. */
void *mem_array(size_t count, size_t size) __attribute__((malloc, warn_unused_result));
/* Zeroed, at a multiple of `alignment` (a power of two that divides size): for types with a cache
 * line of their own. */
void *mem_aligned(size_t alignment, size_t size) __attribute__((malloc, warn_unused_result));
/* As realloc(3): on failure the old block stays valid. */
void *mem_resize(void *old, size_t size) __attribute__((warn_unused_result));
char *mem_strdup(const char *s) __attribute__((malloc, warn_unused_result));
char *mem_strndup(const char *s, size_t n) __attribute__((malloc, warn_unused_result));
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2), warn_unused_result));
void mem_free(void *p); /* takes NULL */

/* For a library that lets itself be given an allocator, counted apart in a test build: as
 * mem_resize(), but a size of 0 frees. */
enum mem_library { MEM_OPENSSL, MEM_LIBEV };
void *mem_library_resize(enum mem_library library, void *old, size_t size);

#endif
