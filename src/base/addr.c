/* addr: reading and writing socket addresses. */
#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define UNIX_PREFIX "unix:"
#define UNIX_PATH_MAX (sizeof((struct sockaddr_un *)NULL)->sun_path - 1)
#define UNIX_PATH_OFFSET offsetof(struct sockaddr_un, sun_path)

/* Long enough for any address, with room to see that it is too long; a host name is quoted in part.
 */
#define QUOTE "\"%.60s\""

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int parse_unix(const char *text, struct addr *ret_addr, struct err *ret_err)
{
    const char *path = text + strlen(UNIX_PREFIX);
    size_t len = strlen(path);
    if (path[0] != '/') {
        err_set(
            ret_err, ERR_INPUT, QUOTE " needs an absolute path, as in unix:/run/app.sock", text);
        return -1;
    }
    if (len > UNIX_PATH_MAX) {
        err_set(ret_err, ERR_INPUT, QUOTE "... is too long: at most %zu bytes of path", text,
            UNIX_PATH_MAX);
        return -1;
    }
    struct addr a = {.len = (socklen_t)(UNIX_PATH_OFFSET + len + 1)};
    a.u.un.sun_family = AF_UNIX;
    memcpy(a.u.un.sun_path, path, len + 1);
    *ret_addr = a;
    return 0;
}

static int parse_port(const char *digits, const char *text, uint16_t *ret_port, struct err *ret_err)
{
    unsigned port = 0;
    const char *p = digits;
    for (; *p >= '0' && *p <= '9' && port <= UINT16_MAX; p++)
        port = port * 10 + (unsigned)(*p - '0');
    if (p == digits || *p != '\0' || port > UINT16_MAX) {
        err_set(ret_err, ERR_INPUT, QUOTE " has no valid port: write a number up to 65535", text);
        return -1;
    }
    *ret_port = (uint16_t)port;
    return 0;
}

static struct addr addr_from_ipv4(struct in_addr ip, uint16_t port)
{
    struct addr a = {.len = sizeof a.u.in};
    a.u.in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = ip};
    return a;
}

static struct addr addr_from_ipv6(struct in6_addr ip, uint16_t port)
{
    struct addr a = {.len = sizeof a.u.in6};
    a.u.in6 =
        (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = ip};
    return a;
}

/* `host` is the part of `text` before the port. */
static int fail_host(const char *host, const char *text, struct err *ret_err)
{
    if (host[0] == '\0')
        err_set(ret_err, ERR_INPUT, QUOTE " has no address: say 10.0.0.1%.10s", text, text);
    else if (strspn(host, "0123456789.") == strlen(host))
        err_set(ret_err, ERR_INPUT, QUOTE " is not an IPv4 address: four numbers, as in 10.0.0.1",
            host);
    else
        err_set(ret_err, ERR_INPUT, QUOTE " is a host name: an address is needed, as in 10.0.0.1",
            host);
    return -1;
}

static int parse_ipv6(const char *host, uint16_t port, struct addr *ret_addr, struct err *ret_err)
{
    struct in6_addr ip;
    if (inet_pton(AF_INET6, host, &ip) != 1) {
        err_set(ret_err, ERR_INPUT, QUOTE " is not an IPv6 address, as in 2001:db8::1", host);
        return -1;
    }
    *ret_addr = addr_from_ipv6(ip, port);
    return 0;
}

/* Copies what lies before `end`, cut: no address is as long as the room, and host names are only
 * quoted. */
static void copy_host(const char *start, const char *end, char out[static 64])
{
    size_t len = (size_t)(end - start);
    if (len > 63)
        len = 63;
    memcpy(out, start, len);
    out[len] = '\0';
}

static int parse_bracketed(const char *text, struct addr *ret_addr, struct err *ret_err)
{
    const char *end = strchr(text, ']');
    if (!end || end[1] != ':') {
        err_set(ret_err, ERR_INPUT, QUOTE " is not [address]:port, as in [2001:db8::1]:443", text);
        return -1;
    }
    char host[64];
    uint16_t port = 0;
    copy_host(text + 1, end, host);
    if (parse_port(end + 2, text, &port, ret_err) < 0)
        return -1;
    return parse_ipv6(host, port, ret_addr, ret_err);
}

int addr_parse(const char *text, struct addr *ret_addr, struct err *ret_err)
{
    if (has_prefix(text, UNIX_PREFIX))
        return parse_unix(text, ret_addr, ret_err);
    if (text[0] == '[')
        return parse_bracketed(text, ret_addr, ret_err);

    if (strstr(text, "://")) {
        err_set(
            ret_err, ERR_INPUT, QUOTE " is a URL: write address:port, as in 10.0.0.1:443", text);
        return -1;
    }
    const char *colon = strchr(text, ':');
    if (!colon) {
        err_set(
            ret_err, ERR_INPUT, QUOTE " has no port: write address:port, as in 10.0.0.1:443", text);
        return -1;
    }
    if (strchr(colon + 1, ':')) {
        err_set(ret_err, ERR_INPUT,
            QUOTE ": put an IPv6 address in brackets, as in [2001:db8::1]:443", text);
        return -1;
    }
    char host[64];
    uint16_t port = 0;
    struct in_addr ip;
    copy_host(text, colon, host);
    if (parse_port(colon + 1, text, &port, ret_err) < 0)
        return -1;
    if (inet_pton(AF_INET, host, &ip) != 1)
        return fail_host(host, text, ret_err);
    *ret_addr = addr_from_ipv4(ip, port);
    return 0;
}

int addr_parse_listen(
    const char *text, struct addr ret_addrs[2], size_t *ret_n, struct err *ret_err)
{
    const char *port_text = has_prefix(text, "*:") ? text + 2 : text;
    if (*port_text && strspn(port_text, "0123456789") == strlen(port_text)) {
        err_set(ret_err, ERR_INPUT, QUOTE ": for every address of this machine say :%.9s", text,
            port_text);
        return -1;
    }
    if (text[0] != ':' || text[1] == ':') {
        if (addr_parse(text, &ret_addrs[0], ret_err) < 0)
            return -1;
        *ret_n = 1;
        return 0;
    }
    uint16_t port = 0;
    if (parse_port(text + 1, text, &port, ret_err) < 0)
        return -1;
    ret_addrs[0] = addr_from_ipv6(in6addr_any, port);
    ret_addrs[1] = addr_from_ipv4((struct in_addr){INADDR_ANY}, port);
    *ret_n = 2;
    return 0;
}

int addr_parse_host(const char *text, struct addr *ret_addr, struct err *ret_err)
{
    size_t len = strlen(text);
    char host[64];
    if (text[0] == '[' && text[len - 1] == ']')
        copy_host(text + 1, text + len - 1, host);
    else
        copy_host(text, text + len, host);
    if (strchr(host, ':'))
        return parse_ipv6(host, 0, ret_addr, ret_err);

    struct in_addr ip;
    if (inet_pton(AF_INET, host, &ip) != 1)
        return fail_host(host, text, ret_err);
    *ret_addr = addr_from_ipv4(ip, 0);
    return 0;
}

/* What the kernel tells of a UNIX socket need not be terminated, and is empty for a client that did
 * not bind. */
static size_t unix_path(const struct addr *addr, char out[static UNIX_PATH_MAX + 2])
{
    size_t len = addr->len > UNIX_PATH_OFFSET ? addr->len - UNIX_PATH_OFFSET : 0;
    if (len > sizeof addr->u.un.sun_path)
        len = sizeof addr->u.un.sun_path;
    if (len > 0 && addr->u.un.sun_path[0] != '\0')
        len = strnlen(addr->u.un.sun_path, len);
    memcpy(out, addr->u.un.sun_path, len);
    out[len] = '\0';
    return len;
}

static void format_ip(int family, const void *ip, uint16_t port, char out[static ADDR_TEXT_MAX])
{
    char host[INET6_ADDRSTRLEN] = "";
    inet_ntop(family, ip, host, sizeof host);
    snprintf(out, ADDR_TEXT_MAX, family == AF_INET6 ? "[%s]:%u" : "%s:%u", host, (unsigned)port);
}

void addr_format(const struct addr *addr, char out[static ADDR_TEXT_MAX])
{
    char path[UNIX_PATH_MAX + 2];
    switch (addr->len ? addr->u.sa.sa_family : AF_UNSPEC) {
    case AF_INET:
        format_ip(AF_INET, &addr->u.in.sin_addr, addr_port(addr), out);
        break;
    case AF_INET6:
        format_ip(AF_INET6, &addr->u.in6.sin6_addr, addr_port(addr), out);
        break;
    case AF_UNIX:
        unix_path(addr, path);
        snprintf(out, ADDR_TEXT_MAX, UNIX_PREFIX "%s", path);
        break;
    default:
        snprintf(out, ADDR_TEXT_MAX, "none");
    }
}

static bool unix_equal(const struct addr *a, const struct addr *b)
{
    char pa[UNIX_PATH_MAX + 2], pb[UNIX_PATH_MAX + 2];
    size_t len = unix_path(a, pa);
    return len == unix_path(b, pb) && memcmp(pa, pb, len) == 0;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
    if (a->len == 0 || b->len == 0)
        return a->len == b->len;
    if (a->u.sa.sa_family != b->u.sa.sa_family)
        return false;
    switch (a->u.sa.sa_family) {
    case AF_INET:
        return a->u.in.sin_port == b->u.in.sin_port &&
               a->u.in.sin_addr.s_addr == b->u.in.sin_addr.s_addr;
    case AF_INET6:
        return a->u.in6.sin6_port == b->u.in6.sin6_port &&
               a->u.in6.sin6_scope_id == b->u.in6.sin6_scope_id &&
               IN6_ARE_ADDR_EQUAL(&a->u.in6.sin6_addr, &b->u.in6.sin6_addr);
    case AF_UNIX:
        return unix_equal(a, b);
    default:
        return false;
    }
}

uint16_t addr_port(const struct addr *addr)
{
    if (addr->len == 0)
        return 0;
    if (addr->u.sa.sa_family == AF_INET)
        return ntohs(addr->u.in.sin_port);
    if (addr->u.sa.sa_family == AF_INET6)
        return ntohs(addr->u.in6.sin6_port);
    return 0;
}

static bool is_any(const struct addr *addr)
{
    if (addr->u.sa.sa_family == AF_INET)
        return addr->u.in.sin_addr.s_addr == INADDR_ANY;
    return addr->u.sa.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&addr->u.in6.sin6_addr);
}

bool addr_overlaps(const struct addr *a, const struct addr *b)
{
    return a->len && b->len && a->u.sa.sa_family == b->u.sa.sa_family && (is_any(a) || is_any(b)) &&
           addr_port(a) == addr_port(b);
}

void peer_from_addr(const struct addr *addr, struct peer *ret_peer)
{
    struct peer peer = {.family = AF_UNSPEC, .port = addr_port(addr)};
    if (addr->len > 0)
        peer.family = addr->u.sa.sa_family;
    if (peer.family == AF_INET) {
        memcpy(peer.ip, &addr->u.in.sin_addr, 4);
    } else if (peer.family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&addr->u.in6.sin6_addr)) {
        peer.family = AF_INET;
        memcpy(peer.ip, addr->u.in6.sin6_addr.s6_addr + 12, 4);
    } else if (peer.family == AF_INET6) {
        memcpy(peer.ip, &addr->u.in6.sin6_addr, 16);
    }
    *ret_peer = peer;
}

void peer_format(const struct peer *peer, char out[static ADDR_TEXT_MAX])
{
    switch (peer->family) {
    case AF_INET:
    case AF_INET6:
        format_ip(peer->family, peer->ip, peer->port, out);
        break;
    case AF_UNIX:
        snprintf(out, ADDR_TEXT_MAX, "unix");
        break;
    default:
        snprintf(out, ADDR_TEXT_MAX, "none");
    }
}
