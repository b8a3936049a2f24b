#include "net/listen_set.h"

#include "base/mem.h"
#include "base/sys.h"
#include "net/sock.h"

static void close_all(struct listen_set *set)
{
    for (unsigned i = 0; i < set->n; i++)
        sys_close(set->fds[i]);
    if (set->n && set->addr.u.sa.sa_family == AF_UNIX)
        (void)unlink(set->addr.u.un.sun_path);
}

static int open_one(const struct listen_set *set, struct err *ret_err)
{
    if (set->is_shared)
        return sock_bind(&set->addr, false, ret_err);
    return sock_listen(&set->addr, set->n == 0, ret_err);
}

static struct listen_set *listen_set_open(
    const struct addr *addr, unsigned n, bool is_shared, struct err *ret_err)
{
    if (addr->u.sa.sa_family == AF_UNIX)
        n = 1; /* no SO_REUSEPORT there */
    struct listen_set *set = mem_zalloc(sizeof *set + n * sizeof set->fds[0]);
    if (!set) {
        err_set(ret_err, ERR_MEMORY, "no memory for listening sockets");
        return NULL;
    }
    set->addr = *addr;
    set->is_shared = is_shared;
    list_init(&set->entry);
    while (set->n < n) {
        int fd = open_one(set, ret_err);
        if (fd < 0) {
            close_all(set);
            mem_free(set);
            return NULL;
        }
        set->fds[set->n++] = fd;
    }
    return set;
}

static struct listen_set *find(struct list *sets, const struct addr *addr,
    bool (*matches)(const struct addr *, const struct addr *))
{
    LIST_EACH_SAFE(it, tmp, sets)
    {
        struct listen_set *set = CONTAINER_OF(it, struct listen_set, entry);
        if (matches(&set->addr, addr))
            return set;
    }
    return NULL;
}

struct listen_set *listen_set_get(
    struct list *sets, const struct addr *addr, unsigned n, struct err *ret_err)
{
    struct listen_set *set = find(sets, addr, addr_equal);
    if (set) {
        set->refs++;
        return set;
    }
    set = listen_set_open(addr, n, find(sets, addr, addr_overlaps) != NULL, ret_err);
    if (!set)
        return NULL;
    set->refs = 1;
    list_append(sets, &set->entry);
    return set;
}

void listen_set_put(struct listen_set *set)
{
    if (!set || --set->refs)
        return;
    list_remove(&set->entry);
    close_all(set);
    mem_free(set);
}

int listen_set_start(const struct listen_set *set, struct err *ret_err)
{
    for (unsigned i = 0; set->is_shared && i < set->n; i++)
        if (sys_listen(set->fds[i], SOMAXCONN) < 0) {
            char text[ADDR_TEXT_MAX];
            addr_format(&set->addr, text);
            err_set_errno(ret_err, errno, "cannot listen on %s", text);
            return -1;
        }
    return 0;
}

void listen_sets_give(struct list *sets, uid_t user)
{
    LIST_EACH_SAFE(it, tmp, sets)
    {
        struct listen_set *set = CONTAINER_OF(it, struct listen_set, entry);
        for (unsigned i = 0; i < set->n; i++)
            (void)!fchown(set->fds[i], user, (gid_t)-1); /* a failure shows when one joins */
    }
}

int listen_set_fd(const struct listen_set *set, unsigned worker)
{
    return worker < set->n ? set->fds[worker] : -1;
}

/* Packets to a socket with a smaller TTL are dropped without an answer. */
static void set_least_ttl(int fd, const struct addr *addr, int ttl)
{
    if (addr->u.sa.sa_family == AF_INET)
        (void)sys_setsockopt(fd, IPPROTO_IP, IP_MINTTL, &ttl, sizeof ttl);
    else if (addr->u.sa.sa_family == AF_INET6)
        (void)sys_setsockopt(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, &ttl, sizeof ttl);
}

/* On a listening socket that concerns SYNs only: whoever is halfway through the handshake has a
 * socket of his own. Systems send 64 or 128 at the most, but for a few; newcomers from those, on
 * the same wire, are reset when the socket is closed. */
void listen_fd_retire(int fd, const struct addr *addr)
{
    set_least_ttl(fd, addr, 255);
}

void listen_fd_let_in(int fd, const struct addr *addr)
{
    set_least_ttl(fd, addr, 0);
}
