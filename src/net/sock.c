#include "net/sock.h"

#include <netinet/tcp.h>
#include <sys/stat.h>

#include "base/sys.h"

static int set_int(int fd, int level, int name, int value)
{
    return sys_setsockopt(fd, level, name, &value, sizeof value);
}

static bool is_tcp(const struct addr *addr)
{
    return addr->u.sa.sa_family != AF_UNIX;
}

/* A socket whose owner is gone answers "refused"; only that one is removed. connect(2) says the
 * same of any other file, which may be somebody's data. */
static void remove_stale_path(const struct addr *addr)
{
    struct stat st;
    if (lstat(addr->u.un.sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
        return;
    int fd = sys_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    if (sys_connect(fd, &addr->u.sa, addr->len) < 0 && errno == ECONNREFUSED)
        (void)unlink(addr->u.un.sun_path);
    sys_close(fd);
}

/* SO_REUSEPORT is set before the bind, or, for the first socket, behind it: without it the bind
 * fails when the port is taken, and with it others can follow. */
static int bind_tcp(int fd, const struct addr *addr, bool is_first)
{
    if (set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1) < 0 ||
        set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1) < 0)
        return -1;
    if (addr->u.sa.sa_family == AF_INET6 && set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) < 0)
        return -1;
    if (!is_first && set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1) < 0)
        return -1;
    if (sys_bind(fd, &addr->u.sa, addr->len) < 0)
        return -1;
    return is_first ? set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1) : 0;
}

/* Connecting takes the right to write to the socket. Who may is the folder's business, as with a
 * port it is the firewall's: bound as root with a usual umask it would be nobody's but root's. */
static int bind_unix(int fd, const struct addr *addr)
{
    if (sys_bind(fd, &addr->u.sa, addr->len) < 0)
        return -1;
    (void)chmod(addr->u.un.sun_path, 0666);
    return 0;
}

static int bind_listener(int fd, const struct addr *addr, bool is_first)
{
    return is_tcp(addr) ? bind_tcp(fd, addr, is_first) : bind_unix(fd, addr);
}

static int fail_to_listen(int fd, const struct addr *addr, struct err *ret_err)
{
    char text[ADDR_TEXT_MAX];
    int saved = errno;
    bool path_exists = !is_tcp(addr) && saved == EADDRINUSE;
    addr_format(addr, text);
    err_set_errno(ret_err, saved, "cannot listen on %s%s", text,
        path_exists ? " (if nobody does, remove the file)" : "");
    sys_close(fd);
    return -1;
}

int sock_bind(const struct addr *addr, bool is_first, struct err *ret_err)
{
    if (!is_tcp(addr))
        remove_stale_path(addr);
    int fd = sys_socket(addr->u.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind_listener(fd, addr, is_first) < 0)
        return fail_to_listen(fd, addr, ret_err);
    return fd;
}

int sock_listen(const struct addr *addr, bool is_first, struct err *ret_err)
{
    int fd = sock_bind(addr, is_first, ret_err);
    if (fd < 0 || sys_listen(fd, SOMAXCONN) == 0)
        return fd;
    (void)fail_to_listen(fd, addr, ret_err);
    if (!is_tcp(addr))
        (void)unlink(addr->u.un.sun_path); /* ours since it was bound */
    return -1;
}

static int dial_options(int fd, const struct addr *addr, const struct addr *source)
{
    if (!is_tcp(addr))
        return 0;
    if (set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1) < 0)
        return -1;
    if (!source->len)
        return 0;
    /* Without it bind() picks the port, and one port serves one server only (F58). */
    (void)set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    return sys_bind(fd, &source->u.sa, source->len);
}

static int connect_once(int fd, const struct addr *addr)
{
    int rc;
    do
        rc = sys_connect(fd, &addr->u.sa, addr->len);
    while (rc < 0 && errno == EINTR);
    return rc;
}

int sock_dial(
    const struct addr *addr, const struct addr *source, bool *ret_connected, struct err *ret_err)
{
    int fd = sys_socket(addr->u.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || dial_options(fd, addr, source) < 0) {
        err_set_errno(ret_err, errno, "making a socket");
        sys_close(fd);
        return -1;
    }
    int rc = connect_once(fd, addr);
    /* Asked again, the system tells what became of it: a server on this machine has answered by
     * now, yes or no, and a turn of the loop is saved. */
    if (rc < 0 && errno == EINPROGRESS)
        rc = connect_once(fd, addr);
    /* A UNIX socket with a full queue says EAGAIN: it is the server that is too busy. */
    if (rc < 0 && errno != EINPROGRESS && errno != EALREADY) {
        err_set_errno(
            ret_err, errno == EAGAIN && !is_tcp(addr) ? ECONNREFUSED : errno, "connecting");
        sys_close(fd);
        return -1;
    }
    *ret_connected = rc == 0;
    return fd;
}

int sock_connect_result(int fd)
{
    int error = 0;
    socklen_t len = sizeof error;
    if (sys_getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
        return errno;
    return error;
}

void sock_reset(int fd)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    (void)sys_setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    sys_close(fd);
}
