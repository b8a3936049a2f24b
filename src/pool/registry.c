/* registry: two lists. Walked at a reload only, so a list will do. */
#include "pool/registry.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

void registry_init(struct registry *r)
{
    list_init(&r->servers);
    list_init(&r->pools);
}

void registry_fini(struct registry *r)
{
    assert(list_is_empty(&r->servers));
    assert(list_is_empty(&r->pools));
    (void)r;
}

static struct server *find_server(
    struct registry *r, const char *pool_name, const char *name, const struct addr *addr)
{
    LIST_EACH_SAFE(it, next, &r->servers)
    {
        struct server *s = CONTAINER_OF(it, struct server, entry);
        if (strcmp(s->name, name) == 0 && strcmp(s->pool_name, pool_name) == 0 &&
            addr_equal(&s->addr, addr))
            return s;
    }
    return NULL;
}

struct server *registry_server(
    struct registry *r, const char *pool_name, const char *name, const struct addr *addr)
{
    struct server *s = find_server(r, pool_name, name, addr);
    if (s) {
        s->refs++;
        return s;
    }
    s = server_new(pool_name, name, addr);
    if (s)
        list_append(&r->servers, &s->entry);
    return s;
}

void registry_unref_server(struct registry *r, struct server *s)
{
    (void)r;
    if (!s || --s->refs > 0)
        return;
    list_remove(&s->entry);
    server_free(s);
}

static struct pool_record *find_pool(struct registry *r, const char *name)
{
    LIST_EACH_SAFE(it, next, &r->pools)
    {
        struct pool_record *p = CONTAINER_OF(it, struct pool_record, entry);
        if (strcmp(p->name, name) == 0)
            return p;
    }
    return NULL;
}

static struct pool_record *pool_record_new(const char *name)
{
    struct pool_record *p = mem_aligned(_Alignof(struct pool_record), sizeof *p);
    if (!p)
        return NULL;
    p->refs = 1;
    budget_init(&p->budget);
    p->name = mem_strdup(name);
    if (p->name)
        return p;
    mem_free(p);
    return NULL;
}

struct pool_record *registry_pool(struct registry *r, const char *name)
{
    struct pool_record *p = find_pool(r, name);
    if (p) {
        p->refs++;
        return p;
    }
    p = pool_record_new(name);
    if (p)
        list_append(&r->pools, &p->entry);
    return p;
}

void registry_unref_pool(struct registry *r, struct pool_record *p)
{
    (void)r;
    if (!p || --p->refs > 0)
        return;
    list_remove(&p->entry);
    mem_free(p->name);
    mem_free(p);
}
